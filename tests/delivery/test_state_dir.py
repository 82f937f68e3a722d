# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory on the host: who may own it, what may be wrong with it, and what heals by itself."""

from __future__ import annotations

import os
import pwd
import shutil

import lab as labs
from delivery_test import DeliveryTest, task

OPT = '/opt/hardened-docker-test'
OLD = [digit * 64 for digit in '123']


def at(name, path, **more):
    """Return a task whose state directory is path on the host."""
    return task(name, vars={'hardened_docker_state_dir': path}, **more)


class Unsafe(DeliveryTest):
    """Directories in which somebody else could replace the binary: refused before anything is written or run."""

    @classmethod
    def run_playbook(cls):
        here, daemon = cls.lab.path, pwd.getpwnam('daemon')
        for path, mode in (('world', 0o777), ('group', 0o775), ('foreign', 0o755), ('parent', 0o777), ('parent/below', 0o755),
                           ('target', 0o755), ('delivered', 0o755), ('foreign-parent', 0o755), ('sticky', 0o1777)):
            here(f'{OPT}/{path}').mkdir(parents=True)
            here(f'{OPT}/{path}').chmod(mode)
        os.chown(here(f'{OPT}/foreign'), daemon.pw_uid, 0)
        os.chown(here(f'{OPT}/foreign-parent'), daemon.pw_uid, 0)
        here(f'{OPT}/link').symlink_to(f'{OPT}/target')
        cls.foreign = daemon.pw_uid
        cls.delivered = cls.lab.play([{'hosts': 'root', 'tasks': [at('deliver', f'{OPT}/delivered'), at(
            'deliver to a user', '/home/hdplain/own', become=True, become_user='hdplain')]}])
        return cls.lab.play([{'hosts': 'root', 'tasks': [
            *(at(name, f'{OPT}/{name}') for name in ('world', 'group', 'foreign', 'parent/below', 'link', 'foreign-parent/below',
                                                     'sticky/below')),
            *(at(f'invalid {path!r}', path) for path in ('relative', '', '/', '/x/../y', '/x/', 7, ['/x'], '~/x')),
            at('templated', '{{ "/opt" }}/hardened-docker-test/target')]}])

    def test_refused(self):
        remedy = 'set hardened_docker_state_dir to a directory that only root or the executing user may change'
        for name, reason in (
                ('world', f'everybody may write to {OPT}/world (mode drwxrwxrwx)'),
                ('group', f'its group may write to {OPT}/group (mode drwxrwxr-x)'),
                ('foreign', f'{OPT}/foreign belongs to user id {self.foreign} (mode drwxr-xr-x)'),
                ('parent/below', f'everybody may write to {OPT}/parent (mode drwxrwxrwx)'),
                ('foreign-parent/below', f'{OPT}/foreign-parent belongs to user id {self.foreign}'),
                ('sticky/below', f'everybody may write to {OPT}/sticky (mode drwxrwxrwt)')):
            with self.subTest(name):
                self.failed(name, 'cannot use the state directory on the host', reason, remedy)
        for name in ('world', 'group', 'foreign', 'parent/below', 'foreign-parent', 'sticky', 'target'):
            if name != 'target':
                self.assertEqual(list(self.lab.path(f'{OPT}/{name}').iterdir()), [], 'nothing was written')

    def test_link(self):
        self.failed('link', f'{OPT}/link is a symbolic link', 'Remove it, or set hardened_docker_state_dir')

    def test_invalid_paths(self):
        for path in ('relative', '', '/', '/x/../y', '/x/', 7, ['/x'], '~/x'):
            with self.subTest(path=path):
                self.failed(f'invalid {path!r}', 'invalid hardened_docker_state_dir', 'absolute path')
        self.assertTrue(self.ok('templated')['path'].startswith(f'{OPT}/target/'))

    def test_changed_after_delivery(self):
        binary = self.ok('deliver', run=self.delivered)['path']
        own = self.ok('deliver to a user', run=self.delivered)['path']
        places = [binary, os.path.dirname(binary), os.path.dirname(os.path.dirname(binary))]
        for n, place in enumerate(places):
            self.lab.path(place).chmod(0o722)
            run = self.lab.play([{'hosts': 'root', 'tasks': [at('again', f'{OPT}/delivered')]}])
            self.lab.path(place).chmod(0o700)
            with self.subTest(place):
                self.failed('again', f'may write to {place}', run=run)
            self.assertEqual(len(run.by_user['root', 'count']), 1, 'nothing more was tried')
            self.assertLess(n, 3)
        os.chown(self.lab.path(own), self.foreign, 0)
        os.chown(self.lab.path(binary), self.foreign, 0)
        run = self.lab.play([{'hosts': 'root', 'tasks': [
            at('root', f'{OPT}/delivered'), at('user', '/home/hdplain/own', become=True, become_user='hdplain')]}])
        self.failed('root', f'{binary} belongs to user id {self.foreign}', run=run)
        # The user may not even execute it, so it is sent again, which repairs it.
        self.assertEqual(self.ok('user', run=run)['path'], own)


