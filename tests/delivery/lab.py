# SPDX-License-Identifier: GPL-3.0-or-later
"""A host to deliver to, and an Ansible to deliver with.

The host is this machine's own file system seen from a mount and process namespace (testdata/host.sh) with an
sshd on unprivileged ports of 127.0.0.1. Users, sudo rules and state directories exist in there only.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import typing as t

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
SUDOERS = """\
Defaults lecture=never
Defaults timestamp_timeout=0
Defaults:hdtty requiretty
Defaults:hdhome env_keep += "HOME"
hdadmin,hdtty,hdhome ALL=(ALL) NOPASSWD: ALL
hdasker ALL=(ALL) ALL
"""
USERS = ('hdadmin', 'hdasker', 'hdtty', 'hdhome', 'hdplain', 'hdother', 'hdnoisy', 'hdnogzip', 'hdnosum', 'hdalien',
         'hddarwin', 'hdcsh', 'hdfish', 'hdhomeless', 'root')
PARENT, PREFIX = '/srv', 'hardened-docker-test-'  # Not below /tmp: a state directory there would be refused.
DEADLINE = 120  # Seconds after which a run of Ansible has hung.


class Result(t.NamedTuple):
    """One task's result on one host."""

    status: str
    host: str
    task: str
    result: dict


class Run(t.NamedTuple):
    """One run of an Ansible command."""

    rc: int
    output: str
    results: list[Result]
    by_user: dict        # What the host was asked to run, in order, by user and kind of port.
    stdin: list[int]     # Bytes that each command was sent, on the port that counts them.

    def one(self, task=None, host=None):
        """Return the only Result of the task (any) on the host (any); say what happened if there is another number."""
        found = [r for r in self.results if task in (None, r.task) and host in (None, r.host)]
        if len(found) != 1:
            raise AssertionError(f'{len(found)} results for task {task!r} on {host!r}, want 1; output:\n{self.output}')
        return found[0]


