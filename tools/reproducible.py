#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a collection's tarball so that it is the same, bit for bit, wherever it is built.

    reproducible.py BUILT WANTED

BUILT is what `ansible-galaxy collection build` made. It has the time of the build, the order in which the file system
listed its directories, and modes that follow the umask. WANTED has the same files, sorted, with one time
(SOURCE_DATE_EPOCH, in seconds, default 0), no owner, and modes 0644 and 0755. FILES.json is sorted with them, and the
checksum of it in MANIFEST.json is computed anew.

What remains is the compression: the releases of zlib make the same bytes, a Python built with another implementation
(zlib-ng) may not. Of the two files, the uncompressed ones are then still the same.
"""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
from pathlib import Path

# The two files that describe the others; galaxy and ansible-galaxy expect them at the beginning.
MANIFEST, FILES = 'MANIFEST.json', 'FILES.json'


def read(path):
    """Return the members of a tarball: name -> (TarInfo, content), content None for what is no file."""
    with tarfile.open(path, 'r:gz') as tar:
        return {member.name: (member, tar.extractfile(member).read() if member.isfile() else None) for member in tar}


def dump(value):
    return json.dumps(value, indent=1, sort_keys=True).encode() + b'\n'


def describe(members):
    """Return FILES.json with its entries sorted, and MANIFEST.json with the checksum of that."""
    for name in (MANIFEST, FILES):
        if name not in members:
            raise ValueError(f'missing {name}: this is not what `ansible-galaxy collection build` makes')
    files = json.loads(members[FILES][1])
    files['files'].sort(key=lambda entry: entry['name'])
    listed = dump(files)
    manifest = json.loads(members[MANIFEST][1])
    manifest['file_manifest_file']['chksum_sha256'] = hashlib.sha256(listed).hexdigest()
    return dump(manifest), listed


def normal(member, content, time):
    """Return a member's header without what differs between machines."""
    header = tarfile.TarInfo(member.name)
    header.type, header.linkname, header.mtime = member.type, member.linkname, time
    header.size = len(content or b'')
    header.mode = 0o755 if member.isdir() or member.mode & 0o111 else 0o644
    return header


def pack(members, time):
    """Return an uncompressed tarball of the members in the order of their names, the two descriptions first."""
    names = [MANIFEST, FILES] + sorted(members.keys() - {MANIFEST, FILES})
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.GNU_FORMAT) as tar:
        for name in names:
            member, content = members[name]
            tar.addfile(normal(member, content, time), io.BytesIO(content or b''))
    return out.getvalue()


def rewrite(built, wanted, time):
    """Read the tarball built and write it as wanted, which is the old file or the whole new one."""
    members = read(built)
    manifest, listed = describe(members)
    members[MANIFEST] = (members[MANIFEST][0], manifest)
    members[FILES] = (members[FILES][0], listed)
    # mtime 0 in gzip's header means that there is no time; the name is left out too.
    packed = gzip.compress(pack(members, time), compresslevel=9, mtime=0)
    part = wanted.with_name(wanted.name + '.part')
    part.write_bytes(packed)
    part.replace(wanted)


def main(args):
    if len(args) != 2:
        print('usage: reproducible.py BUILT WANTED', file=sys.stderr)
        return 2
    built, wanted = map(Path, args)
    try:
        rewrite(built, wanted, int(os.environ.get('SOURCE_DATE_EPOCH', '0')))
    except (OSError, ValueError, KeyError, tarfile.TarError) as error:
        print(f'cannot rewrite {built}: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