class FileSystems(DeliveryTest):
    """Places where a file cannot be written or executed."""

    @classmethod
    def run_playbook(cls):
        lab = cls.lab
        return lab.play([{'hosts': 'root', 'tasks': [
            *(at(name, f'{lab.root}/{name}/state') for name in ('full', 'readonly', 'noexec')),
            at('in a file', f'{lab.root}/user_key/state'), at('a file', f'{lab.root}/user_key'), at('in proc', '/proc/state')]}])

    def test_messages(self):
        for name, words in (
                ('full', ('No space left on device', 'Free some megabytes', 'hardened_docker_state_dir')),
                ('readonly', ('Read-only file system', 'on a writable file system', 'hardened_docker_state_dir')),
                ('noexec', ('cannot execute the hardened-docker binary', 'noexec', 'hardened_docker_state_dir')),
                ('in a file', ('Not a directory', 'move it away', 'hardened_docker_state_dir')),
                ('a file', ('File exists', 'move it away', 'hardened_docker_state_dir')),
                ('in proc', ('/proc/state', 'hardened_docker_state_dir'))):
            with self.subTest(name):
                self.failed(name, *words)

    def test_nothing_is_left(self):
        self.assertEqual([p for p in self.lab.path(f'{self.lab.root}/full').rglob('*') if p.is_file()], [])


