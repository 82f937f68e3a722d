# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_limits.go.

DOCUMENTATION = r"""
module: docker_limits
version_added: "0.1.0"
short_description: Raise the limits that a host with many containers meets
description:
  - Sets how many processes an ordinary user may have, in C(/etc/security/limits.d/20-nproc.conf), and compares it with
    what the kernel has numbers for, C(kernel.pid_max).
  - Raises the number of semaphore sets, the fourth number of C(kernel.sem), in the running kernel and for the next boot.
    Device mapper takes one for each of its operations. When sets that were left behind use up all there are, a daemon
    with the storage driver devicemapper does not start.
  - Other lines, other domains and the other three numbers of C(kernel.sem) stay as they are.
  - Says where the daemon's C(default-ulimits), which are what containers start with, do not agree.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result.
  diff_mode:
    support: full
    description: Shows the files and the kernel's parameter before and after.
  idempotent:
    support: full
    description: Limits are compared by what they mean.
options:
  domain:
    description:
      - Whose processes O(soft) and O(hard) limit. V(*) is every user but root, V(@group) the members of a group.
    type: str
    default: "*"
  soft:
    description:
      - The number of processes with which a login begins, or V(unlimited). The user may raise it up to the hard limit.
      - More than C(kernel.pid_max) is refused, and so is more than the hard limit.
      - If it is left out, it stays as it is.
    type: str
  hard:
    description:
      - The number of processes that the user cannot go beyond, or V(unlimited). More than C(kernel.pid_max) is refused.
      - If it is left out, it stays as it is.
    type: str
  semaphores:
    description:
      - How many sets of semaphores there may be at least, up to V(32768). More than that is not taken away.
    type: int
notes:
  - A limit holds for logins from then on. It does not hold for services, the daemon among them, whose limits are in its
    unit. M(hardened.docker.docker_unit) sets those.
  - A line of a file that is read later, such as one in C(90-nproc.conf), would count in place of this module's. It is
    found, and the task is refused.
  - Nothing is interrupted.
seealso:
  - module: hardened.docker.docker_unit
  - module: hardened.docker.docker_daemon_json
"""

EXAMPLES = r"""
- name: Let ordinary users run many containers
  hardened.docker.docker_limits:
    soft: 16384
    hard: 32768

- name: Have enough semaphores for device mapper
  hardened.docker.docker_limits:
    semaphores: 1024
"""

RETURN = r"""
path:
  description: The file with the limits on processes.
  type: str
  returned: success
  sample: /etc/security/limits.d/20-nproc.conf
soft:
  description: The soft limit in that file after this task, or null if it has none for the domain.
  type: str
  returned: success
  sample: "16384"
hard:
  description: The hard limit in that file after this task, or null if it has none for the domain.
  type: str
  returned: success
  sample: "32768"
pid_max:
  description: How many processes the kernel has numbers for, or null if it does not say.
  type: int
  returned: success
  sample: 4194304
daemon_ulimits:
  description: The limits C(soft) and C(hard) on processes in the daemon's C(default-ulimits), or null if there are none.
  type: dict
  returned: success
  contains:
    soft:
      description: The soft limit.
      type: str
    hard:
      description: The hard limit.
      type: str
  sample: {soft: "16384", hard: "32768"}
semaphores:
  description: The number of semaphore sets of the running kernel, before and after the task.
  type: dict
  returned: success
  contains:
    before:
      description: The number before, or null if the kernel does not say.
      type: int
    after:
      description: The number after.
      type: int
  sample: {before: 128, after: 1024}
persisted_in:
  description: The files that make the next boot set O(semaphores). Empty without that option.
  type: list
  elements: str
  returned: success
  sample: [/etc/sysctl.d/zz-hardened-docker-limits.conf]
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [write /etc/security/limits.d/20-nproc.conf]
"""
