// SPDX-License-Identifier: GPL-3.0-or-later

package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
)

func TestParsePerm(t *testing.T) {
	for text, want := range map[string]string{"wa": "wa", "aw": "wa", "rwxa": "rwxa", "xarw": "rwxa", "rr": "r", "": "", "wz": "", "w a": ""} {
		got, err := ParsePerm(text)
		if got.String() != want || (err == nil) != (want != "") {
			t.Errorf("ParsePerm(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestParseLine(t *testing.T) {
	watch := func(path string, target Target, perm Perm, key string) *Watch { return &Watch{path, target, perm, key} }
	for text, want := range map[string]*Watch{
		"-w /etc/docker -p wa -k docker\n":                        watch("/etc/docker", AsFound, Write|Attribute, "docker"),
		"-w /etc/docker/ -k docker":                               watch("/etc/docker", AsFound, Any, "docker"),
		"-w /etc/docker -p rwxa -k docker":                        watch("/etc/docker", AsFound, Any, "docker"),
		"-k docker -p aw -w /etc/docker":                          watch("/etc/docker", AsFound, Write|Attribute, "docker"),
		"-w/etc/docker -pwa -kdocker":                             watch("/etc/docker", AsFound, Write|Attribute, "docker"),
		"-w /etc/docker":                                          watch("/etc/docker", AsFound, Any, ""),
		"-a always,exit -F path=/etc/x -F perm=wa -F key=docker":  watch("/etc/x", File, Write|Attribute, "docker"),
		"-a exit,always -F perm=aw -F dir=/etc/docker/ -k docker": watch("/etc/docker", Tree, Write|Attribute, "docker"),
		"-A always,exit -F dir=/etc/docker -S all":                watch("/etc/docker", Tree, Any, ""),
		"-w /etc/docker -k one -k two":                            watch("/etc/docker", AsFound, Any, "one\x01two"),
		"-w /etc/docker -k one\x01two":                            nil,
		"-a always,exit -F dir=/etc/docker -F key=one\x01two":     nil,
		"":                         nil,
		"# -w /etc/docker":         nil,
		"-D":                       nil,
		"-b 8192":                  nil,
		"-e 2":                     nil,
		"-w":                       nil,
		"-w etc/docker":            nil,
		"-w /a -w /b":              nil,
		"-W /etc/docker -k docker": nil,
		"-w /etc/docker -p wz":     nil,
		"-a always,exit -S all":    nil,
		"-a always,exit -F arch=b64 -S open -F dir=/etc": nil,
		"-a always,exit -F dir=/etc -F auid>=1000":       nil,
		"-a always,exit -F dir=/etc -F uid=0":            nil,
		"-a never,exit -F dir=/etc":                      nil,
		"-a always,user -F dir=/etc":                     nil,
		"-a always,exit -F path!=/etc":                   nil,
		"-a always,exit -F path=/etc -F dir=/etc":        nil,
		"-w /etc -a always,exit":                         nil,
	} {
		got, ok := ParseLine(text)
		if ok != (want != nil) || ok && got != *want {
			t.Errorf("ParseLine(%q) = %+v, %t; want %+v", text, got, ok, want)
		}
	}
}

func TestSame(t *testing.T) {
	base := Watch{"/etc/docker", AsFound, Any, "docker"}
	for _, test := range []struct {
		other Watch
		want  bool
	}{
		{base, true},
		{Watch{"/etc/docker", Tree, Any, "docker"}, true},
		{Watch{"/etc/docker", File, Any, "docker"}, true},
		{Watch{"/etc/docker", Tree, Write, "docker"}, false},
		{Watch{"/etc/docker", Tree, Any, "other"}, false},
		{Watch{"/etc", Tree, Any, "docker"}, false},
	} {
		if got := base.Same(test.other); got != test.want {
			t.Errorf("Same(%v) = %t; want %t", test.other, got, test.want)
		}
	}
	if (Watch{Path: "/x", Target: File}).Same(Watch{Path: "/x", Target: Tree}) {
		t.Error("a directory alone is the same as all below it")
	}
}

func TestSetKeepsWhatOthersWrote(t *testing.T) {
	const before = "# hand made\n-D\n-w /etc/passwd -k identity\n-w /old -k docker\n\n-w /older -k docker\n-e 2"
	f := ParseFile([]byte(before))
	if got := string(f.Bytes()); got != before {
		t.Errorf("Bytes() = %q; want what was read", got)
	}
	got := string(f.Set("docker", []Watch{{"/new", AsFound, Write | Attribute, "docker"}}).Bytes())
	const after = "# hand made\n-D\n-w /etc/passwd -k identity\n-w /new -p wa -k docker\n\n-e 2"
	if diff := cmp.Diff(after, got); diff != "" {
		t.Errorf("Set (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, string(f.Bytes())); diff != "" {
		t.Errorf("Set changed the file it was made from:\n%s", diff)
	}
	for content, want := range map[string]string{
		"":              "-w /new -p r -k docker\n",
		"-b 10":         "-b 10\n-w /new -p r -k docker\n",
		"-b 10\n-e 2\n": "-b 10\n-w /new -p r -k docker\n-e 2\n",
	} {
		if got := string(ParseFile([]byte(content)).Set("docker", []Watch{{"/new", AsFound, Read, "docker"}}).Bytes()); got != want {
			t.Errorf("Set(%q) = %q; want %q", content, got, want)
		}
	}
	if f := ParseFile([]byte("# only\n-w /x -k docker\n")).Set("docker", nil); !f.Empty() {
		t.Errorf("%q is not empty", f.Bytes())
	}
}

func TestChecks(t *testing.T) {
	for path, good := range map[string]bool{"/etc": true, "etc": false, "/a b": false, "/a\n": false, "": false, "/" + string(bytes.Repeat([]byte("a"), 4096)): false} {
		if err := CheckPath(path); (err == nil) != good {
			t.Errorf("CheckPath(%.20q) = %v; want good: %t", path, err, good)
		}
	}
	for key, good := range map[string]bool{"docker": true, "": false, "a b": false, "a\x01b": false, "ä": false, string(bytes.Repeat([]byte("a"), 256)): false} {
		if err := CheckKey(key); (err == nil) != good {
			t.Errorf("CheckKey(%.20q) = %v; want good: %t", key, err, good)
		}
	}
}

func TestExplain(t *testing.T) {
	for _, test := range []struct {
		comm, cmdline string
		want          error
	}{
		{"kthreadd\n", "ro audit=0 quiet\n", ErrOff},
		{"kthreadd\n", "ro quiet\n", ErrUnsupported},
		{"bash\n", "ro audit=0\n", ErrContainer},
	} {
		root := t.TempDir()
		for name, text := range map[string]string{"proc/2/comm": test.comm, "proc/cmdline": test.cmdline} {
			if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := explain(host.New(root), os.NewSyscallError("socket", errUnsupportedProtocol)); got != test.want {
			t.Errorf("explain with %+v = %v; want %v", test, got, test.want)
		}
	}
}
