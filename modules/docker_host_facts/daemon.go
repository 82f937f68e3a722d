// SPDX-License-Identifier: GPL-3.0-or-later

package docker_host_facts

import (
	"context"
	"errors"
	"path"
	"strings"
	"time"

	"hardened.docker/modules/internal/configured"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/machine"
)

// client asks the daemon, without asking systemd where it listens.
func client(h *host.Host) *dockerapi.Client {
	return dockerd.NewClient(h, dockerd.FindProcesses(h), 8*time.Second)
}

// stopped reports whether an error is that of a daemon that is just not there.
func stopped(err error) bool {
	return errors.Is(err, dockerapi.ErrNoSocket) || errors.Is(err, dockerapi.ErrRefused)
}

// dockerdRuns guards against asking through a socket that systemd keeps for a
// daemon that is stopped: the question would start it.
func dockerdRuns(h *host.Host) bool { return len(dockerd.FindProcesses(h).Dockerd) > 0 }

// daemon tells what the running daemon says of itself, and where the data are.
func daemon(ctx context.Context, h *host.Host) (map[string]any, error) {
	facts := map[string]any{"running": false, "version": nil, "info": nil, "api_error": nil, "containers": []any{}, "storage": nil}
	if !dockerdRuns(h) {
		facts["api_error"] = "dockerd is not running"
		facts["storage"] = configuredStorage(h)
		return facts, nil
	}
	c := client(h)
	var version dockerapi.Version
	var versionErr error
	var list []dockerapi.Container
	var listErr error
	done := make(chan struct{}, 2)
	go func() { version, versionErr = c.Version(ctx); done <- struct{}{} }()
	go func() { list, listErr = c.Containers(ctx, true); done <- struct{}{} }()
	info, err := c.Info(ctx)
	<-done
	<-done
	for _, other := range []error{versionErr, listErr} {
		if err == nil {
			err = other
		}
	}
	if err != nil {
		facts["api_error"] = err.Error()
		facts["storage"] = configuredStorage(h)
		if stopped(err) {
			err = nil
		}
		return facts, err
	}
	facts["running"] = true
	facts["version"] = versionFacts(version)
	facts["info"] = infoFacts(info)
	facts["containers"] = containerFacts(list)
	facts["storage"] = storage(h, info.DockerRootDir, info)
	return facts, nil
}

func versionFacts(v dockerapi.Version) map[string]any {
	components := map[string]string{}
	for _, c := range v.Components {
		components[strings.ToLower(c.Name)] = c.Version
	}
	return map[string]any{"engine": v.Version, "api": v.APIVersion, "api_min": v.MinAPIVersion, "components": components}
}

func infoFacts(i dockerapi.Info) map[string]any {
	mirrors, insecure := []string{}, []string{}
	if i.RegistryConfig != nil {
		mirrors = append(mirrors, i.RegistryConfig.Mirrors...)
		insecure = append(insecure, i.RegistryConfig.InsecureRegistryCIDRs...)
	}
	runtimes := []string{}
	for name := range i.Runtimes {
		runtimes = append(runtimes, name)
	}
	return map[string]any{
		"id": i.ID, "name": i.Name, "server_version": i.ServerVersion, "swarm": i.Swarm.LocalNodeState,
		"containers": i.Containers, "containers_running": i.ContainersRunning, "containers_paused": i.ContainersPaused, "containers_stopped": i.ContainersStopped, "images": i.Images,
		"driver": i.Driver, "docker_root_dir": i.DockerRootDir, "logging_driver": i.LoggingDriver, "cgroup_driver": i.CgroupDriver, "cgroup_version": i.CgroupVersion,
		"debug": i.Debug, "live_restore": i.LiveRestoreEnabled, "experimental": i.ExperimentalBuild, "labels": append([]string{}, i.Labels...),
		"security_options": append([]string{}, i.SecurityOptions...), "default_runtime": i.DefaultRuntime, "runtimes": sorted(runtimes),
		"registry_mirrors": mirrors, "insecure_registries": insecure,
		"cpus": i.NCPU, "memory": i.MemTotal, "operating_system": i.OperatingSystem, "warnings": append([]string{}, i.Warnings...),
	}
}

func containerFacts(list []dockerapi.Container) []map[string]any {
	out := []map[string]any{}
	for _, c := range list {
		out = append(out, map[string]any{"id": c.ID, "name": c.Name(), "image": c.Image, "state": c.State})
	}
	return out
}

// configuredStorage tells of the storage that a daemon which does not answer is
// told to use. Where its configuration cannot be read that is the engine's own
// choice; other facts have the reason.
func configuredStorage(h *host.Host) map[string]any {
	config, err := configured.Read(h)
	if err != nil {
		return storage(h, dataroot.Of(nil), dockerapi.Info{})
	}
	all := config.All()
	driver, _ := all["storage-driver"].(string)
	return storage(h, dataroot.Of(all), dockerapi.Info{Driver: driver})
}

// storage tells of the storage driver and the file system below it. With the
// daemon down the drivers' own directories tell.
func storage(h *host.Host, root string, info dockerapi.Info) map[string]any {
	facts := map[string]any{"driver": nil, "data_root": root, "backing_filesystem": nil, "d_type": nil, "native_overlay_diff": nil, "filesystem": filesystem(h, root), "driver_directories": drivers(h, root)}
	if info.Driver != "" {
		facts["driver"] = info.Driver
	}
	for _, pair := range info.DriverStatus {
		switch pair[0] {
		case "Backing Filesystem":
			facts["backing_filesystem"] = pair[1]
		case "Supports d_type":
			facts["d_type"] = pair[1] == "true"
		case "Native Overlay Diff":
			facts["native_overlay_diff"] = pair[1] == "true"
		}
	}
	return facts
}

func drivers(h *host.Host, root string) []string {
	found := []string{}
	for _, name := range []string{"aufs", "btrfs", "devicemapper", "fuse-overlayfs", "overlay", "overlay2", "vfs", "zfs"} {
		if h.Exists(path.Join(root, name)) {
			found = append(found, name)
		}
	}
	return found
}

// filesystem tells of the file system that a directory is on, or will be on.
func filesystem(h *host.Host, dir string) any {
	f, err := machine.ReadFilesystem(h, dir)
	if err != nil {
		return nil
	}
	return map[string]any{"type": f.Type, "size": f.Size, "free": f.Free, "inodes_free": f.InodesFree}
}

// network tells of the default bridge and the daemon's networks.
func network(ctx context.Context, h *host.Host) (map[string]any, error) {
	facts := map[string]any{"docker0": docker0(h), "networks": []any{}}
	if !dockerdRuns(h) {
		return facts, nil
	}
	list, err := client(h).Networks(ctx)
	if err != nil {
		if stopped(err) {
			err = nil
		}
		return facts, err
	}
	networks := []map[string]any{}
	for _, n := range list {
		subnets := []string{}
		for _, c := range n.IPAM.Config {
			subnets = append(subnets, c.Subnet)
		}
		networks = append(networks, map[string]any{"name": n.Name, "id": n.ID, "driver": n.Driver, "scope": n.Scope, "subnets": subnets, "icc": n.Options["com.docker.network.bridge.enable_icc"] != "false"})
	}
	facts["networks"] = networks
	return facts, nil
}
