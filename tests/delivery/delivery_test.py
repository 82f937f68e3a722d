# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests share: one Lab per process, and classes whose cases are the tasks of one playbook.

Starting Ansible takes most of a test's time, so a class runs its playbook once and its methods look at the results.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import unittest

import lab

_LABS = []


def the_lab():
    """Return the Lab of this process."""
    if not _LABS:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(f'ended by signal {number}'))
        _LABS.append(lab.Lab(os.environ['ANSIBLE_BIN']))
        atexit.register(_LABS[0].close)
    return _LABS[0]


def task(name, do='echo', **more):
    """Return a task of the stub; more are its keywords, and args its further arguments."""
    return {'name': name, 'hardened.docker.probe': {'do': do, **more.pop('args', {})}, **more}


class DeliveryTest(unittest.TestCase):
    """Test cases on a host that nothing was delivered to before, in cls.lab; the class's playbook is in cls.done."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.lab = the_lab()
        cls.lab.clean()
        cls.done = cls.run_playbook()

    @classmethod
    def run_playbook(cls):
        """Prepare the host and return the Run whose results the methods look at."""
        raise NotImplementedError

    def failed(self, name, *words, host=None, run=None):
        """Check that the task failed with a message that has each of the words, and return its result."""
        result = (run or self.done).one(name, host)
        self.assertEqual(result.status, 'failed', result)
        for word in words:
            self.assertIn(word, result.result['msg'])
        return result.result

    def ok(self, name, host=None, run=None):
        """Check that the task succeeded, and return its result."""
        result = (run or self.done).one(name, host)
        self.assertEqual(result.status, 'ok', result)
        return result.result
