// SPDX-License-Identifier: GPL-3.0-or-later

package dockerapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// socket returns a path that is short enough for a unix socket.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "api")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "docker.sock")
}

// serve answers requests with net/http, which is what dockerd answers with.
func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	path := socket(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return New(DefaultSocket, path, 5*time.Second)
}

// raw answers one connection with a fixed text after it read the request.
func raw(t *testing.T, answer string) *Client {
	t.Helper()
	path := socket(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		for {
			if text, err := r.ReadString('\n'); err != nil || text == "\r\n" {
				break
			}
		}
		fmt.Fprint(conn, answer)
	}()
	return New(DefaultSocket, path, 5*time.Second)
}

func TestInfo(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/info" {
			t.Errorf("path = %q; want /info", r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"ServerVersion":"26.1.5","LiveRestoreEnabled":true,"Labels":["a=b"],
			"RegistryConfig":{"Mirrors":["https://m/"]},"DriverStatus":[["Backing Filesystem","extfs"]]}`)
	})
	got, err := c.Info(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := Info{ServerVersion: "26.1.5", LiveRestoreEnabled: true, Labels: []string{"a=b"},
		RegistryConfig: &RegistryConfig{Mirrors: []string{"https://m/"}}, DriverStatus: [][2]string{{"Backing Filesystem", "extfs"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Info() differs (-want +got):\n%s", diff)
	}
}

// The version comes from the head of any answer, or from /version where
// something between dropped it.
func TestServerVersion(t *testing.T) {
	tests := []struct{ server, want string }{
		{"Docker/20.10.24+dfsg1 (linux)", "20.10.24+dfsg1"},
		{"Docker/29.0.1", "29.0.1"},
		{"nginx", "26.1.5 of /version"},
		{"Docker/", "26.1.5 of /version"},
		{"", "26.1.5 of /version"},
	}
	for _, test := range tests {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if test.server != "" {
				w.Header().Set("Server", test.server)
			}
			if r.URL.Path == "/version" {
				fmt.Fprint(w, `{"Version":"26.1.5 of /version"}`)
			}
		})
		if got, err := c.ServerVersion(context.Background()); got != test.want || err != nil {
			t.Errorf("Server: %s: ServerVersion() = %q, %v; want %q, nil", test.server, got, err, test.want)
		}
	}
}

// The list of a host with many containers comes in chunks.
func TestContainersInChunks(t *testing.T) {
	const count = 5000
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "all=1" {
			t.Errorf("query = %q; want all=1", r.URL.RawQuery)
		}
		fmt.Fprint(w, "[")
		for i := range count {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `{"Id":"%064d","Names":["/other/alias%d","/c%d"]}`, i, i, i)
			if i%100 == 0 {
				w.(http.Flusher).Flush()
			}
		}
		fmt.Fprint(w, "]")
	})
	got, err := c.Containers(context.Background(), true)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != count || got[count-1].Name() != fmt.Sprintf("c%d", count-1) {
		t.Errorf("Containers() has %d, the last %q; want %d, %q", len(got), got[len(got)-1].Name(), count, fmt.Sprintf("c%d", count-1))
	}
}

func TestDaemonEvents(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got, want := r.URL.Query().Get("filters"), `{"type":["daemon"]}`; got != want {
			t.Errorf("filters = %q; want %q", got, want)
		}
		if got, want := r.URL.Query().Get("since"), "100.000000005"; got != want {
			t.Errorf("since = %q; want %q", got, want)
		}
		fmt.Fprintln(w, `{"Type":"daemon","Action":"reload","Actor":{"ID":"x","Attributes":{"debug":"true"}},"timeNano":7}`)
		fmt.Fprintln(w, `{"Type":"daemon","Action":"reload"}`)
	})
	got, err := c.DaemonEvents(context.Background(), time.Unix(100, 5), time.Unix(200, 0))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Action != "reload" || got[0].Actor.Attributes["debug"] != "true" || got[0].TimeNano != 7 {
		t.Errorf("DaemonEvents() = %+v; want two reloads, the first with debug", got)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name   string
		client func(t *testing.T) *Client
		want   error
		text   string
	}{
		{"no socket", func(t *testing.T) *Client { return New(DefaultSocket, socket(t), time.Second) }, ErrNoSocket, "is dockerd running?"},
		{"nobody listens", func(t *testing.T) *Client {
			path := socket(t)
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			l.Close()
			return New(DefaultSocket, path, time.Second)
		}, ErrRefused, "is dockerd running?"},
		{"not a socket", func(t *testing.T) *Client {
			path := socket(t)
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return New(DefaultSocket, path, time.Second)
		}, ErrRefused, ""},
		{"never answers", func(t *testing.T) *Client {
			path := socket(t)
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			return New(DefaultSocket, path, 50*time.Millisecond)
		}, ErrTimeout, "hangs"},
		{"queue is full", func(t *testing.T) *Client {
			path := socket(t)
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { syscall.Close(fd) })
			if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Listen(fd, 0); err != nil {
				t.Fatal(err)
			}
			first, err := dial(context.Background(), path, time.Now().Add(time.Second))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { first.Close() })
			return New(DefaultSocket, path, 100*time.Millisecond)
		}, ErrTimeout, ""},
		{"not HTTP", func(t *testing.T) *Client { return raw(t, "220 mail.example ESMTP\r\n") }, ErrNotDocker, "220 mail"},
		{"closes at once", func(t *testing.T) *Client { return raw(t, "") }, ErrNotDocker, "too early"},
		{"not JSON", func(t *testing.T) *Client { return raw(t, "HTTP/1.1 200 OK\r\n\r\n<html>") }, ErrNotDocker, "<html>"},
		{"cut off", func(t *testing.T) *Client { return raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}") }, ErrNotDocker, "too early"},
		{"chunk cut off", func(t *testing.T) *Client {
			return raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{}")
		}, ErrNotDocker, "too early"},
		{"chunk is no number", func(t *testing.T) *Client {
			return raw(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}")
		}, ErrNotDocker, "zz"},
		{"too large", func(t *testing.T) *Client { return raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n") }, ErrTooLarge, ""},
		{"endless header", func(t *testing.T) *Client { return raw(t, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 10000)) }, ErrNotDocker, "longer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.client(t).Info(context.Background())
			if !errors.Is(err, test.want) {
				t.Fatalf("Info() = %v; want %v", err, test.want)
			}
			if !strings.HasPrefix(err.Error(), "cannot ask the Docker daemon on /var/run/docker.sock for /info") || !strings.Contains(err.Error(), test.text) {
				t.Errorf("Info() = %q; want the socket, the question and %q", err, test.text)
			}
		})
	}
}

func TestStatusError(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"message":"network bridge not found"}`)
	})
	_, err := c.Network(context.Background(), "bridge")
	var status *StatusError
	if !errors.As(err, &status) || status.Code != 404 || status.Message != "network bridge not found" {
		t.Errorf("Network() = %v; want status 404 with the daemon's message", err)
	}
}

// The end of the context ends a question before its own limit.
func TestCancel(t *testing.T) {
	path := socket(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		if _, err := l.Accept(); err == nil {
			cancel()
		}
	}()
	start := time.Now()
	if err := New(DefaultSocket, path, time.Minute).Ping(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Ping() = %v; want %v", err, context.Canceled)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("Ping() took %v after its context ended", took)
	}
}
