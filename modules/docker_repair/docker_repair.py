# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_repair.go.

DOCUMENTATION = r"""
module: docker_repair
version_added: "0.1.0"
short_description: Mend what docker_doctor found
description:
  - Mends findings of M(hardened.docker.docker_doctor), only those that O(findings) names. The host is examined again
    first; a finding that is not there (any more) is nothing to do.
  - Check mode shows the very steps in RV(actions). Each step looks again whether what it is about is still as it was
    found, and fails if not.
  - What would stop running containers is refused, with the list of them, unless O(allow_interruption=true). Containers
    that ran before run again afterwards, except those that were started with C(--rm), which Docker removes when they
    end (RV(removed_containers)).
  - What stops the daemon is one step. If a part of it fails, or a signal ends the run, C(daemon.json) is put back and the
    daemon is started before the module fails. A run that is killed leaves C(hardened.docker-aside/unfinished.json) in the
    data-root; the next one, whatever its O(findings), does that.
  - Nothing is deleted that could be wanted back. Damaged files are moved to C(hardened.docker-aside) in the data-root,
    or to another name beside them.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Shows all steps and does none.
  diff_mode:
    support: full
    description: Shows for each step what it changes.
  idempotent:
    support: full
    description: What was mended is not found again.
options:
  findings:
    description:
      - The IDs of the findings to mend. RV(hardened.docker.docker_doctor#module:findings) says which can be
        (C(repair.available)).
      - C(overwritten_mount_points) unmounts what hides the layers, the last mount first. C(residual_semaphores) removes
        the sets of device mapper that nobody has used for a minute, and raises C(kernel.sem) until the next boot if all
        sets are taken. C(residual_veths) deletes pairs of network interfaces of which no container has an end.
        C(container_id_exists) lets runc delete what it kept.
      - C(corrupt_state) lets a running daemon write a container's files anew, and moves aside what no daemon has in memory.
        The files of a container that runs without the daemon knowing it are refused; end it first.
        A database that is moved aside takes the networks, or the names of the volumes, with it. C(stale_bridge_address)
        starts the daemon once with the default address as C(bip). C(journal_stream) restarts the daemon.
        C(missing_chains) adds the rules that the engine forgets, or restarts the daemon, which writes the others.
        C(icmp_before_drop) moves Docker's rule ahead of the one that lets containers through, and leaves that.
        C(stale_base_device_uuid) empties the UUID in devicemapper's metadata and starts the daemon.
        C(start_limit) makes systemd forget the starts and starts the daemon, unless the cause is still there.
    type: list
    elements: str
    required: true
  allow_interruption:
    description:
      - Allow steps that stop containers for a moment. A restart of the daemon is such a step unless C(live-restore) is on,
        and so is a start while containers outlive a daemon that died; the new one ends them.
    type: bool
    default: false
  wait:
    description:
      - How long the daemon may take to answer after it was started, in seconds.
    type: int
    default: 60
  timeout:
    description:
      - How long each probe of the host may take, in seconds.
    type: int
    default: 15
notes:
  - Repairs are made in an order that suits them, whatever the order of O(findings).
  - If a step fails, the steps before it have been done and are in RV(actions).
seealso:
  - module: hardened.docker.docker_doctor
  - module: hardened.docker.docker_service
"""

EXAMPLES = r"""
- name: Remove what a killed daemon left behind
  hardened.docker.docker_repair:
    findings: [residual_veths, residual_semaphores]

- name: Show what would be done about damaged state
  hardened.docker.docker_repair:
    findings: [corrupt_state]
  check_mode: true

- name: Bring docker0 back to its default address, in the maintenance window
  hardened.docker.docker_repair:
    findings: [stale_bridge_address]
    allow_interruption: true
"""

RETURN = r"""
repaired:
  description: The findings that were there, and were mended or in check mode would be.
  type: list
  elements: str
  returned: always
  sample: [residual_veths]
not_found:
  description: The findings that were not there.
  type: list
  elements: str
  returned: always
  sample: [residual_semaphores]
interrupts:
  description: What the repairs stop for a moment, V(none), V(daemon) or V(containers).
  type: str
  returned: always
  sample: none
affected_containers:
  description: The containers that are stopped for a moment.
  type: list
  elements: str
  returned: always
  sample: []
removed_containers:
  description:
    - Those of the containers that were started with C(--rm), and are gone after a stop.
    - In check mode, those that would be.
  type: list
  elements: str
  returned: always
  sample: []
restarted_containers:
  description: The containers that did not come back with the daemon and were started again.
  type: list
  elements: str
  returned: when there were any, not in check mode
  sample: [web]
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [delete the network interface vethaaaaaaa and its other end]
"""
