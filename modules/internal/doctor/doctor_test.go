// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/kernelparam"
	"hardened.docker/modules/internal/machine"
	"hardened.docker/modules/internal/systemd"
)

const webID = "85ec2db754edac5aef88ee273007adf13435d7331dd95d8a6359ed314624beb1"

// healthy is a host with nothing to say about: one running container, hardened.
func healthy() *Snapshot {
	s := &Snapshot{
		Failed: map[string]string{}, Now: time.Now(), Daemon: Up, Program: "26.1.5+dfsg1", Engine: engine.Version{Major: 26, Minor: 1, Patch: 5},
		System: System{Kernel: "6.1.0-37-amd64", PIDMax: 4194304, Sem: kernelparam.Sem{32000, 1024000000, 500, 32000}, RedirectDir: "Y", OverlayIndex: "Y", Overlay: true, IPForward: "1", BridgeNF: "1"},
		Config: Config{Unit: true, File: "/etc/docker/daemon.json", Exists: true},
		Processes: dockerd.Processes{
			Dockerd:    []dockerd.Process{{PID: 100, Parent: 1, Name: "dockerd", Args: []string{"/usr/sbin/dockerd", "-H", "fd://"}}},
			Containerd: []dockerd.Process{{PID: 90, Parent: 1}},
			Shims:      []dockerd.Process{{PID: 200, Parent: 1, Args: []string{"/usr/bin/containerd-shim-runc-v2", "-namespace", "moby", "-id", webID}}},
		},
		Docker:  systemd.Unit{LoadState: "loaded", ActiveState: "active", SubState: "running", UnitFileState: "enabled", Result: "success", Began: time.Second, Since: 2 * time.Second, StartTimeout: 90 * time.Second},
		Socket:  systemd.Unit{LoadState: "loaded", ActiveState: "active", UnitFileState: "enabled", Result: "success"},
		Info:    dockerapi.Info{ServerVersion: "26.1.5+dfsg1", Driver: "overlay2", SecurityOptions: []string{"name=seccomp,profile=builtin"}, DriverStatus: [][2]string{{"Backing Filesystem", "extfs"}, {"Supports d_type", "true"}}, LiveRestoreEnabled: true},
		Listed:  []dockerapi.Container{{ID: webID, Names: []string{"/web"}, State: "running", Status: "Up 1 minute"}},
		Mounts:  machine.ParseMounts(cleanMounts),
		Stream:  Stream{Inode: "7", Line: "u_str ESTAB 0 0 * 7 * 8"},
		Journal: []string{`time="2026-11-22T19:43:49Z" level=info msg="API listen on /run/docker.sock"`},
		State: State{Root: "/var/lib/docker", Exists: true, Mode: "0710", Filesystem: "ext", Size: 100 << 30, Free: 50 << 30, Inodes: 1000, InodesFree: 900, Drivers: []string{"overlay2"},
			Containers: []Container{{ID: webID, Name: "web", Driver: "overlay2", Running: true, Layer: "aa"}},
			Runtime:    []RuntimeState{{ID: webID, Dir: "/run/docker/runtime-runc/moby/" + webID, PID: 300, Alive: true, Shim: true}}},
		Packages: Packages{Installed: map[string]string{"docker.io": "26.1.5+dfsg1-9", "containerd": "1.7.24", "runc": "1.1.15"}},
		Limits:   []Limit{{"/etc/security/limits.conf", "/etc/security/limits.conf:1: * soft nproc 4096", "*", "soft", 4096}},
	}
	s.Networks = []dockerapi.Network{{Name: "bridge", ID: "a"}, {Name: "host", ID: "b"}, {Name: "none", ID: "c"}}
	s.configure(`{"live-restore": true, "icc": false}`)
	s.Networks[0].Options = map[string]string{"com.docker.network.bridge.enable_icc": "false"}
	s.Links = []Link{
		{Index: 1, Name: "lo", Addr: []string{"127.0.0.1/8"}}, {Index: 3, Name: "docker0", Kind: "bridge", Addr: []string{"172.17.0.1/16"}},
		{Index: 5, Name: "veth1f253de", Kind: "veth", Master: "docker0", Peer: 4, Away: true},
	}
	return s
}

func (s *Snapshot) configure(text string) {
	var err error
	if s.Config.Settings, err = dockerd.ParseSettings(&text); err == nil {
		s.Config.Document = s.Config.Settings.Document()
	}
}

