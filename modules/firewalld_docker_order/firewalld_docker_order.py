# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: firewalld_docker_order.go.

DOCUMENTATION = r"""
module: firewalld_docker_order
short_description: Keep Docker whole when firewalld and journald restart
version_added: "0.1.0"
author:
  - The hardened.docker contributors (@hardened-docker)
description:
  - When firewalld starts, stops or reloads, it can take Docker's rules of iptables away. Published ports are then dead, and
    containers with ports cannot be started. When journald is stopped with its sockets, the messages of C(dockerd) are lost
    until C(docker.service) restarts.
  - This module installs drop-ins and a small service that make Docker whole again each time, with the least disruption
    that works. The engine first gets its time, because it restores its rules itself where it is connected to firewalld. What it
    leaves out is added. Only where that is not enough, C(docker.service) is restarted.
  - It also finds out whether Docker's rules, for each network and each published port of the running engine, are in the
    kernel now, in iptables on nftables, in the legacy variant or in the engine's own tables of nftables, and repairs them.
options:
  firewalld:
    description: Look after Docker's rules beside firewalld. V(false) removes what looks after them.
    type: bool
    default: true
  journald:
    description:
      - Look after the messages of C(dockerd) when journald starts. V(false) removes what looks after them.
      - An ordinary restart of journald does no harm and causes no restart of Docker, because systemd keeps the connection.
    type: bool
    default: true
  repair:
    description: Bring back what is missing now. With V(false) the module only says so.
    type: bool
    default: true
  allow_restart:
    description:
      - Restart C(docker.service) where nothing else brings its rules back, in this task and each time later. Without
        C(live-restore) that stops containers.
      - With V(false) a warning, and later a line in the journal of C(docker-firewalld.service), says that it is needed.
    type: bool
    default: true
  state:
    description: V(absent) removes all that this module installed. It changes no rules.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Says what it would write, and how it would repair.
    support: full
  diff_mode:
    description: Shows the files, and the rules that would be added.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
notes:
  - Set C(live-restore) with M(hardened.docker.docker_daemon_json), so that a restart of C(dockerd) does not stop containers.
  - No unit is tied to firewalld with C(PartOf) or C(BindsTo). They would stop Docker together with firewalld.
  - The files are installed also where firewalld is not. They do nothing until it is there.
  - C(docker-firewalld.service) waits for events of firewalld on D-Bus, with C(busctl) and a shell. It costs some 3 MB of memory
    and no time.
  - Docker's rules are judged for IPv4.
seealso:
  - module: hardened.docker.docker_isolation
  - module: hardened.docker.docker_daemon_json
  - module: hardened.docker.docker_service
"""

EXAMPLES = r"""
- name: Keep Docker whole beside firewalld and journald
  hardened.docker.firewalld_docker_order:

- name: Never restart Docker for it
  hardened.docker.firewalld_docker_order:
    allow_restart: false

- name: Find out whether Docker's rules are in the kernel
  hardened.docker.firewalld_docker_order:
    repair: false
  check_mode: true
  register: order

- name: Say so
  ansible.builtin.debug:
    msg: "{{ order.chains.missing }}"
"""

RETURN = r"""
dropins:
  description: The drop-ins of other units that this module looks after, as they are after the task.
  type: list
  elements: str
  returned: success
  sample: [/etc/systemd/system/firewalld.service.d/50-docker-order.conf]
firewalld:
  description: Whether firewalld is C(installed) and C(running).
  type: dict
  returned: success
  sample: {installed: true, running: true}
chains:
  description:
    - Docker's rules. C(backend) is V(iptables-nft), V(iptables-legacy), V(nftables) for the engine's own tables, or empty.
    - C(state) is V(whole), V(incomplete), V(none) where no engine runs or where it writes no rules, or V(unknown). C(missing)
      says what is missing. After a repair it is the state that was then proven; in check mode, the state that was found.
  type: dict
  returned: success
  sample: {backend: iptables-nft, state: whole, missing: []}
journald_connected:
  description: Whether the messages of C(dockerd) arrive at journald, or null if that cannot be told.
  type: bool
  returned: success
  sample: true
repaired:
  description: Whether something was repaired.
  type: bool
  returned: success
  sample: false
repair_action:
  description: How. V(none), V(rules) for rules that were added, V(restart) for a restart of C(docker.service).
  type: str
  returned: success
  sample: none
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [write /etc/systemd/system/docker-firewalld.service]
"""
