// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/mutate"
)

// quiet is a module with an option of each kind that the protocol treats in a
// way of its own. It changes nothing.
type quiet struct {
	Name   string         `arg:"name"`
	Secret string         `arg:"secret" no_log:"true"`
	Result map[string]any `arg:"result"`
}

// FuzzMain: whatever comes on standard input, what goes out is one JSON object
// that says whether it failed, and the exit status agrees with it.
func FuzzMain(f *testing.F) {
	f.Add([]byte(`{"name": "x", "_ansible_check_mode": true, "_ansible_diff": true}`))
	f.Add([]byte(`{"ANSIBLE_MODULE_ARGS": {"secret": "hidden", "result": {"a": ["hidden", 1e400]}}}`))
	f.Add([]byte("\xff{"))
	f.Add([]byte(`{"result": {"changed": null, "failed": "no", "msg": 1}, "_ansible_ignore_unknown_opts": true, "x": 1}`))
	module := Module[quiet]{Plan: func(_ context.Context, _ *host.Host, p quiet) (*Plan, error) {
		return &Plan{Result: map[string]any{"name": p.Name, "of": p.Result}}, nil
	}}
	table := Table{{Name: "quiet", Module: module}}
	mutate.Fuzz(f, func(t *testing.T, stdin []byte) {
		var stdout bytes.Buffer
		code := Main(table, Process{Args: []string{"x", "quiet"}, Stdin: bytes.NewReader(stdin), Stdout: &stdout, Stderr: io.Discard, Host: host.New("/")})
		decoder := json.NewDecoder(&stdout)
		decoder.UseNumber()
		var result map[string]any
		if err := decoder.Decode(&result); err != nil || decoder.More() {
			t.Fatalf("Main(%q) prints something else than one JSON object: %v", stdin, err)
		}
		failed, _ := result["failed"].(bool)
		if result["changed"] != false || failed != (code == 1) || failed && result["msg"] == "" {
			t.Errorf("Main(%q) = %d with %v", stdin, code, result)
		}
	})
}

// FuzzMask: a secret is nowhere in a result, in none of the forms that it has
// in a quoted or indented text.
func FuzzMask(f *testing.F) {
	f.Add("hunter2", "cannot log in with hunter2: 401")
	f.Add("a\"b\\c\nline two is long", "{\"k\": \"a\\\"b\\\\c\\n")
	f.Add("*", "a*b")
	f.Add("1", "https://user:pass@host/")
	mutate.Fuzz(f, func(t *testing.T, secret, text string) {
		if secret == "" || strings.ContainsRune(secret, '\ufffd') || strings.ToValidUTF8(secret, "") != secret || strings.Contains("********"+noLogMark, secret) {
			return // what stands in its place would have the secret in it
		}
		quoted, err := marshal(text + secret + text)
		if err != nil {
			t.Fatal(err)
		}
		masked, err := mask(map[string]any{"msg": text + secret + text, "quoted": string(quoted), "list": []any{secret}, "n": map[string]any{"x" + secret: 1}}, []string{secret})
		if err != nil {
			t.Fatal(err)
		}
		var look func(value any)
		look = func(value any) {
			switch v := value.(type) {
			case string:
				// A secret can arise anew where asterisks meet their neighbours; then it has one in it.
				if strings.Contains(v, secret) && !strings.Contains(secret, "*") {
					t.Errorf("mask left %q in %q", secret, v)
				}
			case []any:
				for _, inner := range v {
					look(inner)
				}
			case map[string]any:
				for key, inner := range v {
					look(key)
					look(inner)
				}
			}
		}
		for _, value := range masked {
			look(value)
		}
	})
}

// FuzzWithoutCredentials: no address keeps its name and password, and doing it
// again changes nothing.
func FuzzWithoutCredentials(f *testing.F) {
	f.Add("cannot reach http://user:password@proxy:3128/x@y: refused", "user", "pass@word")
	f.Add("://@://a@", "", "")
	mutate.Fuzz(f, func(t *testing.T, text, user, password string) {
		once := WithoutCredentials(text)
		if twice := WithoutCredentials(once); twice != once {
			t.Errorf("WithoutCredentials(%q) = %q, and again %q", text, once, twice)
		}
		if strings.ContainsAny(user+password, "/?# \t\r\n\"'") || strings.Contains("see http://********@proxy/ for more", password) || strings.Contains("see http://@proxy/ for more", password) {
			return
		}
		if got := WithoutCredentials("see http://" + user + ":" + password + "@proxy/ for more"); strings.Contains(got, password) {
			t.Errorf("WithoutCredentials leaves %q in %q", password, got)
		}
	})
}
