# SPDX-License-Identifier: GPL-3.0-or-later
"""Every keyword and way of calling a task that could come between a module and its host."""

from __future__ import annotations

import json
import subprocess

from delivery_test import DeliveryTest, task

DEAF = '''
from ansible.plugins.connection.local import Connection as Local
DOCUMENTATION = """
name: deaf
short_description: local, without pipelining
description: [Local, without pipelining.]
extends_documentation_fragment: [connection_pipelining]
"""
class Connection(Local):
    transport = 'deaf'
    has_pipelining = False
'''


class SteadyState(DeliveryTest):
    """The promise: one remote command per task, with Ansible's default settings."""

    data = 'x' * 100000

    @classmethod
    def run_playbook(cls):
        return cls.lab.play([
            {'hosts': 'root', 'tasks': [task(str(n)) for n in range(6)]},
            {'hosts': 'hdadmin', 'tasks': [task('loop', args={'n': '{{ item }}'}, loop=[1, 2, 3], become=True)]},
            {'hosts': 'hdplain', 'tasks': [task('secret', args={'data': 's3cret-of-the-task'})]},
            {'hosts': 'root_bytes', 'tasks': [task('bytes', 'length', args={'data': cls.data})]},
        ])

    def test_one_remote_command_per_task(self):
        commands = self.done.by_user['root', 'count']
        self.assertEqual(len(commands), 6 + 3, 'the first task of six: run, ask, send, run')
        self.assertEqual(len([c for c in commands if c.endswith(' probe; exit && sleep 0\'')]), 7)

    def test_one_remote_command_per_item_with_become(self):
        results = self.ok('loop')['results']
        self.assertEqual([str(r['args']['n']) for r in results], ['1', '2', '3'])
        self.assertEqual([r['uid'] for r in results], [0, 0, 0])
        # The binary was there, root's directory being the same for root and for sudo.
        self.assertEqual(len(self.done.by_user['hdadmin', 'count']), 3)

    def test_bytes_beyond_the_arguments(self):
        self.assertEqual(self.ok('bytes')['length'], len(self.data))
        commands = self.done.by_user['root', 'bytes']
        self.assertEqual((len(commands), len(self.done.stdin)), (1, 1))
        beyond = self.done.stdin[0] + len(commands[0]) - len(self.data)
        self.assertGreater(beyond, 500, 'the command and what Ansible tells every module')
        self.assertLess(beyond, 4096 - 3 * 65, 'with the digests of three more architectures, 4 KB')

    def test_arguments_are_neither_on_command_lines_nor_on_disk(self):
        self.assertEqual(self.ok('secret')['args']['data'], 's3cret-of-the-task')
        for commands in self.done.by_user.values():
            for command in commands:
                self.assertNotIn('s3cret', command)
        found = self.lab.in_host('grep', '-rls', 's3cret-of-the-task', '/var/lib', '/home', '/run', '/var/tmp', check=False)
        self.assertEqual(found, '')


