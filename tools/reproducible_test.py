# SPDX-License-Identifier: GPL-3.0-or-later
"""Build a small collection with the real ansible-galaxy and look at what reproducible.py makes of it.

Run with the Python that has ansible-core: python -m unittest discover -s tools -p '*_test.py'
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

import reproducible

GALAXY = Path(sys.executable).with_name('ansible-galaxy')

TREE = {
    'galaxy.yml': 'namespace: demo\nname: tiny\nversion: 1.2.3\nreadme: README.md\nauthors: [somebody]\n',
    'README.md': 'Try it out.\n',
    'meta/runtime.yml': "requires_ansible: '>=2.15.0'\n",
    'bin/linux_amd64/tool': '#!/bin/sh\n',
    'plugins/modules/b.py': '# b\n',
    'plugins/modules/a.py': '# a\n',
}


def make(root, names, umask, time):
    """Make the tree below root, its files in the order of names."""
    old = os.umask(umask)
    try:
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(TREE[name])
            if name.startswith('bin/'):
                path.chmod(path.stat().st_mode | 0o111 & ~umask)
            os.utime(path, (time, time))
    finally:
        os.umask(old)


def galaxy(*args, env=None):
    run = subprocess.run([GALAXY, 'collection', *args], capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False)
    if run.returncode:
        raise AssertionError(f'ansible-galaxy collection {args}: {run.stdout}{run.stderr}')
    return run.stdout


class Reproducible(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    def build(self, where, names, umask, time):
        root = self.scratch / where
        make(root, names, umask, time)
        galaxy('build', str(root), '--output-path', str(self.scratch / f'{where}-built'))
        wanted = self.scratch / f'{where}.tar.gz'
        built = self.scratch / f'{where}-built' / 'demo-tiny-1.2.3.tar.gz'
        reproducible.rewrite(built, wanted, 0)
        return built, wanted

    def test_two_builds_are_the_same(self):
        built_a, a = self.build('a', list(TREE), 0o022, 1_000_000_000)
        built_b, b = self.build('b', list(reversed(TREE)), 0o077, 1_600_000_000)
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (built_a, built_b, a, b)]
        self.assertNotEqual(digests[0], digests[1], 'ansible-galaxy itself builds the same: is the tool still needed?')
        self.assertEqual(digests[2], digests[3])

    def test_ansible_galaxy_takes_it(self):
        _, wanted = self.build('a', list(TREE), 0o022, 1_000_000_000)
        to = self.scratch / 'installed'
        env = {'ANSIBLE_COLLECTIONS_PATH': str(to), 'HOME': str(self.scratch)}
        galaxy('install', str(wanted), '-p', str(to), '--offline', env=env)
        out = galaxy('verify', '--offline', 'demo.tiny', env=env)
        self.assertIn('Successfully verified', out)
        installed = to / 'ansible_collections/demo/tiny'
        self.assertEqual((installed / 'plugins/modules/a.py').read_text(), TREE['plugins/modules/a.py'])
        self.assertTrue(os.access(installed / 'bin/linux_amd64/tool', os.X_OK))

    def test_headers(self):
        _, wanted = self.build('a', list(TREE), 0o077, 1_000_000_000)
        with tarfile.open(wanted) as tar:
            members = tar.getmembers()
        self.assertEqual([m.name for m in members[:2]], ['MANIFEST.json', 'FILES.json'])
        self.assertEqual([m.name for m in members[2:]], sorted(m.name for m in members[2:]))
        for member in members:
            self.assertEqual((member.mtime, member.uid, member.gid, member.uname, member.gname), (0, 0, 0, '', ''), member.name)
            self.assertIn(member.mode, (0o644, 0o755), member.name)

    def test_refuses_another_tarball(self):
        path = self.scratch / 'other.tar.gz'
        with tarfile.open(path, 'w:gz') as tar:
            tar.add(__file__, 'file')
        self.assertEqual(reproducible.main([str(path), str(self.scratch / 'out.tar.gz')]), 1)
        self.assertFalse((self.scratch / 'out.tar.gz').exists())


if __name__ == '__main__':
    unittest.main()
