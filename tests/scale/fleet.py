#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time the run with nothing to do of our playbook over 1, 10, 50 and 200 hosts, beside as many `raw: true` and a role.

The hosts are one disposable host that answers on as many ports: each is a host of its own to Ansible, with a connection, a
login and processes of its own, and they share this machine's processors with the controller. What is looked for is whether
the cost of a host grows with their number, and what it is beside the role of 14 Python tasks (roles/python14) where Ansible's
start is shared by many hosts. `make bench-fleet` calls this with everything built.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys

import measure

FIRST_PORT = 22001


def inventory(machine, hosts):
    """Write an inventory of so many hosts and return its path."""
    entry = machine.connection
    common = {'ansible_host': machine.address, 'ansible_user': 'root', 'ansible_ssh_private_key_file': entry['identity_file'],
              'ansible_ssh_common_args': f'{entry["ssh_common_args"]} -o HostKeyAlias={machine.address}'}
    path = machine.work / f'fleet{hosts}.yml'
    path.write_text(json.dumps({'all': {'vars': common, 'hosts': {f'host{number:03}': {'ansible_port': FIRST_PORT + number} for number in range(hosts)}}}))
    return path


def listen(machine, hosts):
    """Have the host answer on as many ports, and take as many logins at once."""
    script = (f"iptables -t nat -I PREROUTING -p tcp --dport {FIRST_PORT}:{FIRST_PORT + hosts - 1} -j REDIRECT --to-ports 22 && "
              "printf 'MaxStartups 300\\nMaxSessions 100\\n' >/etc/ssh/sshd_config.d/bench.conf && sshd -t && systemctl reload ssh")
    measure.host('ssh', machine.name, script)


def first(machine, name, book):
    """Run a playbook for the first time, and then once more for the caches; returns the Run of the first time."""
    runs = [machine.play(book) for _ in range(2)]
    for run in runs:
        if isinstance(run, str):
            sys.exit(f'cannot measure {name}: it failed:\n{run}')
    return runs[0]


def measured(machine, name, book, size, forks, rounds):
    """Return what a run with nothing to do on so many hosts costs, as the medians of some rounds."""
    runs = []
    for _ in range(rounds):
        run = machine.play(book, '--forks', str(forks), inventory=inventory(machine, size))
        if isinstance(run, str):
            sys.exit(f'cannot measure {name} on {size} hosts: it failed:\n{run}')
        if run.changed:
            sys.exit(f'cannot measure {name} on {size} hosts: {run.changed} tasks changed something, and were to find nothing to do')
        runs.append(run)
    row = dataclasses.asdict(measure.median(runs))
    print(f'{size} hosts, {name}: {row["seconds"]:.1f} s', file=sys.stderr)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--hosts', default='1,10,50,200')
    parser.add_argument('--python', default='1,10,50', help='how many of the hosts the role of 14 Python tasks runs on; it takes some seconds a host')
    parser.add_argument('--forks', type=int, default=10)
    arguments = parser.parse_args()
    sizes, slow = ([int(size) for size in text.split(',')] for text in (arguments.hosts, arguments.python))
    measure.warn_if_busy()
    data = {'conditions': measure.conditions(), 'forks': arguments.forks, 'sizes': {size: {} for size in sizes}}
    with measure.disposable('benchfleet') as machine:
        print('installing Docker Engine', file=sys.stderr)
        begun = first(machine, 'hardened.docker', 'hardened.docker.install')
        listen(machine, max(sizes))
        subjects = {'hardened.docker': 'hardened.docker.install', 'raw': machine.write('raw', measure.raw(begun.tasks))}
        for size in sizes:
            for name, book in subjects.items():
                data['sizes'][size][name] = measured(machine, name, book, size, arguments.forks, 3 if size <= 10 else 1)
        # Last, as the role writes its own daemon.json in the place of ours.
        measure.host('ssh', machine.name, measure.INSTALL_PYTHON)
        book = machine.write('python14', measure.role(measure.PYTHON14))
        first(machine, 'python14', book)
        for size in (size for size in sizes if size in slow):
            data['sizes'][size]['python14'] = measured(machine, 'python14', book, size, arguments.forks, 3 if size == 1 else 1)
    show(data)
    measure.save('fleet', data)


def show(data):
    print(f'\n{"hosts":>6}  {"":16}{"seconds":>9}{"per host":>10}{"CPU/host":>10}{"KB/host":>9}{"execs/host":>12}{"ours / time":>13}{"ours / CPU":>12}')
    for size, row in data['sizes'].items():
        ours = row['hardened.docker']
        for name, run in row.items():
            ratios = '' if name == 'hardened.docker' else f'{ours["seconds"] / run["seconds"]:13.2f}{ours["cpu"] / run["cpu"]:12.2f}'
            print(f'{size:6}  {name:16}{run["seconds"]:9.1f}{run["seconds"] / size:10.3f}{run["cpu"] / size:10.3f}{run["bytes"] / size / 1000:9.1f}'
                  f'{run["execs"] / size:12.1f}{ratios}')


if __name__ == '__main__':
    main()
