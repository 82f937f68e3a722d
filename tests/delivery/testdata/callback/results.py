# SPDX-License-Identifier: GPL-3.0-or-later
"""Write every task's result as a line of JSON to the file that RESULTS names."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: aggregate
short_description: results as JSON lines
description: [Results as JSON lines.]
"""


class CallbackModule(CallbackBase):
    """Collects what the tests look at."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'results'

    def _write(self, status, result):
        line = {'status': status, 'host': result._host.get_name(), 'task': result._task.get_name().rpartition(' : ')[2],
                'result': result._result}
        with open(os.environ['RESULTS'], 'a', encoding='utf-8') as file:
            file.write(json.dumps(line, default=str) + '\n')

    def v2_runner_on_ok(self, result):
        """Write a success."""
        self._write('ok', result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """Write a failure, ignored or not."""
        self._write('failed', result)

    def v2_runner_on_unreachable(self, result):
        """Write a lost or missing connection."""
        self._write('unreachable', result)

    def v2_runner_on_skipped(self, result):
        """Write a skipped task."""
        self._write('skipped', result)
