// SPDX-License-Identifier: GPL-3.0-or-later

package dockerapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// maxBody is more than the list of 20,000 containers takes.
const maxBody = 64 << 20

// get sends a GET request and returns the body of an answer with status 200.
func (c *Client) get(ctx context.Context, path string) ([]byte, error) {
	answer, err := c.request(ctx, "GET", path)
	return answer.body, err
}

// answer is what the daemon sends back.
type answer struct {
	code   int
	server string // the header Server: Docker/20.10.24 (linux)
	body   []byte
}

// errNoPath: a name that the daemon gave us would lead elsewhere.
var errNoPath = errors.New("what the daemon named cannot be a name; nothing was asked")

// request sends a request without a body and returns an answer that says that
// it was done.
func (c *Client) request(ctx context.Context, method, path string) (answer, error) {
	return c.send(ctx, method, path, "")
}

// send sends a request with a body of JSON, or "" for none.
func (c *Client) send(ctx context.Context, method, path, body string) (answer, error) {
	// Names are escaped, so that each is one part of the path; Docker's begin
	// with a letter or a digit.
	if strings.Contains(path, "/..") {
		return answer{}, &Error{Socket: c.socket, Path: path, Err: errNoPath}
	}
	deadline := time.Now().Add(c.limit)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	conn, err := dial(ctx, c.path, deadline)
	if err != nil {
		return answer{}, &Error{Socket: c.socket, Path: path, Err: cause(err)}
	}
	defer conn.Close()
	// The end of ctx ends the exchange at once.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
	defer stop()
	got, err := exchange(conn, method, path, body)
	if err != nil {
		if err := context.Cause(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return answer{}, &Error{Socket: c.socket, Path: path, Err: err}
		}
		return answer{}, &Error{Socket: c.socket, Path: path, Err: cause(err)}
	}
	if got.code/100 != 2 {
		return answer{}, &Error{Socket: c.socket, Path: path, Err: &StatusError{Code: got.code, Message: message(got.body)}}
	}
	return got, nil
}

// dial connects to a unix socket. The file it returns is known to Go's poller,
// so that it takes deadlines.
func dial(ctx context.Context, path string, deadline time.Time) (*os.File, error) {
	for {
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			return nil, os.NewSyscallError("socket", err)
		}
		err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: path})
		if err == nil {
			conn := os.NewFile(uintptr(fd), path)
			if err := conn.SetDeadline(deadline); err != nil {
				conn.Close()
				return nil, err
			}
			return conn, nil
		}
		syscall.Close(fd)
		// EAGAIN: the queue of a listener that takes no connections is full.
		if !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR) {
			return nil, os.NewSyscallError("connect", err)
		}
		if time.Now().After(deadline) {
			return nil, os.ErrDeadlineExceeded
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// exchange sends the request and reads the answer.
func exchange(conn io.ReadWriter, method, path, body string) (got answer, err error) {
	text := requestHead(method, path)
	if body != "" {
		text += "Content-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	if _, err := io.WriteString(conn, text+"\r\n"+body); err != nil {
		return got, err
	}
	return readAnswer(bufio.NewReader(conn))
}

// requestHead is the head of a request without the empty line that ends it.
func requestHead(method, path string) string {
	return method + " " + path + " HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n"
}

// readAnswer reads an answer whose body fits into memory.
func readAnswer(r *bufio.Reader) (answer, error) {
	got, body, err := readHead(r)
	if err != nil {
		return got, err
	}
	switch {
	case got.code == 204:
	case body.chunked:
		got.body, err = readChunks(r)
	case body.length >= 0:
		if body.length > maxBody {
			return got, ErrTooLarge
		}
		got.body = make([]byte, body.length)
		_, err = io.ReadFull(r, got.body)
	default:
		got.body, err = io.ReadAll(io.LimitReader(r, maxBody+1))
		if len(got.body) > maxBody {
			err = ErrTooLarge
		}
	}
	return got, short(err)
}

// framing tells where a body ends.
type framing struct {
	length  int64 // -1 if the head does not say
	chunked bool
}

// readHead reads an answer up to its body.
func readHead(r *bufio.Reader) (got answer, body framing, err error) {
	body.length = -1
	status, err := line(r)
	if err != nil {
		return got, body, err
	}
	fields := strings.SplitN(status, " ", 3)
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "HTTP/1.") {
		return got, body, fmt.Errorf("%w: it begins with %q", ErrNotDocker, head([]byte(status)))
	}
	if got.code, err = strconv.Atoi(fields[1]); err != nil {
		return got, body, fmt.Errorf("%w: it begins with %q", ErrNotDocker, head([]byte(status)))
	}
	for {
		header, err := line(r)
		if err != nil || header == "" {
			return got, body, err
		}
		name, value, _ := strings.Cut(header, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "content-length":
			if body.length, err = strconv.ParseInt(value, 10, 64); err != nil || body.length < 0 {
				return got, body, fmt.Errorf("%w: Content-Length is %q", ErrNotDocker, value)
			}
		case "server":
			got.server = value
		case "transfer-encoding":
			body.chunked = strings.EqualFold(value, "chunked")
		}
	}
}

// line reads a line of the head of an answer, without its end.
func line(r *bufio.Reader) (string, error) {
	text, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", fmt.Errorf("%w: a line of its head is longer than %d bytes", ErrNotDocker, len(text))
	}
	if err != nil {
		return "", short(err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// readChunks reads a body in the chunked transfer coding (RFC 9112, 7.1).
func readChunks(r *bufio.Reader) ([]byte, error) {
	var body []byte
	for {
		size, err := chunkSize(r, 31)
		if err != nil {
			return nil, err
		}
		if size == 0 {
			return body, nil
		}
		if len(body)+int(size) > maxBody {
			return nil, ErrTooLarge
		}
		at := len(body)
		body = append(body, make([]byte, size)...)
		if _, err := io.ReadFull(r, body[at:]); err != nil {
			return nil, err
		}
		if end, err := line(r); err != nil || end != "" {
			return nil, fmt.Errorf("%w: a chunk does not end where it should", ErrNotDocker)
		}
	}
}

// chunkSize reads the line before a chunk, with a number of so many bits.
func chunkSize(r *bufio.Reader, bits int) (uint64, error) {
	text, err := line(r)
	if err != nil {
		return 0, err
	}
	digits, _, _ := strings.Cut(text, ";")
	size, err := strconv.ParseUint(strings.TrimSpace(digits), 16, bits)
	if err != nil {
		return 0, fmt.Errorf("%w: the size of a chunk is %q", ErrNotDocker, text)
	}
	return size, nil
}

// short says of an answer that stopped before its end that it did.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ended too early", ErrNotDocker)
	}
	return err
}

// message is what an error answer says.
func message(body []byte) string {
	var answer struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &answer) == nil && answer.Message != "" {
		return answer.Message
	}
	return head(body)
}
