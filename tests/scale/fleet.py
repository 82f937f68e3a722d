#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time the run with nothing to do of our playbook over 1, 10, 50 and 200 hosts, beside as many `raw: true`.

The hosts are one disposable host that answers on as many ports: each is a host of its own to Ansible, with a connection, a
login and processes of its own, and they share this machine's processors with the controller. What is looked for is whether
the cost of a host grows with their number. `make bench-fleet` calls this with everything built.
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--hosts', default='1,10,50,200')
    parser.add_argument('--forks', type=int, default=10)
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.hosts.split(',')]
    measure.warn_if_busy()
    data = {'conditions': measure.conditions(), 'forks': arguments.forks, 'sizes': {}}
    with measure.disposable('benchfleet') as machine:
        print('installing Docker Engine', file=sys.stderr)
        first = machine.play('hardened.docker.install')
        if isinstance(first, str):
            sys.exit(f'cannot measure: the first run failed:\n{first}')
        listen(machine, max(sizes))
        raw = machine.write('raw', [{'hosts': 'all', 'gather_facts': False, 'become': True, 'tasks': [{'ansible.builtin.raw': 'true', 'changed_when': False}] * first.tasks}])
        machine.play('hardened.docker.install', inventory=inventory(machine, 1))
        for size in sizes:
            row = {}
            for name, book in (('hardened.docker', 'hardened.docker.install'), ('raw', raw)):
                runs = []
                for _ in range(3 if size <= 10 else 1):
                    run = machine.play(book, '--forks', str(arguments.forks), inventory=inventory(machine, size))
                    if isinstance(run, str):
                        sys.exit(f'cannot measure {name} on {size} hosts: it failed:\n{run}')
                    if run.changed:
                        sys.exit(f'cannot measure {name} on {size} hosts: {run.changed} tasks changed something, and were to find nothing to do')
                    runs.append(run)
                row[name] = dataclasses.asdict(measure.median(runs))
                print(f'{size} hosts, {name}: {row[name]["seconds"]:.1f} s', file=sys.stderr)
            data['sizes'][size] = row
    show(data)
    measure.save('fleet', data)


def show(data):
    print(f'\n{"hosts":>6}{"seconds":>10}{"per host":>10}{"CPU/host":>10}{"KB/host":>9}{"execs/host":>12}{"raw: s":>9}{"ratio":>7}')
    for size, row in data['sizes'].items():
        ours, floor = row['hardened.docker'], row['raw']
        print(f'{size:6}{ours["seconds"]:10.1f}{ours["seconds"] / size:10.3f}{ours["cpu"] / size:10.3f}{ours["bytes"] / size / 1000:9.1f}'
              f'{ours["execs"] / size:12.1f}{floor["seconds"]:9.1f}{ours["seconds"] / floor["seconds"]:7.2f}')


if __name__ == '__main__':
    main()
