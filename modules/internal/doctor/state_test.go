// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"testing"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/kernelparam"
	"hardened.docker/modules/internal/machine"
)

func (s *Snapshot) mount(lines string) { s.Mounts = machine.ParseMounts(cleanMounts + lines) }

func TestStorage(t *testing.T) {
	examineFaults(t, []fault{
		{"mount over the layers", func(s *Snapshot) {
			s.mount("1300 1199 254:16 / /var/lib/docker/overlay2 rw - ext4 /dev/vdb rw\n")
		}, []string{"overwritten_mount_points:error"}},
		{"two of them", func(s *Snapshot) {
			s.mount("1300 1199 254:16 / /var/lib/docker/overlay2 rw - ext4 /dev/vdb rw\n1301 1300 0:99 / /var/lib/docker/overlay2 rw - tmpfs tmpfs rw\n")
		}, []string{"overwritten_mount_points:error", "overwritten_mount_points:error"}},
		{"mount over a layer", func(s *Snapshot) { s.mount("1300 1199 0:99 / /var/lib/docker/overlay2/aa rw - tmpfs tmpfs rw\n") }, []string{"overwritten_mount_points:error"}},
		{"mount over the containers", func(s *Snapshot) { s.mount("1300 1199 0:99 / /var/lib/docker/containers rw - tmpfs tmpfs rw\n") }, []string{"overwritten_mount_points:error"}},
		{"bind of the directory on itself hides overlays", func(s *Snapshot) {
			s.mount("1300 1199 254:0 /var/lib/docker/overlay2 /var/lib/docker/overlay2 rw - ext4 /dev/vda rw\n")
		}, []string{"overwritten_mount_points:error"}},
		{"bind of the directory on itself before them", func(s *Snapshot) {
			s.Mounts = machine.ParseMounts("1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 254:0 /var/lib/docker/overlay2 /var/lib/docker/overlay2 rw - ext4 /dev/vda rw\n3 2 0:180 / /var/lib/docker/overlay2/aa/merged rw - overlay overlay rw\n")
		}, nil},
		{"data-root on a file system of its own", func(s *Snapshot) {
			s.Mounts = machine.ParseMounts("1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 254:16 / /var/lib/docker rw - xfs /dev/vdb rw\n3 2 0:180 / /var/lib/docker/overlay2/aa/merged rw - overlay overlay rw\n")
		}, nil},
		{"volumes on a file system of their own", func(s *Snapshot) { s.mount("1300 1199 254:16 / /var/lib/docker/volumes rw - ext4 /dev/vdb rw\n") }, nil},
		{"vfs", func(s *Snapshot) { s.Info.Driver = "vfs" }, []string{"storage_driver:warning"}},
		{"two drivers, one chosen", func(s *Snapshot) {
			s.State.Drivers = []string{"overlay2", "zfs"}
			s.configure(`{"live-restore": true, "icc": false, "storage-driver": "overlay2"}`)
		}, []string{"driver_traces:info"}},
		{"two drivers, none chosen", func(s *Snapshot) {
			s.State.Drivers = []string{"devicemapper", "overlay2"}
			s.down("failed to start daemon: error initializing graphdriver: /var/lib/docker contains several valid graphdrivers")
		}, []string{"driver_traces:error"}},
		{"xfs without ftype", func(s *Snapshot) {
			s.Info.DriverStatus = [][2]string{{"Backing Filesystem", "xfs"}, {"Supports d_type", "false"}}
		}, []string{"backing_filesystem:error"}},
		{"overlay on overlay", func(s *Snapshot) { s.Info.DriverStatus = [][2]string{{"Backing Filesystem", "overlayfs"}} }, []string{"backing_filesystem:warning"}},
		{"kernel without overlay", func(s *Snapshot) {
			s.down("failed to start daemon: error initializing graphdriver: driver not supported")
			s.System.Overlay = false
		}, []string{"overlay_kernel:error"}},
		{"old kernel", func(s *Snapshot) { s.System.Kernel = "3.10.0-1160.el7.x86_64" }, []string{"overlay_kernel:warning"}},
		{"little space", func(s *Snapshot) { s.State.Free = 900 << 20 }, []string{"copy_up_space:warning"}},
		{"no space", func(s *Snapshot) { s.State.Free = 1 << 20 }, []string{"copy_up_space:error"}},
		{"no inodes", func(s *Snapshot) { s.State.InodesFree = 1 }, []string{"copy_up_space:warning"}},
		{"layer is gone", func(s *Snapshot) { s.State.Containers[0].LayerMissing = true }, []string{"layer_missing:error"}},
		{"unhealthy", func(s *Snapshot) {
			s.State.Containers[0].Health, s.State.Containers[0].HealthSaid = "unhealthy", "connection refused"
		}, []string{"container_unhealthy:info"}},
		{"health check without its program", func(s *Snapshot) {
			s.State.Containers[0].Health, s.State.Containers[0].HealthSaid = "unhealthy", "OCI runtime exec failed: exec: \"curl\": executable file not found in $PATH: unknown"
		}, []string{"container_unhealthy:warning"}},
		{"redirect_dir", func(s *Snapshot) { s.System.RedirectDir, s.System.OverlayIndex = "N", "N" }, []string{"overlay_index:info", "redirect_dir:info"}},
	})
}

