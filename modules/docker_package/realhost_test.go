// SPDX-License-Identifier: GPL-3.0-or-later

//go:build realhost

package docker_package

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// These tests install real packages with real apt on disposable hosts:
//
//	go test -tags realhost -timeout 30m ./modules/docker_package
//
// They need root, and what molecule/shared/host needs.

// machine is a disposable host with the binary on it.
type machine struct {
	t    *testing.T
	name string
}

// outcomeOf is a module's result, as far as these tests look at it.
type outcomeOf struct {
	Changed  bool
	Failed   bool
	Msg      string
	Actions  []string
	Version  *string
	Packages map[string]map[string]*string
	Waited   string `json:"waited_for"`
}

const hostScript = "../../molecule/shared/host"

func boot(t *testing.T, suite string) machine {
	t.Helper()
	m := machine{t, "realhost-" + suite}
	t.Cleanup(func() { _ = exec.Command(hostScript, "down", m.name).Run() })
	m.run(nil, hostScript, "up", m.name, "--suite", suite)
	bin := filepath.Join(t.TempDir(), "hardened-docker")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	repository := t.TempDir()
	m.run(nil, "../../molecule/packages/mkrepo", repository)
	m.put(bin, "cat >/root/hd && chmod 755 /root/hd")
	archive := filepath.Join(t.TempDir(), "repository.tar")
	m.run(nil, "tar", "-C", repository, "-cf", archive, ".")
	m.put(archive, "mkdir -p /srv/docker && tar -C /srv/docker -x && chmod 755 /srv/docker")
	return m
}

func (m machine) run(stdin []byte, argv ...string) string {
	m.t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatalf("%v: %v\n%s%s", argv, err, out, stderr.Bytes())
	}
	return string(out)
}

func (m machine) put(path, command string) {
	m.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		m.t.Fatal(err)
	}
	m.run(data, hostScript, "ssh", m.name, command)
}

// sh runs a command on the host, which must succeed.
func (m machine) sh(command string) string {
	m.t.Helper()
	return strings.TrimSpace(m.run(nil, hostScript, "ssh", m.name, command))
}

func (m machine) module(name, args string) outcomeOf {
	m.t.Helper()
	text := m.run([]byte(args), hostScript, "ssh", m.name, "/root/hd "+name+" || :")
	var o outcomeOf
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		m.t.Fatalf("%s %s: %v: %s", name, args, err, text)
	}
	return o
}

// beats runs a task in check mode, for real, and twice again: the prediction
// must come true, and then there must be nothing to do.
func (m machine) beats(name, args string) outcomeOf {
	m.t.Helper()
	check := m.module(name, strings.Replace(args, "{", `{"_ansible_check_mode": true, `, 1))
	do := m.module(name, args)
	if diff := cmp.Diff(check, do); diff != "" || do.Failed || !do.Changed {
		m.t.Errorf("%s %s: the prediction and what was done (-check +do):\n%s\n%+v", name, args, diff, do)
	}
	for _, again := range []string{strings.Replace(args, "{", `{"_ansible_check_mode": true, `, 1), args} {
		if o := m.module(name, again); o.Changed || o.Failed {
			m.t.Errorf("%s %s again: changed %v, %v %s", name, again, o.Changed, o.Actions, o.Msg)
		}
	}
	return do
}

func (m machine) refused(name, args, want string) {
	m.t.Helper()
	if o := m.module(name, args); !o.Failed || o.Changed || !strings.Contains(o.Msg, want) {
		m.t.Errorf("%s %s: failed %v, changed %v, %q; want a refusal with %q", name, args, o.Failed, o.Changed, o.Msg, want)
	}
}

// stopped fails unless the engine is installed, not running, and free to start.
func (m machine) stopped() {
	m.t.Helper()
	got := m.sh("systemctl is-active docker.service; systemctl cat docker.service | grep -c Condition; ls /run | grep -e dockerd-started -e hardened; :")
	if got != "inactive\n0" {
		m.t.Errorf("the engine after its installation: %q; want inactive, and nothing left in its way", got)
	}
}

func (m machine) held() []string { return strings.Fields(m.sh("apt-mark showhold")) }

func TestRealHosts(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			m := boot(t, suite)
			m.fresh()
			m.versions()
			m.killed("hd")
			m.killed("apt-get")
			m.locked()
			m.purged()
		})
	}
}

// fresh installs Debian's own engine on a host without package lists.
func (m machine) fresh() {
	first := m.module("docker_package", `{"_ansible_check_mode": true}`)
	if !first.Changed || first.Failed || !slices.Contains(first.Actions, "fetch the package lists") {
		m.t.Errorf("check mode on a fresh host: %+v", first)
	}
	if lists := m.sh("ls /var/lib/apt/lists | grep -c Packages; :"); lists != "0" {
		m.t.Errorf("check mode fetched %s lists", lists)
	}
	o := m.module("docker_package", `{}`)
	if o.Failed || o.Version == nil {
		m.t.Fatalf("docker_package on a fresh host: %s", o.Msg)
	}
	m.stopped()
	for _, name := range []string{"containerd", "docker.io", "runc"} {
		if held := m.held(); !slices.Contains(held, name) {
			m.t.Errorf("held: %v; want %s among them", held, name)
		}
	}
	if o := m.module("docker_package", `{}`); o.Changed || o.Failed {
		m.t.Errorf("the second run: %+v", o)
	}
	m.sh("systemctl start docker && docker info >/dev/null && systemctl stop docker.service docker.socket")
}

