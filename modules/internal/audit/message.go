// SPDX-License-Identifier: GPL-3.0-or-later

package audit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path"
)

// The kernel's struct audit_rule_data (include/uapi/linux/audit.h, 6.1) is
// flags, action, field_count, mask[64], fields[64], values[64], fieldflags[64],
// buflen, each of 32 bits in the machine's byte order, and then the strings of
// the fields without separators.
const (
	words      = 64
	offFlags   = 0
	offAction  = 4
	offCount   = 8
	offMask    = 12
	offFields  = offMask + 4*words
	offValues  = offFields + 4*words
	offOps     = offValues + 4*words
	offBuflen  = offOps + 4*words
	headerSize = offBuflen + 4
)

// Values of its parts.
const (
	filterExit  = 4 // AUDIT_FILTER_EXIT
	filterMask  = 7 // without AUDIT_FILTER_PREPEND
	always      = 2 // AUDIT_ALWAYS
	equal       = 0x40000000
	fieldPath   = 105 // AUDIT_WATCH
	fieldPerm   = 106
	fieldDir    = 107
	fieldKey    = 210 // AUDIT_FILTERKEY
	allSyscalls = 0xffffffff
)

// Rule is a rule as the kernel has it.
type Rule struct {
	data []byte
	// Watch is what it means if IsWatch.
	Watch   Watch
	IsWatch bool
}

// encode writes the watch as auditctl does for -w: path, perm, key, in this
// order. The kernel compares rules field by field, so that one in this order
// is the same rule to it as the one that the file has.
func (w Watch) encode() []byte {
	type field struct {
		kind, value uint32
		text        string
	}
	target := uint32(fieldPath)
	if w.Target == Tree {
		target = fieldDir
	}
	fields := []field{{target, uint32(len(w.Path)), w.Path}, {fieldPerm, uint32(w.Perm), ""}}
	if w.Key != "" {
		fields = append(fields, field{fieldKey, uint32(len(w.Key)), w.Key})
	}
	data := make([]byte, headerSize, headerSize+len(w.Path)+len(w.Key))
	put := func(at int, value uint32) { binary.NativeEndian.PutUint32(data[at:], value) }
	put(offFlags, filterExit)
	put(offAction, always)
	put(offCount, uint32(len(fields)))
	for i := range words {
		put(offMask+4*i, allSyscalls)
	}
	for i, f := range fields {
		put(offFields+4*i, f.kind)
		put(offValues+4*i, f.value)
		put(offOps+4*i, equal)
		data = append(data, f.text...)
	}
	binary.NativeEndian.PutUint32(data[offBuflen:], uint32(len(data)-headerSize))
	return data
}

// errMessage is the cause of an error about what the kernel sent.
var errMessage = errors.New("it is no audit rule")

// decode reads a rule that the kernel listed.
func decode(data []byte) (Rule, error) {
	get := func(at int) uint32 { return binary.NativeEndian.Uint32(data[at:]) }
	if len(data) < headerSize {
		return Rule{}, fmt.Errorf("cannot read the kernel's message: %w: it has %d bytes", errMessage, len(data))
	}
	count, size := get(offCount), get(offBuflen)
	if count > words || uint64(size) > uint64(len(data)-headerSize) {
		return Rule{}, fmt.Errorf("cannot read the kernel's message: %w: %d fields and %d bytes of text", errMessage, count, size)
	}
	rule := Rule{data: append([]byte(nil), data[:headerSize+int(size)]...)}
	rule.IsWatch = get(offFlags)&filterMask == filterExit && get(offAction) == always
	// The last word's upper half stands for classes of system calls, which the
	// kernel has put into the rest (audit_to_entry_common, kernel/auditfilter.c).
	for i := range words - 1 {
		rule.IsWatch = rule.IsWatch && get(offMask+4*i) == allSyscalls
	}
	text := rule.data[headerSize:]
	take := func(length uint32) (string, bool) {
		if uint64(length) > uint64(len(text)) {
			return "", false
		}
		part := string(text[:length])
		text = text[length:]
		return part, true
	}
	w := Watch{Perm: Any}
	for i := range int(count) {
		kind, value := get(offFields+4*i), get(offValues+4*i)
		ok := get(offOps+4*i) == equal
		switch kind {
		case fieldPath, fieldDir:
			ok = ok && w.Path == ""
			var textOK bool
			w.Path, textOK = take(value)
			ok = ok && textOK
			w.Target = File
			if kind == fieldDir {
				w.Target = Tree
			}
		case fieldPerm:
			w.Perm = Perm(value)
		case fieldKey:
			var textOK bool
			w.Key, textOK = take(value)
			ok = ok && textOK
		default:
			ok = false
		}
		if !ok {
			rule.IsWatch = false
			break
		}
	}
	if !rule.IsWatch || !path.IsAbs(w.Path) {
		rule.IsWatch = false
		return rule, nil
	}
	w.Path = path.Clean(w.Path)
	rule.Watch = w
	return rule, nil
}
