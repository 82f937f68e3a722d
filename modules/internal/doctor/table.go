// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"fmt"
	"strings"
)

// The source documents, by their titles.
const (
	guide = "Installation and Deployment: "
	notes = "Docker deployment: "
)

// Checks returns the table of everything that the doctor looks for. It is in
// parts, by group, in the order of the report.
func Checks() []Check {
	var all []Check
	for _, part := range [][]Check{packageChecks(), configChecks(), startChecks(), serviceChecks(), storageChecks(), devicemapperChecks(), networkChecks(), firewallChecks(), kernelChecks(), processChecks(), stateChecks(), securityChecks()} {
		all = append(all, part...)
	}
	return all
}

// Find returns the check of an ID.
func Find(id string) (Check, bool) {
	for _, c := range Checks() {
		if c.ID == id {
			return c, true
		}
	}
	return Check{}, false
}

func packageChecks() []Check {
	return []Check{
		{ID: "package_conflicts", Group: "packages", Severity: Error, Needs: []string{probePackages}, Judge: packageConflicts,
			Title:  "Packages with the same programs as the engine are installed",
			Remedy: "Remove them: hardened.docker.docker_package with conflicts=remove. Whichever was installed last owns the programs now.",
			Source: guide + "Precautions"},
		{ID: "packages_interrupted", Group: "packages", Severity: Error, Needs: []string{probePackages}, Judge: packagesInterrupted,
			Title:  "The installation of the engine did not come to its end",
			Remedy: "dpkg --configure -a, then the task of hardened.docker.docker_package again.",
			Source: notes + "2.1.5 installing docker CE"},
		{ID: "engine_support", Group: "packages", Severity: Info, Needs: []string{probePackages}, Judge: engineSupport,
			Title:  "This series of the engine gets no more fixes from its makers",
			Remedy: "Choose a newer version with hardened.docker.docker_package, one that your orchestrator was tested with.",
			Source: notes + "I. Docker version selection"},
		{ID: "versions_mixed", Group: "packages", Severity: Info, Needs: []string{probePackages}, Judge: versionsMixed,
			Title:  "The engine and its command line are of different versions",
			Remedy: "hardened.docker.docker_package with a version moves them in step, and holds them in step.",
			Source: notes + "3.1 viewing docker version"},
		{ID: "engine_not_restarted", Group: "packages", Severity: Warning, Needs: []string{probeAPI, probeProcesses}, Judge: upgraded,
			Title:  "The daemon is older than the installed engine",
			Remedy: "Restart it when its containers allow it: hardened.docker.docker_service with state=restarted.",
			Source: notes + "3.1 viewing docker version"},
	}
}

func configChecks() []Check {
	return []Check{
		{ID: "daemon_json_invalid", Group: "configuration", Severity: Error, Needs: []string{probeConfig}, Judge: daemonJSONInvalid,
			Title:  "daemon.json cannot be read",
			Remedy: "Correct it at the place that is named; with hardened.docker.docker_daemon_json it does not happen. A running daemon goes on until it is stopped.",
			Source: guide + "Daemon Parameter Configuration"},
		{ID: "daemon_json_rejected", Group: "configuration", Severity: Error, Needs: []string{probeConfig, probeVersion}, Judge: daemonJSONRejected,
			Title:  "The engine does not start with its configuration",
			Remedy: "Correct the setting that is named, in daemon.json or on the command line: systemctl cat docker shows that.",
			Source: guide + "Daemon Parameter Configuration"},
		{ID: "daemon_json_doubtful", Group: "configuration", Severity: Warning, Needs: []string{probeConfig, probeVersion}, Judge: daemonJSONDoubtful,
			Title:  "The engine takes a setting and does not do what it says",
			Remedy: "Change or remove the setting with hardened.docker.docker_daemon_json.",
			Source: guide + "Daemon Parameter Configuration"},
		{ID: "flag_conflict", Group: "configuration", Severity: Error, Needs: []string{probeConfig, probeVersion}, Judge: flagConflict,
			Title:  "A setting is both a flag of dockerd and in daemon.json",
			Remedy: "Take the flag out with hardened.docker.docker_unit (flags) or the key with hardened.docker.docker_daemon_json (remove).",
			Source: guide + "Daemon Parameter Configuration"},
		{ID: "settings_not_in_force", Group: "configuration", Severity: Warning, Needs: []string{probeConfig, probeAPI}, Judge: settingsNotInForce,
			Title:  "The running daemon has other settings than daemon.json",
			Remedy: "hardened.docker.docker_service with state=converged reloads or restarts it, whichever is needed.",
			Source: guide + "Daemon Parameter Configuration"},
		{ID: "unit_not_reloaded", Group: "configuration", Severity: Warning, Needs: []string{probeUnits}, Judge: unitStale,
			Title:  "systemd has not read the unit's files since they changed",
			Remedy: "systemctl daemon-reload; a restart of docker.service then takes them up.",
			Source: notes + "3.4.2 modifying the docker storage engine"},
		{ID: "unit_edited", Group: "configuration", Severity: Warning, Needs: []string{probeUnitFile}, Judge: unitEdited,
			Title:  "The package's own docker.service was edited",
			Remedy: "The next upgrade of the package takes the change away. Set it in daemon.json (hardened.docker.docker_daemon_json) or in a drop-in (hardened.docker.docker_unit), and install the package again for its own file.",
			Source: notes + "3.4.2 modifying the docker storage engine"},
		{ID: "directory_conflict", Group: "configuration", Severity: Error, Needs: []string{probeConfig, probeState}, Judge: directoryConflict,
			Title:  "The daemon's directories are not its own",
			Remedy: "Give data-root and exec-root directories that nothing else uses; hardened.docker.docker_data_root moves the data.",
			Source: guide + "Daemon Running Directory Configuration"},
		{ID: "container_umask", Group: "configuration", Severity: Warning, Needs: []string{probeConfig, probePackages}, Judge: containerUmask,
			Title:  "Containers make files that others can read",
			Remedy: "Remove native.umask=normal from exec-opts; docker-engine then uses 0027. An image that needs 0022 can ask for it alone.",
			Source: guide + "Daemon umask Configuration"},
	}
}

