# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of POSIX shell that run on a host, and how to read what they say.

A host needs sh, ls, id, uname, mkdir, chmod, mv, rm, cat, sync and wc; gzip and sha256sum are used if they are
there. Each script is one line without single quotes and without "!": Ansible quotes it up to three times
(shell, become, shell), and csh, which may be a user's login shell, takes neither a line break in quotes
nor an exclamation mark. Arguments of modules are never part of a script.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import typing as t

from ansible_collections.hardened.docker.plugins.plugin_utils import binaries

# Exit codes of the scripts. The module's own are 0 and 1, and from 129 on it was killed.
FAILED = 124          # A step failed; standard error has the reason.
UNSAFE = 125          # Somebody else could swap the binary.
NOEXEC = 126          # The binary is in place and must not be executed there; also sh's code for that.
NOT_THERE = 127

POSIX_SHELLS = frozenset(['sh', 'bash', 'dash', 'ash', 'ksh', 'mksh', 'busybox'])

# check PATH...: leave with UNSAFE unless each path, and the target of each link, belongs to root or to the
# executing user ($u), and nobody else may write to it. ls is the one portable way to ask: test -O knows the
# owner but not the mode, and stat(1) is not POSIX. A line that is missing, as when ls fails, is a refusal.
# Reading its output without a pipeline saves a process; the third character of IFS is the line break.
_CHECK = (
    'check() { n=$#; x=$(ls -ldnL "$@"); set -f; IFS=${IFS#??}; for l in $x; do IFS=" "; set -- $l; case $1/$3 in '
    '?????w*|????????w*) ;; */0|*/$u) n=$((n-1)); continue;; esac; '
    'echo "hardened.docker: unsafe $l" >&2; exit 125; done; unset IFS; set +f; '
    'if [ $n -ne 0 ]; then echo "hardened.docker: unchecked $d" >&2; exit 125; fi; }; '
)

# Sets the positional parameters to every existing directory from $p up to, not including, the root.
_CHAIN = ('set --; while :; do case $p in /?*) if [ -e "$p" ]; then set -- "$@" "$p"; fi; p=${p%/*};; *) break;; esac; done; '
          'if [ -L "$d" ]; then echo "hardened.docker: link $d" >&2; exit 125; fi; [ $# -eq 0 ] || check "$@"; ')


class Host(t.NamedTuple):
    """What a host said about itself."""

    kernel: str
    machine: str
    gzip: bool

    @property
    def platform(self):
        """The name of the folder in bin that fits, for example linux_amd64."""
        return f'{self.kernel.lower()}_{binaries.GOARCH.get(self.machine, self.machine)}'


