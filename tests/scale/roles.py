#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time the first run and the run with nothing to do of our playbook beside roles, one disposable host for each.

    tests/scale/roles.py [ROLE...]

ROLE is the path of a role to compare with. A role of 14 tasks with Ansible's own modules, which does what roles for
Docker commonly do, is always there, and as floors `raw: true` as often as our playbook has tasks, and as often as each role has. `make bench-roles
ROLES="path path"` calls this with everything built.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import subprocess
import sys

import measure

MITOGEN = '0.3.54'
MODES = ('pipelining', 'no pipelining', 'mitogen')


def mitogen():
    """Install Mitogen beside the other caches and return the environment in which Ansible uses it."""
    target = pathlib.Path.home() / f'.cache/hardened.docker/mitogen-{MITOGEN}'
    if not (target / 'ansible_mitogen').exists():
        subprocess.run([sys.executable, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--target', target, f'mitogen=={MITOGEN}'], check=True)
    return {'PYTHONPATH': str(target), 'ANSIBLE_STRATEGY_PLUGINS': str(target / 'ansible_mitogen/plugins/strategy'), 'ANSIBLE_STRATEGY': 'mitogen_linear'}


def environments():
    return {'pipelining': {'ANSIBLE_PIPELINING': 'true'}, 'no pipelining': {'ANSIBLE_PIPELINING': 'false'}, 'mitogen': mitogen()}


def subject(name, playbook, rounds, python, extra=None):
    """Measure one subject on a host of its own and return {'first': Run, mode: Run or text, ...}."""
    print(f'{name}: booting a host', file=sys.stderr)
    with measure.disposable('benchroles') as machine:
        measure.host('ssh', machine.name, measure.INSTALL_PYTHON if python else 'apt-get update -qq')
        book = playbook if isinstance(playbook, str) else machine.write('play', playbook)
        results = {'first': machine.play(book)}
        if isinstance(results['first'], str):
            sys.exit(f'cannot measure {name}: its first run failed:\n{results["first"]}')
        if not python:
            # For Mitogen, which cannot do without.
            measure.host('ssh', machine.name, measure.INSTALL_PYTHON)
        everything = {name: modes(machine, name, book, rounds)}
        for title, make in (extra or {}).items():
            everything[title] = modes(machine, title, machine.write('extra', make(everything[name]['pipelining'])), rounds)
        everything[name] = {**results, **everything[name]}
        return everything


def modes(machine, title, book, rounds):
    results = {}
    for mode, environment in environments().items():
        runs = []
        for number in range(rounds + 1):
            run = machine.play(book, environment=environment)
            if isinstance(run, str):
                print(f'{title}, {mode}: it failed:\n{run}', file=sys.stderr)
                runs = run.strip().splitlines()[-1][:200]
                break
            if number:  # the first one warms caches
                runs.append(run)
        if not isinstance(runs, str):
            runs = measure.median(runs)
            if runs.changed and not title.startswith('raw'):
                print(f'{title}, {mode}: {runs.changed} tasks say that they changed something in a run that should have nothing to do', file=sys.stderr)
        results[mode] = runs
        print(f'{title}, {mode}: {runs if isinstance(runs, str) else f"{runs.seconds:.2f} s"}', file=sys.stderr)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('roles', nargs='*', type=pathlib.Path)
    arguments = parser.parse_args()
    measure.warn_if_busy()
    data = {'conditions': measure.conditions(), 'mitogen': MITOGEN, 'rounds': arguments.rounds, 'subjects': {}}
    found = subject('hardened.docker.install', 'hardened.docker.install', arguments.rounds, False, {'raw': lambda run: measure.raw(int(run.tasks))})
    for path in [measure.PYTHON14, *(path.resolve() for path in arguments.roles)]:
        found |= subject(path.name, measure.role(path), arguments.rounds, True, {f'raw, as often as {path.name}': lambda run: measure.raw(int(run.tasks))})
    for name, results in found.items():
        data['subjects'][name] = {mode: run if isinstance(run, str) else dataclasses.asdict(run) for mode, run in results.items()}
    show(data)
    measure.save('roles', data)


def show(data):
    print(f'\n{"":26}{"":15}{"seconds":>9}{"CPU s":>8}{"KB":>9}{"execs":>7}{"tasks":>7}')
    for name, results in data['subjects'].items():
        for mode, run in results.items():
            if isinstance(run, str):
                print(f'{name:26}{mode:15}   does not run: {run}')
            else:
                print(f'{name:26}{mode:15}{run["seconds"]:9.2f}{run["cpu"]:8.2f}{run["bytes"] / 1000:9.0f}{run["execs"]:7.0f}{run["tasks"]:7.0f}')


if __name__ == '__main__':
    main()
