// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"os"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// pidFiles are dnf's and yum's locks: each has the number of the process that
// holds it (dnf/lock.py in 4.23; /run/yum.pid in yum 3.4).
func pidFiles() []string {
	return []string{"/var/lib/dnf/rpmdb_lock.pid", "/var/cache/dnf/download_lock.pid", "/var/cache/dnf/metadata_lock.pid", "/run/yum.pid"}
}

// rpmLocks are RPM's own, taken while it writes packages (rpm, lib/rpmlock.c),
// and that of dnf5 around it (5.4).
func rpmLocks() []string {
	return []string{"/var/lib/rpm/.rpm.lock", "/usr/lib/sysimage/rpm/.rpm.lock", "/run/dnf/rpmtransaction.lock"}
}

// Locked returns who keeps package managers out, or nil.
func Locked(h *host.Host) *pkgmgr.Holder {
	for _, name := range rpmLocks() {
		if holder := pkgmgr.HolderOf(h, name); holder != nil {
			return holder
		}
	}
	for _, name := range pidFiles() {
		text, _, err := h.ReadRegular(name, 64)
		pid, numErr := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || numErr != nil || pid <= 0 {
			continue
		}
		// A file of a process that is gone is no lock; dnf takes it over.
		cmdline, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		if command := strings.TrimSpace(strings.ReplaceAll(string(cmdline), "\x00", " ")); err == nil && command != "" {
			return &pkgmgr.Holder{File: name, PID: pid, Command: command}
		}
	}
	return nil
}
