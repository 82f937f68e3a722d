# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: overlay_redirect_dir.go.

DOCUMENTATION = r"""
module: overlay_redirect_dir
version_added: "0.1.0"
short_description: Let containers rename directories that come from their image
description:
  - A directory that comes from a lower layer of overlayfs cannot be renamed, C(rename(2\)) fails with C(EXDEV). Since
    Linux 4.10 overlayfs has C(redirect_dir) for it, which distributions leave off.
  - Sets the parameters of overlayfs in the running kernel, for mounts made from then on, and makes the next boot do the
    same. Two files do that. The one in C(/etc/modprobe.d) counts where overlayfs is a module, the one in
    C(/etc/tmpfiles.d) where it is built into the kernel or loaded by the initial RAM disk, whose module options are
    its own.
  - Somebody else's setting that would have the last word at the next boot is found, and the task is refused.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result.
  diff_mode:
    support: full
    description: Shows the files and the parameters before and after.
  idempotent:
    support: full
    description: Parameters and files are compared with what is wanted.
options:
  state:
    description:
      - V(enabled) for directories that can be renamed. Refused on a kernel before 4.10, and where the data-root of the
        daemon is on a file system that does not tell the types of files (C(d_type)), as xfs made with C(ftype=0).
      - V(disabled) for the opposite. It is written down too, since a kernel may have it on by default.
    type: str
    choices: [enabled, disabled]
    default: enabled
  index:
    description:
      - Whether overlayfs keeps an index, so that hard links survive a copy to the upper layer. Refused with V(true) on a
        kernel before 4.13.
      - It cannot be taken back for layers that were written with it. Docker Engine mounts the layers of containers with
        C(index=off), so this is for other users of overlayfs.
      - If it is left out, it stays as it is.
    type: bool
  persist:
    description: Whether the next boot does the same. With V(false) the files stay as they are.
    type: bool
    default: true
notes:
  - With C(redirect_dir) Docker does without its native diff. C(docker build) and C(docker commit) compare whole directory
    trees, which is slower.
  - Containers that run keep what they were started with, until they are started anew.
  - The daemon looks at overlayfs when it starts. Until it is restarted, layers that it makes from containers with renamed
    directories lack files. RV(apply) says so.
seealso:
  - module: hardened.docker.docker_service
  - module: hardened.docker.docker_storage
"""

EXAMPLES = r"""
- name: Let containers rename directories of their image
  hardened.docker.overlay_redirect_dir:
  register: overlay

- name: Restart the daemon so that it notices
  hardened.docker.docker_service:
    state: restarted
  when: overlay.apply == 'restart'

- name: Switch it off, and the index too
  hardened.docker.overlay_redirect_dir:
    state: disabled
    index: false
"""

RETURN = r"""
redirect_dir:
  description: The parameter C(redirect_dir) before and after the task.
  type: dict
  returned: success
  contains:
    before:
      description: Its value before, null if overlayfs is not loaded or does not have it.
      type: bool
    after:
      description: Its value after.
      type: bool
  sample: {before: false, after: true}
index:
  description: The parameter C(index) before and after the task.
  type: dict
  returned: success
  contains:
    before:
      description: Its value before, null if overlayfs is not loaded or does not have it.
      type: bool
    after:
      description: Its value after, null if that is not known.
      type: bool
  sample: {before: false, after: false}
kernel:
  description: The release of the running kernel.
  type: str
  returned: success
  sample: 6.1.0-56-amd64
persisted_in:
  description: The files that make the next boot do the same.
  type: list
  elements: str
  returned: success
  sample: [/etc/modprobe.d/zz-hardened-docker-overlay.conf, /etc/tmpfiles.d/hardened-docker-overlay.conf]
apply:
  description: What the running daemon needs to take notice. V(none) or V(restart).
  type: str
  returned: success
  sample: restart
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [set /sys/module/overlay/parameters/redirect_dir to Y]
"""
