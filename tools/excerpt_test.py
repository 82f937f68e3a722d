# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/run shows last of a log of a part that failed."""

import importlib.machinery
import importlib.util
import pathlib
import unittest

LOADER = importlib.machinery.SourceFileLoader('run', str(pathlib.Path(__file__).resolve().parents[1] / 'tests/run'))
RUN = importlib.util.module_from_spec(importlib.util.spec_from_loader('run', LOADER))
LOADER.exec_module(RUN)

FRAME = '  \x1b[2m│\x1b[0m '


def molecule(*lines):
    """Return lines as Molecule prints those of Ansible."""
    return '\n'.join(FRAME + line for line in lines)


class Excerpt(unittest.TestCase):
    def test_the_failing_task_and_not_an_ignored_one(self):
        log = molecule('TASK [One] ***', 'fatal: [h1]: FAILED! => {}', '...ignoring', '', 'TASK [Two] ***', 'ok: [h2]',
                       '\x1b[0;31mfatal: [h1]: FAILED! => {"msg": "boom"}\x1b[0m', '', 'TASK [Three] ***', 'fatal: [h2]: FAILED! => {}',
                       '...ignoring', '', 'PLAY RECAP ***')
        shown = RUN.excerpt(log)
        self.assertEqual(shown[0], 'TASK [Two] ***')
        self.assertIn('fatal: [h1]: FAILED! => {"msg": "boom"}', shown)

    def test_each_host_that_ended(self):
        log = molecule('TASK [One] ***', 'fatal: [h1]: FAILED! => {}', *['ok: [h2]'] * 100, 'TASK [Two] ***', 'failed: [h2] (item=x) => {}')
        shown = RUN.excerpt(log)
        self.assertEqual([line for line in shown if line.startswith('TASK')], ['TASK [One] ***', 'TASK [Two] ***'])

    def test_a_go_test(self):
        log = '\n'.join(['ok  \tone'] * 200 + ['--- FAIL: TestX (0.00s)', '    x_test.go:1: no', 'FAIL'] + ['ok  \ttwo'] * 200)
        shown = RUN.excerpt(log)
        self.assertIn('    x_test.go:1: no', shown)
        self.assertLess(len(shown), 100)

    def test_whatever_else_has_its_end_shown(self):
        self.assertEqual(RUN.excerpt('\n'.join(map(str, range(1000))))[-1], '999')


if __name__ == '__main__':
    unittest.main()