// down stops the daemon of a snapshot; lines are the end of its journal.
func (s *Snapshot) down(lines ...string) {
	s.Daemon, s.Processes.Dockerd, s.Info, s.Listed, s.Networks = Down, nil, dockerapi.Info{}, nil, nil
	s.Docker.ActiveState, s.Docker.SubState, s.Docker.Result = "failed", "failed", "exit-code"
	s.Journal = append(s.Journal, lines...)
}

const cleanMounts = `1199 1158 254:0 / / rw,relatime shared:363 - ext4 /dev/vda rw
1297 1199 0:180 / /var/lib/docker/overlay2/aa/merged rw,relatime shared:773 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/F:/var/lib/docker/overlay2/l/B
1298 1199 0:181 / /var/lib/docker/containers/85ec/mounts/shm rw,relatime - tmpfs shm rw
1890 1205 0:4 net:[4026532955] /run/docker/netns/fd3ed5e9d521 rw shared:776 - nsfs nsfs rw
`

// judged returns what Examine found, as id:severity, sorted.
func judged(s *Snapshot) []string {
	var got []string
	for _, f := range Examine(s, Checks()).Findings {
		got = append(got, f.Check.ID+":"+f.Severity.String())
	}
	sort.Strings(got)
	return got
}

func TestHealthyHostHasNoFindings(t *testing.T) {
	r := Examine(healthy(), Checks())
	for _, f := range r.Findings {
		t.Errorf("finding %s %v; want none", f.Check.ID, f.Evidence)
	}
	for _, o := range r.Outcomes {
		if o.Status == Unknown {
			t.Errorf("check %s is unknown (%s); want an answer", o.Check.ID, o.Note)
		}
	}
	if r.Worst() != 0 || r.Worst().String() != "none" {
		t.Errorf("Worst() = %v; want none", r.Worst())
	}
}

// systemd gave up on a daemon: the finding says what it died of, and how to mend that.
func TestStartLimitTellsTheCause(t *testing.T) {
	const limit = "docker.service: Start request repeated too quickly."
	for name, test := range map[string]struct {
		journal       []string
		remedy, shown string
	}{
		"known":   {[]string{"failed to start daemon: error initializing graphdriver: devmapper: Unable to take ownership of thin-pool (docker-thinpool) that already has used data blocks", limit}, "Switch back", "The thin pool has data of another data-root"},
		"unknown": {[]string{"failed to start daemon: nobody has seen this", limit}, "docker_repair resets the counter", "nobody has seen this"},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			s.down(test.journal...)
			found := Examine(s, Checks()).Findings
			if len(found) != 1 || found[0].Check.ID != startLimitID {
				t.Fatalf("found %v; want start_limit alone", found)
			}
			if f := found[0]; !strings.HasPrefix(f.Remedy, test.remedy) || !strings.Contains(f.Remedy, "docker_repair resets the counter") ||
				!strings.Contains(strings.Join(f.Evidence, "\n"), test.shown) {
				t.Errorf("remedy %q, evidence %q; want the remedy to begin with %q and the evidence to have %q", f.Remedy, f.Evidence, test.remedy, test.shown)
			}
		})
	}
}

// A probe that failed makes its checks unknown, not passed.
func TestFailedProbe(t *testing.T) {
	s := healthy()
	s.Failed[probeLinks] = "cannot run ip: it did not end within 10s"
	for _, o := range Examine(s, Checks()).Outcomes {
		want := slices.Contains(o.Check.Needs, probeLinks)
		if got := o.Status == Unknown; got != want {
			t.Errorf("%s: unknown = %v; want %v", o.Check.ID, got, want)
		}
	}
}