class HostShell:
    """The scripts for one state directory and one set of binaries."""

    def __init__(self, state_dir, known):
        """state_dir is None for the default: /var/lib for root, the user's cache for everybody else."""
        digests = ' '.join(binary.sha256 for binary in known.values())
        if state_dir is None:
            where = ('if [ -O / ]; then d=/var/lib u=0; else u=$(id -u); case $XDG_CACHE_HOME in '
                     '/*) d=$XDG_CACHE_HOME;; *) d=$HOME/.cache;; esac; fi; d=$d/hardened.docker; ')
        else:
            where = f'd={shlex.quote(state_dir)}; if [ -O / ]; then u=0; else u=$(id -u); fi; '
        self._start = where + _CHECK
        self._find = (f'for s in {digests}; do f=$d/$s/{binaries.NAME}; if [ -x "$f" ]; then break; fi; done; ')

    def run(self, environment, module):
        """Return the script of a task in steady state. environment is a prefix like 'A=b ', as Ansible makes it."""
        # The shell stays the parent, so that a module that is killed ends with 128 + signal here; were it
        # to exec the module, ssh would report a lost connection. It leaves by itself, because Ansible appends
        # "&& sleep 0" to what it runs, a process more for each task.
        return (f'{self._start}{self._find}[ -x "$f" ] || exit {NOT_THERE}; p=$f; {_CHAIN}'
                f'{environment} "$f" {module}; exit')

    def probe(self):
        """Return the script that makes the state directory and says what the host is, for parse_probe."""
        return (f'{self._start}echo "hardened.docker: host $(uname -sm) gzip=$(command -v gzip)."; '
                f'p=$d; {_CHAIN}umask 077; mkdir -p "$d" || exit {FAILED}')

    @staticmethod
    def parse_probe(stdout):
        """Return the Host that the probe's output describes, or None."""
        match = re.search(r'hardened\.docker: host (\S+) (\S+) gzip=(.*)\.', stdout)
        return Host(match[1], match[2], bool(match[3])) if match else None

    def upload(self, binary, host):
        """Return the script that puts the binary from standard input (gzip if the host has it) in place.

        It is written to a file of its own beside its place, verified, synced (a power cut would leave the new
        name with nothing in it) and renamed; the file is removed
        whatever happens, and one that outlived its process (its name ends with the process id) is removed
        by the next upload. Data that a failing step did not read is read, or ssh would call the host
        unreachable. The newest version besides this one stays, for a second controller with another release.
        """
        size = os.path.getsize(binary.path)
        unpack = 'gzip -dc' if host.gzip else 'cat'
        temporary = f'.new.{secrets.token_hex(4)}.$$'
        return (
            f'{self._start}s={binary.sha256}; f=$d/$s/{binaries.NAME}; t=$d/$s/{temporary}; '
            f'fail() {{ cat >/dev/null; exit {FAILED}; }}; p=$d; {_CHAIN}umask 077; mkdir -p "$d/$s" || fail; '
            f'trap "rm -f \\"\\$t\\"" 0; trap "exit {FAILED}" 1 2 13 15; '
            'for o in "$d"/*/.new.*; do [ -d "/proc/${o##*.}" ] || rm -f "$o"; done; '
            f'{unpack} >"$t" || fail; n=$(wc -c <"$t"); '
            f'if [ "$n" -eq {size} ]; then :; else echo "hardened.docker: short $n {size}" >&2; exit {FAILED}; fi; '
            'if command -v sha256sum >/dev/null; then case $(sha256sum <"$t") in $s*) ;; '
            f'*) echo "hardened.docker: damaged" >&2; exit {FAILED};; esac; fi; '
            'sync "$t" 2>/dev/null || sync; '
            f'chmod 0700 "$t" && mv -f "$t" "$f" || exit {FAILED}; [ -x "$f" ] || exit {NOEXEC}; '
            'n=0; for o in $(ls -t "$d"); do case $o in $s|*[g-zA-Z._-]*) continue;; esac; '
            'if [ ${#o} -eq 64 ]; then n=$((n+1)); [ $n -eq 1 ] || rm -rf "$d/$o"; fi; done'
        )

    def digest(self):
        """Return the script that says the digest of the binary that a task runs, for parse_digest."""
        return f'{self._start}{self._find}echo "hardened.docker: digest $s $(sha256sum <"$f")"'

    @staticmethod
    def parse_digest(stdout):
        """Return the digest that the binary should have and the one that it has, or None if the host cannot tell."""
        match = re.search(r'hardened\.docker: digest ([0-9a-f]{64}) ([0-9a-f]{64})\b', stdout)
        return (match[1], match[2]) if match else None


def for_executables(script, executables):
    """Return the script as the shells in executables (paths, or None) can run it: fish and zsh are not POSIX."""
    names = {os.path.basename(executable.split()[0]) for executable in executables if executable}
    return script if names <= POSIX_SHELLS else f'/bin/sh -c {shlex.quote(script)}'


def complaint(stderr):
    """Return in words what a script complained about, with what to do, or None if it did not."""
    match = re.search(r'hardened\.docker: (unsafe|unchecked|link|short|damaged)\b ?(.*)', stderr)
    if not match:
        return None
    kind, rest = match.groups()
    if kind == 'unsafe':
        mode, _links, owner, rest = rest.split(None, 3)
        path = '/' + rest.partition(' /')[2]
        reason = (f'everybody may write to {path}' if mode[8] == 'w' else
                  f'its group may write to {path}' if mode[5] == 'w' else
                  f'{path} belongs to user id {owner}')
        return (f'{reason} (mode {mode[:10]}), who could replace the binary. If {path} is Ansible\'s own, it is only a '
                'cache: remove it and run the task again. Otherwise take the write permission or the ownership away, '
                'or set hardened_docker_state_dir to a directory that only root or the executing user may change.')
    if kind == 'link':
        return (f'{rest} is a symbolic link, which somebody may have put there. Remove it, or set '
                'hardened_docker_state_dir to the directory it points to.')
    if kind == 'unchecked':
        return f'cannot see who may write to {rest}: ls -ldn failed there. Set hardened_docker_state_dir to another directory.'
    return ('the binary did not arrive as it was sent' + (f' ({rest.replace(" ", " of ")} bytes)' if rest else '') +
            '. Check the connection and the file system, then run the task again.')