// versions moves between flavors and versions.
func (m machine) versions() {
	m.beats("docker_repository", `{"url": "file:/srv/docker", "suite": "./", "components": [], "trusted": true}`)
	m.refused("docker_package", `{"flavor": "docker-ce"}`, "cannot install docker-ce beside docker.io")
	if o := m.module("docker_package", `{"flavor": "docker-ce", "version": "24.0.7", "conflicts": "remove"}`); o.Failed {
		m.t.Fatalf("docker-ce in the place of docker.io: %s", o.Msg)
	}
	m.stopped()
	m.refused("docker_package", `{"version": "19.03"}`, "cannot go from docker-ce 5:24.0.7-1~debian.12~bookworm back to 5:19.03.15~3-0~debian.12~bookworm")
	m.refused("docker_package", `{"version": "24.1"}`, "near ones that the host's repositories have: 5:24.0.9-1~debian.12~bookworm, ")
	m.beats("docker_package", `{"version": "5:19.03.*", "allow_downgrade": true}`)
	m.beats("docker_package", `{"version": "latest"}`)
	m.sh("apt-get install -q -y --allow-downgrades --allow-change-held-packages docker-ce-cli=5:20.10.24~3-0~debian.12~bookworm >/dev/null 2>&1")
	m.beats("docker_package", `{"hold": true}`)
	m.beats("docker_package", `{"hold": false}`)
	m.beats("docker_package", `{"hold": true}`)
	if want := []string{"containerd.io", "docker-ce", "docker-ce-cli"}; !slices.Equal(m.held(), want) {
		m.t.Errorf("held: %v; want %v", m.held(), want)
	}
	// An engine that runs is running again after an upgrade.
	m.beats("docker_package", `{"version": "24.0.7", "allow_downgrade": true}`)
	m.sh("systemctl start docker")
	m.until("rm /run/dockerd-started")
	m.beats("docker_package", `{"version": "latest"}`)
	m.until("systemctl is-active docker && test -e /run/dockerd-started")
	m.beats("docker_package", `{"state": "purged"}`)
	m.sh("rm -f /run/dockerd-started")
}

// killed kills a process while docker-ce is being configured: the engine does
// not start, and the next run finishes.
func (m machine) killed(victim string) {
	m.begin()
	m.sh("systemctl start docker.service && ! systemctl is-active -q docker.service")
	m.sh(fmt.Sprintf("kill -9 $(pgrep -o -x %s); rm /root/slow-postinst", victim))
	if o := m.module("docker_package", `{"flavor": "docker-ce"}`); o.Failed || !o.Changed {
		m.t.Errorf("the run after %s was killed: %+v", victim, o)
	}
	m.until("! pgrep -x hd")
	m.stopped()
	if got := m.sh("dpkg --audit"); got != "" {
		m.t.Errorf("dpkg after %s was killed and the next run: %s", victim, got)
	}
	m.beats("docker_package", `{"state": "purged"}`)
}

// begin starts an installation in the background and waits until docker-ce is
// being configured.
func (m machine) begin() {
	m.sh(`rm -f /run/postinst-begun; touch /root/slow-postinst; setsid /root/hd docker_package >/root/out 2>&1 <<'END' &
{"flavor": "docker-ce"}
END`)
	m.until("test -e /run/postinst-begun")
}

func (m machine) until(condition string) {
	m.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for m.sh("{ "+condition+"; } >/dev/null 2>&1 && echo yes || :") != "yes" {
		if time.Now().After(deadline) {
			m.t.Fatalf("%s: not within two minutes; the module printed %s", condition, m.sh("cat /root/out || :"))
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// locked has another run hold the lock.
func (m machine) locked() {
	m.begin()
	m.refused("docker_package", `{"flavor": "docker-ce", "lock_timeout": 1}`, "(/root/hd docker_package)")
	go func() {
		// The other run goes on when the next one waits for it.
		_ = exec.Command(hostScript, "ssh", m.name, "until test $(pgrep -c -x hd) = 2; do sleep 0.1; done; sleep 1; rm /root/slow-postinst").Run()
	}()
	o := m.module("docker_package", `{"flavor": "docker-ce"}`)
	if o.Failed || !strings.Contains(o.Waited, "(/root/hd docker_package)") {
		m.t.Errorf("the run that had to wait: %+v", o)
	}
	m.until("! pgrep -x hd")
}

// purged keeps data until it is told otherwise.
func (m machine) purged() {
	m.sh("mkdir -p /var/lib/docker/containers/abc /var/lib/docker/volumes/v")
	m.beats("docker_package", `{"state": "absent"}`)
	m.refused("docker_package", `{"state": "purged", "remove_data": true}`, "it has 1 container (abc), 1 volume (v)")
	m.beats("docker_package", `{"state": "purged", "remove_data": true, "allow_data_loss": true}`)
	m.sh("test ! -e /var/lib/docker")
	m.beats("docker_repository", `{"state": "absent"}`)

	// Debian's own package deletes /var/lib/docker when it is purged.
	if o := m.module("docker_package", `{}`); o.Failed {
		m.t.Fatal(o.Msg)
	}
	m.sh("mkdir -p /var/lib/docker/volumes/v")
	m.beats("docker_package", `{"state": "purged"}`)
	m.sh("test -d /var/lib/docker/volumes/v")
}