class Become(DeliveryTest):
    """Users: with rights, with a password, without rights, and other users."""

    @classmethod
    def run_playbook(cls):
        other = {'become': True, 'become_user': 'hdother'}
        password = {'vars': {'ansible_become_password': 'pw hdasker'}}
        return cls.lab.play([
            {'hosts': 'hdadmin', 'tasks': [task('sudo', become=True), task('sudo to a user', **other), task('no become')]},
            {'hosts': 'hdasker', 'tasks': [
                task('no password', become=True), task('password', become=True, **password),
                task('wrong password', become=True, vars={'ansible_become_password': 'wrong'})]},
            {'hosts': 'hdtty', 'tasks': [task('requiretty', become=True)]},
            {'hosts': 'hdhome', 'tasks': [task('foreign home', **other, vars={'ansible_become_flags': '-S -n'})]},
            {'hosts': 'hdhomeless', 'tasks': [task('no home'), task('no home, own directory', vars={
                'hardened_docker_state_dir': '/home/hdhomeless'})]},
            {'hosts': 'root', 'tasks': [task('root to a user', **other), task('su from root', **other, become_method='su')]},
            {'hosts': 'hdplain', 'tasks': [
                task('su', **other, become_method='su', vars={'ansible_become_password': 'pw hdother'}),
                task('wrong su', **other, become_method='su', vars={'ansible_become_password': 'wrong'})]},
        ])

    def test_sudo(self):
        result = self.ok('sudo')
        self.assertEqual(result['uid'], 0)
        self.assertRegex(result['path'], r'^/var/lib/hardened\.docker/[0-9a-f]{64}/hardened-docker$')
        for path in ('/var/lib/hardened.docker', result['path'].rpartition('/')[0], result['path']):
            stat = self.lab.path(path).stat()
            self.assertEqual((stat.st_uid, stat.st_mode & 0o7777), (0, 0o700), path)

    def test_users(self):
        for name, user in (('sudo to a user', 'hdother'), ('no become', 'hdadmin'), ('root to a user', 'hdother'),
                           ('su from root', 'hdother'), ('su', 'hdother')):
            with self.subTest(name):
                self.assertTrue(self.ok(name)['path'].startswith(f'/home/{user}/.cache/hardened.docker/'))

    def test_passwords(self):
        self.assertEqual(self.ok('password')['uid'], 0)
        self.failed('no password', 'sudo password')
        self.assertRegex(self.failed('wrong password')['msg'], '(?i)incorrect sudo password|duplicate become password')
        self.assertRegex(self.failed('wrong su')['msg'], '(?i)incorrect su password|authentication failure')

    def test_sudo_that_demands_a_terminal(self):
        self.failed('requiretty', 'demands a terminal', '"Defaults:LOGIN_USER !requiretty"')

    def test_home_of_another_user(self):
        self.failed('foreign home', '/home/hdhome belongs to user id', 'set hardened_docker_state_dir')
        self.assertFalse(self.lab.path('/home/hdhome/.cache').exists())

    def test_user_without_home(self):
        self.failed('no home', '/nonexistent', 'Permission denied', 'Set hardened_docker_state_dir')
        self.failed('no home, own directory', '/home/hdhomeless', 'Permission denied', 'Set hardened_docker_state_dir')


class Shells(DeliveryTest):
    """Login shells that are not POSIX or talk, and shells that the user chose."""

    data = "it's 100% \"fine\"!"
    login = 'hdplain', 'hdcsh', 'hdfish', 'hdnoisy'

    @classmethod
    def run_playbook(cls):
        return cls.lab.play([
            {'hosts': ','.join(cls.login), 'tasks': [task('login', args={'data': cls.data})]},
            {'hosts': 'hdadmin', 'tasks': [
                task(shell, args={'data': cls.data}, become=True, vars={'ansible_shell_executable': shell})
                for shell in ('/bin/bash', '/usr/bin/fish')]}])

    def test_login_shells(self):
        for host in self.login:
            with self.subTest(host):
                self.assertEqual(self.ok('login', host)['args']['data'], self.data)

    def test_shell_executables(self):
        for shell in ('/bin/bash', '/usr/bin/fish'):
            with self.subTest(shell):
                result = self.ok(shell)
                self.assertEqual((result['uid'], result['args']['data']), (0, self.data))


