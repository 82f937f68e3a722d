// SPDX-License-Identifier: GPL-3.0-or-later

package dockerapi

import (
	"bytes"
	"io"
	"testing"
	"time"

	"hardened.docker/modules/internal/mutate"
)

// FuzzExchange: whoever answers on the socket, with whatever, the answer is
// read or refused, and takes no more memory than it has.
func FuzzExchange(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx"))
	mutate.Fuzz(f, func(t *testing.T, data []byte) {
		exchange(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(data), io.Discard}, "GET", "/info", "")
	})
}

// FuzzMoment: a time is read as it was written, to the second, and no other
// text is a panic.
func FuzzMoment(f *testing.F) {
	f.Add("2026-11-22T20:35:26.123456789Z", int64(1795379726))
	f.Add("0001-01-01T00:00:00Z", int64(0))
	f.Add("+026-1-22T20:35:26", int64(1))
	mutate.Fuzz(f, func(t *testing.T, text string, seconds int64) {
		moment(text)
		want := time.Unix(seconds, 123).UTC()
		if want.Year() < 2 || want.Year() > 9999 {
			return
		}
		if got, err := moment(want.Format(time.RFC3339Nano)); err != nil || !got.Equal(want.Truncate(time.Second)) {
			t.Errorf("moment(%s) = %v, %v", want.Format(time.RFC3339Nano), got, err)
		}
	})
}
