# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_host_facts.go.

DOCUMENTATION = r"""
module: docker_host_facts
version_added: "0.1.0"
short_description: Gather facts about a Docker host, with the daemon up or down
description:
  - Gathers what there is to know about a Docker host, as facts under C(docker_host). It takes the place of
    C(gather_facts), which needs Python on the host.
  - It never fails because Docker is absent, stopped or ill. What could not be found out is null, and
    C(docker_host.errors) says why. A daemon that hangs costs no more than O(timeout).
  - It changes nothing. It does not start a stopped daemon by asking on its socket, and loads no kernel modules.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Facts are the same in check mode.
  diff_mode:
    support: full
    description: There is no difference to show.
  idempotent:
    support: full
    description: Nothing is changed.
  facts:
    support: full
    description: Sets C(docker_host).
options:
  gather:
    description:
      - Which facts. V(all), V(min) (those that a few files tell, V(system), V(packages), V(daemon_json) and V(limits)),
        or any of the others.
    type: list
    elements: str
    choices: [all, min, system, packages, candidates, daemon_json, service, daemon, network, processes, firewall, audit, limits]
    default: [all]
  timeout:
    description: Seconds that the facts may take. What is not there by then is left out.
    type: int
    default: 10
seealso:
  - module: hardened.docker.docker_service
  - module: hardened.docker.docker_daemon_json
"""

EXAMPLES = r"""
- name: Gather facts about the Docker host
  hardened.docker.docker_host_facts:

- name: Gather what can be told without the daemon, fast
  hardened.docker.docker_host_facts:
    gather: min

- name: Say which engine runs
  ansible.builtin.debug:
    msg: "{{ docker_host.version.engine | default('no engine runs') }} on {{ docker_host.distribution.name }}"
"""

RETURN = r"""
ansible_facts:
  description: Facts to add to ansible_facts.
  returned: always
  type: dict
  contains:
    docker_host:
      description: The facts. Each is there if its subset was gathered.
      type: dict
      returned: always
      contains:
        distribution:
          description: ID, what it is like, version, codename, name and package manager of the distribution.
          type: dict
          returned: with system
        kernel:
          description: The kernel's release.
          type: str
          returned: with system
          sample: 6.1.0-18-amd64
        architecture:
          description: The machine, as uname has it.
          type: str
          returned: with system
          sample: x86_64
        hostname:
          description: The host's name.
          type: str
          returned: with system
        init:
          description: What the first process is, V(systemd) where systemd manages the host.
          type: str
          returned: with system
        cgroup_version:
          description: Version of the control groups, 1 or 2.
          type: int
          returned: with system
        apparmor:
          description: Whether the kernel's AppArmor is on.
          type: bool
          returned: with system
        selinux:
          description: V(enforcing), V(permissive) or V(disabled).
          type: str
          returned: with system
        packages:
          description: Flavor and version of the engine, the installed versions of its packages, and those on hold.
          type: dict
          returned: with packages
        candidates:
          description:
            - The versions that the host's repositories have of the engine's packages, each package with C(candidate), which
              the package manager would install, and all C(versions), the newest first. No network is used.
          type: dict
          returned: with candidates
        daemon_json:
          description: Path, existence, mode, settings of daemon.json, or the error that keeps it from being read.
          type: dict
          returned: with daemon_json
        service:
          description: State of docker.service and docker.socket as systemd has it, null without systemd.
          type: dict
          returned: with service
        flags:
          description: The flags of dockerd's effective command line, each with its source.
          type: list
          elements: dict
          returned: with service
        running:
          description: Whether the daemon answers.
          type: bool
          returned: with daemon
        version:
          description: Versions of the engine, its API and its components, null if the daemon does not answer.
          type: dict
          returned: with daemon
        info:
          description: What the daemon says of itself, in the manner of C(docker info), null if it does not answer.
          type: dict
          returned: with daemon
        api_error:
          description: Why the daemon does not answer, null if it does.
          type: str
          returned: with daemon
        containers:
          description: All containers with id, name, image and state.
          type: list
          elements: dict
          returned: with daemon
        storage:
          description: Storage driver, data root, backing file system with its size, and the drivers that left directories.
          type: dict
          returned: with daemon
        docker0:
          description: The default bridge's interface, null if there is none.
          type: dict
          returned: with network
        networks:
          description: The daemon's networks.
          type: list
          elements: dict
          returned: with network
        processes:
          description: The processes dockerd, containerd, shims and proxies, and the containers that the shims keep.
          type: dict
          returned: with processes
        firewall:
          description: Variant of iptables, and whether nft, firewalld and ufw are there.
          type: dict
          returned: with firewall
        sysctl:
          description: The kernel's network switches that Docker depends on.
          type: dict
          returned: with firewall
        audit:
          description: Whether audit is installed and runs, and its rules files.
          type: dict
          returned: with audit
        limits:
          description: Kernel limits, among them pid_max and the semaphores.
          type: dict
          returned: with limits
        errors:
          description: By subset, why facts are missing.
          type: dict
          returned: always
actions:
  description: Always empty.
  type: list
  elements: str
  returned: always
"""
