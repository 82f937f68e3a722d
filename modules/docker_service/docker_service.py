# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_service.go.

DOCUMENTATION = r"""
module: docker_service
version_added: "0.1.0"
short_description: Start, stop or restart Docker, or make it agree with its configuration
description:
  - Starts, stops, restarts and reloads the Docker daemon, and with O(state=converged) makes the running daemon agree
    with what is on the disk.
  - O(state=converged) needs no handler. It compares what dockerd was started with, its C(daemon.json), its command
    line, its environment and its program, with what the disk has now, and does the least that the difference needs.
    Nothing, a reload (SIGHUP, which containers do not notice) or a restart. A run that was interrupted between
    writing the configuration and applying it is completed by the next one.
  - After a start, restart or reload it waits until the Docker API answers, and fails if a setting of C(daemon.json)
    that the daemon shows is not in force.
  - If dockerd does not come up with a new configuration then the last one that worked is restored and started, and
    the task fails with the reason that the journal gives.
  - Systemd's start limit, three starts a minute in the usual unit, is reset where this task could exceed it.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: On a host without the engine it predicts the start that follows the installation, with a warning.
  diff_mode:
    support: full
    description: Shows the state of the unit before and after, and why.
  idempotent:
    support: partial
    description: O(state=restarted) and O(state=reloaded) act each time.
options:
  state:
    description:
      - V(started) starts the daemon if it does not run, whatever its configuration.
      - V(stopped) stops the daemon and C(docker.socket), which would start it again. Without live-restore the
        containers stop too.
      - V(restarted) and V(reloaded) restart or reload the daemon each time, and start it if it does not run.
      - V(converged) starts the daemon if it does not run, and reloads or restarts it where the configuration on the
        disk needs that.
    type: str
    choices: [started, stopped, restarted, reloaded, converged]
    default: started
  enabled:
    description:
      - Start the daemon at boot. With V(false) C(docker.socket) is disabled too.
    type: bool
    default: true
  rollback:
    description:
      - Restore the last C(daemon.json), drop-ins and environment files that worked if dockerd does not come up with the
        present ones. What was rejected is kept as a backup beside it.
      - If dockerd does not come up with those either then the files are put back as they were.
    type: bool
    default: true
  wait:
    description:
      - Seconds until the Docker API must answer. A daemon with thousands of containers can take minutes.
    type: int
    default: 60
  allow_restart:
    description:
      - Whether a running daemon may be restarted. With V(false) nothing is touched where a restart is needed, and
        RV(pending) says so. A reload, or the start of a daemon that does not run, is no restart.
    type: bool
    default: true
notes:
  - A restart stops the running containers unless C(live-restore) is on in the running daemon. If it is only on in
    C(daemon.json), the module turns it on by a reload first.
  - A unit that an administrator masked is not started. The task fails and says where the mask is.
  - What was proven to be in force is kept in C(/run/hardened.docker/dockerd.json), for root only. Without it, as after a
    reboot, times and backups of the files tell what dockerd has read; where they do not, it is restarted.
seealso:
  - module: hardened.docker.docker_daemon_json
  - module: hardened.docker.docker_unit
"""

EXAMPLES = r"""
- name: Make the running daemon agree with its configuration
  hardened.docker.docker_service:
    state: converged

- name: Apply what a reload can apply, and only tell what needs a restart
  hardened.docker.docker_service:
    state: converged
    allow_restart: false
  register: docker

- name: Stop Docker and keep it stopped
  hardened.docker.docker_service:
    state: stopped
    enabled: false
"""

RETURN = r"""
action:
  description: >-
    What was done with the daemon. V(none), V(start), V(reload), V(restart), V(stop), or V(rolled_back) when the task
    failed and the previous configuration runs again.
  type: str
  returned: success, or failure after the daemon was touched
  sample: reload
reason:
  description: Why, one reason for each difference.
  type: str
  returned: success
  sample: "registry-mirrors: engine 26.1.5 reads it on reload"
pending:
  description: >-
    What the configuration on the disk still needs after this task, V(none), V(reload) or V(restart). Not V(none) only
    with O(allow_restart=false), O(state=started) and O(state=reloaded).
  type: str
  returned: success
  sample: none
running_before:
  description: The containers that ran before the task. If the daemon did not answer, those with a live shim, without names.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: The container's ID.
      type: str
    name:
      description: The container's name, or nothing if the daemon did not answer.
      type: str
running_after:
  description: The containers that run after the task. Not in check mode where only the daemon can tell.
  type: list
  elements: dict
  returned: success
start_limit_reset:
  description: Whether systemd was made to forget the recent starts, so that its start limit did not refuse this one.
  type: bool
  returned: when it was
backup_file:
  description: Where the rejected daemon.json is kept.
  type: str
  returned: after a rollback
  sample: /etc/docker/daemon.json.2026-11-22T16-00-00Z~
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [restart docker.service]
"""
