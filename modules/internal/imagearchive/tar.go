// SPDX-License-Identifier: GPL-3.0-or-later

package imagearchive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The kinds of entries that matter.
const (
	regular  = '0'
	hardlink = '1'
	symlink  = '2'
)

// entry is a file of an archive.
type entry struct {
	name, link string
	size       int64
	kind       byte
}

const block = 512

var errShort = errors.New("it ends too early: it was not written to its end")

// walk calls visit for each entry of a tar archive: POSIX.1-1988 (ustar), with
// the records of POSIX.1-2001 (pax) and GNU's long names, which are what Go's
// archive/tar writes in dockerd.
func walk(r io.Reader, visit func(e entry, content io.Reader) error) error {
	var head [block]byte
	pax := map[string]string{} // for the entry that follows
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return early(err)
		}
		if head == [block]byte{} {
			// What follows is padding. The writer's end of a pipe wants it read.
			_, err := io.Copy(io.Discard, r)
			return err
		}
		e, err := parse(head[:])
		if err != nil {
			return err
		}
		content := &io.LimitedReader{R: r, N: e.size}
		switch e.kind {
		case 'x', 'L', 'K':
			err = extend(pax, e.kind, content)
		case 'g':
		default:
			if err = e.apply(pax); err != nil {
				return err
			}
			content.N = e.size
			pax = map[string]string{}
			err = visit(e, content)
		}
		if err != nil {
			return early(err)
		}
		// What was not read, and the rest of the last block.
		rest := content.N + (block-e.size%block)%block
		if n, err := io.CopyN(io.Discard, r, rest); n < rest {
			return early(err)
		}
	}
}

// early gives the end of an archive before its time a name.
func early(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errShort
	}
	return err
}

// parse reads the head of an entry.
func parse(head []byte) (entry, error) {
	wanted, err := number(head[148:156])
	if err != nil {
		return entry{}, err
	}
	sum := int64(0)
	for i, b := range head {
		if i >= 148 && i < 156 {
			b = ' '
		}
		sum += int64(b)
	}
	if sum != wanted {
		return entry{}, errors.New("it is damaged: a head in it has another sum than it says")
	}
	e := entry{name: text(head[:100]), link: text(head[157:257]), kind: head[156]}
	if e.size, err = number(head[124:136]); err != nil {
		return e, err
	}
	if prefix := text(head[345:500]); prefix != "" && bytes.HasPrefix(head[257:], []byte("ustar\x00")) {
		e.name = prefix + "/" + e.name
	}
	switch e.kind {
	case 0, '7':
		e.kind = regular
	case hardlink, symlink, '3', '4', '5', '6':
		e.size = 0
	}
	return e, nil
}

// text is a field up to its first NUL.
func text(field []byte) string {
	value, _, _ := bytes.Cut(field, []byte{0})
	return string(value)
}

// number is a field in octal digits or, with the highest bit set, in binary.
func number(field []byte) (int64, error) {
	if field[0]&0x80 != 0 {
		value := int64(field[0] & 0x7f)
		for _, b := range field[1:] {
			if value >= 1<<54 {
				return 0, errors.New("it is damaged: a number in it is too large")
			}
			value = value<<8 | int64(b)
		}
		return value, nil
	}
	digits := strings.Trim(text(field), " ")
	if digits == "" {
		return 0, nil
	}
	value, err := strconv.ParseUint(digits, 8, 62)
	if err != nil {
		return 0, fmt.Errorf("it is damaged, or no tar archive: a number in it is %q", digits)
	}
	return int64(value), nil
}

// extend reads what an entry says of the one that follows it.
func extend(pax map[string]string, kind byte, content io.Reader) error {
	const most = 1 << 20
	data, err := io.ReadAll(io.LimitReader(content, most+1))
	switch {
	case err != nil:
		return err
	case len(data) > most:
		return errors.New("it is damaged: a head in it has no end")
	case kind == 'L':
		pax["path"] = text(data)
		return nil
	case kind == 'K':
		pax["linkpath"] = text(data)
		return nil
	}
	// Records are "LENGTH KEY=VALUE\n", the length being that of all of it.
	for len(data) > 0 {
		digits, _, found := bytes.Cut(data, []byte(" "))
		length, err := strconv.Atoi(string(digits))
		if !found || err != nil || length <= len(digits)+1 || length > len(data) {
			return errors.New("it is damaged: an extended head in it cannot be read")
		}
		key, value, _ := strings.Cut(string(data[len(digits)+1:length-1]), "=")
		pax[key] = value
		data = data[length:]
	}
	return nil
}

// apply takes what extended heads said of the entry.
func (e *entry) apply(pax map[string]string) error {
	if name, set := pax["path"]; set {
		e.name = name
	}
	if link, set := pax["linkpath"]; set {
		e.link = link
	}
	if size, set := pax["size"]; set && e.kind == regular {
		value, err := strconv.ParseUint(size, 10, 62)
		if err != nil {
			return fmt.Errorf("it is damaged: the size of %s is %q", e.name, size)
		}
		e.size = int64(value)
	}
	return nil
}
