# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/run shows last of a log of a part that failed, and what it runs once more."""

import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest
import unittest.mock

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


class Again(unittest.TestCase):
    def parts(self, commands, *options):
        """Run parts that are shell commands, and return the status and what was said."""
        said = []
        with (tempfile.TemporaryDirectory() as logs, unittest.mock.patch.multiple(
                RUN, LOGS=pathlib.Path(logs), TOP=pathlib.Path(logs), known=lambda: list(commands), fits=lambda name: True,
                command=lambda name: ['sh', '-c', commands[name]], say=said.append),
              unittest.mock.patch('sys.argv', ['run', *options]), unittest.mock.patch('builtins.print'), unittest.mock.patch('sys.stdout')):
            return RUN.main(), said

    def test_one_that_passes_alone_is_unsteady(self):
        status, said = self.parts({'good': 'true', 'once': 'test -e seen || { touch seen; echo error: busy; exit 1; }'})
        self.assertEqual(status, 0)
        self.assertRegex(said[-1], r'2 of 2 passed in \d+ s; unsteady: once$')
        self.assertIn('why once, which passed alone, failed at first:', said)

    def test_one_that_fails_twice_fails(self):
        status, said = self.parts({'good': 'true', 'bad': 'exit 1'})
        self.assertEqual(status, 1)
        self.assertRegex(said[-1], r'1 of 2 passed in \d+ s; failed: bad$')
        self.assertEqual(said.count('bad begins'), 2)

    def test_not_when_it_is_not_asked_for_or_much_failed(self):
        for commands, options in (({'bad': 'exit 1'}, ['--once']), (dict.fromkeys('abcd', 'exit 1'), [])):
            status, said = self.parts(commands, *options)
            self.assertEqual(status, 1)
            self.assertEqual(sum(text.endswith(' begins') for text in said), len(commands))


if __name__ == '__main__':
    unittest.main()
