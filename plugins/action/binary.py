# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module of this collection from its binary on the host: ship once, run many.

Every module of the collection has an action plugin of its own name that is this one (tools/action.py). A task is
one remote command: a line of POSIX shell (host_shell.py) that finds the binary under its SHA-256, makes sure that nobody but root or
the executing user could have put it there, and runs it with the arguments on standard input. Only when
the binary is not there does the plugin ask the host what it is, send the right one and run it again.
docs/design/delivery.md says why it works this way and what was measured.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible.utils.display import Display
from ansible.vars.clean import remove_internal_keys
from ansible_collections.hardened.docker.plugins.plugin_utils import binaries, host_shell, module_defaults
from ansible import constants as C

try:  # ansible-core 2.19: values carry tags, and a profile says how they go over the wire
    from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder

    ENCODING = {'cls': get_module_encoder('legacy', Direction.CONTROLLER_TO_MODULE)}
    DECODER = get_module_decoder('legacy', Direction.MODULE_TO_CONTROLLER)

    def distrust(value):
        """Return value; what a module returned is not trusted as a template unless tagged so."""
        return value
except ImportError:
    from ansible.module_utils.common.json import AnsibleJSONEncoder
    from ansible.utils.unsafe_proxy import wrap_var as distrust

    ENCODING = {'cls': AnsibleJSONEncoder, 'vault_to_text': True}
    DECODER = json.JSONDecoder

STATE_DIR_VAR = 'hardened_docker_state_dir'

# What a host says on standard error when the binary cannot be put in place, and what helps.
HINTS = (
    (r'No space left on device|Disk quota exceeded',
     f'Free some megabytes there, or set {STATE_DIR_VAR} to a directory on another file system.'),
    (r'Read-only file system',
     f'Set {STATE_DIR_VAR} to a directory on a writable file system.'),
    (r'File exists|Not a directory',
     f'A file is where a directory is to be: move it away, or set {STATE_DIR_VAR} to another directory.'),
    (r'Permission denied|No such file or directory',
     f'Set {STATE_DIR_VAR} to an absolute path below a directory that the executing user may write.'),
    (r'', 'Check the connection, then run the task again: it sends the binary again.'),
)