class Damage(DeliveryTest):
    """A binary that is not what was sent is found out when it gives no result, and sent again."""

    @classmethod
    def run_playbook(cls):
        names = ['truncated', 'zeroed', 'emptied', 'replaced', 'not executable', 'removed', 'a directory less', 'signal']
        tasks = [at(name, f'{OPT}/{name}') for name in names]
        cls.lab.path(OPT).mkdir(mode=0o755)
        first = cls.lab.play([{'hosts': 'root', 'tasks': tasks}])
        paths = {name: cls.lab.path(first.one(name).result['path']) for name in names}
        size = paths['truncated'].stat().st_size
        os.truncate(paths['truncated'], size // 2)
        paths['zeroed'].write_bytes(bytes(size))
        paths['emptied'].write_bytes(b'')
        paths['replaced'].write_text('#!/bin/sh\nexit 0\n', encoding='ascii')
        paths['not executable'].chmod(0o600)
        paths['removed'].unlink()
        shutil.rmtree(paths['a directory less'].parent)
        paths['signal'].write_text('#!/bin/sh\nkill -9 $$\n', encoding='ascii')
        cls.names, cls.damaged = names, ['truncated', 'zeroed', 'emptied', 'replaced', 'signal']
        return cls.lab.play([{'hosts': 'root', 'tasks': tasks}])

    def test_healed(self):
        for name in self.names:
            with self.subTest(name):
                self.assertEqual(self.ok(name)['uid'], 0)

    def test_warning(self):
        for name in self.names:
            warnings = [w for w in self.ok(name).get('warnings', []) if 'damaged or replaced' in w and 'sent it again' in w]
            with self.subTest(name):
                if name in ('not executable', 'removed', 'a directory less'):
                    self.assertEqual(warnings, [])
                elif name != 'zeroed':  # To some shells an empty program is an unknown command: not there.
                    self.assertEqual(len(warnings), 1)


class Uploads(DeliveryTest):
    """The first task on a host."""

    @classmethod
    def run_playbook(cls):
        state = cls.lab.path('/var/lib/hardened.docker')
        for n, old in enumerate(OLD):
            (state / old).mkdir(parents=True)
            os.utime(state / old, (n, n))
        (state / 'notes').mkdir()
        (state / OLD[2] / '.new.0123abcd.999999999').touch()
        (state / OLD[2] / f'.new.0123abcd.1').touch()
        state.chmod(0o755)
        cls.cut = cls.lab.play([{'hosts': 'root_cut', 'tasks': [task('cut')]}, {'hosts': 'root_drop', 'tasks': [task('drop')]}])
        cls.left = [path.name for path in state.rglob('.new.*')]
        hosts = 'root,hdnogzip,hdnosum,hdalien,hddarwin'
        return cls.lab.play([{'hosts': hosts, 'tasks': [task('first')]},
                             {'hosts': 'admin0,admin1,admin2,admin3', 'tasks': [task('at once')]}])

    def test_interrupted(self):
        self.failed('cut', 'cannot put the hardened-docker binary in place', 'unexpected end of file', 'run the task again', run=self.cut)
        self.assertEqual(self.cut.one('drop').status, 'unreachable')
        self.assertEqual(self.ok('first', 'root')['uid'], 0)

    def test_temporary_files(self):
        # Process 1 of the host lives, so its file stays; the others' processes are gone, so theirs went.
        self.assertEqual(self.left, ['.new.0123abcd.1'])

    def test_old_versions(self):
        found = sorted(path.name for path in self.lab.path('/var/lib/hardened.docker').iterdir())
        current = self.ok('first', 'root')['path'].split('/')[-2]
        self.assertEqual(found, sorted([current, OLD[2], 'notes']))

    def test_hosts_without_tools(self):
        for host in ('hdnogzip', 'hdnosum'):
            self.assertTrue(self.ok('first', host)['path'].startswith(f'/home/{host}/'))

    def test_unknown_hosts(self):
        result = self.failed('first', 'unknown architecture vax', self.lab.platform, 'GOARCH=vax', host='hdalien')
        self.assertNotIn('rc', result)
        self.failed('first', 'unknown operating system Darwin', host='hddarwin')

    def test_several_at_once(self):
        for n in range(4):
            self.assertEqual(self.ok('at once', f'admin{n}')['path'].split('/')[2], 'hdadmin')


class Controller(DeliveryTest):
    """What may be wrong with the collection on the controller."""

    @classmethod
    def run_playbook(cls):
        return None

    def setUp(self):
        self.bin = self.lab.collection / 'bin'
        self.saved = self.lab.root / 'saved-bin'
        shutil.copytree(self.bin, self.saved, copy_function=shutil.copy2)

    def tearDown(self):
        shutil.rmtree(self.bin, ignore_errors=True)
        self.saved.rename(self.bin)

    def play(self):
        return self.lab.play([{'hosts': 'root', 'tasks': [task('t')]}])

    def test_no_binaries(self):
        shutil.rmtree(self.bin)
        self.failed('t', f'cannot find a binary in {self.bin}', 'make build', run=self.play())

    def test_a_binary_that_was_built_after_the_list(self):
        labs.build_stub(self.bin, '2')
        os.utime(self.bin / 'sha256sums', (1, 1))
        self.assertEqual(self.ok('t', run=self.play())['release'], '2')

    def test_a_binary_that_differs_from_the_list(self):
        labs.build_stub(self.bin, '3')
        os.utime(self.bin / self.lab.platform / 'hardened-docker', (1, 1))
        self.failed('t', 'invalid binary', 'sha256sums says', 'Install the collection again', run=self.play())

    def test_no_list(self):
        (self.bin / 'sha256sums').unlink()
        self.ok('t', run=self.play())
