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

// idle is how long a stream of images may stand still. The daemon writes all
// layers into a directory of its own before it sends the first byte.
const idle = 2 * time.Hour

// Save writes images, by name or ID, as the archive that docker save makes.
// Images named by a tag have that tag in it.
func (c *Client) Save(ctx context.Context, images []string, to io.Writer) error {
	var query []string
	for _, name := range images {
		query = append(query, "names="+escape(name))
	}
	return c.stream(ctx, "GET", "/images/get", "?"+strings.Join(query, "&"), nil, 0, func(r io.Reader) error {
		_, err := io.Copy(to, r)
		return err
	})
}

// Load reads an archive of images of that size into the daemon's store.
func (c *Client) Load(ctx context.Context, archive io.Reader, size int64) error {
	return c.stream(ctx, "POST", "/images/load", "", archive, size, func(r io.Reader) error {
		// The status is sent before the work begins, so a failure is a line of
		// the report.
		decoder := json.NewDecoder(r)
		for {
			var report struct {
				Error string `json:"error"`
			}
			err := decoder.Decode(&report)
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return err
			case report.Error != "":
				return &StatusError{Code: 200, Message: report.Error}
			}
		}
	})
}

// stream sends a request, with a body of that size if there is one, and hands
// the body of the answer to read while it comes.
func (c *Client) stream(ctx context.Context, method, path, query string, body io.Reader, size int64, read func(io.Reader) error) error {
	fail := func(err error) error {
		if why := context.Cause(ctx); why != nil {
			err = why
		}
		return &Error{Socket: c.socket, Path: path, Err: cause(err)}
	}
	conn, err := dial(ctx, c.path, time.Now().Add(c.limit))
	if err != nil {
		return fail(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	p := patient{conn}
	headers := requestHead(method, path+query)
	if body != nil {
		headers += "Content-Type: application/x-tar\r\nContent-Length: " + strconv.FormatInt(size, 10) + "\r\n"
	}
	_, sent := io.WriteString(p, headers+"\r\n")
	if sent == nil && body != nil {
		_, sent = io.CopyN(p, body, size)
	}
	// A daemon that takes no more has said why before it closed. One that waits
	// for more than there is says nothing.
	if sent != nil && !errors.Is(sent, syscall.EPIPE) && !errors.Is(sent, syscall.ECONNRESET) {
		return fail(sent)
	}
	r := bufio.NewReader(p)
	got, frame, err := readHead(r)
	switch {
	case err != nil && sent != nil:
		return fail(sent)
	case err != nil:
		return fail(err)
	}
	var in io.Reader = r
	switch {
	case frame.chunked:
		in = &chunks{r: r}
	case frame.length >= 0:
		in = &exactly{r, frame.length}
	}
	if got.code/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(in, 1<<20))
		return fail(&StatusError{Code: got.code, Message: message(text)})
	}
	if err := read(in); err != nil {
		return fail(err)
	}
	if sent != nil {
		return fail(sent)
	}
	return nil
}

// patient is a connection on which each step has its own deadline, since
// nobody knows how long all of them take.
type patient struct{ conn *os.File }

func (p patient) Read(data []byte) (int, error) {
	if err := p.conn.SetDeadline(time.Now().Add(idle)); err != nil {
		return 0, err
	}
	return p.conn.Read(data)
}

func (p patient) Write(data []byte) (int, error) {
	if err := p.conn.SetDeadline(time.Now().Add(idle)); err != nil {
		return 0, err
	}
	return p.conn.Write(data)
}

// exactly is a body of known length.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(data []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(data[:min(int64(len(data)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) && e.left > 0 {
		err = short(err)
	}
	return n, err
}

// chunks is a body in the chunked transfer coding. One without its last chunk
// is one that the daemon did not finish.
type chunks struct {
	r    *bufio.Reader
	left int64
	end  bool
}

func (c *chunks) Read(data []byte) (int, error) {
	if c.left == 0 && !c.end {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if c.end {
		return 0, io.EOF
	}
	n, err := c.r.Read(data[:min(int64(len(data)), c.left)])
	c.left -= int64(n)
	if err == nil && c.left == 0 {
		var end string
		if end, err = line(c.r); err == nil && end != "" {
			err = fmt.Errorf("%w: a chunk does not end where it should", ErrNotDocker)
		}
	}
	return n, short(err)
}

// next reads the size of the next chunk.
func (c *chunks) next() error {
	size, err := chunkSize(c.r, 62)
	if err != nil {
		return err
	}
	c.left, c.end = int64(size), size == 0
	return nil
}

// escape writes a text as a part of a path or a value in a query (RFC 3986).
func escape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