// Evidence is text of bounded length without passwords.
func TestEvidence(t *testing.T) {
	s := healthy()
	s.Processes.Dockerd = append(s.Processes.Dockerd, dockerd.Process{PID: 7, Args: []string{"dockerd", "--http-proxy=http://me:secret@proxy:3128", "\xff", strings.Repeat("x", 5000)}})
	for range 100 {
		s.Processes.Dockerd = append(s.Processes.Dockerd, dockerd.Process{PID: 8})
	}
	r := Examine(s, Checks())
	if len(r.Findings) != 1 || len(r.Findings[0].Evidence) != maxEvidence || r.Findings[0].Evidence[maxEvidence-1] != "and 53 more" {
		t.Fatalf("%d findings; want one with %d lines of evidence: %q", len(r.Findings), maxEvidence, r.Findings[0].Evidence)
	}
	line := r.Findings[0].Evidence[1]
	if strings.Contains(line, "secret") || len(line) > maxLine || strings.Contains(line, "\xff") || !strings.Contains(line, "@proxy:3128") {
		t.Errorf("evidence %q (%d bytes); want it without the password and %d bytes at most", line, len(line), maxLine)
	}
}

// The table is what users read and playbooks name.
func TestTable(t *testing.T) {
	known := map[string]bool{}
	for _, p := range append(early(), probes()...) {
		known[p.name] = true
	}
	seen, last := map[string]bool{}, 0
	for _, c := range Checks() {
		if seen[c.ID] || c.ID == "" || strings.Trim(c.ID, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("invalid or repeated id %q", c.ID)
		}
		seen[c.ID] = true
		group := slices.Index(Groups(), c.Group)
		if group < last {
			t.Errorf("%s: group %q is unknown, or not in the order of Groups", c.ID, c.Group)
		}
		last = group
		if c.Title == "" || strings.HasSuffix(c.Title, ".") || !strings.HasSuffix(c.Remedy, ".") || c.Judge == nil || c.Severity < Info || c.Severity > Error {
			t.Errorf("%s: title %q, remedy %q, severity %v; want a title without full stop, a remedy with one, a severity and a function", c.ID, c.Title, c.Remedy, c.Severity)
		}
		if !strings.HasPrefix(c.Source, guide) && !strings.HasPrefix(c.Source, notes) {
			t.Errorf("%s: source %q; want one of the two documents", c.ID, c.Source)
		}
		if c.Repairs != (c.Interrupts != "") {
			t.Errorf("%s: Repairs %v, Interrupts %q; want both or none", c.ID, c.Repairs, c.Interrupts)
		}
		for _, need := range c.Needs {
			if !known[need] {
				t.Errorf("%s: unknown probe %q", c.ID, need)
			}
		}
	}
}

// The page that users look findings up in is the table.
func TestPage(t *testing.T) {
	const page = "../../../docs/checks.md"
	var b strings.Builder
	b.WriteString("<!-- SPDX-License-Identifier: GPL-3.0-or-later -->\n# What the doctor looks for\n\n" +
		"`docker_doctor` names a check by its ID, and `docker_repair` takes the IDs of those that it mends. The severity is the\nusual one; a finding can be better or worse than that. This page is made from the table in `modules/internal/doctor`\n(`UPDATE_SCRIPTS=1 go test ./modules/internal/doctor`).\n\n" +
		"Each check is tried: the Molecule scenario that is named makes the fault, and the doctor has to find it. In `doctor`, on Debian 12\nand 13, and in `doctor_kernel`, on a virtual machine with Debian 12, it has to find exactly that, and what mends it has to leave\na host without findings on which everything runs. All are decided on data in the shape that hosts have them as well, in the\npackage's tests.\n")
	made := madeOnHosts(t)
	for _, group := range Groups() {
		first := true
		for _, c := range Checks() {
			if c.Group != group {
				continue
			}
			if first {
				fmt.Fprintf(&b, "\n## %s\n", strings.ToUpper(group[:1])+group[1:])
			}
			first = false
			fmt.Fprintf(&b, "\n### %s\n\n%s. %s", c.ID, c.Title, strings.ToUpper(c.Severity.String()[:1])+c.Severity.String()[1:])
			if c.Repairs {
				fmt.Fprintf(&b, "; `docker_repair` mends it, interrupting: %s", c.Interrupts)
			}
			if made[c.ID] == "" {
				t.Errorf("%s: no scenario makes this fault", c.ID)
			}
			fmt.Fprintf(&b, ".\n\n%s\n\nSource: %s. Tried: in scenario `%s`.\n", c.Remedy, c.Source, made[c.ID])
		}
	}
	if os.Getenv("UPDATE_SCRIPTS") != "" {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(got)); diff != "" {
		t.Errorf("docs/checks.md is not the table; make it anew with UPDATE_SCRIPTS=1 (-table +page):\n%s", diff)
	}
}
