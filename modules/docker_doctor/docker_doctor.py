# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_doctor.go.

DOCUMENTATION = r"""
module: docker_doctor
version_added: "0.1.0"
short_description: Find out what is wrong with a Docker host
description:
  - Examines a host with Docker Engine and returns what is wrong with it, how that is known, and what mends it. It works
    with the daemon up, down or hanging, and changes nothing.
  - It reads configuration, unit, processes, mounts, network, state files and the journal, each with a deadline. What
    could not be read makes the checks that need it C(unknown), not passed.
  - The checks come from what Docker's guides warn of, as far as real engines behave like that. The page
    C(docs/checks.md) of the collection has all of them.
  - M(hardened.docker.docker_repair) mends what O(checks) names and RV(findings) marks with C(repair.available).
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: The same as a run, which changes nothing.
  diff_mode:
    support: full
    description: There is no difference to show.
  idempotent:
    support: full
    description: It changes nothing.
options:
  checks:
    description:
      - The IDs of the checks to make, or V(all).
    type: list
    elements: str
    default: [all]
  minimum:
    description:
      - Leave out findings that are less severe. RV(summary), RV(worst) and RV(checks) are of all of them.
    type: str
    choices: [info, warning, error]
    default: info
  timeout:
    description:
      - How long each probe of the host may take, in seconds. A probe that takes longer is left behind.
    type: int
    default: 15
notes:
  - A socket that systemd keeps for a stopped daemon is not touched, since that would start the daemon.
  - Takes well under two seconds on a host with 200 containers, and C(become=true) to see everything.
seealso:
  - module: hardened.docker.docker_repair
  - module: hardened.docker.docker_host_facts
  - module: hardened.docker.docker_service
"""

EXAMPLES = r"""
- name: Examine the host
  hardened.docker.docker_doctor:
  register: doctor

- name: Say what is wrong
  ansible.builtin.debug:
    msg: "{{ item.title }}: {{ item.evidence | join('; ') }}. {{ item.remedy }}"
  loop: "{{ doctor.findings }}"
  loop_control:
    label: "{{ item.id }}"

- name: Look for what a killed daemon leaves behind
  hardened.docker.docker_doctor:
    checks: [residual_veths, residual_semaphores, orphan_shims, orphan_proxies]
    minimum: warning
"""

RETURN = r"""
findings:
  description: What is wrong, the worst first.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: The check that found it. The same ID can occur several times with other subjects.
      type: str
      sample: residual_veths
    subject:
      description: What it is about, such as a path or a container, or C("") for the host as a whole.
      type: str
      sample: vethaaaaaaa
    severity:
      description: C(error) is what fails now, C(warning) what works worse or will fail, C(info) what is worth knowing.
      type: str
      sample: warning
    title:
      description: What is wrong, in a sentence.
      type: str
      sample: Network interfaces of containers were left behind
    evidence:
      description: How it is known, with lines, files and numbers.
      type: list
      elements: str
      sample: ["vethaaaaaaa (index 9, master \"docker0\", DOWN) and its other end, index 8, are both on the host"]
    remedy:
      description: What to do about it.
      type: str
      sample: docker_repair deletes them.
    source:
      description: Where the rule comes from.
      type: str
      sample: "Installation and Deployment: NICs May Be Residual"
    repair:
      description: Whether M(hardened.docker.docker_repair) mends it, and what that interrupts (C(none), C(daemon) or C(containers)).
      type: dict
      sample: {"available": true, "interrupts": "none"}
checks:
  description:
    - Every check that was made, with its end. C(passed), C(found), C(unknown) or C(not_applicable); C(note) says why of
      the last two.
  type: list
  elements: dict
  returned: success
  sample: [{"id": "residual_veths", "title": "Network interfaces of containers were left behind", "group": "network", "status": "passed", "note": ""}]
summary:
  description: How many findings there are by severity, and how many checks ended in the other ways.
  type: dict
  returned: success
  sample: {"error": 0, "warning": 1, "info": 2, "passed": 40, "unknown": 0, "not_applicable": 9}
worst:
  description: The severity of the worst finding, or C(none).
  type: str
  returned: success
  sample: warning
daemon:
  description: C(up), C(down), C(hanging), or C(absent) where no engine is installed.
  type: str
  returned: success
  sample: up
host:
  description: Which host this is. Numbers of containers are -1 if they are not known.
  type: dict
  returned: success
  sample:
    hostname: web1
    machine_id: 0123456789abcdef0123456789abcdef
    boot_id: 70a9ccf4-8de4-437f-9033-a570761c0e88
    distribution: Debian GNU/Linux 12 (bookworm)
    kernel: 6.1.0-37-amd64
    architecture: x86_64
    engine: 20.10.24+dfsg1
    storage_driver: overlay2
    data_root: /var/lib/docker
    containers: 12
    containers_running: 10
examined_at:
  description: When, by the host's clock.
  type: str
  returned: success
  sample: "2026-11-22T20:00:00Z"
duration_ms:
  description: How long it took, in milliseconds.
  type: int
  returned: success
  sample: 180
version:
  description: The version of the form of this result.
  type: int
  returned: success
  sample: 1
actions:
  description: What was done. Always empty.
  type: list
  elements: str
  returned: always
  sample: []
"""
