// SPDX-License-Identifier: GPL-3.0-or-later

package unitfile

import "strconv"

// Word is one word of a command line and where it was written.
type Word struct {
	Text string
	File string
	Line int // 1 is the first; 0 when the file has no lines to speak of
}

// Origin returns file:line.
func (w Word) Origin() string {
	if w.Line == 0 {
		return w.File
	}
	return w.File + ":" + strconv.Itoa(w.Line)
}
