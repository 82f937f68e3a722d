# SPDX-License-Identifier: GPL-3.0-or-later
"""module_defaults for the modules inside of a docker_batch: Ansible itself knows only the batch."""

from __future__ import annotations

COLLECTION = 'hardened.docker.'
KEYWORDS = ('name', 'when')


def applied(tasks, task, templar, omit):
    """Return the option tasks of docker_batch with the play's module_defaults under each module's own options.

    omit is what stands for an option to leave out, before ansible-core 2.19. What is no list of dictionaries is
    returned as it is, for the module to refuse.
    """
    if not task.module_defaults or not isinstance(tasks, list):
        return tasks
    complete = _finder(task, templar, omit)
    return [{key: complete(key, value) for key, value in item.items()} if isinstance(item, dict) else item for item in tasks]


def _finder(task, templar, omit):
    # As the actions service and package of ansible-core do, which choose a module late as well.
    try:
        from ansible.executor.module_common import _apply_action_arg_defaults as find  # ansible-core 2.19

        def defaults(name, options):
            return find(name, task, options, templar)
    except ImportError:
        from ansible.executor.module_common import get_action_args_with_defaults as find
        from ansible.executor.task_executor import remove_omit

        def defaults(name, options):
            found = find(name, options, task.module_defaults, templar, action_groups=task._parent._play._action_groups)
            return remove_omit(found, omit)

    def complete(key, options):
        if key in KEYWORDS or not isinstance(options, (dict, type(None))):
            return options
        return defaults(COLLECTION + key.removeprefix(COLLECTION), dict(options or {}))

    return complete