class ActionModule(ActionBase):
    """Deliver the collection's binary to the host and run one of its modules."""

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        """Run the task's module and return its result as Ansible's own modules do."""
        task_vars = task_vars or {}
        # As written in the task: resolved_action names this plugin instead on some releases (2.16).
        self._module = self._task.action.rpartition('.')[2]
        self._refuse_what_cannot_work()
        super().run(tmp, task_vars)
        self._binaries = binaries.known()
        self._shell = host_shell.HostShell(self._state_dir(task_vars), self._binaries)

        command = self._shell.run(self._compute_environment_string(), self._module)
        data = self._arguments(task_vars)
        out = self._exec(command, data)
        result = find_result(out['stdout'])
        warning = None
        if result is None:
            warning = self._resend_reason(out)
            if warning is not None:
                self._send()
                out = self._exec(command, data)
                result = find_result(out['stdout'])
        if result is None:
            return self._failure(out, self._why(out))
        return self._finish(result, out, warning)

    def _refuse_what_cannot_work(self):
        if self._task.async_val:
            raise AnsibleActionFail(
                f'cannot run {self._module} asynchronously: its arguments never touch the disk of the host, which '
                'async needs. Remove async and poll from the task (for ansible: -B and -P); use the task keyword '
                'timeout to limit how long it may take, and forks or strategy free to work on more hosts at once.')
        if getattr(self._connection._shell, '_IS_WINDOWS', False):
            raise AnsibleActionFail(f'cannot run {self._module} on Windows: hardened.docker manages Linux hosts.')
        # Mitogen's connection, which has get_chain, calls itself unable because it needs no pipelining; it takes data.
        if not (self._connection.has_pipelining or hasattr(self._connection, 'get_chain')):
            raise AnsibleActionFail(
                f'cannot run {self._module} over the connection {self._connection.transport}: it cannot send data to '
                'a command. Use ansible.builtin.ssh, or another connection that supports pipelining.')

    def _state_dir(self, task_vars):
        """Return the directory that the user chose for the binary on the host, or None."""
        if self._task.delegate_to:
            delegated = task_vars.get('ansible_delegated_vars') or {}
            task_vars = delegated.get(self._task.delegate_to) or {}
        path = task_vars.get(STATE_DIR_VAR)
        if path is None:
            return None
        path = self._templar.template(path)
        if not isinstance(path, str) or not re.fullmatch(r'/[^\x00-\x1f]*[^/\x00-\x1f]', path) or '/../' in path + '/':
            raise AnsibleActionFail(
                f'invalid {STATE_DIR_VAR} {path!r}: it must be the absolute path of a directory on the host, '
                'without "..", for example /opt/hardened.docker.')
        return os.path.normpath(path)

    def _arguments(self, task_vars):
        """Return the module's arguments and what Ansible tells a module about the run, as JSON bytes."""
        args = dict(self._task.args)
        if self._module == 'docker_batch':
            args['tasks'] = module_defaults.applied(args.get('tasks'), self._task, self._templar, task_vars.get('omit'))
        args.update(
            _ansible_check_mode=bool(self._task.check_mode),
            _ansible_diff=bool(self._task.diff),
            _ansible_ignore_unknown_opts=False,
            _ansible_module_name=self._module,
            _ansible_no_log=bool(self._task.no_log),
            _ansible_remote_tmp=self.get_shell_option('remote_tmp', default='~/.ansible/tmp'),
            _ansible_selinux_special_fs=C.DEFAULT_SELINUX_SPECIAL_FS,
            _ansible_string_conversion_action=getattr(C, 'STRING_CONVERSION_ACTION', 'warn'),
            _ansible_tmpdir=None,
            _ansible_verbosity=Display().verbosity,
            _ansible_version=ansible_version,
        )
        try:
            return json.dumps(args, **ENCODING).encode('ascii')
        except (TypeError, ValueError) as error:
            raise AnsibleActionFail(f'cannot send the arguments of {self._module}: {error}') from error

    def _exec(self, command, data):
        """Run one line of POSIX shell on the host; data is never empty, so that no terminal is made."""
        if self._connection.transport == 'local':
            # Without pipelining, the local connection gives sudo a terminal to ask for the password on, and
            # loses the data.
            self._connection.set_option('pipelining', True)
        executables = (self._play_context.executable, getattr(self._connection._shell, 'executable', None))
        return self._low_level_execute_command(host_shell.for_executables(command, executables), in_data=data)

    def _resend_reason(self, out):
        """Return None if the binary on the host is what it should be, else a text for a warning ('' for none)."""
        if out['rc'] == host_shell.NOT_THERE:
            return ''
        if host_shell.complaint(out['stderr']) or out['rc'] == host_shell.UNSAFE:
            return None
        found = self._shell.parse_digest(self._exec(self._shell.digest(), b'\n')['stdout'])
        if not found or found[0] == found[1]:
            return None
        return (f'the hardened-docker binary on the host was damaged or replaced (its SHA-256 was {found[1]}, not '
                f'{found[0]}): sent it again')

    def _send(self):
        """Put the binary for the host's platform in place, or fail with what to do about it."""
        out = self._exec(self._shell.probe(), b'\n')
        host = self._shell.parse_probe(out['stdout'])
        if host is None:
            self._fail(out, self._why(out))
        binary = self._binaries.get(host.platform)
        if binary is None:
            raise AnsibleActionFail(binaries.unknown_platform(host, self._binaries))
        if out['rc']:
            self._fail(out, self._why(out))
        data = binary.read()
        sent = gzip.compress(data, 6) if host.gzip else data
        out = self._exec(self._shell.upload(binary, host), sent)
        if out['rc']:
            self._fail(out, self._why(out))

    def _why(self, out):
        """Return the message for a remote command that gave no result: what, where, and what to do next."""
        rc, stderr = out['rc'], out['stderr']
        lines = [line.strip() for line in stderr.splitlines() if line.strip()]
        # With no_log, even the message must not repeat what a crashing module said.
        said = '' if self._task.no_log else telling_line(lines)
        complaint = host_shell.complaint(stderr)
        if complaint:
            return f'cannot use the state directory on the host: {complaint}'
        if rc == host_shell.NOEXEC:
            return ('cannot execute the hardened-docker binary on the host: its file system is mounted noexec, or a '
                    f'security policy forbids it. Set {STATE_DIR_VAR} to a directory on another file system. '
                    f'{said}').strip()
        if 128 < rc < 128 + signal.NSIG:
            return (f'cannot finish {self._module}: it was killed on the host by {signal_name(rc - 128)}. If nobody did '
                    'that, the kernel may have, for lack of memory: see journalctl -k there. Then run the task again.')
        if rc == host_shell.FAILED:
            hint = next(hint for pattern, hint in HINTS if re.search(pattern, stderr))
            return f'cannot put the hardened-docker binary in place on the host: {said}. {hint}'
        if re.search(r'must have a tty|must be run from a terminal', stderr):
            return (f'cannot run {self._module} on the host: become demands a terminal there, which a task with data on '
                    'standard input cannot have. Use become_method sudo and put "Defaults:LOGIN_USER !requiretty" into '
                    'sudoers.')
        return (f'cannot run {self._module} on the host: exit code {rc} and no JSON object on standard output'
                f'{": " + said if said else ""}. Run the task with '
                '-vvv to see the remote command; if the module itself crashed, please report it.')

    def _failure(self, out, message):
        failure = {'failed': True, 'msg': message, 'rc': out['rc']}
        if not self._task.no_log:
            failure.update(stdout=out['stdout'][-2000:], stderr=out['stderr'][-2000:])
        return failure

    def _fail(self, out, message):
        raise AnsibleActionFail(message, result=self._failure(out, message))

    def _finish(self, result, out, warning):
        """Return the module's result with the touches that Ansible gives every module's result."""
        if warning:
            result.setdefault('warnings', []).append(warning)
        if out['rc'] and not result.get('failed'):
            result.update(failed=True, msg=f'cannot trust the result of {self._module}: it ended with exit code '
                          f'{out["rc"]}. {result.get("msg", "")}'.strip())
        for stream in ('stdout', 'stderr'):
            if stream in result and f'{stream}_lines' not in result:
                result[f'{stream}_lines'] = (result[stream] or '').splitlines()
        remove_internal_keys(result)
        result = distrust(result)
        result['_ansible_parsed'] = True
        return result


def find_result(stdout):
    """Return the last JSON object in stdout, or None: a login profile may write before it, even on its line.

    The binary writes compact JSON, so an object right behind a colon, comma or bracket is part of another
    one, of which something is missing: it is no result.
    """
    decoder, result, at = DECODER(), None, stdout.find('{')
    while at >= 0:
        end = at + 1
        if stdout[at - 1:at] not in (':', ',', '['):
            try:
                result, end = decoder.raw_decode(stdout, at)
            except ValueError:
                pass
        at = stdout.find('{', end)
    return result


def telling_line(lines):
    """Return the line of standard error that says most: of a Go program's last words the first, else the last."""
    told = [line for line in lines if re.match(r'panic: |fatal error: |(cannot|unknown|missing|invalid) ', line)]
    return (told[:1] or lines[-1:] or [''])[0]


def signal_name(number):
    """Return SIGKILL for 9, and 'signal 99' for a number without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f'signal {number}'
