// SPDX-License-Identifier: GPL-3.0-or-later

package dockerapi

import (
	"bytes"
	"io"
	"testing"
)

// FuzzExchange: whoever answers on the socket, with whatever, the answer is
// read or refused, and takes no more memory than it has.
func FuzzExchange(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx"))
	f.Fuzz(func(t *testing.T, data []byte) {
		exchange(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(data), io.Discard}, "GET", "/info")
	})
}