class Keywords(DeliveryTest):
    """Task keywords, in one playbook without and one with check mode, diff and verbosity."""

    @classmethod
    def run_playbook(cls):
        (cls.lab.root / 'connection').mkdir(exist_ok=True)
        (cls.lab.root / 'connection/deaf.py').write_text(DEAF, encoding='utf-8')
        return cls.lab.play([
            {'hosts': 'root,hdplain', 'tasks': [
                {'ansible.builtin.set_fact': {'hardened_docker_state_dir': '/opt/hardened-docker-test'},
                 'when': 'inventory_hostname == "root"'},
                task('own'), task('delegated', delegate_to='root')]},
            {'hosts': 'here', 'tasks': [
                task('from here', delegate_to='hdplain'), task('deaf', vars={'ansible_connection': 'deaf'})]},
            {'hosts': 'hdadmin', 'tasks': [
                task('environment', become=True, become_user='hdother', environment={
                    'GREETING': 'it\'s $HOME; "x"', 'XDG_CACHE_HOME': '/nowhere', 'HOME': '/nowhere'}),
                task('plain'),
                task('async', **{'async': 60, 'poll': 5}), task('async and on', **{'async': 60, 'poll': 0}),
                task('no_log', 'panic', args={'data': '{{ hidden }}'}, no_log=True, register='kept'),
                {'name': 'kept', 'ansible.builtin.debug': {'var': 'kept'}}]},
            {'hosts': 'hdadmin', 'collections': ['hardened.docker'],
             'module_defaults': {'hardened.docker.probe': {'do': 'length', 'data': 'four', 'none': '{{ nowhere | default(omit) }}'}},
             'tasks': [
                 {'name': 'unqualified, with defaults', 'probe': {'n': 1}},
                 {'name': 'several in one', 'docker_batch': {'tasks': [
                     {'name': 'short', 'probe': {'data': '{{ 2 + 2 }}', 'gone': '{{ omit }}'}},
                     {'when': True, 'hardened.docker.probe': None}]}}]},
        ], '-e', 'hidden=s3cret', environment={'ANSIBLE_CONNECTION_PLUGINS': str(cls.lab.root / 'connection')})

    def test_a_delegate_has_its_own_state_dir(self):
        for host, path in (('root', '/opt/hardened-docker-test/'), ('hdplain', '/home/hdplain/.cache/')):
            self.assertTrue(self.ok('own', host)['path'].startswith(path))
            self.assertTrue(self.ok('delegated', host)['path'].startswith('/opt/hardened-docker-test/'))
        self.assertTrue(self.ok('from here')['path'].startswith('/home/hdplain/.cache/'))

    def test_a_connection_that_cannot_send_data(self):
        self.failed('deaf', 'cannot run probe over the connection deaf', 'ansible.builtin.ssh')

    def test_environment(self):
        result = self.ok('environment')
        self.assertIn('GREETING=it\'s $HOME; "x"', result['env'])
        self.assertIn('HOME=/nowhere', result['env'])
        self.assertTrue(result['path'].startswith('/home/hdother/.cache/'), 'the environment is the module\'s only')

    def test_async_is_refused(self):
        for name in ('async', 'async and on'):
            self.failed(name, 'cannot run probe asynchronously', 'Remove async and poll', 'timeout')

    def test_no_log(self):
        self.assertNotIn('s3cret', self.done.output)
        self.assertNotIn('s3cret', json.dumps(self.done.one('kept').result))
        self.assertIn('exit code 2', json.dumps(self.done.one('kept').result))

    def test_module_defaults_and_collections(self):
        self.assertEqual(self.ok('unqualified, with defaults')['length'], 4)

    def test_modules_in_a_batch_have_their_defaults(self):
        first, second = self.ok('several in one')['args']['tasks']
        self.assertEqual({**first['probe'], 'data': str(first['probe']['data'])}, {'do': 'length', 'data': '4'})
        self.assertEqual((first['name'], second['when']), ('short', True))
        self.assertEqual(second['hardened.docker.probe'], {'do': 'length', 'data': 'four'})

    def test_check_diff_and_verbosity(self):
        run = self.lab.play([{'hosts': 'hdadmin', 'tasks': [
            task('seen'), task('secret', 'panic', args={'data': '{{ hidden }}'}, no_log=True)]}],
            '--check', '--diff', '-vvvv', '-e', 'hidden=s3cret')
        seen, plain = self.ok('seen', run=run)['internal'], self.ok('plain')['internal']
        self.assertEqual((seen['check_mode'], seen['diff'], seen['verbosity']), (True, True, 4))
        self.assertEqual((plain['check_mode'], plain['diff'], plain['verbosity']), (False, False, 0))
        self.assertEqual((plain['module_name'], plain['no_log'], plain['tmpdir']), ('probe', False, None))
        self.assertRegex(plain['version'], r'^2\.\d+\.\d+$')
        self.assertIn('"invocation": {', run.output)
        self.assertNotIn('invocation', self.done.output)
        self.assertNotIn('s3cret', run.output.replace('hidden=s3cret', ''))

    def test_ad_hoc(self):
        run = self.lab.run('ansible', 'hdadmin', '-m', 'hardened.docker.probe', '-a', 'do=length data=abc')
        self.assertIn('"length": 3', run.output)
        run = self.lab.run('ansible', 'hdadmin', '-m', 'hardened.docker.probe', '-B', '60', '-P', '0')
        self.assertIn('cannot run probe asynchronously', run.output)


