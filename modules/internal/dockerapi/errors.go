// SPDX-License-Identifier: GPL-3.0-or-later

package dockerapi

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Causes of an [Error], for errors.Is.
var (
	ErrNoSocket   = errors.New("the socket is not there")
	ErrRefused    = errors.New("nobody listens on the socket")
	ErrPermission = errors.New("permission denied")
	ErrTimeout    = errors.New("no answer in time")
	ErrNotDocker  = errors.New("the answer is not the Docker API's")
	ErrTooLarge   = errors.New("the answer is too large")
)

// Error is a question that the daemon did not answer.
type Error struct {
	Socket string // the socket asked
	Path   string // the question
	Err    error  // one of the causes, a *StatusError, or a system error
}

func (e *Error) Error() string {
	hint := ""
	switch {
	case errors.Is(e.Err, ErrNoSocket), errors.Is(e.Err, ErrRefused):
		hint = "; is dockerd running?"
	case errors.Is(e.Err, ErrPermission):
		hint = "; run the task with become: true"
	case errors.Is(e.Err, ErrTimeout):
		hint = "; dockerd hangs, or fails to start again and again behind its socket"
	}
	return fmt.Sprintf("cannot ask the Docker daemon on %s for %s: %v%s", e.Socket, e.Path, e.Err, hint)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// StatusError is an answer with an HTTP status other than 200.
type StatusError struct {
	Code    int
	Message string // what the daemon says of it
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the daemon answered with status %d: %s", e.Code, e.Message)
}

// cause is a system error in the words of this package.
func cause(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoSocket
	case errors.Is(err, syscall.ECONNREFUSED):
		return ErrRefused
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w as uid %d", ErrPermission, os.Geteuid())
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrTimeout
	}
	return err
}
