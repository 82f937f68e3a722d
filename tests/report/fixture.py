# SPDX-License-Identifier: GPL-3.0-or-later
"""Make doctor.json files of fleets that do not exist, with text that tries to be more than text."""

from __future__ import annotations

import random

GROUPS = ['packages', 'configuration', 'start', 'service', 'storage', 'network', 'firewall', 'kernel', 'processes', 'state', 'security']
SEVERITIES = ['error', 'warning', 'info']
# What a host could say to take over the page, or to make a file of another kind unreadable.
HOSTILE = [
    '</script><script>window.taken=1</script>', '<img src=x onerror="window.taken=1">', '"><svg onload=window.taken=1>',
    '{{script}} {{data}} ${window.taken=1}', '<!-- --> ]]> &amp; &#60;', 'javascript:window.taken=1', 'tab\tline\nbreak',
    '\u202egnp.exe \u2028 \u0000 \u001b[31mred', "it's <b>bold</b>", 'x' * 1000]


def check(number):
    """Return the check with this number, as the doctor lists it."""
    return {'id': f'check_{number:02}', 'title': f'A thing that is looked for, number {number}', 'group': GROUPS[number * len(GROUPS) // 60]}


def finding(number, subject, severity, hostile):
    """Return a finding of a check."""
    return {
        'id': f'check_{number:02}', 'subject': subject, 'severity': severity, 'title': f'What is wrong when check {number} finds it',
        'evidence': [f'/etc/docker/daemon.json:{number}: "icc": true', hostile], 'remedy': 'Unmount it; docker_repair does it.',
        'source': 'source document 1, Abnormal Scenario', 'repair': {'available': number % 2 == 0, 'interrupts': ('none', 'daemon', 'containers')[number % 3]}}


def host(number, rng):
    """Return one host with up to five findings; each tenth is not reached."""
    name = f'web-{number:03}.example.com'
    if number % 10 == 9:
        return {'name': name, 'address': '', 'groups': ['web'], 'status': 'unreachable', 'message': 'Failed to connect: ' + HOSTILE[0], 'result': None}
    findings = []
    for place in sorted(rng.sample(range(60), rng.choice([0, 0, 1, 2, 5]))):
        findings.append(finding(place, f'/var/lib/docker/{HOSTILE[number % 10]}' if place % 2 else '', SEVERITIES[place % 3], HOSTILE[(number + place) % 10]))
    findings.sort(key=lambda one: SEVERITIES.index(one['severity']))
    found = {one['id'] for one in findings}
    checks = []
    for place in range(60):
        one = check(place)
        status = 'found' if one['id'] in found else 'unknown' if place == number % 37 else 'not_applicable' if place % 13 == 0 else 'passed'
        checks.append({**one, 'status': status, 'note': 'the probe took more than 5 s' if status == 'unknown' else ''})
    worst = findings[0]['severity'] if findings else 'none'
    return {'name': name, 'address': f'10.0.{number // 200}.{number % 200}', 'groups': ['web', f'rack{number % 7}'], 'status': 'examined', 'message': '', 'result': {
        'findings': findings, 'checks': checks, 'summary': {}, 'worst': worst, 'daemon': 'up', 'examined_at': '2026-11-22T20:00:00Z', 'duration_ms': 412, 'version': 1,
        'host': {'hostname': name, 'machine_id': f'{number:032x}', 'distribution': 'Debian GNU/Linux 12 (bookworm)', 'kernel': '6.1.0-37-amd64', 'architecture': 'x86_64',
                 'engine': '20.10.24+dfsg1', 'storage_driver': 'overlay2', 'data_root': '/var/lib/docker', 'containers': 12, 'containers_running': 10, 'boot_id': ''}}}


def fleet(hosts, seed=1):
    """Return a report of so many hosts, the same for the same seed."""
    rng = random.Random(seed)
    return {'version': 1, 'made_at': f'2026-11-2{seed}T20:00:05Z', 'collection': '0.0.0', 'hosts': [host(number, rng) for number in range(hosts)]}
