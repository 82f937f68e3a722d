// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/unitfile"
)

// judge is everything the package has to say about a document and the words
// of a command line.
func judge(t *testing.T, doc, flags string, target Target) []Problem {
	t.Helper()
	var words []unitfile.Word
	for _, text := range strings.Fields(flags) {
		words = append(words, unitfile.Word{Text: text, File: "docker.service", Line: 9})
	}
	uses, problems := ParseFlags(words, target.Version)
	target.Flags = uses
	decoded := decode(t, doc)
	problems = append(problems, Conflicts(decoded, uses, target.Version)...)
	return append(problems, Check(decoded, target)...)
}

// TestVerdictsOfRealEngines compares the verdict with what real engines said,
// case by case and engine by engine. It tolerates no difference.
func TestVerdictsOfRealEngines(t *testing.T) {
	table := rows(t, "verdicts.tsv")
	if len(table) < 400 {
		t.Fatalf("verdicts.tsv has %d cases; want at least 400", len(table))
	}
	for _, row := range table {
		if len(row) != 5 {
			t.Fatalf("verdicts.tsv: %q has %d columns; want 5", row, len(row))
		}
		for i, series := range []string{"20.10.24", "26.1.5", "28.5.2"} {
			problems := judge(t, row[4], row[3], Target{Version: version(t, series)})
			got := "ok"
			if EngineRejects(problems) {
				got = "rejected"
			}
			if want := row[i]; got != want {
				t.Errorf("engine %s with %s and flags %q: %s; want %s: %v", series, row[4], row[3], got, want, problems)
			}
			checkGrammar(t, problems)
		}
	}
}

// checkGrammar holds every text to the form that users rely on.
func checkGrammar(t *testing.T, problems []Problem) {
	t.Helper()
	for _, p := range problems {
		begins := false
		for _, word := range []string{"cannot ", "unknown ", "missing ", "invalid "} {
			begins = begins || strings.HasPrefix(p.Text, word)
		}
		if !begins || strings.HasSuffix(p.Text, ".") || strings.Contains(p.Text, "%!") {
			t.Errorf("problem of %q does not follow the error grammar: %s", p.Path, p.Text)
		}
		if p.Stage != Dangerous && p.Severity != Refuse {
			t.Errorf("problem of %q keeps the engine from starting and only warns: %s", p.Path, p.Text)
		}
	}
}

// TestStartsOfRealEngines compares with real engines that were started: what
// came down must be refused, what came up must not be said to fail.
func TestStartsOfRealEngines(t *testing.T) {
	table := rows(t, "starts.tsv")
	if len(table) < 60 {
		t.Fatalf("starts.tsv has %d cases; want at least 60", len(table))
	}
	for _, row := range table {
		for i, series := range []string{"20.10.24", "26.1.5", "28.5.2"} {
			if row[i] == "-" {
				continue
			}
			problems := Check(decode(t, row[3]), Target{Version: version(t, series)})
			got := "up"
			for _, p := range problems {
				if p.Stage != Dangerous {
					got = "down"
				}
			}
			if want := row[i]; got != want {
				t.Errorf("engine %s with %s: %s; want %s: %v", series, row[3], got, want, problems)
			}
		}
	}
}

