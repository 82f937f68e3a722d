#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the bill of materials of a release's tarball, as SPDX 2.3 in JSON, to standard output.

    sbom.py TARBALL

What is in the tarball is the collection itself and its binaries. A binary has Go's standard library and runtime in it,
of the release that it says itself (`go version -m`), and nothing else; a module that it would have is listed too. The time is
SOURCE_DATE_EPOCH (seconds, default 0), so that the same tarball has the same bill.
"""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HOME = 'https://github.com/hardened-docker/hardened.docker'
LICENCE = 'GPL-3.0-or-later'


def built_from(binary):
    """Return what a Go binary says of itself: the release of Go, and (module, version) of what else is in it."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(binary)
        file.flush()
        os.chmod(file.name, 0o700)
        text = subprocess.run(['go', 'version', '-m', file.name], check=True, capture_output=True, text=True).stdout
    release = re.search(r': go(\S+)', text)[1]
    return release, re.findall(r'^\tdep\t(\S+)\t(\S+)', text, re.MULTILINE)


def package(ident, name, version, licence, purl, **more):
    return {
        'SPDXID': f'SPDXRef-{ident}', 'name': name, 'versionInfo': version, 'downloadLocation': 'NOASSERTION',
        'filesAnalyzed': False, 'licenseConcluded': licence, 'licenseDeclared': licence, 'copyrightText': 'NOASSERTION',
        'externalRefs': [{'referenceCategory': 'PACKAGE-MANAGER', 'referenceType': 'purl', 'referenceLocator': purl}], **more}


def relation(one, kind, other):
    return {'spdxElementId': f'SPDXRef-{one}', 'relationshipType': kind, 'relatedSpdxElement': f'SPDXRef-{other}'}


def bill(tarball, time):
    """Return the SPDX document of a tarball, given as bytes of a file at a path."""
    with tarfile.open(tarball, 'r:gz') as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    info = json.loads(members['MANIFEST.json'])['collection_info']
    name, version = f'{info["namespace"]}.{info["name"]}', info['version']
    digest = hashlib.sha256(Path(tarball).read_bytes()).hexdigest()
    packages = {'collection': package(
        'collection', name, version, LICENCE, f'pkg:generic/{name}@{version}?checksum=sha256:{digest}',
        primaryPackagePurpose='APPLICATION', homepage=HOME, packageFileName=Path(tarball).name,
        checksums=[{'algorithm': 'SHA256', 'checksumValue': digest}])}
    files, relations = [], [relation('DOCUMENT', 'DESCRIBES', 'collection')]
    for path in sorted(path for path in members if re.fullmatch(r'bin/linux_\w+/hardened-docker', path)):
        ident = 'binary-' + path.split('/')[1].replace('_', '-')
        files.append({
            'SPDXID': f'SPDXRef-{ident}', 'fileName': f'./{path}', 'fileTypes': ['BINARY'], 'licenseConcluded': LICENCE,
            'licenseInfoInFiles': [LICENCE, 'BSD-3-Clause'], 'copyrightText': 'NOASSERTION',
            'checksums': [{'algorithm': kind.upper(), 'checksumValue': hashlib.new(kind, members[path]).hexdigest()}
                          for kind in ('sha1', 'sha256')]})
        relations.append(relation('collection', 'CONTAINS', ident))
        release, modules = built_from(members[path])
        parts = [package('go-std', 'std', release, 'BSD-3-Clause', f'pkg:golang/std@{release}')]
        parts += [package('module-' + re.sub(r'[^A-Za-z0-9.]', '-', module), module, at, 'NOASSERTION', f'pkg:golang/{module}@{at}')
                  for module, at in modules]
        for part in parts:
            packages[part['SPDXID']] = part
            relations.append(relation(ident, 'STATIC_LINK', part['SPDXID'].removeprefix('SPDXRef-')))
    return {
        'spdxVersion': 'SPDX-2.3', 'dataLicense': 'CC0-1.0', 'SPDXID': 'SPDXRef-DOCUMENT', 'name': f'{name}-{version}',
        'documentNamespace': f'{HOME}/sbom/{version}-{digest}',
        'creationInfo': {'created': datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ'),
                         'creators': ['Organization: hardened.docker']},
        'packages': list(packages.values()), 'files': files, 'relationships': relations}


def main(args):
    if len(args) != 1:
        print('usage: sbom.py TARBALL', file=sys.stderr)
        return 2
    try:
        document = bill(args[0], int(os.environ.get('SOURCE_DATE_EPOCH', '0')))
    except (OSError, ValueError, KeyError, tarfile.TarError, subprocess.CalledProcessError) as error:
        print(f'cannot describe {args[0]}: {error}', file=sys.stderr)
        return 1
    print(json.dumps(document, indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
