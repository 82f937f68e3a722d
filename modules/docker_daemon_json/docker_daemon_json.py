# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_daemon_json.go.

DOCUMENTATION = r"""
module: docker_daemon_json
version_added: "0.1.0"
short_description: Change Docker's daemon.json and leave the rest of it alone
description:
  - Merges settings into the configuration file of the Docker daemon, or removes keys from it.
  - What the task does not name stays as it is, other people's keys, the order of keys, the spelling of numbers and
    the indentation included.
  - The file is replaced atomically. It is the old file or the new one at every moment, also if the host loses its
    power.
  - The daemon is not touched. RV(apply) says what it needs to take up the change, and
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
    description: A value that is the same in meaning is not written again.
options:
  path:
    description:
      - The file to change. If it is not there, it is made with mode C(0644).
      - Its directory must be there, with the exception of C(/etc/docker) itself, which is made if it is missing.
      - A symbolic link is refused, because replacing it would cut the link. Name its target instead.
    type: path
    default: /etc/docker/daemon.json
    aliases: [dest]
  settings:
    description:
      - Settings to merge into the file. Dictionaries are merged key by key, at any depth. Any other value, a list
        too, replaces the one in the file.
      - New keys are added in the order in which they are given here.
      - Values must have the type that Docker wants. A template that yields text needs C(| int) or C(| bool).
    type: dict
    default: {}
  remove:
    description:
      - Keys to remove, nested ones with dots as in V(log-opts.max-size). A key that has a dot in its own name may
        be put in double quotes, and must be where it would else be ambiguous.
      - A dictionary that loses its last key this way is removed too.
    type: list
    elements: str
    default: []
  exclusive:
    description:
      - Have exactly O(settings) in the file and remove every other key. Not together with O(remove).
    type: bool
    default: false
  validate:
    description:
      - Refuse what the installed engine, or the one of O(engine_version), would reject. Unknown keys, keys that this
        version does not have yet or any more, values of the wrong type.
      - Set it to V(false) for an engine that knows more than this collection does.
    type: bool
    default: true
  backup:
    description: Keep the old file beside the new one.
    type: bool
    default: true
  allow_data_loss:
    description:
      - Allow a change that hides the containers, images and volumes that the host has, such as another
        C(storage-driver) or C(data-root).
    type: bool
    default: false
  tcp:
    description:
      - V(tls) refuses a file with a TCP socket in C(hosts) and without C(tlsverify), whoever wrote them there. V(any) warns of it.
      - Only looked at with O(validate=true).
    type: str
    choices: [tls, any]
    default: any
  engine_version:
    description:
      - The engine version to validate for, such as V(28.5.2). By default that of the installed C(dockerd). Needed only
        where the file is written before the engine is installed.
    type: str
notes:
  - Settings can have secrets in them, such as a proxy's password. Set C(no_log) on the task then.
seealso:
  - module: hardened.docker.docker_service
  - name: Docker daemon configuration
    description: The keys of daemon.json.
    link: https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file
"""

EXAMPLES = r"""
- name: Bound the logs of containers
  hardened.docker.docker_daemon_json:
    settings:
      log-driver: json-file
      log-opts:
        max-size: 10m
        max-file: "3"

- name: Use a registry mirror, and drop an option that is not used any more
  hardened.docker.docker_daemon_json:
    settings:
      registry-mirrors:
        - https://mirror.example.com
    remove:
      - insecure-registries
      - log-opts.labels
  register: daemon_json

- name: Make the running daemon agree, with a reload if that is enough
  hardened.docker.docker_service:
    state: converged

- name: Write the whole file before the engine is installed
  hardened.docker.docker_daemon_json:
    exclusive: true
    engine_version: 28.5.2
    settings:
      live-restore: true
"""

RETURN = r"""
path:
  description: The file.
  type: str
  returned: success
  sample: /etc/docker/daemon.json
changed_keys:
  description: The keys whose value changes, nested ones with dots.
  type: list
  elements: str
  returned: success
  sample: [live-restore, log-opts.max-size]
apply:
  description: >-
    What the daemon needs to take up this task's change. V(none), V(reload) or V(restart). V(none) also if no daemon is
    running.
  type: str
  returned: success
  sample: reload
affected_containers:
  description: The running containers that stop if the change is applied, by name. None with live-restore.
  type: list
  elements: str
  returned: success
engine_version:
  description: The engine version that the file was validated for, or null if there is none.
  type: str
  returned: success
  sample: 20.10.24+dfsg1
backup_file:
  description: Where the old file is kept.
  type: str
  returned: when a file was replaced and O(backup=true), not in check mode
  sample: /etc/docker/daemon.json.2026-11-22T16-00-00Z~
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [write /etc/docker/daemon.json]
"""
