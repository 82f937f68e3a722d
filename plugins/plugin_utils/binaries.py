# SPDX-License-Identifier: GPL-3.0-or-later
"""The binaries that this collection brings, one per platform, and how a host's platform is recognised."""

from __future__ import annotations

import functools
import hashlib
import os
import typing as t

from ansible.errors import AnsibleActionFail

NAME = 'hardened-docker'
ROOT = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'bin')

# Go's name for what uname -m calls a machine, for every Linux machine that Go builds for.
GOARCH = {
    'x86_64': 'amd64', 'amd64': 'amd64', 'aarch64': 'arm64', 'arm64': 'arm64', 'armv8l': 'arm',
    'armv7l': 'arm', 'armv6l': 'arm', 'i386': '386', 'i686': '386', 'riscv64': 'riscv64',
    'loongarch64': 'loong64', 'ppc64le': 'ppc64le', 'ppc64': 'ppc64', 's390x': 's390x',
}


class Binary(t.NamedTuple):
    """One binary on the controller."""

    path: str
    sha256: str

    def read(self):
        """Return the content, or fail if it is not what the list of digests says."""
        with open(self.path, 'rb') as file:
            data = file.read()
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise AnsibleActionFail(
                f'invalid binary {self.path}: its SHA-256 is {found}, but {ROOT}/sha256sums says {self.sha256}. '
                'Install the collection again (in a clone: make build).')
        return data


def known(root=ROOT):
    """Return the binaries below root as {platform: Binary}, with a platform named like linux_amd64.

    Ansible runs each task in a new process, so hashing some megabytes here would be paid by every task.
    The build writes the digests to root/sha256sums, in the format of sha256sum; a binary that is newer
    than that list, or not on it, is hashed.
    """
    try:
        platforms = sorted(entry for entry in os.listdir(root) if '_' in entry)
    except FileNotFoundError:
        platforms = []
    listed, listed_at = _listed(os.path.join(root, 'sha256sums'))
    found = {}
    for platform in platforms:
        path = os.path.join(root, platform, NAME)
        try:
            stat = os.stat(path)
        except FileNotFoundError:
            continue
        digest = listed.get(f'{platform}/{NAME}') if stat.st_mtime_ns <= listed_at else None
        found[platform] = Binary(path, digest or _sha256(path, stat.st_mtime_ns, stat.st_size))
    if not found:
        raise AnsibleActionFail(
            f'cannot find a binary in {root}: a released hardened.docker brings them, a clone makes them with '
            '"make build" and uses the collection in build/ansible_collections.')
    return found


def _listed(path):
    """Return {name: digest} of a list made by sha256sum, and when it was written (ns); nothing if there is none."""
    try:
        with open(path, encoding='utf-8') as file:
            lines = [line.split() for line in file]
            return {words[1].lstrip('*'): words[0] for words in lines if len(words) == 2}, os.fstat(file.fileno()).st_mtime_ns
    except FileNotFoundError:
        return {}, 0


@functools.lru_cache(maxsize=None)
def _sha256(path, mtime_ns, size):  # pylint: disable=unused-argument
    """Return the SHA-256 of a file; mtime and size are there so that a rebuilt binary is hashed again."""
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


def unknown_platform(host, binaries):
    """Return the message for a host that no binary fits."""
    if host.kernel != 'Linux':
        return f'unknown operating system {host.kernel}: hardened.docker manages Linux hosts.'
    return (f'unknown architecture {host.machine}: this hardened.docker has binaries for {", ".join(binaries)}. If Go '
            f'can build for it, run "CGO_ENABLED=0 GOOS=linux GOARCH={GOARCH.get(host.machine, host.machine)} go build '
            f'-o {ROOT}/{host.platform}/{NAME} ./modules" in the source of the collection.')
