// SPDX-License-Identifier: GPL-3.0-or-later

package dropin

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

const fragment = "/lib/systemd/system/docker.service"

// tree makes a host with these files; a content "-> target" is a link.
func tree(t *testing.T, files map[string]string) *host.Host {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		to := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, isLink := strings.CutPrefix(content, "-> "); isLink {
			err = os.Symlink(target, to)
		} else {
			err = os.WriteFile(to, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return host.New(root)
}

func service(t *testing.T, files map[string]string) Service {
	t.Helper()
	s, err := Read(tree(t, files), "docker.service")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const debian = "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS\n"

func TestRead(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		found bool
	}{
		{"no unit", map[string]string{"/etc/hostname": "h\n"}, false},
		{"a unit", map[string]string{fragment: debian}, true},
		{"a unit below a mask that holds until reboot", map[string]string{fragment: debian, "/run/systemd/system/docker.service": "-> /dev/null"}, true},
		{"a mask alone", map[string]string{"/etc/systemd/system/docker.service": "-> /dev/null"}, false},
	}
	for _, test := range tests {
		s := service(t, test.files)
		if s.Found != test.found || test.found && s.Fragment != fragment {
			t.Errorf("%s: Read() found = %v, fragment %q; want %v, %q", test.name, s.Found, s.Fragment, test.found, fragment)
		}
	}
}

func TestWith(t *testing.T) {
	s := service(t, map[string]string{
		fragment: debian,
		"/etc/systemd/system/docker.service.d/10-a.conf": "[Service]\nNice=1\n",
		"/etc/systemd/system/docker.service.d/50-x.conf": "[Service]\nNice=2\n",
		"/etc/systemd/system/docker.service.d/90-b.conf": "[Service]\nNice=3\n",
	})
	mine := "/etc/systemd/system/docker.service.d/50-x.conf"
	nice := func(s Service) []string {
		var values []string
		for _, setting := range s.All("Service", "Nice") {
			values = append(values, setting.Value)
		}
		return values
	}
	if got := nice(s.Without(mine)); !slices.Equal(got, []string{"1", "3"}) {
		t.Errorf("Without() has Nice %v; want 1, 3", got)
	}
	settings := []unitfile.Setting{{Section: "Service", Name: "Nice", Value: "7", File: mine, Line: 1}}
	if got := nice(s.With(mine, settings)); !slices.Equal(got, []string{"1", "7", "3"}) {
		t.Errorf("With() has Nice %v; want 1, 7, 3", got)
	}
	if got := nice(s.Without(mine).With(mine, settings)); !slices.Equal(got, []string{"1", "7", "3"}) {
		t.Errorf("Without().With() has Nice %v; want 1, 7, 3", got)
	}
}

func TestLineWithout(t *testing.T) {
	tests := []struct {
		name      string
		exec      string
		options   string // DOCKER_OPTS as /etc/default/docker has it
		flags     []string
		execStart string
		value     string // of DOCKER_OPTS; "=" is unchanged
		removed   []string
	}{
		{"a short flag with its value apart", "/usr/sbin/dockerd -H fd:// --debug $DOCKER_OPTS", "", []string{"host"},
			"/usr/sbin/dockerd --debug $DOCKER_OPTS", "=", []string{"-H fd://"}},
		{"all of them", "/usr/sbin/dockerd -Hfd:// --host=unix:///x -H=tcp://y --host tcp://z", "", []string{"host"},
			"/usr/sbin/dockerd", "=", []string{"-H fd://", "--host unix:///x", "-H tcp://y", "--host tcp://z"}},
		{"a boolean takes no word", "/usr/sbin/dockerd -D --icc=false --iptables=true -H fd://", "", []string{"debug", "icc"},
			"/usr/sbin/dockerd --iptables=true -H fd://", "=", []string{"-D true", "--icc false"}},
		{"in the environment file", "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS", `DOCKER_OPTS="--storage-driver=vfs  --label 'a=b c' --dns 8.8.8.8"`,
			[]string{"storage-driver", "dns"}, "", "--label 'a=b c'", []string{"--storage-driver vfs", "--dns 8.8.8.8"}},
		{"in both", "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS", `DOCKER_OPTS="-H tcp://a"`, []string{"host"},
			"/usr/sbin/dockerd $DOCKER_OPTS", "", []string{"-H fd://", "-H tcp://a"}},
		{"prefixes, quotes, escapes and percent signs stay", `-/usr/sbin/dockerd "--label=a b" --label=x\x20y --label=p%%q -H fd://`, "", []string{"host"},
			`-/usr/sbin/dockerd "--label=a b" --label=x\x20y --label=p%%q`, "=", []string{"-H fd://"}},
		{"a variable within a word goes with the word", "/usr/sbin/dockerd --host=${DOCKER_OPTS} --debug", "DOCKER_OPTS=tcp://a", []string{"host"},
			"/usr/sbin/dockerd --debug", "=", []string{"--host tcp://a"}},
		{"none of these", "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS", "", []string{"storage-driver"}, "", "=", nil},
		{"unknown words are left alone", "/usr/sbin/dockerd --enable-plugins=false stray -H fd://", "", []string{"host"},
			"/usr/sbin/dockerd --enable-plugins=false stray", "=", []string{"-H fd://"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := service(t, map[string]string{
				fragment:              "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=" + test.exec + "\n",
				"/etc/default/docker": test.options + "\n",
			})
			line, err := ReadLine(s)
			if err != nil {
				t.Fatal(err)
			}
			cut, err := line.Without(func(use engine.FlagUse) bool { return slices.Contains(test.flags, use.Flag) })
			if err != nil {
				t.Fatal(err)
			}
			var removed []string
			for _, use := range cut.Removed {
				removed = append(removed, use.Spelt+" "+use.Value)
			}
			value := "="
			for _, v := range cut.Variables {
				value = v.Value
			}
			if cut.ExecStart != test.execStart || value != test.value {
				t.Errorf("Without() = %q with %q; want %q with %q", cut.ExecStart, value, test.execStart, test.value)
			}
			if diff := cmp.Diff(test.removed, removed); diff != "" {
				t.Errorf("Without() removed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLineRefusesGroups(t *testing.T) {
	for _, exec := range []string{"-DH fd://", "-DHfd://"} {
		s := service(t, map[string]string{fragment: "[Service]\nExecStart=/usr/sbin/dockerd " + exec + "\n"})
		line, err := ReadLine(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, flag := range []string{"host", "debug"} {
			_, err = line.Without(func(use engine.FlagUse) bool { return use.Flag == flag })
			if err == nil || !strings.Contains(err.Error(), "several flags are one word") || !strings.Contains(err.Error(), fragment+":2") {
				t.Errorf("Without(%s) of %q = %v; want a refusal that names the place", flag, exec, err)
			}
		}
	}
}

func TestSetVariable(t *testing.T) {
	tests := []struct{ name, content, value, want string }{
		{"an empty file", "", "--debug", "OPTS=\"--debug\"\n"},
		{"a file without newline at its end", "A=1", "--debug", "A=1\nOPTS=\"--debug\"\n"},
		{"comments and other lines stay", "# OPTS=no\nA=1\n\nOPTS='x y'\nB=2\n", "x", "# OPTS=no\nA=1\n\nOPTS=\"x\"\nB=2\n"},
		{"the last of several counts", "OPTS=a\nOPTS=b\n", "c", "OPTS=a\nOPTS=\"c\"\n"},
		{"an empty value keeps the line, or an earlier one would count", "OPTS=a\nOPTS=b\n", "", "OPTS=a\nOPTS=\"\"\n"},
		{"continued lines", "OPTS=\"a \\\n b\"\nB=2\n", "c", "OPTS=\"c\"\nB=2\n"},
		{"quotes over lines", "OPTS='a\nb'\nB=2\n", "c", "OPTS=\"c\"\nB=2\n"},
		{"a backslash after a bare value", "OPTS=a \\\n  b\nB=2\n", "c", "OPTS=\"c\"\nB=2\n"},
		{"quotes, dollars and backslashes in the value", "OPTS=\n", `--label "a$b" \c ` + "`", "OPTS=\"--label \\\"a\\$b\\\" \\\\c \\`\"\n"},
		{"carriage returns", "OPTS=a\r\nB=2\r\n", "c", "OPTS=\"c\"\nB=2\r\n"},
		{"the last line without newline", "B=2\nOPTS=a", "c", "B=2\nOPTS=\"c\"\n"},
	}
	for _, test := range tests {
		got, err := SetVariable("/etc/default/docker", []byte(test.content), "OPTS", test.value)
		if err != nil || string(got) != test.want {
			t.Errorf("%s: SetVariable(%q) = %q, %v; want %q", test.name, test.content, got, err, test.want)
		}
	}
	for _, value := range []string{"\xff"} {
		if got, err := SetVariable("/f", []byte("OPTS=a\n"), "OPTS", value); err == nil {
			t.Errorf("SetVariable(%q) = %q; want an error, as systemd drops such a value", value, got)
		}
	}
}

func TestRemoveVariable(t *testing.T) {
	for before, want := range map[string]string{
		"# a\nX=1\nY=2\n":        "# a\nY=2\n",
		"X=\"1 \\\n2\"\nY=2":     "Y=2",
		"Y=2\n":                  "Y=2\n",
		"X=1\nX=2\n":             "X=1\nX=\"\"\n",
		"X=":                     "",
		"# X=1\nX='a b' # c\nY=": "# X=1\nY=",
	} {
		if got, err := RemoveVariable("/f", []byte(before), "X"); err != nil || string(got) != want {
			t.Errorf("RemoveVariable(%q) = %q, %v; want %q", before, got, err, want)
		}
	}
}

func TestParseSpan(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration
	}{
		{"0", 0}, {"90", 90 * time.Second}, {"1.5", 1500 * time.Millisecond}, {"5min", 5 * time.Minute}, {"1h 30s", time.Hour + 30*time.Second},
		{"2h30m", 150 * time.Minute}, {"500ms", 500 * time.Millisecond}, {"1 day", 24 * time.Hour}, {"infinity", Forever},
	}
	for _, test := range tests {
		if got, err := ParseSpan(test.text); err != nil || got != test.want {
			t.Errorf("ParseSpan(%q) = %v, %v; want %v", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{"", " ", "-1", "soon", "5 parsecs", "1..2", "s", "infinity 5", "999999999w"} {
		if got, err := ParseSpan(text); err == nil || !strings.HasPrefix(err.Error(), "invalid time span") {
			t.Errorf("ParseSpan(%q) = %v, %v; want an error", text, got, err)
		}
	}
}

func TestParseLimit(t *testing.T) {
	tests := []struct {
		text string
		want ResourceLimit
	}{
		{"1024", ResourceLimit{1024, 1024}}, {"1024:4096", ResourceLimit{1024, 4096}}, {"infinity", ResourceLimit{NoLimit, NoLimit}}, {"1:infinity", ResourceLimit{1, NoLimit}},
	}
	for _, test := range tests {
		if got, err := ParseLimit(test.text); err != nil || got != test.want {
			t.Errorf("ParseLimit(%q) = %v, %v; want %v", test.text, got, err, test.want)
		}
	}
	for _, text := range []string{"", "-1", "unlimited", "2:1", "infinity:1", "1:2:3", "1k"} {
		if got, err := ParseLimit(text); err == nil || !strings.HasPrefix(err.Error(), "invalid limit") {
			t.Errorf("ParseLimit(%q) = %v, %v; want an error", text, got, err)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, value := range []string{"A=b", "A=", `A=a "b" 'c' \d %n $e`, "A=tab\tnewline\n", "A=ü"} {
		s := service(t, map[string]string{fragment: "[Service]\nEnvironment=" + Quote(value) + "\nExecStart=/x\n"})
		got, warnings, err := unitfile.Environment(s.Files, s.Unit)
		if err != nil || len(warnings) > 0 || "A="+got["A"].Value != value {
			t.Errorf("Quote(%q) is read back as %q (%v, %v)", value, "A="+got["A"].Value, warnings, err)
		}
	}
}
