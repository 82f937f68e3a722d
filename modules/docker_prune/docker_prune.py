# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_prune.go.

DOCUMENTATION = r"""
module: docker_prune
version_added: "0.1.0"
short_description: Remove containers that ended long ago
description:
  - Removes containers that have exited, and ended longer ago than O(older_than). A daemon reads the configuration and
    the layers of every container when it starts. With thousands of them it starts slowly, and where its unit limits the
    time, not at all.
  - Containers that run, are paused or restart are never touched. Nothing is forced, so that one that was started
    meanwhile stays.
  - Images, networks and named volumes stay.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Names every container that a run would remove.
  diff_mode:
    support: full
    description: Shows the containers that go.
  idempotent:
    support: full
    description: Containers grow older, so that a later run can find more.
options:
  older_than:
    description:
      - How long ago a container must have ended, as numbers with units, V(s), V(m), V(h), V(d) or V(w), such as V(36h)
        or V(1d12h). A number alone is in seconds. V(0) is any.
    type: str
    default: 24h
  keep_labels:
    description: Keep containers that have one of these labels, each C(key) or C(key=value).
    type: list
    elements: str
  created:
    description: Remove containers too that were made longer ago than O(older_than) and never started.
    type: bool
    default: false
  volumes:
    description: Remove the anonymous volumes of the containers with them. What is in them is lost.
    type: bool
    default: false
notes:
  - A removed container's writable layer and its logs are gone.
  - The daemon has to run. M(hardened.docker.docker_doctor) says how many containers a host has also while it does not.
seealso:
  - module: hardened.docker.docker_doctor
"""

EXAMPLES = r"""
- name: Remove what ended more than a week ago
  hardened.docker.docker_prune:
    older_than: 7d
    keep_labels:
      - keep
      - com.example.role=batch
"""

RETURN = r"""
removed:
  description: The containers that were removed, or in check mode would be.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: The container's ID.
      type: str
      returned: always
    name:
      description: Its name.
      type: str
      returned: always
    image:
      description: Its image.
      type: str
      returned: always
    status:
      description: V(exited), V(dead) or V(created).
      type: str
      returned: always
kept:
  description: How many containers that do not run stay, because they are younger or have a label of O(keep_labels).
  type: int
  returned: success
  sample: 3
containers:
  description: How many containers there were before.
  type: int
  returned: success
  sample: 2041
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: ["remove 2 containers: job-1, job-2"]
"""