// TestCheck has what no validation of an engine shows: that it does not start,
// or that it starts and the setting is dangerous or without effect.
func TestCheck(t *testing.T) {
	for _, test := range []struct {
		doc     string
		version string
		path    string
		stage   Stage
		refuse  bool
		text    string // part of the message; "" wants no problem at this path
	}{
		{`{"insecure-registry": ["a"]}`, "20.10", "insecure-registry", Dangerous, true, "write insecure-registries"},
		{`{"registry-mirror": "https://a"}`, "26.1", "registry-mirror", Dangerous, true, "write registry-mirrors"},
		{`{"label": ["a=b"]}`, "29.7", "label", Dangerous, true, "write labels"},
		{`{"host": ["fd://"]}`, "19.03", "host", Dangerous, true, "write hosts"},
		{`{"add-runtime": ["a=b"]}`, "28.5", "add-runtime", Dangerous, true, "write runtimes"},
		{`{"version": true}`, "28.5", "version", Dangerous, true, "remove it"},
		{`{"default-network-opts": {"bridge": {"a": "b"}}}`, "23.0", "default-network-opts", Dangerous, true, "engines since 24.0 do"},
		{`{"default-network-opts": {"bridge": {"a": "b"}}}`, "24.0", "default-network-opts", Dangerous, true, ""},
		{`{"log-opt": {"max-size": "1m"}}`, "20.10", "log-opt.max-size", Rejected, true, "write log-opts"},
		{`{"engine": {"debug": true}}`, "26.1", "engine", Dangerous, true, "at the top level"},

		{`{"insecure_registries": ["a"]}`, "20.10", "insecure_registries", Rejected, true, `did you mean "insecure-registries"?`},
		{`{"LogDriver": "local"}`, "26.1", "LogDriver", Rejected, true, `did you mean "log-driver"?`},
		{`{"log-drvier": "local"}`, "26.1", "log-drvier", Rejected, true, `did you mean "log-driver"?`},
		{`{"native.umask": "normal"}`, "18.09", "native.umask", Rejected, true, "exec-opts"},
		{`{"cgroup-driver": "systemd"}`, "26.1", "cgroup-driver", Rejected, true, "native.cgroupdriver=systemd"},
		{`{"max-size": "10m"}`, "26.1", "max-size", Rejected, true, "inside log-opts"},
		{`{"nothing-like-it-at-all": 1}`, "26.1", "nothing-like-it-at-all", Rejected, true, "for engine 26.1: remove it, or correct its name"},
		{`{"http-proxy": "http://a"}`, "20.10.24", "http-proxy", Rejected, true, "engines since 23.0 do: set HTTP_PROXY in the unit"},
		{`{"proxies": {"http-proxy": "http://a"}}`, "19.03", "proxies.http-proxy", Rejected, true, "set HTTP_PROXY, HTTPS_PROXY"},
		{`{"graph": "/data"}`, "24.0", "graph", Rejected, true, "write data-root with the same directory"},
		{`{"graph": "/data"}`, "23.0", "graph", Rejected, true, "it was removed in 23.0"},
		{`{"graph": "/data"}`, "20.10", "graph", Dangerous, false, "engines since 23.0 do not"},
		{`{"oom-score-adjust": -500}`, "25.0", "oom-score-adjust", Rejected, true, "OOMScoreAdjust="},
		{`{"oom-score-adjust": -500}`, "28.5", "oom-score-adjust", Rejected, true, "removed in 25.0"},
		{`{"cluster-store": "consul://a"}`, "23.0", "cluster-store", Rejected, true, "use swarm mode"},
		{`{"api-cors-header": "*"}`, "28.1", "api-cors-header", Rejected, true, "reverse proxy"},
		{`{"api-cors-header": "*"}`, "29.0", "api-cors-header", Rejected, true, "reverse proxy"},
		{`{"allow-nondistributable-artifacts": ["a"]}`, "28.5", "allow-nondistributable-artifacts", Dangerous, false, "ignores it"},
		{`{"deprecated-key-path": "/a"}`, "24.0", "deprecated-key-path", Dangerous, false, "ignores it"},
		{`{"disable-legacy-registry": true}`, "18.09.0", "disable-legacy-registry", Dangerous, false, "engines since 19.03 do not"},
		{`{"disable-legacy-registry": true}`, "19.03", "disable-legacy-registry", Rejected, true, "removed in 19.03"},
		{`{"containerd-namespace": "a"}`, "18.09", "containerd-namespace", Rejected, true, "engines since 19.03 do"},
		{`{"nri-opts": {"enable": true}}`, "29.0", "nri-opts.enable", Rejected, true, "engines since 29.2 do"},
		{`{"default-stop-timeout": -1}`, "29.7", "default-stop-timeout", Rejected, true, "cannot be negative"},
		{`{"firewall-backend": "ufw"}`, "29.0", "firewall-backend", Rejected, true, "iptables or nftables"},
		{`{"bridge-accept-fwmark": "0x1/0x100000000"}`, "29.0", "bridge-accept-fwmark", Fails, true, "32 bits"},
		{`{"min-api-version": "v1.24"}`, "29.0", "min-api-version", Fails, true, "such as 1.40"},

		{`{"debug": "true"}`, "20.10", "debug", Rejected, true, "{{ value | bool }}"},
		{`{"mtu": "1450"}`, "20.10", "mtu", Rejected, true, "write 1450 without quotes, in a template {{ value | int }}"},
		{`{"log-opts": {"max-file": 3}}`, "26.1", "log-opts.max-file", Rejected, true, `write "3" in quotes, in a template {{ value | string }}`},
		{`{"registry-mirrors": "https://a"}`, "26.1", "registry-mirrors", Rejected, true, `write ["https://a"]`},
		{`{"log-opts": ["max-size=1m"]}`, "26.1", "log-opts", Rejected, true, `write {"max-size": "1m"}`},
		{`{"default-ulimits": {"nofile": "1:2"}}`, "26.1", "default-ulimits.nofile", Rejected, true, `{"Name": "nofile", "Soft": 1, "Hard": 2}`},
		{`{"default-shm-size": 64}`, "26.1", "default-shm-size", Rejected, true, `a size in quotes such as "64M"`},
		{`{"mtu": 1e3}`, "26.1", "mtu", Rejected, true, "without fraction and exponent"},

		{`{"storage-driver": "aufs"}`, "23.0", "storage-driver", Fails, true, ""},
		{`{"storage-driver": "aufs"}`, "24.0", "storage-driver", Fails, true, "removed in 24.0"},
		{`{"storage-driver": "devicemapper"}`, "20.10", "storage-driver", Dangerous, false, "missing dm.thinpooldev"},
		{`{"storage-driver": "devicemapper", "storage-opts": ["dm.thinpooldev=/dev/mapper/docker-thinpool"]}`, "20.10", "storage-driver", Fails, true, ""},
		{`{"storage-driver": "devicemapper"}`, "25.0", "storage-driver", Fails, true, "removed in 25.0"},
		{`{"storage-driver": "overlay-2"}`, "26.1", "storage-driver", Fails, true, `did you mean "overlay2"?`},
		{`{"storage-driver": "fuse-overlayfs"}`, "19.03", "storage-driver", Fails, true, "one of aufs, btrfs"},
		{`{"storage-driver": "overlayfs"}`, "26.1", "storage-driver", Fails, true, "overlay2"},
		{`{"storage-driver": "overlayfs"}`, "29.0", "storage-driver", Fails, true, ""},
		{`{"storage-driver": "overlayfs", "features": {"containerd-snapshotter": true}}`, "26.1", "storage-driver", Fails, true, ""},
		{`{"storage-driver": "aufs"}`, "29.0", "storage-driver", Fails, true, "removed in 24.0"},
		{`{"storage-driver": "vfs"}`, "26.1", "storage-driver", Dangerous, false, "use overlay2"},
		{`{"storage-opts": ["overlay2.override_kernel_check=true"]}`, "20.10", "storage-opts.0", Fails, true, ""},
		{`{"storage-opts": ["overlay2.override_kernel_check=true"]}`, "24.0", "storage-opts.0", Fails, true, "since 24.0: remove it"},
		{`{"storage-opts": ["dm.fs=ext4"]}`, "25.0", "storage-opts.0", Fails, true, "removed in 25.0"},
		{`{"storage-opts": ["overlay2"]}`, "26.1", "storage-opts.0", Fails, true, "write option=value"},
		{`{"storage-driver": "overlay2", "storage-opts": ["overlay2.foo=1"]}`, "26.1", "storage-opts.0", Fails, true, "overlay2.size only"},
		{`{"data-root": "docker"}`, "26.1", "data-root", Dangerous, true, "absolute path"},
		{`{"exec-root": "run"}`, "26.1", "exec-root", Dangerous, true, "absolute path"},
		{`{"features": {"containerd-snapshotter": true}}`, "20.10", "features.containerd-snapshotter", Dangerous, false, "no effect before 23.0"},

		{`{"icc": false, "iptables": false}`, "20.10", "icc", Fails, true, "does not start"},
		{`{"bridge": "br0", "bip": "10.0.0.1/24"}`, "26.1", "bip", Fails, true, "remove bip"},
		{`{"bip": "10.0.0.0/24"}`, "26.1", "bip", Fails, true, "write 10.0.0.1/24"},
		{`{"bip": "10.0.0.1"}`, "26.1", "bip", Fails, true, "172.17.0.1/16"},
		{`{"bip": "10.0.0.1/24", "fixed-cidr": "10.1.0.0/25"}`, "26.1", "fixed-cidr", Dangerous, false, "outside"},
		{`{"fixed-cidr-v6": "x"}`, "24.0", "fixed-cidr-v6", Fails, true, "fd00:d0c::/64"},
		{`{"fixed-cidr-v6": "x"}`, "25.0", "fixed-cidr-v6", Rejected, true, "fd00:d0c::/64"},
		{`{"ipv6": true}`, "26.1", "ipv6", Fails, true, "missing fixed-cidr-v6"},
		{`{"ipv6": true}`, "27.5", "ipv6", Fails, true, ""},
		{`{"iptables": false}`, "26.1", "iptables", Dangerous, false, "cannot isolate"},
		{`{"mtu": -1}`, "20.10", "mtu", Fails, true, "0 for the default"},
		{`{"default-gateway": "::1"}`, "26.1", "default-gateway", Fails, true, "default-gateway-v6"},
		{`{"default-gateway": "10.9.1.1", "bip": "10.9.0.1/24"}`, "20.10", "default-gateway", Fails, true, "not in the network of bip 10.9.0.1/24"},
		{`{"default-gateway": "10.9.0.1", "bip": "10.9.0.1/24"}`, "26.1", "default-gateway", Fails, true, "remove it"},
		{`{"default-address-pools": [{"base": "172.30.0.0/16", "size": 8}]}`, "28.5", "default-address-pools.0.size", Fails, true, "write 16 to 32"},
		{`{"default-address-pools": [{"base": "172.30.0.0", "size": 24}]}`, "25.0", "default-address-pools.0.base", Fails, true, "172.30.0.0/16"},
		{`{"default-address-pools": [{"base": "172.30.0.0", "size": 24}]}`, "27.5", "default-address-pools.0.base", Rejected, true, "172.30.0.0/16"},
		{`{"metrics-addr": "9323"}`, "26.1", "metrics-addr", Fails, true, "127.0.0.1:9323"},
		{`{"registry-mirrors": ["mirror.example.com"]}`, "27.5", "registry-mirrors.0", Fails, true, "with its scheme"},
		{`{"registry-mirrors": ["mirror.example.com"]}`, "28.0", "registry-mirrors.0", Rejected, true, "with its scheme"},
		{`{"insecure-registries": ["http://reg:5000"]}`, "26.1", "insecure-registries.0", Dangerous, false, "write reg:5000"},
		{`{"insecure-registries": ["reg/path"]}`, "26.1", "insecure-registries.0", Fails, true, "no path"},
		{`{"insecure-registries": ["10.0.0.0/8", "reg:5000", "reg"]}`, "26.1", "insecure-registries.0", Dangerous, true, ""},
		{`{"hosts": ["tcp://0.0.0.0:2375"]}`, "26.1", "hosts.0", Dangerous, false, "is root on this machine"},
		{`{"hosts": ["unix:///var/run/docker.sock", "fd://"]}`, "26.1", "hosts.0", Dangerous, false, ""},
		{`{"hosts": ["http://a"]}`, "20.10", "hosts.0", Fails, true, "unix://, fd:// or tcp://"},
		{`{"tlsverify": false}`, "26.1", "tlsverify", Rejected, true, "even false turns TLS on"},
		{`{"tls": true}`, "20.10", "tls", Fails, true, "missing tlscert"},
		{`{"tls": true, "tlscert": "/a", "tlskey": "/b"}`, "26.1", "tls", Rejected, true, ""},

		{`{"log-driver": "logentries"}`, "24.0", "log-driver", Dangerous, true, ""},
		{`{"log-driver": "logentries"}`, "25.0", "log-driver", Dangerous, true, "removed in 25.0"},
		{`{"log-driver": "json"}`, "26.1", "log-driver", Dangerous, false, "unless a plugin"},
		{`{"log-driver": "journal"}`, "26.1", "log-driver", Dangerous, true, `did you mean "journald"?`},
		{`{"log-driver": "loki"}`, "26.1", "log-driver", Dangerous, false, "unless a plugin"},
		{`{"log-opts": {"maxsize": "1m"}}`, "26.1", "log-opts.maxsize", Fails, true, `did you mean "max-size"?`},
		{`{"log-driver": "loki", "log-opts": {"a": "b"}}`, "26.1", "log-driver", Dangerous, false, "the daemon does not start with log-opts"},
		{`{"log-driver": "local", "log-opts": {"tag": "a"}}`, "26.1", "log-opts.tag", Fails, true, "does not start with it"},
		{`{"log-driver": "gelf", "log-opts": {"anything": "a"}}`, "26.1", "log-opts.anything", Dangerous, true, ""},
		{`{"log-driver": "journald", "log-opts": {"max-size": "1m"}}`, "26.1", "log-opts.max-size", Fails, true, "does not start"},
		{`{"log-opts": {"max-file": "0"}}`, "26.1", "log-opts.max-file", Dangerous, true, "1 or more"},
		{`{"log-opts": {"max-size": "ten"}}`, "26.1", "log-opts.max-size", Dangerous, true, "such as 10m"},
		{`{"log-opts": {"compress": "yes"}}`, "26.1", "log-opts.compress", Dangerous, true, "true"},
		{`{"log-opts": {"mode": "fast"}}`, "26.1", "log-opts.mode", Fails, true, "non-blocking"},
		{`{"log-level": "warning"}`, "24.0", "log-level", Rejected, true, ""},
		{`{"log-level": "warning"}`, "25.0", "log-level", Rejected, true, "warn"},

		{`{"runtimes": {"runc": {"path": "/a"}}}`, "24.0", "runtimes.runc", Rejected, true, "reserved"},
		{`{"runtimes": {"runc": {"path": "/a"}}}`, "25.0", "runtimes.runc", Fails, true, "reserved"},
		{`{"runtimes": {"a": {}}}`, "20.10", "runtimes.a", Dangerous, true, "missing path"},
		{`{"runtimes": {"a": {}}}`, "24.0", "runtimes.a", Fails, true, "missing path or runtimeType"},
		{`{"runtimes": {"a": {"path": "/a", "args": ["b"]}}}`, "26.1", "runtimes.a.args", Dangerous, false, "ignores it"},
		{`{"default-runtime": "nvidia"}`, "24.0", "default-runtime", Rejected, true, "no such entry"},
		{`{"default-runtime": "nvidia"}`, "25.0", "default-runtime", Fails, true, "no such entry"},
		{`{"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 9, "Hard": 5}}}`, "26.1", "default-ulimits.nofile", Dangerous, true, "Soft 9 is above Hard 5"},
		{`{"default-ulimits": {"nofile": {"Soft": 1, "Hard": 5}}}`, "26.1", "default-ulimits.nofile", Dangerous, true, "missing Name"},
		{`{"default-ulimits": {"x": {"Name": "nofiles", "Soft": 1, "Hard": 5}}}`, "26.1", "default-ulimits.x", Dangerous, true, `did you mean "nofile"?`},
		{`{"default-ulimits": {"memlock": {"Name": "memlock", "Soft": -1, "Hard": -1}}}`, "26.1", "default-ulimits.memlock", Dangerous, true, ""},
		{`{"exec-opts": ["native.cgroupdriver=cgroups"]}`, "26.1", "exec-opts.0", Fails, true, "native.cgroupdriver=systemd"},
		{`{"exec-opts": ["native.umask=normal"]}`, "20.10", "exec-opts.0", Dangerous, true, "only openEuler"},
		{`{"exec-opts": ["native.umask=normal"]}`, "28.0", "exec-opts.0", Rejected, true, "only openEuler"},
		{`{"seccomp-profile": "unconfined"}`, "20.10", "seccomp-profile", Fails, true, "absolute path"},
		{`{"seccomp-profile": "unconfined"}`, "26.1", "seccomp-profile", Dangerous, false, "every system call"},
		{`{"seccomp-profile": "builtin"}`, "20.10", "seccomp-profile", Fails, true, "absolute path"},
		{`{"builder": {"gc": {"enable": true}}}`, "26.1", "builder.gc.enable", Dangerous, false, `did you mean "enabled"?`},
		{`{"network-diagnostic-port": 70000}`, "27.5", "network-diagnostic-port", Dangerous, true, "65535"},
	} {
		problems := Check(decode(t, test.doc), Target{Version: version(t, test.version)})
		checkGrammar(t, problems)
		var found *Problem
		for i, p := range problems {
			if p.Path == test.path && (found == nil || test.text != "" && strings.Contains(p.Text, test.text)) {
				found = &problems[i]
			}
		}
		switch {
		case test.text == "" && found != nil:
			t.Errorf("Check(%s) on %s = %v; want nothing at %q", test.doc, test.version, problems, test.path)
		case test.text == "":
		case found == nil:
			t.Errorf("Check(%s) on %s = %v; want a problem at %q", test.doc, test.version, problems, test.path)
		case found.Stage != test.stage || (found.Severity == Refuse) != test.refuse || !strings.Contains(found.Text, test.text):
			t.Errorf("Check(%s) on %s = %v, %v, %q; want %v, refuse %v, text with %q", test.doc, test.version,
				found.Stage, found.Severity, found.Text, test.stage, test.refuse, test.text)
		}
	}
}