func TestStateAndProcesses(t *testing.T) {
	examineFaults(t, []fault{
		{"container's file is empty", func(s *Snapshot) {
			s.State.Damages = []Damage{{Path: "/var/lib/docker/containers/x/config.v2.json", Problem: "it is empty", Container: "x"}}
		}, []string{"corrupt_state:error"}},
		{"database, daemon down", func(s *Snapshot) {
			s.down("failed to start daemon: invalid database")
			s.State.Damages = []Damage{{Path: "/var/lib/docker/volumes/metadata.db", Problem: "it is cut off", Fatal: true}}
		}, []string{"corrupt_state:error"}},
		{"a container's file does not keep dockerd down", func(s *Snapshot) {
			s.down("dockerd: out of memory")
			s.State.Damages = []Damage{{Path: "/x", Problem: "it is empty", Container: "x"}}
		}, []string{"corrupt_state:error", "daemon_down:error"}},
		{"empty layer file", func(s *Snapshot) { s.State.Damages = []Damage{{Path: "/x", Problem: "it is empty"}} }, []string{"corrupt_state:warning"}},
		{"start was cut off", func(s *Snapshot) {
			s.State.Runtime = append(s.State.Runtime, RuntimeState{ID: "abc", Dir: "/run/docker/runtime-runc/moby/abc", PID: 9})
		}, []string{"container_id_exists:warning"}},
		{"shim of no container", func(s *Snapshot) {
			s.Processes.Shims = append(s.Processes.Shims, dockerd.Process{PID: 7, Args: []string{"shim", "-namespace", "moby", "-id", "feed"}})
		}, []string{"orphan_shims:error"}},
		{"shim of a stopped container", func(s *Snapshot) { s.Listed[0].State = "exited" }, []string{"orphan_shims:error"}},
		{"live-restore keeps shims", func(s *Snapshot) {
			s.down()
			s.Docker.ActiveState, s.Docker.Result = "inactive", "success"
		}, []string{"daemon_down:warning"}},
		{"proxy of no daemon", func(s *Snapshot) { s.Processes.Proxies = []dockerd.Process{{PID: 5, Parent: 1}} }, []string{"orphan_proxies:error", "userland_proxies:info"}},
		{"two daemons", func(s *Snapshot) { s.Processes.Dockerd = append(s.Processes.Dockerd, dockerd.Process{PID: 101}) }, []string{"several_daemons:warning"}},
		{"semaphores", func(s *Snapshot) { s.Semaphores = []Semaphore{{"0x0d4d3358", "7", s.Now.Add(-time.Hour)}} }, []string{"residual_semaphores:warning"}},
		{"semaphore in use", func(s *Snapshot) { s.Semaphores = []Semaphore{{"0x0d4d3358", "7", s.Now}} }, nil},
		{"others have all semaphores, and nobody here needs one", func(s *Snapshot) { s.System.Sem[kernelparam.SemSets], s.SetsTaken = 128, 128 }, nil},
		{"no semaphore is left", func(s *Snapshot) {
			s.System.Sem[kernelparam.SemSets], s.SetsTaken = 1, 1
			s.Semaphores = []Semaphore{{"0x0d4d3358", "7", s.Now.Add(-time.Hour)}}
		}, []string{"residual_semaphores:error"}},
	})
}

