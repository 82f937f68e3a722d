// SPDX-License-Identifier: GPL-3.0-or-later

package dockerapi

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestContainerChanges(t *testing.T) {
	var asked []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		switch {
		case strings.Contains(r.URL.Path, "gone"):
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"No such container: gone"}`)
		case strings.Contains(r.URL.Path, "up"):
			w.WriteHeader(http.StatusNotModified)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	tests := []struct {
		what string
		err  error
		want string
	}{
		{"Start(a)", c.Start(t.Context(), "a"), ""},
		{"Start(up)", c.Start(t.Context(), "up"), ""},
		{"Start(gone)", c.Start(t.Context(), "gone"), "No such container"},
		{"Remove(a)", c.Remove(t.Context(), "a", false), ""},
		{"Remove(a, volumes)", c.Remove(t.Context(), "a", true), ""},
		{"Remove(gone)", c.Remove(t.Context(), "gone", false), ""},
	}
	for _, test := range tests {
		if (test.err == nil) != (test.want == "") || test.err != nil && !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%s = %v; want %q", test.what, test.err, test.want)
		}
	}
	const want = "POST /containers/a/start POST /containers/up/start POST /containers/gone/start DELETE /containers/a DELETE /containers/a?v=1 DELETE /containers/gone"
	if got := strings.Join(asked, " "); got != want {
		t.Errorf("asked %s; want %s", got, want)
	}
}

// A name that the daemon gave us is one part of a path, whatever is in it, and
// what would lead out of its place is not asked for.
func TestNamesInPaths(t *testing.T) {
	tests := []struct{ name, want string }{
		{"a..b", "/networks/a..b"},
		{"a b\r\nHost: x", "/networks/a%20b%0D%0AHost%3A%20x"},
		{"a/../../info", "/networks/a%2F..%2F..%2Finfo"},
		{"a?force=1#", "/networks/a%3Fforce%3D1%23"},
		{"..", ""},
		{"../../info", ""},
	}
	for _, test := range tests {
		asked := ""
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked = r.RequestURI
			fmt.Fprint(w, "{}")
		})
		if _, err := c.Network(t.Context(), test.name); (err == nil) != (test.want != "") || asked != test.want {
			t.Errorf("Network(%q) = %v, and asked %q; want %q", test.name, err, asked, test.want)
		}
	}
}

func TestMoment(t *testing.T) {
	tests := []struct {
		text string
		want time.Time
		ok   bool
	}{
		{"2026-11-22T20:35:26.123456789Z", time.Date(2026, 11, 22, 20, 35, 26, 0, time.UTC), true},
		{"2026-01-02T03:04:05Z", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), true},
		{"0001-01-01T00:00:00Z", time.Time{}, true},
		{"", time.Time{}, false},
		{"yesterday at noon, or so", time.Time{}, false},
		{"2026-+1-22T20:35:26Z", time.Time{}, false},
	}
	for _, test := range tests {
		if got, err := moment(test.text); !got.Equal(test.want) || (err == nil) != test.ok {
			t.Errorf("moment(%q) = %v, %v; want %v, %v", test.text, got, err, test.want, test.ok)
		}
	}
}

// An update that changes nothing names the restart policy as it is, in JSON.
func TestFlush(t *testing.T) {
	tests := []struct{ policy, want string }{
		{`{"Name":"on-failure","MaximumRetryCount":3}`, `{"RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3}}`},
		{`{"Name":"","MaximumRetryCount":0}`, `{"RestartPolicy":{"Name":"no","MaximumRetryCount":0}}`},
	}
	for _, test := range tests {
		var got string
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "GET" {
				fmt.Fprintf(w, `{"HostConfig":{"Memory":7,"RestartPolicy":%s}}`, test.policy)
				return
			}
			body, _ := io.ReadAll(r.Body)
			got = r.Header.Get("Content-Type") + " " + r.URL.Path + " " + string(body)
			fmt.Fprint(w, `{"Warnings":null}`)
		})
		err := c.Flush(t.Context(), "a")
		if want := "application/json /containers/a/update " + test.want; err != nil || got != want {
			t.Errorf("Flush with %s sent %q, %v; want %q", test.policy, got, err, want)
		}
	}
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	if err := c.Flush(t.Context(), "a"); err == nil {
		t.Error("Flush of a container that is not there = nil; want an error")
	}
}
