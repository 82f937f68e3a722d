// SPDX-License-Identifier: GPL-3.0-or-later

package docker_unit

import (
	"testing"

	"hardened.docker/modules/internal/unitfile"
)

func parse(text string) []unitfile.Setting {
	settings, _ := unitfile.Parse("/etc/systemd/system/docker.service.d/a.conf", []byte(text))
	return settings
}

func TestSameMeaning(t *testing.T) {
	tests := []struct {
		name string
		a, b string
		want bool
	}{
		{"equal", "[Service]\nTimeoutStartSec=90", "[Service]\nTimeoutStartSec=90", true},
		{"other units", "[Service]\nTimeoutStartSec=90", "[Service]\nTimeoutStartSec=1min 30s", true},
		{"no limit in two words", "[Service]\nTimeoutStartSec=0", "[Service]\nTimeoutStartSec=infinity", true},
		{"no limit of starts is another thing", "[Unit]\nStartLimitIntervalSec=0", "[Unit]\nStartLimitIntervalSec=infinity", false},
		{"old and new place of a start limit", "[Service]\nStartLimitBurst=5\nStartLimitInterval=10s", "[Unit]\nStartLimitBurst=5\nStartLimitIntervalSec=10", true},
		{"a place where systemd ignores it", "[Service]\nStartLimitIntervalSec=10s", "[Unit]\nStartLimitIntervalSec=10s", false},
		{"the last one counts", "[Service]\nLimitNOFILE=1\nLimitNOFILE=2:2", "[Service]\nLimitNOFILE=2", true},
		{"soft and hard", "[Service]\nLimitNOFILE=1:2", "[Service]\nLimitNOFILE=2", false},
		{"the order and spelling of variables", "[Service]\nEnvironment=A=1 \"B=x y\"", "[Service]\nEnvironment=\"B=x y\"\nEnvironment=A=1", true},
		{"another value", "[Service]\nEnvironment=A=1", "[Service]\nEnvironment=A=2", false},
		{"a variable more", "[Service]\nEnvironment=A=1", "[Service]\nEnvironment=A=1 B=", false},
		{"a command with and without reset", "[Service]\nExecStart=\nExecStart=/x", "[Service]\nExecStart=/x", false},
		{"a setting of somebody else's", "[Service]\nTimeoutStartSec=90", "[Service]\nTimeoutStartSec=90\nNice=1", false},
		{"the same name in another section", "[Service]\nAfter=a", "[Unit]\nAfter=a", false},
		{"nothing", "", "# a comment\n[Service]", true},
	}
	for _, test := range tests {
		for _, pair := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			if got := sameMeaning(parse(pair[0]), parse(pair[1])); got != test.want {
				t.Errorf("%s: sameMeaning(%q, %q) = %v; want %v", test.name, pair[0], pair[1], got, test.want)
			}
		}
	}
}

func TestInForce(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"StartLimitIntervalSec", "[Unit]\nStartLimitIntervalSec=1\n[Service]\nStartLimitInterval=2", "2"},
		{"StartLimitIntervalSec", "[Unit]\nStartLimitIntervalSec=1\n[Service]\nStartLimitIntervalSec=2", "1"},
		{"TimeoutStartSec", "[Service]\nTimeoutStartSec=1\nTimeoutSec=2", "2"},
		{"LimitNPROC", "[Service]\nLimitNPROC=1\n[Unit]\nLimitNPROC=2", "1"},
		{"LimitNPROC", "[Service]\nLimitNOFILE=1", ""},
	}
	for _, test := range tests {
		if got, _ := inForce(parse(test.text), test.name); got.Value != test.want {
			t.Errorf("inForce(%q, %s) = %q; want %q", test.text, test.name, got.Value, test.want)
		}
	}
}

func TestWithoutSecrets(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Environment=\"A=b\"\n", "Environment=\"A=b\"\n"},
		{"Environment=\"HTTP_PROXY=http://u:p@h:1\"\nNice=1\n", "Environment=\"HTTP_PROXY=http://********@h:1\"\nNice=1\n"},
		{"Environment=\"HTTP_PROXY=http://u:p@ss@h\"\n", "Environment=\"HTTP_PROXY=http://********@h\"\n"},
		{"Environment=HTTP_PROXY=http://h:1\n", "Environment=HTTP_PROXY=http://h:1\n"},
		{"Environment=\"Registry_Password=x\"", "Environment=\"Registry_Password=********\"\n"},
		{"ExecStart=/x http://u:p@h\n", "ExecStart=/x http://u:p@h\n"},
	}
	for _, test := range tests {
		if got := withoutSecrets(test.text); got != test.want {
			t.Errorf("withoutSecrets(%q) = %q; want %q", test.text, got, test.want)
		}
	}
}

func TestFlagNames(t *testing.T) {
	for _, test := range []struct{ name, want string }{
		{"hosts", "host"}, {"-H", "host"}, {"--host", "host"}, {"host", "host"}, {"storage-opts", "storage-opt"}, {"-s", "storage-driver"},
		{"data-root", "data-root"}, {"-D", "debug"}, {"log-opts", "log-opt"},
	} {
		got, err := flagNames([]string{test.name})
		if err != nil || !got[test.want] {
			t.Errorf("flagNames(%q) = %v, %v; want %s", test.name, got, err, test.want)
		}
	}
	for _, name := range []string{"", "-", "-H fd://", "--host=fd://", "validate", "nonsense"} {
		if got, err := flagNames([]string{name}); err == nil {
			t.Errorf("flagNames(%q) = %v; want an error", name, got)
		}
	}
}
