// SPDX-License-Identifier: GPL-3.0-or-later

package dockerapi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestSave(t *testing.T) {
	large := strings.Repeat("layer ", 100_000)
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.URL.Query()["names"], []string{"a/b:1", "sha256:12", "x y&z"}; r.URL.Path != "/images/get" || !slices.Equal(got, want) {
			t.Errorf("Save() asked for %s with %q; want %q", r.URL.Path, got, want)
		}
		_, _ = io.WriteString(w, large)
	})
	var out bytes.Buffer
	if err := c.Save(context.Background(), []string{"a/b:1", "sha256:12", "x y&z"}, &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != large {
		t.Errorf("Save() wrote %d bytes; want the %d of the archive", out.Len(), len(large))
	}
}

func TestSaveFails(t *testing.T) {
	tests := []struct {
		name   string
		client func(t *testing.T) *Client
		want   error
		text   string
	}{
		{"the daemon refuses", func(t *testing.T) *Client {
			return serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, `{"message":"no space left on device"}`)
			})
		}, nil, "no space left on device"},
		{"a chunk is cut off", func(t *testing.T) *Client {
			return raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
		}, ErrNotDocker, "too early"},
		{"the last chunk is missing", func(t *testing.T) *Client {
			return raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
		}, ErrNotDocker, "too early"},
		{"a body is cut off", func(t *testing.T) *Client {
			return raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab")
		}, ErrNotDocker, "too early"},
		{"a chunk without an end", func(t *testing.T) *Client {
			return raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n")
		}, ErrNotDocker, "chunk"},
		{"a size that is none", func(t *testing.T) *Client {
			return raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n")
		}, ErrNotDocker, "the size of a chunk"},
	}
	for _, test := range tests {
		err := test.client(t).Save(context.Background(), []string{"a"}, io.Discard)
		if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: Save() = %v; want %q", test.name, err, test.text)
		}
	}
}

func TestLoad(t *testing.T) {
	archive := strings.Repeat("archive ", 100_000)
	tests := []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request)
		want   string // in the error; "" for none
	}{
		{"loaded", func(w http.ResponseWriter, r *http.Request) {
			if got, err := io.ReadAll(r.Body); err != nil || string(got) != archive {
				t.Errorf("Load() sent %d bytes, %v; want the %d of the archive", len(got), err, len(archive))
			}
			_, _ = io.WriteString(w, "{\"status\":\"Loading layer\"}\n{\"stream\":\"Loaded image: a:1\"}\n")
		}, ""},
		{"fails in the middle", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, "{\"status\":\"Loading layer\"}\n{\"errorDetail\":{\"message\":\"no space\"},\"error\":\"no space left on device\"}\n")
		}, "no space left on device"},
		{"refuses before it has read all", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"message":"disk full"}`)
		}, "disk full"},
		{"says something else", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.WriteString(w, "<html>")
		}, "invalid character"},
	}
	for _, test := range tests {
		err := serve(t, test.answer).Load(context.Background(), strings.NewReader(archive), int64(len(archive)))
		if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Load() = %v; want %q", test.name, err, test.want)
		}
	}
	// A file that became shorter is not what was announced.
	err := serve(t, tests[1].answer).Load(context.Background(), strings.NewReader("short"), 100)
	if err == nil {
		t.Error("Load() of a file shorter than its size succeeded")
	}
}
