// SPDX-License-Identifier: GPL-3.0-or-later

// Command hardened-docker is all modules of the Ansible collection
// hardened.docker in one static binary. This file is their table of contents.
//
// How the project hangs together:
//
//   - Each module is a folder beside this file, with the name that playbooks
//     use. In it, <name>.go has the options (Params) and the plan, <name>.py
//     the documentation that ansible-doc shows, testdata/*.txtar what the
//     module does to a host, as scripts.
//   - internal/ansible is the SDK. A module plans, the SDK acts: begin
//     reading there.
//   - internal/host, file, systemd, apt and so on are what modules share about
//     a host: reading it, and the acts that change it.
//   - internal/engine has all knowledge about Docker Engine versions, in one
//     table.
//   - ../plugins/action delivers this binary to a host once and runs it there.
package main

import (
	"os"

	"hardened.docker/modules/audit_docker"
	"hardened.docker/modules/docker_batch"
	"hardened.docker/modules/docker_daemon_json"
	"hardened.docker/modules/docker_data_root"
	"hardened.docker/modules/docker_doctor"
	"hardened.docker/modules/docker_doctor_report"
	"hardened.docker/modules/docker_files"
	"hardened.docker/modules/docker_host_facts"
	"hardened.docker/modules/docker_isolation"
	"hardened.docker/modules/docker_limits"
	"hardened.docker/modules/docker_package"
	"hardened.docker/modules/docker_prune"
	"hardened.docker/modules/docker_repair"
	"hardened.docker/modules/docker_repository"
	"hardened.docker/modules/docker_service"
	"hardened.docker/modules/docker_storage"
	"hardened.docker/modules/docker_storage_switch"
	"hardened.docker/modules/docker_thinpool"
	"hardened.docker/modules/docker_unit"
	"hardened.docker/modules/firewalld_docker_order"
	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/overlay_redirect_dir"
	"hardened.docker/modules/thinpool_profile"
)

// version is the collection's version. The Makefile sets it from galaxy.yml.
var version = "unknown"

// modules is the table: what playbooks call, and the code behind it.
func modules() ansible.Table {
	return ansible.Table{
		{Name: "audit_docker", Module: audit_docker.Module},
		{Name: "docker_batch", Module: docker_batch.Module},
		{Name: "docker_daemon_json", Module: docker_daemon_json.Module},
		{Name: "docker_data_root", Module: docker_data_root.Module},
		{Name: "docker_doctor", Module: docker_doctor.Module},
		{Name: "docker_doctor_report", Module: docker_doctor_report.Module},
		{Name: "docker_files", Module: docker_files.Module},
		{Name: "docker_host_facts", Module: docker_host_facts.Module},
		{Name: "docker_isolation", Module: docker_isolation.Module},
		{Name: "docker_limits", Module: docker_limits.Module},
		{Name: "docker_package", Module: docker_package.Module},
		{Name: "docker_prune", Module: docker_prune.Module},
		{Name: "docker_repair", Module: docker_repair.Module},
		{Name: "docker_repository", Module: docker_repository.Module},
		{Name: "docker_service", Module: docker_service.Module},
		{Name: "docker_storage", Module: docker_storage.Module},
		{Name: "docker_storage_switch", Module: docker_storage_switch.Module},
		{Name: "docker_thinpool", Module: docker_thinpool.Module},
		{Name: "docker_unit", Module: docker_unit.Module},
		{Name: "firewalld_docker_order", Module: firewalld_docker_order.Module},
		{Name: "overlay_redirect_dir", Module: overlay_redirect_dir.Module},
		{Name: "thinpool_profile", Module: thinpool_profile.Module},
	}
}

func main() {
	os.Exit(ansible.Main(modules(), ansible.Process{
		Args:    os.Args,
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Host:    host.New("/"),
		Version: version,
	}))
}
