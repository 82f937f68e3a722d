// SPDX-License-Identifier: GPL-3.0-or-later

// Package kernelparam sets parameters of the running kernel, the files below
// /proc/sys and /sys/module, and finds out what the next boot sets: the drop-in
// directories of sysctl and modprobe, in the order in which they count.
package kernelparam

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
)

// Read returns the value of a parameter without its line end. A parameter that
// the kernel does not have is not an error.
func Read(h *host.Host, name string) (value string, found bool, err error) {
	content, err := h.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("cannot read the kernel parameter %w", err)
	}
	return strings.TrimSpace(string(content)), true, nil
}

// CheckWritable returns an error that tells why a parameter cannot be set here.
func CheckWritable(h *host.Host, name string) error {
	const write = 2
	err := syscall.Access(h.Path(name), write)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("cannot set the kernel parameter %s: it is read-only here, as in a container, whose kernel belongs to the machine around it: set it there", name)
	case errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM):
		return fmt.Errorf("cannot set the kernel parameter %s: permission denied; run the task with become: true", name)
	}
	return fmt.Errorf("cannot set the kernel parameter %s: %w", name, err)
}

// Set is the act that gives a parameter of the running kernel a value, and
// reads it back.
type Set struct {
	Name          string // the file
	Before, After string
}

// Describe implements [ansible.Act].
func (s Set) Describe() string { return "set " + s.Name + " to " + s.After }

// Diff implements [ansible.Act].
func (s Set) Diff() []ansible.Diff {
	return []ansible.Diff{{BeforeHeader: s.Name, AfterHeader: s.Name, Before: s.Before + "\n", After: s.After + "\n"}}
}

// Do implements [ansible.Act].
func (s Set) Do(_ context.Context, h *host.Host) (map[string]any, error) {
	f, err := os.OpenFile(h.Path(s.Name), os.O_WRONLY|os.O_TRUNC, 0)
	if err == nil {
		// The kernel takes a value in one write.
		_, err = f.WriteString(s.After + "\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		var cause syscall.Errno
		if errors.As(err, &cause) {
			err = cause
		}
		return nil, &ansible.NothingDone{Err: fmt.Errorf("cannot set %s to %s: %w", s.Name, s.After, err)}
	}
	now, _, err := Read(h, s.Name)
	if err == nil && strings.Join(strings.Fields(now), " ") != strings.Join(strings.Fields(s.After), " ") {
		err = fmt.Errorf("cannot set %s to %s: the kernel says %s after that", s.Name, s.After, now)
	}
	return nil, err
}

// Release is the version of a kernel as it names itself, and its two first
// numbers.
type Release struct {
	Text         string
	Major, Minor int
}

// ReadRelease returns the release of the running kernel.
func ReadRelease(h *host.Host) (Release, error) {
	text, _, err := Read(h, "/proc/sys/kernel/osrelease")
	if err != nil {
		return Release{}, err
	}
	return ParseRelease(text)
}

// ParseRelease reads a release such as 6.1.0-56-amd64.
func ParseRelease(text string) (Release, error) {
	first, rest, ok := strings.Cut(text, ".")
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	major, err1 := strconv.Atoi(first)
	minor, err2 := strconv.Atoi(rest[:end])
	if !ok || err1 != nil || err2 != nil || major < 0 {
		return Release{}, fmt.Errorf("unknown kernel release %q: it does not begin with two numbers", text)
	}
	return Release{text, major, minor}, nil
}

// AtLeast reports whether the kernel is of that version or a later one.
func (r Release) AtLeast(major, minor int) bool {
	return r.Major > major || r.Major == major && r.Minor >= minor
}
