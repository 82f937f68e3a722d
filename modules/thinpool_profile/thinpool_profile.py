# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: thinpool_profile.go.

DOCUMENTATION = r"""
module: thinpool_profile
version_added: "0.1.0"
short_description: Let Docker's thin pool grow by itself with an LVM profile
description:
  - Writes the LVM profile that says when the thin pool of the C(devicemapper) storage driver grows, and by how much,
    attaches it to the pool and has the pool watched. A profile that is not attached, or a pool that nothing watches,
    grows nothing.
  - Other settings and comments of a profile that is there are kept. LVM validates the profile before it is written.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description:
      - Predicts the whole result but the name of the backup. A pool that is not there yet is taken to be made by a task
        before this one; the sizes are null then.
  diff_mode:
    support: full
    description: Shows the profile before and after, the attachment and the monitoring.
  idempotent:
    support: full
    description: A profile that says the same in another form is not written again.
options:
  name:
    description: The profile's name, which is that of its file in LVM's profile directory without C(.profile).
    type: str
    default: docker-thinpool
  autoextend_threshold:
    description:
      - How full the pool may become before it grows, in percent. LVM takes 50 to 100, and 100 is never.
      - Must not be 100 together with O(autoextend_percent=100).
    type: int
    default: 80
  autoextend_percent:
    description: By how many percent of its size the pool grows at a time, 1 to 1000.
    type: int
    default: 20
  autoextend:
    description:
      - V(false) writes a threshold of 100, with which the pool does not grow. Set it where the volume group has no
        space for it. A pool whose group has less free than it would grow by is warned of.
    type: bool
    default: true
  volume_group:
    description: The volume group of the pool. Needed together with O(thin_pool).
    type: str
  thin_pool:
    description: The pool that the profile is attached to. Without it the profile is only written.
    type: str
  backup:
    description: Keep the old profile beside the new one.
    type: bool
    default: true
  state:
    description:
      - V(absent) detaches the profile from the pool, if one is named, and removes it. It is refused while other volumes
        use the profile, which LVM could not change any more.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Nothing is interrupted. Containers on the pool go on.
  - Needs LVM (package lvm2) to have an effect, and to be attached.
  - The storage driver C(devicemapper) is deprecated since engine 18.09 and gone with 25.0.
seealso:
  - module: hardened.docker.docker_thinpool
  - module: hardened.docker.docker_storage
"""

EXAMPLES = r"""
- name: Let the pool grow by a fifth whenever it is four fifths full
  hardened.docker.thinpool_profile:
    volume_group: docker
    thin_pool: thinpool

- name: Keep a pool from growing whose group has no space
  hardened.docker.thinpool_profile:
    volume_group: docker
    thin_pool: thinpool
    autoextend: false

- name: Write a profile for a pool that is made later
  hardened.docker.thinpool_profile:
    name: docker-thinpool
    autoextend_threshold: 70
    autoextend_percent: 10

- name: Take the profile off and remove it
  hardened.docker.thinpool_profile:
    volume_group: docker
    thin_pool: thinpool
    state: absent
"""

RETURN = r"""
path:
  description: The profile's file.
  type: str
  returned: success
  sample: /etc/lvm/profile/docker-thinpool.profile
autoextend_threshold:
  description: The threshold in the profile, null with O(state=absent).
  type: int
  returned: success
  sample: 80
autoextend_percent:
  description: The percentage in the profile, null with O(state=absent).
  type: int
  returned: success
  sample: 20
attached:
  description: Whether the profile is attached to the pool.
  type: bool
  returned: success
  sample: true
monitored:
  description: Whether the pool is watched.
  type: bool
  returned: success
  sample: true
free_bytes:
  description: What the volume group has free, null without a pool.
  type: int
  returned: success
  sample: 251658240
extension_bytes:
  description: By how much the pool would grow now, null without a pool.
  type: int
  returned: success
  sample: 80530620
backup_file:
  description: Where the old profile is kept.
  type: str
  returned: when a profile was replaced or removed and O(backup=true), not in check mode
  sample: /etc/lvm/profile/docker-thinpool.profile.2026-11-22T17-00-00Z~
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [write /etc/lvm/profile/docker-thinpool.profile]
"""
