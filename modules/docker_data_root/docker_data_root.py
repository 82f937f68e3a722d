# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_data_root.go.

DOCUMENTATION = r"""
module: docker_data_root
version_added: "0.1.0"
short_description: Check Docker's data-root, make it, or move it
description:
  - Judges the directory in which Docker keeps images, containers and volumes. It has to be Docker's alone, root's, no
    link and not inside of another data-root, on a file system that keeps the types of files (xfs with ftype=1),
    mounted so that programs run, with space for what containers change.
  - Makes the directory on request, and takes the data of another data-root over, verified to the byte.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result but the name of the backup.
  diff_mode:
    support: full
    description: Shows the directory, C(daemon.json), and what is moved.
  idempotent:
    support: full
    description: A directory that is in order, and data that are moved, are left alone.
options:
  path:
    description: The data-root. It need not exist; then the directory that it would be made in is judged.
    type: path
    default: /var/lib/docker
  filesystem:
    description:
      - The file systems that it may be on. Add V(btrfs) or V(zfs) for the storage drivers of these names.
    type: list
    elements: str
    default: [ext4, xfs]
  min_free:
    description:
      - How much has to be free, in mebibytes. A container that changes a file of its image copies it whole first, and fails
        where the file is larger than what is left.
    type: int
    default: 2048
  move_from:
    description:
      - The data-root that the daemon has now. With O(state=present), the daemon is stopped, all is copied with owners,
        modes, times, extended attributes, hard links and holes, the copy is compared with the original, C(data-root) is
        set in C(daemon.json), the daemon is started again and has to show as many containers as before, and the
        containers that ran are started.
      - If anything fails, the daemon runs on the old data-root as before. An interrupted move is completed by the next run.
      - The old directory is kept. Remove it by hand when you are sure.
    type: path
  allow_interruption:
    description: Allow to stop running containers for a move.
    type: bool
    default: false
  state:
    description:
      - V(checked) judges and changes nothing. V(present) also makes the directory, or gives it to root alone, and calls it
        C(data-root) in a C(daemon.json) that calls it C(graph), which engines since 23.0 refuse.
    type: str
    choices: [checked, present]
    default: checked
notes:
  - A move interrupts all containers for as long as copying and comparing take.
  - Images in the containerd image store are below C(/var/lib/containerd) and are not moved.
  - Project quotas (C(overlay2.size)) are not copied.
seealso:
  - module: hardened.docker.docker_daemon_json
  - module: hardened.docker.docker_storage
"""

EXAMPLES = r"""
- name: Look whether the data-root is in order
  hardened.docker.docker_data_root:

- name: Make a data-root on another disk, before the engine starts for the first time
  hardened.docker.docker_data_root:
    path: /srv/docker
    state: present

- name: Move images, containers and volumes to another disk
  hardened.docker.docker_data_root:
    path: /srv/docker
    move_from: /var/lib/docker
    allow_interruption: true
    state: present
"""

RETURN = r"""
path:
  description: The data-root.
  type: str
  returned: success
  sample: /srv/docker
configured:
  description: The data-root that the daemon was told to use before this task.
  type: str
  returned: success
  sample: /var/lib/docker
exists:
  description: Whether the directory existed before this task.
  type: bool
  returned: success
  sample: true
in_use:
  description: Whether an engine has used it.
  type: bool
  returned: success
  sample: true
filesystem:
  description: The type of the file system.
  type: str
  returned: success
  sample: ext4
mount_point:
  description: Where that is mounted.
  type: str
  returned: success
  sample: /srv
free_bytes:
  description: What it has free.
  type: int
  returned: success
  sample: 10737418240
strangers:
  description: What is in the directory and not Docker's.
  type: list
  elements: str
  returned: success
problems:
  description: Why the directory cannot be used. Not empty only when the task failed.
  type: list
  elements: str
  returned: success
moved:
  description: The containers, images and volumes that were moved, or in check mode would be.
  type: list
  elements: str
  returned: success
  sample: [web, "busybox:1.36"]
backup_file:
  description: Where the old C(daemon.json) is kept.
  type: str
  returned: when C(daemon.json) was changed, not in check mode
  sample: /etc/docker/daemon.json.2026-11-22T17-00-00Z~
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [make the directory /srv/docker]
"""
