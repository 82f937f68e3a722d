# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of one module: make stage copies this file for each, under the module's name.

Ansible's strategies load a task's action plugin of the same name before they start a process for the task,
so that none of these processes needs to compile what they share. A route in meta/runtime.yml to one plugin
is followed only within each process, which costs every task 10 ms of the controller's time.
"""

from __future__ import annotations

from ansible_collections.hardened.docker.plugins.action import binary


class ActionModule(binary.ActionModule):
    """What all modules' plugins do; a class of its own, because Ansible notes the plugin's name in it."""
