// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePath(t *testing.T) {
	for _, test := range []struct {
		path    string
		want    []string
		wantErr string
	}{
		{path: "log-driver", want: []string{"log-driver"}},
		{path: "log-opts.max-size", want: []string{"log-opts", "max-size"}},
		{path: `default-network-opts.bridge."com.docker.network.driver.mtu"`, want: []string{"default-network-opts", "bridge", "com.docker.network.driver.mtu"}},
		{path: `"a b"."".ü/x`, want: []string{"a b", "", "ü/x"}},
		{path: `"\"\\\u00e9"`, want: []string{`"\é`}},
		{path: "", wantErr: "missing path: name a key, such as log-driver or log-opts.max-size"},
		{path: "a\xff", wantErr: `invalid path "a\xff": it is not UTF-8; save the text as UTF-8`},
		{path: "a..b", wantErr: `invalid path a..b: a key between dots is empty; remove the extra dot, or write "" for an empty key`},
		{path: ".a", wantErr: `invalid path .a: a key between dots is empty; remove the extra dot, or write "" for an empty key`},
		{path: "a.", wantErr: `invalid path a.: a key between dots is empty; remove the extra dot, or write "" for an empty key`},
		{path: `"a".`, wantErr: `invalid path "a".: a key between dots is empty; remove the extra dot, or write "" for an empty key`},
		{path: `"a"b`, wantErr: `invalid path "a"b: text follows the closing quote of "a"; put a dot between two keys`},
		{path: `a.b c`, wantErr: `invalid path a.b c: the key b c contains a quote or white space; write it as "b c"`},
		{path: `a"b"`, wantErr: `invalid path a"b": the key a"b" contains a quote or white space; write it as "a\"b\""`},
		{path: `a."b`, wantErr: `invalid path a."b: the string is not closed; add the missing "`},
		{path: `"\x"`, wantErr: `invalid path "\x": \x is not an escape in JSON; write \\ for a backslash`},
	} {
		got, err := ParsePath(test.path)
		if errorText(err) != test.wantErr {
			t.Errorf("ParsePath(%q): %v; want %s", test.path, err, test.wantErr)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("ParsePath(%q): (-want +got):\n%s", test.path, diff)
		}
	}
}

func TestFormatPath(t *testing.T) {
	path := []string{"features", "a.b", "", "c d", `e"`, "ü"}
	const want = `features."a.b".""."c d"."e\"".ü`
	if got := FormatPath(path); got != want {
		t.Errorf("FormatPath(%q) = %s; want %s", path, got, want)
	}
}

func TestResolve(t *testing.T) {
	d := parse(t, `{
		"log-opts": {"max-size": "1m"},
		"default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "1400"}},
		"dm.fs": "xfs",
		"a.b": {"c": 1},
		"a": {"b": {"c": 2, "d": 3}, "b.c": 4},
		"list": [{"x": 1}]
	}`)
	for _, test := range []struct {
		path    string
		want    []string
		found   bool
		wantErr string
	}{
		{path: "log-opts.max-size", want: []string{"log-opts", "max-size"}, found: true},
		{path: "log-opts.none", want: []string{"log-opts", "none"}},
		{path: "dm.fs", want: []string{"dm.fs"}, found: true},
		{path: `"dm.fs"`, want: []string{"dm.fs"}, found: true},
		{path: "default-network-opts.bridge.com.docker.network.driver.mtu", want: []string{"default-network-opts", "bridge", "com.docker.network.driver.mtu"}, found: true},
		{path: `default-network-opts.bridge."com.docker.network.driver.mtu"`, want: []string{"default-network-opts", "bridge", "com.docker.network.driver.mtu"}, found: true},
		{path: `"default-network-opts.bridge".x`, want: []string{"default-network-opts.bridge", "x"}},
		{path: "a.b.d", want: []string{"a", "b", "d"}, found: true},
		{path: "a.b.c", wantErr: `cannot tell which key a.b.c names: write "a"."b"."c" or "a"."b.c" or "a.b"."c"`},
		{path: `"a".b.c`, wantErr: `cannot tell which key "a".b.c names: write "a"."b"."c" or "a"."b.c"`},
		{path: `"a.b".c`, want: []string{"a.b", "c"}, found: true},
		{path: `"a"."b"."c"`, want: []string{"a", "b", "c"}, found: true},
		{path: "list.x", want: []string{"list", "x"}},
		{path: "list.0.x", want: []string{"list", "0", "x"}},
		{path: "a..b", wantErr: `invalid path a..b: a key between dots is empty; remove the extra dot, or write "" for an empty key`},
	} {
		got, found, err := d.Resolve(test.path)
		if errorText(err) != test.wantErr || found != test.found {
			t.Errorf("Resolve(%q): found %v, error %v; want %v, %s", test.path, found, err, test.found, test.wantErr)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Resolve(%q): (-want +got):\n%s", test.path, diff)
		}
	}
}
