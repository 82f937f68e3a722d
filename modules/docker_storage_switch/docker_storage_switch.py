# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_storage_switch.go.

DOCUMENTATION = r"""
module: docker_storage_switch
version_added: "0.1.0"
short_description: Switch to another storage driver, with images and volumes
description:
  - Each storage driver of the engine has images and containers of its own. Another driver does not show those of the one
    before, so that M(hardened.docker.docker_daemon_json) and M(hardened.docker.docker_storage) refuse the change. This
    module makes it with a backup.
  - The images, those without a name too, are saved in one archive, which is proven by the sums that IDs of images are.
    The daemon is stopped, the volumes are copied and compared to the byte, C(daemon.json) gets the driver, the daemon is
    started and has to show the driver, the images are loaded, and all IDs and tags have to be there.
  - If anything fails, the daemon runs with the old driver as before, with the containers that ran. A run that was killed,
    by a power cut too, is completed by the next one. A run with the old driver starts the containers
    that the killed one had stopped.
  - Containers are not made again. They belong to the driver that they were made with, so that whoever made them has to.
    How each was made is kept in C(containers/NAME.json) in the backup, as C(docker inspect) shows it.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result but the name of the backup of C(daemon.json) and C(container_images).
  diff_mode:
    support: full
    description: Shows C(daemon.json), what the backup gets, and the containers that are hidden.
  idempotent:
    support: full
    description: A daemon that has the driver is left alone.
options:
  driver:
    description:
      - The storage driver. One that the installed engine does not have is refused, as are containerd's snapshotters
        (V(overlayfs)), whose images have other IDs.
    type: str
    required: true
  options:
    description:
      - The driver's options (C(storage-opts)). Without it those in C(daemon.json) stay that can be this driver's.
      - They are written with a switch alone. Where the driver is in use already and they differ, a warning says so, and
        M(hardened.docker.docker_daemon_json) sets them.
    type: list
    elements: str
  backup_dir:
    description:
      - Where the backup is kept. It is made, for root alone, and must not be in the data-root or on a file system in
        memory, links in its path included. The directories above it have to be root's, and not for everybody to write to
        unless with the sticky bit. One that has files of others, or the backup of another switch, is refused.
      - Images are there three times for a while, in the backup, in the new driver and where the daemon reads them, which
        is looked for beforehand.
    type: path
    required: true
  containers:
    description:
      - What becomes of the containers, running or not. V(refuse) refuses the switch where there are any, and names them with
        the number of files that they changed outside of volumes.
      - V(save) makes an image of each that changed any, C(hardened-docker/saved:NAME-ID), which is saved with the others.
        Memory of processes is lost, and so is C(/dev/shm).
      - V(leave) leaves them in the data-root, where they show again only with the old driver.
    type: str
    choices: [refuse, save, leave]
    default: refuse
  volumes:
    description:
      - Copy the volumes to the backup, too. Another driver does not hide them. But until their containers are made again
        they count as unused, and C(docker volume prune) removes such.
      - With V(true), C(volumes) in the data-root must not be a link, nor have other file systems mounted in it but those
        that the daemon mounts for volumes with options.
    type: bool
    default: true
  allow_interruption:
    description: Allow to stop running containers. One that the daemon removes when it ends (C(docker run --rm)) is refused
      in any case.
    type: bool
    default: false
  keep_backup:
    description:
      - Keep the backup after a switch that was proven. With V(false) it is removed then, or by a later run of the task.
        That of a switch that was interrupted goes when the task has the old driver and that is in use.
    type: bool
    default: true
  min_free:
    description: How much has to stay free on each file system, in mebibytes.
    type: int
    default: 2048
  engine_version:
    description: Judge driver and options for this version of the engine and not for the installed one.
    type: str
notes:
  - What the old driver has in the data-root stays there. With that, setting the old driver again is a way back with all of
    its containers.
  - Names by digest (C(NAME@sha256:...)) are not in an archive of images and are lost; the images are not. The build cache
    of BuildKit is lost, too.
  - A driver that is set on the command line or in an environment file of the unit is refused, with where it is set.
seealso:
  - module: hardened.docker.docker_daemon_json
  - module: hardened.docker.docker_data_root
  - module: hardened.docker.docker_storage
"""

EXAMPLES = r"""
- name: Switch from devicemapper to overlay2, with images and volumes
  hardened.docker.docker_storage_switch:
    driver: overlay2
    backup_dir: /srv/backup/docker-overlay2
    containers: save
    allow_interruption: true

- name: Remove the backup when the containers are there again
  hardened.docker.docker_storage_switch:
    driver: overlay2
    backup_dir: /srv/backup/docker-overlay2
    keep_backup: false
"""

RETURN = r"""
driver:
  description: The storage driver after this task.
  type: str
  returned: always
  sample: overlay2
driver_before:
  description: The storage driver before this task.
  type: str
  returned: always
  sample: devicemapper
backup_dir:
  description: Where the backup is.
  type: str
  returned: always
  sample: /srv/backup/docker-overlay2
images:
  description: The images that were brought over, by name or by the first digits of the ID.
  type: list
  elements: str
  returned: always
  sample: ["busybox:1.36", 2a00ee0e36ec]
volumes:
  description: The volumes.
  type: list
  elements: str
  returned: always
  sample: [data]
containers:
  description: The containers of the old driver. They are hidden after the switch.
  type: list
  elements: str
  returned: always
  sample: [web, worker]
containers_stopped:
  description: The containers that ran.
  type: list
  elements: str
  returned: always
  sample: [web]
containers_saved:
  description: The containers of which an image is made.
  type: list
  elements: str
  returned: always
  sample: [worker]
container_images:
  description: That image of each.
  type: dict
  returned: when something was saved, not in check mode
  sample: {"worker": "hardened-docker/saved:worker-1efbb5e271c2"}
volumes_left:
  description: The volumes that were written to after an interrupted run had saved them. They stay as they are.
  type: list
  elements: str
  returned: when an interrupted switch was completed, not in check mode
containers_back:
  description: The containers of an earlier time with the new driver. They show again.
  type: list
  elements: str
  returned: always
digests_lost:
  description: The names by digest that the images do not have any more.
  type: list
  elements: str
  returned: always
backup_file:
  description: Where the old C(daemon.json) is kept.
  type: str
  returned: when there was one and it was changed, not in check mode
  sample: /etc/docker/daemon.json.2026-11-28T00-06-13Z~
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: ["write /etc/docker/daemon.json and restart Docker with overlay2"]
"""
