# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the things that a module may say, or fail to say."""

from __future__ import annotations

import json
import sys

from delivery_test import DeliveryTest, task, the_lab


class Results(DeliveryTest):
    """Results, good and bad, as they reach a playbook."""

    @classmethod
    def run_playbook(cls):
        deeds = 'echo fail inconsistent panic silent truncated noise kill warn facts'.split()
        return cls.lab.play([
            {'hosts': 'root', 'tasks': [
                *(task(deed, deed, register=deed) for deed in deeds),
                task('template', args={'data': '{{ warn.template }}'}),
                task('fact', args={'data': '{{ docker_host.version }} {{ ansible_facts.docker_host.version }}'}),
                task('still ssh', args={'data': '{{ ansible_connection | default("ssh") }}'})]},
            {'hosts': 'gone', 'tasks': [task('gone')]}])

    def test_success(self):
        result = self.ok('echo')
        self.assertFalse(result['changed'])
        self.assertNotIn('_ansible_internal', result)

    def test_failures(self):
        result = self.failed('fail', 'cannot do it: asked to fail')
        self.assertNotIn('Traceback (most recent call last)', self.done.output)
        self.assertFalse(result['changed'])
        self.failed('inconsistent', 'cannot trust the result of probe: it ended with exit code 1', 'all is well')

    def test_no_result(self):
        result = self.failed('panic', 'cannot run probe on the host: exit code 2 and no JSON object on standard output: panic: stub.', 'please report it')
        self.assertEqual(result['rc'], 2)
        self.assertIn('panic: stub', result['stderr'])
        self.failed('silent', 'exit code 0 and no JSON object', '-vvv')
        self.failed('truncated', 'exit code 0 and no JSON object')

    def test_noise_around_the_result(self):
        self.assertTrue(self.ok('noise')['found'])

    def test_killed(self):
        self.failed('kill', 'cannot finish probe: it was killed on the host by SIGKILL', 'run the task again')
        self.assertEqual(self.done.one('kill').result['rc'], 137)

    def test_warnings_diff_and_lines(self):
        result = self.ok('warn')
        self.assertTrue(result['changed'])
        self.assertEqual(result['stdout_lines'], ['one', 'two'])
        self.assertEqual(result['diff'], {'before': 'old line\n', 'after': 'new line\n'})
        self.assertIn('a warning of the module', self.done.output)
        self.assertIn('an old option', self.done.output)

    def test_results_are_not_templates(self):
        self.assertEqual(self.ok('template')['args']['data'], '{{ 6 * 7 }}')

    def test_facts(self):
        self.assertEqual(self.ok('fact')['args']['data'], '26.1 26.1')
        self.assertEqual(self.ok('still ssh')['args']['data'], 'ssh', 'a module cannot set how Ansible connects')

    def test_unreachable(self):
        self.assertEqual(self.done.one('gone').status, 'unreachable')


class FindResult(DeliveryTest):
    """find_result by itself."""

    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, str(the_lab().root / 'collections'))
        from ansible_collections.hardened.docker.plugins.action import binary  # pylint: disable=import-outside-toplevel
        cls.find_result = staticmethod(binary.find_result)

    def test_find_result(self):
        for stdout, want in (
                ('', None),
                ('no object', None),
                ('{"a":1}', {'a': 1}),
                ('{"a":1}\n', {'a': 1}),
                ('welcome {you}\n{"a":{"b":2}}\n', {'a': {'b': 2}}),
                ('welcome{"a":1}', {'a': 1}),
                ('{"welcome":1}\n{"a":1}', {'a': 1}),
                ('{"a":{"b":2}', None),
                ('{"a":[{"b":2},{"c":3}]', None),
                ('{"a":"{\\"b\\":2}', None),
                ('{"text":"{ not the end"}', {'text': '{ not the end'}),
                ('[1]', None),
                ('{"a":1', None),
                ('{{{{', None)):
            with self.subTest(stdout):
                self.assertEqual(self.find_result(stdout), want)

    def test_a_large_result_takes_no_time(self):
        big = {'lines': ['{"x": [1, 2, {'] * 100000}
        self.assertEqual(self.find_result(json.dumps(big, separators=(',', ':'))), big)
