# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_thinpool.go.

DOCUMENTATION = r"""
module: docker_thinpool
version_added: "0.1.0"
short_description: Make an LVM thin pool for Docker on spare disks
description:
  - Makes a volume group of spare disks and a thin pool in it, for engines whose storage driver is C(devicemapper). The
    engine's documents call this direct-lvm; without it, the driver works on sparse files, slow and easily damaged.
  - A disk with anything on it (a file system, a partition table, a member of something) is refused unless
    O(allow_data_loss=true). A disk in use (mounted, swap, part of something active, of another volume group) is always
    refused.
  - Refused for engines without C(devicemapper), which are those from 25.0 on, and for kernels that have no thin pools.
  - An interrupted run is completed by the next one. A pool that is there keeps its size.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result. LVM can align a disk's data otherwise, so sizes can differ by an extent for each disk.
  diff_mode:
    support: full
    description: Shows the volume group, the pool and the disks before and after.
  idempotent:
    support: full
    description: A pool that is there is left alone. Disks that are not in the group are added to it.
options:
  devices:
    description:
      - The disks or partitions to make the volume group of, as absolute paths. Links such as those in C(/dev/disk/by-id)
        are followed.
      - May be left out where the group exists.
    type: list
    elements: str
    default: []
  volume_group:
    description: The volume group.
    type: str
    default: docker
  thin_pool:
    description: The thin pool.
    type: str
    default: thinpool
  data_percent:
    description:
      - How much of the space that the group has free becomes the pool's data. What is left is there for the pool to grow
        into. With the default it is next to nothing, so that the pool grows only after a disk is added; choose less, such
        as 70, for a pool that grows by itself.
    type: int
    default: 95
  metadata_percent:
    description: How much becomes the pool's metadata, 15 GiB at most. LVM keeps as much again to repair it with.
    type: int
    default: 1
  allow_data_loss:
    description:
      - Erase what is on the disks, if nothing uses it. Also allow a new pool although the engine's data root remembers
        another one.
    type: bool
    default: false
  engine_version:
    description: The engine version that the pool is for. By default that of the installed C(dockerd).
    type: str
  state:
    description: The pool is there.
    type: str
    choices: [present]
    default: present
notes:
  - Nothing is interrupted.
  - Needs the programs of lvm2 and C(thin_check), which is in thin-provisioning-tools or device-mapper-persistent-data.
  - "To start anew, stop the engine and remove the group by hand: C(vgremove docker), then C(pvremove) for each disk."
seealso:
  - module: hardened.docker.thinpool_profile
  - module: hardened.docker.docker_storage
  - module: hardened.docker.docker_daemon_json
"""

EXAMPLES = r"""
- name: Make a thin pool of two spare disks, with room to grow
  hardened.docker.docker_thinpool:
    devices:
      - /dev/vdb
      - /dev/vdc
    data_percent: 70
  register: pool

- name: Let it grow
  hardened.docker.thinpool_profile:
    volume_group: "{{ pool.volume_group }}"
    thin_pool: "{{ pool.thin_pool }}"

- name: Have the engine use it
  hardened.docker.docker_daemon_json:
    settings:
      storage-driver: devicemapper
      storage-opts: "{{ pool.storage_opts }}"
"""

RETURN = r"""
volume_group:
  description: The volume group.
  type: str
  returned: success
  sample: docker
thin_pool:
  description: The pool.
  type: str
  returned: success
  sample: thinpool
device:
  description: The pool's device, for the storage option C(dm.thinpooldev).
  type: str
  returned: success
  sample: /dev/mapper/docker-thinpool
storage_opts:
  description: The storage options for the engine, C(dm.fs=ext4) and deferred removal and deletion among them.
  type: list
  elements: str
  returned: success
  sample: [dm.thinpooldev=/dev/mapper/docker-thinpool, dm.use_deferred_removal=true, dm.use_deferred_deletion=true, dm.fs=ext4]
data_bytes:
  description: The size of the pool's data.
  type: int
  returned: success
  sample: 394264576
metadata_bytes:
  description: The size of the pool's metadata.
  type: int
  returned: success
  sample: 4194304
free_bytes:
  description: What the group has left for the pool to grow into.
  type: int
  returned: success
  sample: 12582912
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [make the volume group docker of /dev/vdb, make the thin pool docker/thinpool with 94 extents of data and 4 MiB of metadata]
"""