func TestCheckOpenEuler(t *testing.T) {
	target := Target{Version: version(t, "18.09.0-327.oe2203"), Flavor: OpenEuler}
	good := `{"graph": "/data", "storage-opts": ["overlay2.override_kernel_check=true"], "exec-opts": ["native.umask=normal", "native.cgroupdriver=systemd"]}`
	if problems := Refused(Check(decode(t, good), target)); len(problems) > 0 {
		t.Errorf("Check(%s) = %v; want nothing refused", good, problems)
	}
	bad := Check(decode(t, `{"exec-opts": ["native.umask=0022"]}`), target)
	if len(bad) != 1 || bad[0].Stage != Fails || !strings.Contains(bad[0].Text, "openEuler docker-engine 18.09") {
		t.Errorf("Check of a wrong umask = %v; want one problem that names the engine", bad)
	}
}

func TestCheckUnknownVersion(t *testing.T) {
	for doc, want := range map[string]int{
		`{"debug": "true"}`:                            1, // a wrong type everywhere
		`{"debgu": true}`:                              1, // unknown everywhere
		`{"http-proxy": "http://a"}`:                   0, // some engine knows it
		`{"graph": "/data"}`:                           0, // some engine knows it
		`{"icc": false, "iptables": false}`:            2, // fails everywhere, and a warning
		`{"storage-driver": "aufs"}`:                   0,
		`{"storage-driver": "foo"}`:                    0, // a snapshotter of 29 may have that name
		`{"log-level": "loud"}`:                        1,
		`{"live-restore": true, "data-root": "/data"}`: 0,
		`null`: 0,
	} {
		problems := Check(decode(t, doc), Target{})
		checkGrammar(t, problems)
		if len(problems) != want {
			t.Errorf("Check(%s) for an unknown engine = %v; want %d problems", doc, problems, want)
		}
		for _, p := range problems {
			if strings.Contains(p.Text, "29.7") {
				t.Errorf("Check(%s) for an unknown engine names one: %s", doc, p.Text)
			}
		}
	}
}

func TestProblemKey(t *testing.T) {
	problems := Check(decode(t, `{"native.umask": "normal", "log-opts": {"max-file": 3}}`), Target{Version: version(t, "26.1")})
	var keys []string
	for _, p := range problems {
		keys = append(keys, p.Key())
	}
	if got := strings.Join(keys, " "); got != "log-opts native.umask" {
		t.Errorf("keys of the problems = %s; want log-opts native.umask", got)
	}
}