func TestHost(t *testing.T) {
	examineFaults(t, []fault{
		{"docker-engine and podman", func(s *Snapshot) {
			s.Packages.Installed, s.Engine = map[string]string{"docker-engine": "18.09.0", "podman": "3"}, engine.Version{Major: 18, Minor: 9}
			s.Config.CrashFiles = "true"
		}, []string{"package_conflicts:error"}},
		{"docker-engine that deletes its databases", func(s *Snapshot) {
			s.Packages.Installed, s.Engine = map[string]string{"docker-engine": "18.09.0"}, engine.Version{Major: 18, Minor: 9}
		}, []string{"crash_files:info"}},
		{"old engine with the newest command line", func(s *Snapshot) {
			s.Packages.Installed = map[string]string{"docker-ce": "5:28.0.4-1~debian.12~bookworm", "docker-ce-cli": "5:29.1.0-1~debian.12~bookworm"}
			s.Engine = engine.Version{Major: 28}
		}, []string{"versions_mixed:info"}},
		{"rebuilt command line of the same version", func(s *Snapshot) { s.Packages.Installed["docker-cli"] = "26.1.5+dfsg1-9+b12" }, nil},
		{"engine warns", func(s *Snapshot) { s.Info.Warnings = []string{"WARNING: No swap limit support"} }, []string{"engine_warnings:info"}},
		{"docker.io and podman get along", func(s *Snapshot) { s.Packages.Installed["podman"] = "5" }, nil},
		{"half installed", func(s *Snapshot) { s.Packages.Interrupted = []string{"docker.io"} }, []string{"packages_interrupted:error"}},
		{"old docker-ce", func(s *Snapshot) { s.Packages.Installed = map[string]string{"docker-ce": "5:26.1.5"} }, []string{"engine_support:info"}},
		{"nproc over pid_max", func(s *Snapshot) { s.System.PIDMax = 4000 }, []string{"nproc_limit:warning"}},
		{"unlimited nproc", func(s *Snapshot) { s.Limits[0].Value = -1 }, nil},
		{"many containers, few numbers", func(s *Snapshot) { s.System.PIDMax = 50; s.Limits = nil }, []string{"pid_max:warning"}},
		{"no seccomp", func(s *Snapshot) { s.Info.SecurityOptions = []string{"name=apparmor"} }, []string{"seccomp_off:warning"}},
		{"no seccomp, by daemon.json", func(s *Snapshot) {
			s.configure(`{"live-restore": true, "icc": false, "seccomp-profile": "unconfined"}`)
			s.Info.SecurityOptions = []string{"name=seccomp,profile=unconfined"}
		}, []string{"seccomp_off:warning"}},
		{"seccomp off for one", func(s *Snapshot) { s.State.Containers[0].Seccomp = "unconfined" }, []string{"seccomp_unconfined:info"}},
		{"data-root open to all", func(s *Snapshot) { s.State.Mode = "0755" }, []string{"data_root_mode:warning"}},
		{"exec-root open to all", func(s *Snapshot) { s.State.RunMode = "0777" }, []string{"data_root_mode:warning"}},
		{"exec-root as engines make it", func(s *Snapshot) { s.State.RunMode = "0711" }, nil},
		{"exec-root of a user", func(s *Snapshot) { s.State.RunMode, s.State.RunUID = "0700", 1000 }, []string{"data_root_mode:warning"}},
		{"data-root of a user", func(s *Snapshot) { s.State.UID = 1000 }, []string{"data_root_mode:warning"}},
		{"strangers", func(s *Snapshot) { s.State.Strangers = []string{"/var/lib/docker/backup.tar"} }, []string{"data_root_strangers:warning"}},
	})
}

// A host without anything that can be asked has no finding and no panic.
func TestEmptySnapshot(t *testing.T) {
	for _, state := range []string{Up, Down, Hanging, Absent} {
		s := &Snapshot{Daemon: state, Failed: map[string]string{}, Listed: []dockerapi.Container{{}}}
		Examine(s, Checks())
	}
}