class Lab:
    """The host, the collection with a stub for a binary, and the Ansible under test."""

    def __init__(self, ansible_bin):
        """ansible_bin is the folder that has ansible and ansible-playbook."""
        self.ansible_bin = pathlib.Path(ansible_bin)
        remove_stale()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix=f'{PREFIX}{os.getpid()}-', dir=PARENT))
        self.root.chmod(0o755)
        self.host = None
        try:
            self.collection = self._make_collection()
            self._make_host_files()
            self._start_host()
        except BaseException:
            self.close()
            raise

    def close(self):
        """End the host with everything in it, and remove the files."""
        if self.host is not None:
            self.host.kill()
            self.host.wait()
        shutil.rmtree(self.root)

    def _make_collection(self):
        collection = self.root / 'collections/ansible_collections/hardened/docker'
        for part in ('action', 'plugin_utils'):
            shutil.copytree(REPOSITORY / 'plugins' / part, collection / 'plugins' / part)
        (collection / 'plugins/modules').mkdir()
        for module in ('probe', 'facts', 'docker_batch'):
            (collection / f'plugins/modules/{module}.py').write_text(
                f'# SPDX-License-Identifier: GPL-3.0-or-later\nDOCUMENTATION = "{{module: {module}, short_description: a '
                'stub, description: [A stub.], options: {}}"\n', encoding='utf-8')
            shutil.copy(REPOSITORY / 'tools/action.py', collection / f'plugins/action/{module}.py')
        (collection / 'meta').mkdir()
        shutil.copy(REPOSITORY / 'meta/runtime.yml', collection / 'meta')
        self.platform = build_stub(collection / 'bin', '1')
        write_digests(collection / 'bin')
        return collection

    def _make_host_files(self):
        subprocess.run(['cp', '-a', '/etc', self.root / 'etc'], check=True)
        sudoers = self.root / 'etc/sudoers.d/hardened-docker-test'
        sudoers.write_text(SUDOERS, encoding='utf-8')
        sudoers.chmod(0o440)
        subprocess.run(['visudo', '-c', '-q', '-f', sudoers], check=True)
        for part in ('full', 'noexec', 'readonly'):
            (self.root / part).mkdir()
        (self.root / 'ansible.cfg').touch()
        self.log = self.root / 'sessions'
        for path in (self.log, self.root / 'sessions.stdin'):
            path.touch()
            path.chmod(0o666)
        shutil.copy(HERE / 'testdata/session', self.root / 'session')
        for key in ('host_key', 'user_key'):
            subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', self.root / key], check=True)
        self.ports = {mode: free_port() for mode in ('count', 'bytes', 'cut', 'drop')}
        self._make_path('nogzip', without='gzip')
        self._make_path('nosum', without='sha256sum')
        for name, says in (('alien', 'Linux vax'), ('darwin', 'Darwin arm64')):
            self._make_path(name, without='uname')
            (self.root / name / 'uname').write_text(f'#!/bin/sh\necho {says}\n', encoding='utf-8')
            (self.root / name / 'uname').chmod(0o755)
        lines = [f'Port {port}' for port in self.ports.values()]
        lines += ['ListenAddress 127.0.0.1', f'HostKey {self.root}/host_key', f'AuthorizedKeysFile {self.root}/user_key.pub',
                  'StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'PermitRootLogin prohibit-password',
                  'PidFile none', 'MaxStartups 100', 'LogLevel ERROR', 'PermitUserEnvironment no']
        for name in ('nogzip', 'nosum', 'alien', 'darwin'):
            lines += [f'Match User hd{name}', f'SetEnv PATH={self.root}/{name}']
        for mode, port in self.ports.items():
            lines += [f'Match LocalPort {port}', f'ForceCommand {self.root}/session {self.log} {mode}']
        (self.root / 'sshd_config').write_text('\n'.join(lines) + '\n', encoding='utf-8')

    def _make_path(self, name, without):
        """Make a folder that offers every command of the machine but one."""
        folder = self.root / name
        folder.mkdir()
        for commands in ('/bin', '/usr/bin'):
            for command in os.listdir(commands):
                if command != without and not (folder / command).is_symlink():
                    (folder / command).symlink_to(f'{commands}/{command}')

    def _start_host(self):
        with open(self.root / 'host.log', 'wb') as log:
            # The host ends with this process, also when that is killed.
            self.host = subprocess.Popen(['setpriv', '--pdeathsig=KILL', 'unshare', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child',
                                          HERE / 'testdata/host.sh', self.root], stdout=log, stderr=log)
        end = time.monotonic() + DEADLINE
        while not all(listens(port) for port in self.ports.values()):
            try:
                self.host.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                if time.monotonic() < end:
                    continue
            raise RuntimeError('cannot start the host: ' + (self.root / 'host.log').read_text(encoding='utf-8'))
        children = pathlib.Path(f'/proc/{self.host.pid}/task/{self.host.pid}/children').read_text(encoding='ascii')
        self.pid = int(children.split()[0])

    def path(self, path):
        """Return where a path of the host is for the test."""
        return pathlib.Path(f'/proc/{self.pid}/root{path}')

    def clean(self):
        """Take the host back to where nothing was ever delivered."""
        for path in ['/var/lib/hardened.docker', *(f'/home/{user}/.cache' for user in USERS), '/opt/hardened-docker-test']:
            found = self.path(path)
            if found.is_symlink():
                found.unlink()
            elif found.exists():
                shutil.rmtree(found)

    def in_host(self, *command, check=True):
        """Run a command as root in the host's namespaces and return its output."""
        return subprocess.run(['nsenter', f'--target={self.pid}', '--mount', '--pid', *command], check=check, text=True,
                              stdout=subprocess.PIPE, timeout=DEADLINE).stdout

    def inventory(self):
        """Return the inventory: one host per user, and hosts whose name says what is special about their connection."""
        common = (f'ansible_host=127.0.0.1 ansible_ssh_private_key_file={self.root}/user_key '
                  'ansible_ssh_common_args="-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR"')
        lines = [f'{user} ansible_user={user} ansible_port={self.ports["count"]} {common}' for user in USERS]
        lines += [f'root_{mode} ansible_user=root ansible_port={self.ports[mode]} {common}' for mode in ('bytes', 'cut', 'drop')]
        lines += [f'admin{n} ansible_user=hdadmin ansible_port={self.ports["count"]} {common}' for n in range(4)]
        lines += [f'gone ansible_user=root ansible_port={free_port()} {common}', 'here ansible_connection=local']
        return '\n'.join(lines) + '\n'

    def play(self, plays, *options, as_user=None, environment=None):
        """Run a playbook, given as data with gather_facts off where it does not say otherwise, and return a Run."""
        playbook = self.root / 'play.yml'
        plays = [{'gather_facts': False, 'ignore_errors': True, 'ignore_unreachable': True, **play} for play in plays]
        playbook.write_text(json.dumps(plays, ensure_ascii=False), encoding='utf-8')
        return self.run('ansible-playbook', str(playbook), *options, as_user=as_user, environment=environment)

    def run(self, command, *options, as_user=None, environment=None):
        """Run an Ansible command, in the host's namespaces as a user of it if as_user is given, and return a Run."""
        home = self.root / f'home-{as_user or "test"}'
        home.mkdir(exist_ok=True)
        results = home / 'results'
        results.write_text('', encoding='utf-8')
        inventory = self.root / 'inventory'
        inventory.write_text(self.inventory(), encoding='utf-8')
        before = self.log.stat().st_size
        env = {
            'PATH': f'{self.ansible_bin}:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG': 'C.UTF-8', 'HOME': str(home),
            'ANSIBLE_CONFIG': str(self.root / 'ansible.cfg'), 'ANSIBLE_HOME': str(home / 'a'), 'ANSIBLE_NOCOLOR': '1',
            'ANSIBLE_COLLECTIONS_PATH': str(self.root / 'collections'), 'ANSIBLE_CALLBACK_PLUGINS': str(HERE / 'testdata/callback'),
            'ANSIBLE_CALLBACKS_ENABLED': 'results', 'RESULTS': str(results), 'PYTHONDONTWRITEBYTECODE': '1',
            'ANSIBLE_DEPRECATION_WARNINGS': '1', 'ANSIBLE_LOAD_CALLBACK_PLUGINS': '1', **(environment or {}),
        }
        argv = [str(self.ansible_bin / command), '-i', str(inventory), *options]
        if as_user:
            subprocess.run(['chown', '-R', '--reference', self.path(f'/home/{as_user}'), home], check=True)
            env['HOME'] = f'/home/{as_user}'
            # Ansible may be installed below a folder that only root may enter.
            argv = ['nsenter', f'--target={self.pid}', '--mount', '--pid', 'setpriv', f'--reuid={as_user}',
                    f'--regid={as_user}', '--init-groups', '--inh-caps=+dac_read_search',
                    '--ambient-caps=+dac_read_search', '--', *argv]
        done = subprocess.run(argv, env=env, cwd=self.root, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=DEADLINE, check=False)
        lines = self.log.read_bytes()[before:].decode('utf-8', 'replace').splitlines()
        by_user = {}
        for line in lines:
            if match := re.match(r'(count|bytes|cut|drop) (\S+) \d+ (.*)', line):
                by_user.setdefault((match[2], match[1]), []).append(match[3])
        return Run(
            done.returncode, done.stdout,
            [Result(**json.loads(line)) for line in results.read_text(encoding='utf-8').splitlines()],
            by_user,
            [int(line.split()[1]) for line in lines if line.startswith('stdin ')])


def remove_stale():
    """Remove the files of tests that were killed: the name has the process id."""
    for path in pathlib.Path(PARENT).glob(f'{PREFIX}*'):
        if not pathlib.Path(f'/proc/{path.name.removeprefix(PREFIX).partition("-")[0]}').exists():
            shutil.rmtree(path)


def build_stub(folder, release):
    """Build the stub for this machine into folder/<platform>/hardened-docker and return the platform."""
    platform = 'linux_' + subprocess.run(['go', 'env', 'GOHOSTARCH'], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    subprocess.run(['go', 'build', '-trimpath', '-buildvcs=false', '-ldflags', f'-s -w -X main.release={release}', '-o',
                    folder / platform / 'hardened-docker', './testdata/stub/main.go'], check=True, cwd=HERE,
                   env={**os.environ, 'CGO_ENABLED': '0'})
    return platform


def write_digests(folder):
    """Write the list of digests that the build leaves beside the binaries."""
    names = sorted(str(path.relative_to(folder)) for path in folder.glob('*/hardened-docker'))
    with open(folder / 'sha256sums', 'w', encoding='utf-8') as file:
        subprocess.run(['sha256sum', *names], check=True, cwd=folder, stdout=file)


def listens(port):
    """Report whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def free_port():
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
