// SPDX-License-Identifier: GPL-3.0-or-later

package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/host"
)

// Why a host's audit rules cannot be read or changed from here, each for what
// it is.
var (
	// ErrContainer: rules are the kernel's, which is that of the machine below.
	ErrContainer = errors.New("this host is a container, and audit belongs to the machine that it runs on")
	// ErrOff: the kernel was started with audit=0.
	ErrOff = errors.New("the kernel was started with audit=0, which turns audit off until the next boot without it")
	// ErrUnsupported: a kernel built without CONFIG_AUDIT.
	ErrUnsupported = errors.New("the kernel was built without audit")
)

// Open opens the connection to the kernel's audit and proves that it may be
// asked. The error is or wraps one of the above where that is the reason.
func Open(h *host.Host) (Kernel, Status, error) {
	c, err := dial()
	if err != nil {
		return nil, Status{}, explain(h, err)
	}
	status, err := c.Status()
	if err != nil {
		c.Close()
		return nil, Status{}, explain(h, err)
	}
	return c, status, nil
}

// explain finds out what an error of the first request means. EAFNOSUPPORT
// comes from a kernel without audit and from systemd-nspawn, which hides it;
// ECONNREFUSED from audit=0 and from a user namespace; EPERM from a process
// identifier namespace and from a lack of rights (audit_netlink_ok,
// kernel/audit.c 6.1).
func explain(h *host.Host, err error) error {
	switch {
	case InContainer(h):
		return ErrContainer
	case off(h):
		return ErrOff
	case errors.Is(err, syscall.EPROTONOSUPPORT), errors.Is(err, syscall.EAFNOSUPPORT), errors.Is(err, syscall.ECONNREFUSED):
		return ErrUnsupported
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES):
		return fmt.Errorf("cannot ask the kernel for its audit rules: %w: it takes root with the capability CAP_AUDIT_CONTROL; run the task with become: true", err)
	}
	return fmt.Errorf("cannot ask the kernel for its audit rules: %w", err)
}

// InContainer reports whether the host does not see the kernel's own threads,
// the first of which has the number 2 where it does.
func InContainer(h *host.Host) bool {
	name, err := h.ReadFile("/proc/2/comm")
	return err != nil || strings.TrimSpace(string(name)) != "kthreadd"
}

// Usable reports whether the kernel keeps audit rules that are this host's own.
// It looks at files alone, so that it needs no rights.
func Usable(h *host.Host) bool {
	// A kernel with audit has the login's user in each process (fs/proc/base.c).
	return !InContainer(h) && !off(h) && h.Exists("/proc/self/loginuid")
}

func off(h *host.Host) bool {
	text, err := h.ReadFile("/proc/cmdline")
	if err != nil {
		return false
	}
	words := strings.Fields(string(text))
	return slices.Contains(words, "audit=0") || slices.Contains(words, "audit=off")
}
