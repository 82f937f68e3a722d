// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import "time"

// State is what the data-root holds, read from its files: the daemon need not
// run.
type State struct {
	Root       string
	Exists     bool
	Mode       string // octal
	UID        uint32
	RunMode    string // of exec-root, "" if it is not there
	RunUID     uint32
	Filesystem string // name of its type, statfs(2)
	Size, Free uint64 // bytes
	Inodes     uint64 // 0 where the file system does not count them
	InodesFree uint64
	Containers []Container
	Drivers    []string // storage drivers with files of their own
	Remapped   []string // data-roots of user namespaces below it
	Strangers  []string // entries that are not Docker's
	// Whole are directories that show what the images and containers know of: a
	// file system that is mounted at one of them is the place of it, and hides
	// nothing.
	Whole   []string
	Damages []Damage
	// Unread is why files could not be read that are there.
	Unread error
	// Metadata are the deviceset-metadata files of devicemapper.
	Metadata []DeviceSet
	Runtime  []RuntimeState
	PIDFile  string // what docker.pid says
	Largest  uint64 // bytes of the largest container log
}

// Container is a container as its files describe it.
type Container struct {
	ID, Name, Driver string
	Running          bool
	PID              int
	Ports            []string // published, "8080/tcp"
	Network          string
	Seccomp          string // its own profile, "" is the daemon's
	Privileged       bool
	Restart          string // the restart policy
	AutoRemove       bool   // it is removed when it ends (--rm)
	Health           string // what its own health check says, "" without one
	HealthSaid       string // what the health check printed last
	Layer            string // name below overlay2, "" if it is not known
	LayerMissing     bool
}

// Damage is a state file that is not what it should be.
type Damage struct {
	Path    string
	Problem string
	// Container is the ID of the container that the file belongs to; "" for
	// those of the daemon.
	Container string
	// Fatal says that dockerd does not start with it.
	Fatal bool
}

// DeviceSet is devicemapper's metadata of one data-root.
type DeviceSet struct {
	Path, UUID string
}

// RuntimeState is what runc keeps about a container below /run.
type RuntimeState struct {
	ID, Dir string
	PID     int
	Alive   bool // the container's first process is there
	Shim    bool // a shim keeps it
	Since   time.Time
}
