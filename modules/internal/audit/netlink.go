// SPDX-License-Identifier: GPL-3.0-or-later

package audit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// Kernel is the kernel's audit as modules use it.
type Kernel interface {
	// Status asks whether the kernel audits, and whether rules may change.
	Status() (Status, error)
	// Rules lists the rules.
	Rules() ([]Rule, error)
	// Add adds a watch. One that is there is no error.
	Add(w Watch) error
	// Delete deletes a rule that Rules listed. One that is gone is no error.
	Delete(r Rule) error
	Close()
}

// Status is the part of the kernel's struct audit_status that modules use.
type Status struct {
	Enabled   bool
	Immutable bool   // "auditctl -e 2": no rule changes until the next boot
	Daemon    uint32 // the process that gets the records; 0 if none does
}

// Types of messages, include/uapi/linux/audit.h.
const (
	netlinkAudit = 9
	msgGet       = 1000
	msgAddRule   = 1011
	msgDelRule   = 1012
	msgListRules = 1013
)

// answerLimit is how long the kernel may take for an answer. It takes
// microseconds, unless it is in trouble.
const answerLimit = 10 * time.Second

// Conn is a connection to the kernel's audit. It implements [Kernel].
type Conn struct {
	fd  int
	seq uint32
}

// dial opens the connection. The kernel may still refuse each request.
func dial() (*Conn, error) {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, netlinkAudit)
	if err != nil {
		return nil, err
	}
	limit := syscall.NsecToTimeval(int64(answerLimit))
	if err := syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	if err := syscall.Bind(fd, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		syscall.Close(fd)
		return nil, err
	}
	return &Conn{fd: fd}, nil
}

// Close implements [Kernel].
func (c *Conn) Close() { syscall.Close(c.fd) }

// Status implements [Kernel].
func (c *Conn) Status() (Status, error) {
	var status Status
	err := c.ask(msgGet, nil, func(kind uint16, data []byte) (bool, error) {
		if kind != msgGet {
			return false, nil
		}
		if len(data) < 16 {
			return true, fmt.Errorf("cannot read the kernel's audit status of %d bytes", len(data))
		}
		// mask, enabled, failure, pid
		enabled := binary.NativeEndian.Uint32(data[4:])
		status = Status{Enabled: enabled != 0, Immutable: enabled == 2, Daemon: binary.NativeEndian.Uint32(data[12:])}
		return true, nil
	})
	return status, err
}

// Rules implements [Kernel].
func (c *Conn) Rules() ([]Rule, error) {
	var rules []Rule
	err := c.ask(msgListRules, nil, func(kind uint16, data []byte) (bool, error) {
		if kind == syscall.NLMSG_DONE {
			return true, nil
		}
		if kind != msgListRules {
			return false, nil
		}
		rule, err := decode(data)
		rules = append(rules, rule)
		return false, err
	})
	return rules, err
}

// Add implements [Kernel].
func (c *Conn) Add(w Watch) error {
	err := c.ask(msgAddRule, w.encode(), nil)
	if errors.Is(err, syscall.EEXIST) {
		return nil
	}
	return err
}

// Delete implements [Kernel].
func (c *Conn) Delete(r Rule) error {
	err := c.ask(msgDelRule, r.data, nil)
	if errors.Is(err, syscall.ENOENT) {
		return nil
	}
	return err
}

// ask sends a request and waits until the kernel has acknowledged it, and then,
// with an answer, until that says that it has all. Answers come after the
// acknowledgement.
func (c *Conn) ask(kind uint16, payload []byte, answer func(kind uint16, data []byte) (done bool, err error)) error {
	c.seq++
	request := make([]byte, syscall.NLMSG_HDRLEN, syscall.NLMSG_HDRLEN+len(payload))
	binary.NativeEndian.PutUint32(request, uint32(syscall.NLMSG_HDRLEN+len(payload)))
	binary.NativeEndian.PutUint16(request[4:], kind)
	binary.NativeEndian.PutUint16(request[6:], syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	binary.NativeEndian.PutUint32(request[8:], c.seq)
	request = append(request, payload...)
	if err := syscall.Sendto(c.fd, request, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	acknowledged, done := false, answer == nil
	deadline := time.Now().Add(answerLimit)
	for !acknowledged || !done {
		if time.Now().After(deadline) {
			return errNoAnswer
		}
		messages, err := c.receive()
		if err != nil {
			return err
		}
		for _, m := range messages {
			switch {
			case m.Header.Seq != c.seq:
				// The rest of an answer to a request that failed before.
			case m.Header.Type == syscall.NLMSG_ERROR:
				if code := errorCode(m.Data); code != 0 {
					return code
				}
				acknowledged = true
			case answer != nil:
				last, err := answer(m.Header.Type, m.Data)
				if err != nil {
					return err
				}
				done = done || last
			}
		}
	}
	return nil
}

// errNoAnswer is the kernel that does not answer.
var errNoAnswer = errors.New("the kernel did not answer")

// errorCode reads a message of type NLMSG_ERROR; 0 is an acknowledgement.
func errorCode(data []byte) syscall.Errno {
	if len(data) < 4 {
		return syscall.EBADMSG
	}
	return syscall.Errno(-int32(binary.NativeEndian.Uint32(data)))
}

// receive reads what the kernel sent next, and nothing that others did.
func (c *Conn) receive() ([]syscall.NetlinkMessage, error) {
	buffer := make([]byte, 1<<16)
	for {
		n, from, err := syscall.Recvfrom(c.fd, buffer, 0)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return nil, errNoAnswer
		case err != nil:
			return nil, err
		}
		if sender, ok := from.(*syscall.SockaddrNetlink); ok && sender.Pid != 0 {
			continue
		}
		return syscall.ParseNetlinkMessage(buffer[:n])
	}
}
