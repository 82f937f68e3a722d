// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"strings"
	"time"

	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/kernelparam"
	"hardened.docker/modules/internal/lvm"
	"hardened.docker/modules/internal/machine"
	"hardened.docker/modules/internal/netfilter"
	"hardened.docker/modules/internal/systemd"
)

// The states of the daemon.
const (
	Up      = "up"      // it answers
	Down    = "down"    // it does not run
	Hanging = "hanging" // it runs and does not answer in time
	Absent  = "absent"  // there is no dockerd on the host
)

// Snapshot is a host as it was at one moment. Checks read it and nothing else.
type Snapshot struct {
	// Failed says for each probe that did not come to its end why.
	Failed map[string]string
	Now    time.Time

	Daemon    string
	APIError  string // what the daemon answered, or that it did not
	System    System
	Config    Config
	Program   string         // version of the installed dockerd, as it spells it
	Engine    engine.Version // of the running daemon, else of Program
	Processes dockerd.Processes
	Replaced  bool // the running dockerd's program file is gone: an upgrade

	Docker, Socket, Containerd, Firewalld, Journald systemd.Unit

	Info   dockerapi.Info
	Listed []dockerapi.Container
	// Sick is what the last health check of each unhealthy container said,
	// by container, as the daemon knows it.
	Sick       map[string]string
	Networks   []dockerapi.Network
	Mounts     []Mount
	Links      []Link
	Journal    []string // what docker.service wrote, oldest first
	Stream     Stream
	State      State
	Semaphores []Semaphore
	SetsTaken  int // semaphore sets of all programs
	Packages   Packages
	UnitFile   UnitFile
	Limits     []Limit
	Firewall   netfilter.View
	Audit      []audit.Rule
	// NoAudit says why the kernel has no rules that can be read.
	NoAudit  string
	LVM      lvm.State
	Profiles map[string]lvm.Config // of thin pools, by name
}

// System is what the kernel and the distribution say of themselves.
type System struct {
	Hostname, MachineID, BootID, Distribution, Kernel, Architecture string
	PIDMax                                                          int
	Sem                                                             kernelparam.Sem // zero is not known
	// RedirectDir and OverlayIndex are overlay's parameters, "" if it is not
	// loaded or does not have them.
	RedirectDir, OverlayIndex string
	Overlay                   bool // the kernel has the file system, loaded
	IPForward, BridgeNF       string
	Load, IOPressure          string // how busy the host is: loadavg, and the first line of pressure/io
}

// Config is what dockerd is told: its command line and daemon.json.
type Config struct {
	Unit  bool // there is a docker.service
	Flags []engine.FlagUse
	// Problems are those of the command line, Problem why there is none.
	Problems []engine.Problem
	Problem  string
	File     string
	Exists   bool
	Invalid  string // why the file cannot be read, with line and column
	Document map[string]any
	Settings dockerd.Settings
	DropIns  []string
	// CrashFiles is what openEuler's engine is told about files of a crash, the
	// value of DISABLE_CRASH_FILES_DELETE in its environment.
	CrashFiles string
}

// Together returns what the flags and the file say together.
func (c Config) Together() map[string]any { return engine.WithFlags(c.Document, c.Flags) }

// root returns the data-root.
func (c Config) root() string { return dataroot.Of(c.Together()) }

// execRoot returns the directory for what lives as long as the daemon.
func (c Config) execRoot() string {
	if dir := c.Text("exec-root"); dir != "" {
		return dir
	}
	return "/run/docker"
}

// Text returns a setting that is a string.
func (c Config) Text(key string) string {
	text, _ := c.Together()[key].(string)
	return text
}

// Has reports whether a setting is there.
func (c Config) Has(key string) bool {
	_, ok := c.Together()[key]
	return ok
}

// False reports whether a setting is false; one that is not there is not.
func (c Config) False(key string) bool {
	value, ok := c.Together()[key].(bool)
	return ok && !value
}

// List returns a setting that is a list of strings.
func (c Config) List(key string) []string {
	var list []string
	values, _ := c.Together()[key].([]any)
	for _, v := range values {
		if text, ok := v.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

// Mount is a mounted file system.
type Mount = machine.Mount

// Link is a network interface.
type Link struct {
	Index  int
	Name   string
	Kind   string // veth, bridge, ...
	Master string
	Peer   int  // index of the other end, 0 without one
	Away   bool // the other end is in another network namespace
	New    bool // it was no pair with both ends here a moment ago
	State  string
	Addr   []string // IPv4, with prefix length
}

// Stream is dockerd's connection to the journal.
type Stream struct {
	Inode string // "" if its standard error is no socket
	Line  string // how ss shows it
	Cut   bool   // nobody is at the other end
}

// Semaphore is a System V semaphore set of device mapper.
type Semaphore struct {
	Key, ID string
	Since   time.Time // of its last operation or change
}

// Packages are the engine's packages.
type Packages struct {
	Installed   map[string]string
	Interrupted []string // configured in part
}

// UnitFile is docker.service as its package brings it.
type UnitFile struct {
	Package, Path string // "" if no package has it
	Want, Have    string // digests
}

// Limit is a line about processes in limits.conf or limits.d.
type Limit struct {
	File, Line, Domain, Kind string
	Value                    int // -1 for unlimited
}

// Reason returns the line of the journal that tells why dockerd does not run.
func (s *Snapshot) Reason() string { return dockerd.Reason(s.Journal) }

// DataRoot returns where the daemon keeps its data.
func (s *Snapshot) DataRoot() string { return s.State.Root }

// Driver returns the storage driver in use, "" if it is not known.
func (s *Snapshot) Driver() string {
	if s.Info.Driver != "" {
		return s.Info.Driver
	}
	return s.Config.Text("storage-driver")
}

// Flavor returns the package that the engine is from, "" if it is not known.
func (s *Snapshot) Flavor() string {
	for _, name := range engineNames() {
		if s.Packages.Installed[name] != "" {
			return name
		}
	}
	return ""
}

func engineNames() []string {
	return []string{"docker-ce", "docker.io", "docker-engine", "moby-engine"}
}

// LiveRestore reports whether containers go on while dockerd does not run.
func (s *Snapshot) LiveRestore() bool {
	if s.Daemon == Up {
		return s.Info.LiveRestoreEnabled
	}
	on, _ := s.Config.Together()["live-restore"].(bool)
	return on
}

// Running returns the names of the containers that run, by the daemon's list,
// or by the shims that keep them.
func (s *Snapshot) Running() []string {
	var names []string
	if s.Daemon == Up {
		for _, c := range s.Listed {
			if c.Runs() {
				names = append(names, c.Name())
			}
		}
		return names
	}
	for _, id := range s.Processes.ContainerIDs() {
		names = append(names, s.Name(id))
	}
	return names
}

// Name returns the name of a container, or the first digits of its ID.
func (s *Snapshot) Name(id string) string {
	for _, c := range s.State.Containers {
		if c.ID == id && c.Name != "" {
			return c.Name
		}
	}
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

// link returns a network interface by its name.
func (s *Snapshot) link(name string) (Link, bool) {
	for _, l := range s.Links {
		if l.Name == name {
			return l, true
		}
	}
	return Link{}, false
}

// below reports whether a path is another one or below it.
func below(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimRight(dir, "/")+"/")
}
