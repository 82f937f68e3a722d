// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_package is the module docker_package: the engine's packages
// as one unit that is installed, kept in step, held, moved and removed
// together.
//
// plan finds out the distribution (package distro), its package manager
// (manager.go, apt.go, dnf.go), the flavor (flavors.go) and the
// version (select.go), and asks the package manager what a transaction would
// do (present.go); removal.go is for state absent and purged. The acts are in
// acts.go. Where the lists of packages have to be fetched first, as on a fresh
// host, a plan predicts from the lists that are there and says so in a
// warning; the act decides again, with the same code, when they are.
//
// The daemon does not start before its configuration is in place
// (autostart=false). Packages start it from their own scripts. A mask or a
// policy-rc.d left by a killed run would keep it from starting for good, and a
// block that ends with this process would end too early: dpkg and dnf go
// on when this process is killed. So the block belongs to the package manager's
// process: a drop-in below /run has, for docker.service and docker.socket,
//
//	ConditionPathExists=!/proc/<pid of apt-get or dnf>/cwd/installing
//	ConditionPathExists=!/proc/<pid of the module>/fd/<number>/installing
//
// where apt-get's working directory, which the module has open too, is one
// that has such a file. It holds while one of them lives, whatever happened to
// the other, and is void when both have ended, in whatever way; another
// process that gets the same number has another directory. The module removes
// the drop-in when it can, and the next run does when it could not. See
// firststart.go.
//
// Packages that are only recommended are not installed, but for those without
// which the engine does not work on the host at hand: docker-cli (apart since
// Debian 13), ca-certificates, and apparmor where the kernel enforces it. With
// auditd=true, auditd is one of them where the kernel keeps audit rules.
package docker_package

import (
	"context"
	"errors"
	"fmt"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// Module is docker_package.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the options.
type Params struct {
	State          string `arg:"state" default:"present" choices:"present,absent,purged"`
	Flavor         string `arg:"flavor" default:"auto" choices:"auto,docker-ce,docker.io,docker-engine,moby-engine,docker"`
	Version        string `arg:"version"`
	Hold           bool   `arg:"hold" default:"true"`
	Conflicts      string `arg:"conflicts" default:"refuse" choices:"refuse,remove"`
	AllowDowngrade bool   `arg:"allow_downgrade" default:"false"`
	Autostart      bool   `arg:"autostart" default:"false"`
	Auditd         bool   `arg:"auditd" default:"false"`
	UpdateCache    bool   `arg:"update_cache" default:"true"`
	CacheValidTime int    `arg:"cache_valid_time" default:"3600"`
	LockTimeout    int    `arg:"lock_timeout" default:"300"`
	RemoveData     bool   `arg:"remove_data" default:"false"`
	AllowDataLoss  bool   `arg:"allow_data_loss" default:"false"`

	Pending *pkgmgr.Pending `arg:"pending_repository"`
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if p.LockTimeout < 0 || p.CacheValidTime < 0 {
		return nil, fmt.Errorf("invalid lock_timeout %d or cache_valid_time %d: give seconds, 0 or more", p.LockTimeout, p.CacheValidTime)
	}
	if p.RemoveData && p.State == "present" {
		return nil, fmt.Errorf("invalid remove_data: it removes data together with the packages; give state: absent or state: purged with it")
	}
	if p.Pending != nil && (p.Pending.File == "" || p.Pending.Text == "") {
		return nil, errors.New("invalid pending_repository: it has no file or no text; give what docker_repository returned as pending")
	}
	release, err := distro.Read(h)
	if err != nil {
		return nil, err
	}
	m, err := managerOf(h, release, p)
	if err != nil {
		return nil, err
	}
	if p.State == "present" {
		return planPresent(ctx, h, p, release, m)
	}
	return planRemoval(ctx, h, p, release, m)
}