func startChecks() []Check {
	return []Check{
		{ID: daemonDown, Group: "start", Severity: Error, Needs: []string{probeUnits, probeProcesses}, Judge: daemonIsDown,
			Title:  "dockerd does not run",
			Remedy: "journalctl -u docker.service -b tells more; start it when the cause is gone.",
			Source: guide + "Daemon Start Time"},
		{ID: "daemon_hanging", Group: "start", Severity: Error, Needs: []string{probeProcesses}, Judge: daemonHangs,
			Title:  "dockerd runs and does not answer",
			Remedy: "kill -USR1 its process writes where its goroutines are to /run/docker; containerd that does not answer and storage that hangs (dmesg) are the usual causes. Restart containerd, then docker.",
			Source: guide + "Impact of Forcibly Killing Docker Background Processes"},
		{ID: "containerd_down", Group: "start", Severity: Error, Needs: []string{probeUnits, probeProcesses}, Judge: containerdIsDown,
			Title:  "containerd does not run, and no container can start",
			Remedy: "journalctl -u containerd.service -b tells why; systemctl start containerd.",
			Source: notes + "4.3 container creation and management process"},
		{ID: startLimitID, Group: "start", Severity: Error, Needs: []string{probeUnits}, Judge: startLimit, Repairs: true, Interrupts: Nothing,
			Title:  "systemd refuses to start the daemon after too many starts",
			Remedy: "docker_repair resets the counter and starts the daemon, once nothing else keeps it from starting. hardened.docker.docker_unit raises the limit.",
			Source: guide + "Failed to Restart the Docker Service"},
		{ID: "start_timeout", Group: "start", Severity: Warning, Needs: []string{probeUnits}, Judge: slowStart,
			Title:  "The daemon's start takes nearly as long as systemd allows, or longer",
			Remedy: "Remove containers that are not needed (hardened.docker.docker_prune), look for slow disks, or give it more time: hardened.docker.docker_unit with start_timeout.",
			Source: guide + "Daemon Start Time"},
		{ID: "dead_containers", Group: "start", Severity: Info, Needs: []string{probeState}, Judge: deadContainers,
			Title:  "Many containers that do not run slow the daemon's start",
			Remedy: "hardened.docker.docker_prune removes exited ones of a given age.",
			Source: guide + "Daemon Start Time"},
		{ID: "stale_pid_file", Group: "start", Severity: Error, Needs: []string{probeState, probeProcesses}, Judge: stalePIDFile,
			Title:  "The PID file names a process that is not dockerd",
			Remedy: "rm /run/docker.pid; systemctl start docker.",
			Source: guide + "Impact of System Power-off"},
		{ID: "not_enabled", Group: "start", Severity: Warning, Needs: []string{probeUnits}, Judge: notEnabled,
			Title:  "The daemon does not start when the host boots",
			Remedy: "hardened.docker.docker_service with enabled=true.",
			Source: guide + "Impact of System Power-off"},
	}
}

func serviceChecks() []Check {
	return []Check{
		{ID: "journal_stream", Group: "service", Severity: Warning, Needs: []string{probeStream, probeProcesses}, Judge: journalStream, Repairs: true, Interrupts: Daemon,
			Title:  "What dockerd writes does not reach the journal",
			Remedy: "Restart dockerd; docker_repair does. A restart of journald alone does no harm on current systemd; stopping it together with its sockets does.",
			Source: guide + "Journald Component"},
		{ID: "firewalld_after_docker", Group: "service", Severity: Info, Needs: []string{probeUnits}, Judge: firewalldLater,
			Title:  "firewalld started after dockerd",
			Remedy: "If published ports do not answer, restart dockerd. hardened.docker.firewalld_docker_order does it each time.",
			Source: guide + "Firewalld Component"},
	}
}

// UnknownCheck is the error about an ID that no check has.
func UnknownCheck(id string) error {
	var ids []string
	for _, c := range Checks() {
		ids = append(ids, c.ID)
	}
	return fmt.Errorf("unknown check %q: the checks are %s", id, strings.Join(ids, ", "))
}
