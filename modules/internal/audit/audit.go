// SPDX-License-Identifier: GPL-3.0-or-later

// Package audit reads and changes the watches among the kernel's audit rules,
// without auditctl: it talks to the kernel over its netlink socket.
//
// A tour. A [Watch] is a rule that watches a file or a directory, in whichever
// form it was written; audit.go knows when two of them mean the same.
// rulefile.go reads and edits the files that auditctl -R and augenrules read.
// message.go has the form in which the kernel takes and lists rules, netlink.go
// the conversation with it. What the host's kernel and its auditd are able to
// do is in host.go.
//
// Rules that are no watches are opaque here and are never changed.
package audit

import (
	"fmt"
	"path"
	"strings"
)

// Perm is a set of kinds of access, as the kernel numbers them
// (AUDIT_PERM_EXEC and so on, include/uapi/linux/audit.h).
type Perm uint32

// The kinds of access.
const (
	Execute   Perm = 1
	Write     Perm = 2
	Read      Perm = 4
	Attribute Perm = 8
	// Any is what a rule without -p watches for.
	Any = Execute | Write | Read | Attribute
)

// letters has the kinds in the order in which auditctl -l prints them.
const letters = "rwxa"

func kind(letter byte) Perm {
	switch letter {
	case 'r':
		return Read
	case 'w':
		return Write
	case 'x':
		return Execute
	case 'a':
		return Attribute
	}
	return 0
}

// ParsePerm reads letters such as "wa", in any order.
func ParsePerm(text string) (Perm, error) {
	var all Perm
	for i := range len(text) {
		one := kind(text[i])
		if one == 0 {
			return 0, fmt.Errorf("invalid permissions %q: write some of the letters r (read), w (write), x (execute) and a (attributes)", text)
		}
		all |= one
	}
	if all == 0 {
		return 0, fmt.Errorf("invalid permissions %q: write at least one of the letters r, w, x and a", text)
	}
	return all, nil
}

// String returns the letters of p.
func (p Perm) String() string {
	var text []byte
	for i := range len(letters) {
		if p&kind(letters[i]) != 0 {
			text = append(text, letters[i])
		}
	}
	return string(text)
}

// Target says what a watch's path is taken for.
type Target int

// The targets. -w leaves it to auditctl, which looks whether the path is a
// directory at the moment at which it loads the rule.
const (
	AsFound Target = iota
	File           // path=, a file, or a directory without what is in it
	Tree           // dir=, a directory with all below it
)

// Watch is a rule that watches a path.
type Watch struct {
	Path   string // absolute and clean
	Target Target
	Perm   Perm
	Key    string // several keys are separated by \x01
}

// keySeparator stands between several keys of one rule (AUDIT_KEY_SEPARATOR).
const keySeparator = "\x01"

// String returns the watch in the form that auditctl -l prints.
func (w Watch) String() string {
	text := "-w " + w.Path + " -p " + w.Perm.String()
	if w.Key != "" {
		for _, key := range strings.Split(w.Key, keySeparator) {
			text += " -k " + key
		}
	}
	return text
}

// Same reports whether two watches mean the same. A path that only one of them
// says the kind of means what it is on the disk, so it is the same as either.
func (w Watch) Same(other Watch) bool {
	if w.Target != other.Target && w.Target != AsFound && other.Target != AsFound {
		return false
	}
	return w.Path == other.Path && w.Perm == other.Perm && w.Key == other.Key
}

// In reports whether the list has a watch that means the same.
func (w Watch) In(list []Watch) bool {
	for _, other := range list {
		if w.Same(other) {
			return true
		}
	}
	return false
}

// CheckPath refuses paths that a rule cannot have.
func CheckPath(name string) error {
	switch {
	case !path.IsAbs(name):
		return fmt.Errorf("invalid path %q: write it from the root, as in /etc/docker", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return fmt.Errorf("invalid path %q: a file of audit rules cannot have blanks or control characters in a path", name)
	case len(name) >= maxPath:
		return fmt.Errorf("invalid path of %d bytes: the kernel takes %d at most", len(name), maxPath-1)
	}
	return nil
}

// CheckKey refuses keys that a rule cannot have.
func CheckKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("invalid key %q: it is what ausearch -k finds the records by, give it a name such as docker", key)
	case len(key) >= maxKey:
		return fmt.Errorf("invalid key of %d bytes: auditctl takes less than %d", len(key), maxKey)
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"'*%`, r) }):
		return fmt.Errorf("invalid key %q: use letters, digits, dashes and underscores", key)
	}
	return nil
}

// What the kernel and auditctl take: PATH_MAX, and AUDIT_MAX_KEY_LEN of audit
// 3.0, lib/libaudit.h. Older auditctl took keys of 31 bytes.
const (
	maxPath = 4096
	maxKey  = 256
)
