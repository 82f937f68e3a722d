// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/unitfile"
)

// words makes a command line, one word a line of the given file.
func words(file string, texts ...string) []unitfile.Word {
	var all []unitfile.Word
	for i, text := range texts {
		all = append(all, unitfile.Word{Text: text, File: file, Line: i + 1})
	}
	return all
}

func TestParseFlags(t *testing.T) {
	for _, test := range []struct {
		name, version string
		words         []string
		want          string
		problem       string
	}{
		{"forms", "26.1", []string{"--host=a", "--host", "b", "-H", "c", "-Hd", "-H=e"}, "host=a host=b host=c host=d host=e", ""},
		{"booleans", "26.1", []string{"-D", "--icc=false", "--live-restore", "-D=false"}, "debug=true icc=false live-restore=true debug=false", ""},
		{"together", "26.1", []string{"-Dl", "warn", "-DHfd://"}, "debug=true log-level=warn debug=true host=fd://", ""},
		{"value with equals", "26.1", []string{"--log-opt", "max-size=1m", "--label=a=b=c"}, "log-opt=max-size=1m label=a=b=c", ""},
		{"empty value", "26.1", []string{"--bridge=", "--bip", ""}, "bridge= bip=", ""},
		{"value that looks like a flag", "26.1", []string{"--bridge", "--debug"}, "bridge=--debug", ""},
		{"config file", "26.1", []string{"--config-file", "/a"}, "config-file=/a", ""},
		{"boolean with a word after it", "26.1", []string{"--debug", "false"}, "debug=true", "as in --debug=false (f:2)"},
		{"stray word", "26.1", []string{"daemon", "-D"}, "debug=true", `invalid word "daemon"`},
		{"after two dashes", "26.1", []string{"--", "-D"}, "", `invalid word "-D"`},
		{"missing value", "26.1", []string{"--bip"}, "", "missing value after --bip (f:1)"},
		{"unknown", "26.1", []string{"--storage-drvier=a"}, "", `did you mean "storage-driver"? (f:1)`},
		{"the key's spelling", "26.1", []string{"--insecure-registries=a"}, "", "the flag is spelt --insecure-registry"},
		{"removed", "23.0", []string{"--graph=/a"}, "", "removed in 23.0"},
		{"removed and unknown", "26.1", []string{"-g", "/a"}, "", "unknown flag -g"},
		{"still there", "20.10", []string{"-g", "/a", "--graph=/b"}, "graph=/a graph=/b", ""},
		{"not yet", "20.10", []string{"--http-proxy=a"}, "", "engines since 23.0 do"},
		{"not yet a flag", "26.1", []string{"--feature=a"}, "", "engines since 28.0 do"},
		{"bad boolean", "26.1", []string{"--debug=maybe"}, "", "write true or false"},
		{"bad integer", "26.1", []string{"--mtu", "big"}, "", "write an integer"},
		{"any version", "", []string{"-g", "/a", "--firewall-backend=nftables"}, "graph=/a firewall-backend=nftables", ""},
	} {
		var v Version
		if test.version != "" {
			v = version(t, test.version)
		}
		uses, problems := ParseFlags(words("f", test.words...), v)
		var got []string
		for _, use := range uses {
			got = append(got, use.Flag+"="+use.Value)
		}
		if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: ParseFlags(%q) differs (-want +got):\n%s", test.name, test.words, diff)
		}
		checkGrammar(t, problems)
		switch {
		case test.problem == "" && len(problems) > 0:
			t.Errorf("%s: ParseFlags(%q) = %v; want no problem", test.name, test.words, problems)
		case test.problem != "" && (len(problems) == 0 || !strings.Contains(problems[0].Text, test.problem)):
			t.Errorf("%s: ParseFlags(%q) = %v; want a problem with %q", test.name, test.words, problems, test.problem)
		}
	}
}

