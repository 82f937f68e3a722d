# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_storage.go.

DOCUMENTATION = r"""
module: docker_storage
version_added: "0.1.0"
short_description: Set Docker's storage driver in the unit's environment file
description:
  - Sets the storage driver and its options as flags of the Docker daemon, in the environment file that
    C(docker.service) reads. That is C(DOCKER_STORAGE_OPTIONS) in C(/etc/sysconfig/docker-storage) on openEuler, EulerOS
    and their relatives, and C(DOCKER_OPTS) in C(/etc/default/docker) on Debian and its relatives.
  - Which file and which variable reach the daemon is read from the unit with its drop-ins. If none does, as with the
    unit of docker-ce, the task is refused, since the file would have no effect.
  - Other flags in the variable, other variables and comments stay as they are.
  - C(daemon.json) can set the same with the keys C(storage-driver) and C(storage-opts), which suits every engine. The
    daemon does not start with both, even if they agree. This module refuses what C(daemon.json) sets already.
  - The daemon is not restarted. RV(apply) says whether it has to be, and
    M(hardened.docker.docker_service) with O(hardened.docker.docker_service#module:state=converged) does it.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result but the name of the backup.
  diff_mode:
    support: full
    description: Shows the whole file before and after.
  idempotent:
    support: full
    description: A flag that means the same is not written again.
options:
  driver:
    description:
      - The storage driver, such as V(overlay2). One that the engine does not have (any more) is refused. V(aufs) and
        V(overlay) went with 24.0, V(devicemapper) with 25.0.
      - A change that would hide containers or images is refused, see O(allow_data_loss).
      - If it is left out, the driver flag in the file stays as it is.
    type: str
  options:
    description:
      - The options of the storage driver, as C(option=value) without the flag. The file has exactly these; an empty
        list takes all of them out.
      - An option with which the engine does not start is refused, such as C(overlay2.override_kernel_check) since 24.0.
      - If it is left out, the option flags in the file stay as they are.
    type: list
    elements: str
  allow_data_loss:
    description:
      - Allow a change of the driver that hides the containers and images of the old one. They stay on the disk and are
        there again when the old driver is.
    type: bool
    default: false
  engine_version:
    description:
      - The engine version to validate for, such as V(18.09.0). By default that of the installed C(dockerd). Needed only
        where the file is written before the engine is installed.
    type: str
  backup:
    description: Keep the old file beside the new one.
    type: bool
    default: true
  state:
    description:
      - V(present) for flags as the other options say, V(absent) for none, so that C(daemon.json) or the engine's default
        counts. Two storage drivers that left files behind are then refused, because the engine would not start.
      - V(moved) is V(absent) for a host whose driver comes from the flags. C(daemon.json) gets what it does not say itself,
        and the flags go then, so that the daemon starts with the same driver and options as before.
    type: str
    choices: [present, absent, moved]
    default: present
notes:
  - With V(devicemapper), use a thin pool (O(options) with C(dm.thinpooldev)), C(dm.fs=ext4),
    C(dm.use_deferred_removal=true) and C(dm.use_deferred_deletion=true). Without a pool it works on sparse files.
  - A change takes a restart of the daemon, which stops containers unless C(live-restore) is set.
seealso:
  - module: hardened.docker.docker_daemon_json
  - module: hardened.docker.docker_service
  - module: hardened.docker.docker_unit
"""

EXAMPLES = r"""
- name: Use overlay2
  hardened.docker.docker_storage:
    driver: overlay2

- name: Use a thin pool with an engine that still has devicemapper
  hardened.docker.docker_storage:
    driver: devicemapper
    options:
      - dm.thinpooldev=/dev/mapper/docker-thinpool
      - dm.fs=ext4
      - dm.use_deferred_removal=true
      - dm.use_deferred_deletion=true
    engine_version: 18.09.0

- name: Leave the storage driver to daemon.json
  hardened.docker.docker_storage:
    state: moved

- name: Set it there
  hardened.docker.docker_daemon_json:
    settings:
      storage-driver: overlay2

- name: Restart the daemon if that is needed
  hardened.docker.docker_service:
    state: converged
"""

RETURN = r"""
path:
  description: The file, or null if none reaches the daemon.
  type: str
  returned: success
  sample: /etc/sysconfig/docker-storage
variable:
  description: The variable in the file.
  type: str
  returned: success
  sample: DOCKER_STORAGE_OPTIONS
driver:
  description: The storage driver that is set after this task, here or in C(daemon.json), or null for the engine's default.
  type: str
  returned: success
  sample: overlay2
options:
  description: The storage options that are set after this task.
  type: list
  elements: str
  returned: success
  sample: [dm.fs=ext4]
apply:
  description: What the running daemon needs to take up this task's change. V(none) or V(restart).
  type: str
  returned: success
  sample: restart
engine_version:
  description: The engine version that the settings were validated for, or null if there is none.
  type: str
  returned: success
  sample: 20.10.24+dfsg1
hidden_containers:
  description: The containers that the daemon does not show any more after the change.
  type: list
  elements: str
  returned: success
hidden_images:
  description: The images that the daemon does not show any more after the change.
  type: list
  elements: str
  returned: success
backup_file:
  description: Where the old file is kept.
  type: str
  returned: when a file was replaced and O(backup=true), not in check mode
  sample: /etc/sysconfig/docker-storage.2026-11-22T17-00-00Z~
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [write /etc/sysconfig/docker-storage]
"""
