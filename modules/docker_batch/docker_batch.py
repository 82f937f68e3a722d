# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_batch.go.

DOCUMENTATION = r"""
module: docker_batch
version_added: "0.1.0"
short_description: Run several modules of this collection in one command on the host
description:
  - Runs modules of this collection one after the other, as tasks of their own would, with one connection, one process on
    the controller and one on the host for all of them. On a fleet with nothing to do that is most of what a task costs.
  - The options of all modules are checked before the first one runs. The first one that fails ends the batch; what was
    done before it stays done, and the next run goes on from there.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Each module predicts its result, as it does in a task of its own.
  diff_mode:
    support: full
    description: Shows the differences of all modules.
  idempotent:
    support: full
    description: As each module is.
options:
  tasks:
    description:
      - What to run, in this order. Each item is a dictionary with the name of a module as a key, with or without
        C(hardened.docker.) before it, whose value is the module's options.
      - An item may have a C(name), which results and errors name it by, and a C(when), a boolean. An item whose C(when)
        is false is skipped. Its options are not looked at, but Ansible evaluates the templates in them, so what may be
        undefined wants C(default(omit)).
      - What is secret is known to the modules. So options are shown by the modules alone, with C(-vvv), and not at all where
        this list itself is wrong.
    type: list
    elements: dict
    required: true
notes:
  - A callback, C(--start-at-task) and a handler see one task. C(module_defaults) hold for the modules inside. An item
    cannot use what an earlier one of the same batch returned. The keyword C(timeout) holds for all of them together.
  - The actions and differences say which file or service was changed. RV(results) has what each module returned.
"""

EXAMPLES = r"""
- name: Configure the daemon and make it run so
  hardened.docker.docker_batch:
    tasks:
      - name: Write the daemon's configuration
        docker_daemon_json:
          settings:
            icc: false
            live-restore: true

      - name: Raise the limits that a host with many containers meets
        when: "{{ docker_many_containers | default(false) }}"
        docker_limits:
          soft: "8192"

      - name: Make the running daemon agree with its configuration
        docker_service:
          state: converged
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done, by all modules.
  returned: always
  type: list
  elements: str
  sample: ["write /etc/docker/daemon.json", "restart docker.service"]
results:
  description:
    - What each module returned, in the order of O(tasks), up to the first one that failed. Warnings, differences and facts are
      those of the whole task.
  returned: always
  type: list
  elements: dict
  contains:
    task:
      description: The item's name, or its module where it has none.
      type: str
      sample: Write the daemon's configuration
    module:
      description: The module.
      type: str
      sample: docker_daemon_json
    changed:
      description: Whether this module changed something.
      type: bool
      sample: true
    skipped:
      description: The item's C(when) is false. It is there only then.
      type: bool
      sample: true
"""