class Local(DeliveryTest):
    """The controller itself as the host, for a user who may use sudo with a password."""

    @classmethod
    def run_playbook(cls):
        password = {'ansible_become_password': 'pw hdasker'}
        return cls.lab.play([{'hosts': 'here', 'tasks': [
            task('local'), task('sudo', 'length', args={'data': 'x' * 200000}, become=True, vars=password),
            task('wrong', become=True, vars={'ansible_become_password': 'wrong'})]}], as_user='hdasker')

    def test_local(self):
        result = self.ok('local')
        self.assertTrue(result['path'].startswith('/home/hdasker/.cache/hardened.docker/'))
        self.assertEqual(result['cwd'], str(self.lab.root), 'the folder of the playbook, as for every local task')

    def test_sudo_with_password(self):
        self.assertEqual(self.ok('sudo')['length'], 200000)
        self.assertEqual(self.done.one('wrong').status, 'failed')


class Arguments(DeliveryTest):
    """Values arrive as they were meant."""

    values = {'text': 'Grüße, 世界 🐳', 'yes': True, 'none': None, 'int': 12345, 'float': 1.5, 'list': [1, [2, {'three': None}]],
              'map': {'a b': {'c': []}}, 'quote': '\'"\\\n\t$HOME`id`', '1': 'digit'}

    @classmethod
    def run_playbook(cls):
        vault = cls.lab.root / 'vault-password'
        vault.write_text('open sesame\n', encoding='utf-8')
        done = subprocess.run(
            [cls.lab.ansible_bin / 'ansible-vault', 'encrypt_string', '--vault-password-file', vault, 's3cret', '--name', 'vaulted'],
            check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=cls.lab.root,
            env={'PATH': '/usr/bin:/bin', 'LANG': 'C.UTF-8', 'HOME': str(cls.lab.root)})
        (cls.lab.root / 'arguments.yml').write_text(f'''
- name: from YAML
  hardened.docker.probe:
    day: 2026-11-22
    map: {{7: seven}}
    unsafe: !unsafe "{{{{ no template }}}}"
    nested: {{list: ["{{{{ vaulted }}}}"]}}
  vars:
{"".join("    " + line + chr(10) for line in done.stdout.splitlines())}
''', encoding='utf-8')
        return cls.lab.play([{'hosts': 'root', 'tasks': [
            task('values', args={'values': cls.values, 'template': '{{ 6 * 7 }} {{ chosen }}'}),
            task('large', 'length', args={'data': '{{ "0123456789abcdef" * 131072 }}'}),
            {'ansible.builtin.include_tasks': str(cls.lab.root / 'arguments.yml')}]}],
            '-e', 'chosen=it', '--vault-password-file', str(vault))

    def test_values(self):
        args = self.ok('values')['args']
        self.assertEqual(args['values'], self.values)
        self.assertEqual(args['template'], '42 it')

    def test_values_of_yaml_and_vault(self):
        args = self.ok('from YAML')['args']
        self.assertEqual(args, {'day': '2026-11-22', 'map': {'7': 'seven'}, 'unsafe': '{{ no template }}',
                                'nested': {'list': ['s3cret']}})

    def test_two_megabytes(self):
        self.assertEqual(self.ok('large')['length'], 2 << 20)