func TestConflicts(t *testing.T) {
	for _, test := range []struct {
		doc, version, file string
		words              []string
		want               []string
	}{
		{`{"hosts": ["unix:///a"]}`, "26.1", "/lib/systemd/system/docker.service", []string{"-H", "fd://"}, []string{
			`invalid key "hosts": it is also the flag -H at /lib/systemd/system/docker.service:1, and engine 26.1 does not start with both, even if they agree: remove "hosts" from the file, or move the flag out of the unit with docker_unit: flags`}},
		{`{"storage-driver": "overlay2"}`, "18.09", "/etc/sysconfig/docker-storage", []string{"--storage-driver=overlay2"}, []string{
			`invalid key "storage-driver": it is also the flag --storage-driver at /etc/sysconfig/docker-storage:1, and engine 18.09 does not start with both, even if they agree: remove "storage-driver" from the file, or --storage-driver from /etc/sysconfig/docker-storage`}},
		{`{"labels": ["a=1"]}`, "26.1", "/etc/default/docker", []string{"--label=b=2", "--label=c=3"}, []string{
			`invalid key "labels": it is also the flag --label at /etc/default/docker:1 and --label at /etc/default/docker:2, and engine 26.1 does not start with both, even if they agree: remove "labels" from the file, or --label from /etc/default/docker`}},
		{`{"proxies": {"http-proxy": "a"}}`, "26.1", "/a.conf", []string{"--http-proxy=b"}, []string{
			`invalid key "proxies.http-proxy": it is also the flag --http-proxy at /a.conf:1, and engine 26.1 does not start with both, even if they agree: remove "proxies.http-proxy" from the file, or move the flag out of the unit with docker_unit: flags`}},
		{`{"graph": "/a"}`, "20.10", "/a.conf", []string{"--data-root=/b"}, []string{
			`invalid key "graph": --data-root at /a.conf:1 sets the same directory, and engine 20.10 uses one of them without a word: remove "graph" from the file, or move the flag out of the unit with docker_unit: flags`}},
		{`{"data-root": "/a"}`, "19.03", "/a.conf", []string{"-g", "/b"}, []string{
			`invalid key "data-root": -g at /a.conf:1 sets the same directory, and engine 19.03 uses one of them without a word: remove "data-root" from the file, or move the flag out of the unit with docker_unit: flags`}},
		{`{"runtimes": {"a": {"path": "/a"}}}`, "26.1", "/a.conf", []string{"--add-runtime=b=/b"}, nil},
		{`{"debug": true}`, "26.1", "/a.conf", []string{"-H", "fd://", "--config-file=/a"}, nil},
		{`{"host": ["a"]}`, "26.1", "/a.conf", []string{"-H", "fd://"}, nil},
		{`null`, "26.1", "/a.conf", []string{"-D"}, nil},
	} {
		v := version(t, test.version)
		uses, problems := ParseFlags(words(test.file, test.words...), v)
		if len(problems) > 0 {
			t.Fatalf("ParseFlags(%q) = %v", test.words, problems)
		}
		var got []string
		for _, p := range Conflicts(decode(t, test.doc), uses, v) {
			got = append(got, p.Text)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Conflicts(%s, %q) differ (-want +got):\n%s", test.doc, test.words, diff)
		}
	}
}

func TestWithFlags(t *testing.T) {
	uses, _ := ParseFlags(words("f", "-D", "--mtu=1400", "--label=b=2", "-H", "fd://", "--log-opt", "max-size=1m", "--data-root=/a", "--feature=a", "--feature", "b=false", "--config-file=/x"), version(t, "28.5"))
	doc := decode(t, `{"icc": false, "labels": ["a=1"]}`)
	got := WithFlags(doc, uses)
	want := decode(t, `{"debug": true, "mtu": 1400, "labels": ["a=1", "b=2"], "hosts": ["fd://"], "icc": false,
		"log-opts": {"max-size": "1m"}, "data-root": "/a", "features": {"a": true, "b": false}}`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("WithFlags differs (-want +got):\n%s", diff)
	}
	if len(doc) != 2 {
		t.Errorf("WithFlags changed the document it was given: %v", doc)
	}
	if problems := Check(got, Target{Version: version(t, "28.5")}); EngineRejects(problems) {
		t.Errorf("Check of what WithFlags returns = %v; want nothing rejected", problems)
	}
}

func TestFlagNames(t *testing.T) {
	for _, test := range []struct{ key, version, want string }{
		{"hosts", "26.1", "host"}, {"registry-mirrors", "26.1", "registry-mirror"}, {"features", "26.1", ""},
		{"features", "28.0", "feature"}, {"graph", "20.10", "graph"}, {"graph", "26.1", ""}, {"builder", "26.1", ""},
		{"nonsense", "26.1", ""}, {"default-network-opts", "23.0", ""},
	} {
		if got := FlagFor(test.key, version(t, test.version)); got != test.want {
			t.Errorf("FlagFor(%q, %s) = %q; want %q", test.key, test.version, got, test.want)
		}
	}
	for flag, want := range map[string]string{"-H": "hosts", "--add-runtime": "runtimes", "l": "log-level", "--nothing": "", "": ""} {
		if key, _ := KeyForFlag(flag); key.Name != want {
			t.Errorf("KeyForFlag(%q) = %q; want %q", flag, key.Name, want)
		}
	}
	uses, _ := ParseFlags(words("f", "--config-file=/a"), Version{})
	if got := ConfigFile(uses); got != "/a" {
		t.Errorf("ConfigFile = %q; want /a", got)
	}
	if got := ConfigFile(nil); got != "/etc/docker/daemon.json" {
		t.Errorf("ConfigFile without flags = %q; want the engine's default", got)
	}
}

// TestFlagsGiveTLSFiles: what the flags supply is not missing in the file.
func TestFlagsGiveTLSFiles(t *testing.T) {
	v := version(t, "26.1")
	uses, _ := ParseFlags(words("f", "--tlscert=/a", "--tlskey=/b"), v)
	if problems := Check(decode(t, `{"tlsverify": true, "hosts": ["tcp://0.0.0.0:2376"]}`), Target{Version: v, Flags: uses}); len(problems) > 0 {
		t.Errorf("Check with the TLS files as flags = %v; want nothing", problems)
	}
}
