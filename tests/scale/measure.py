# SPDX-License-Identifier: GPL-3.0-or-later
"""What the benchmarks share: a disposable host, and a play that is watched: time, controller CPU, bytes, execs."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = TOP / 'tests/scale'
OUT = TOP / 'build/bench'
HOST = TOP / 'molecule/shared/host'
PYTHON14 = HERE / 'roles/python14'
# For Ansible's own modules: what the disposable hosts do without.
INSTALL_PYTHON = 'apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 >/dev/null 2>&1'


@dataclasses.dataclass
class Run:
    """One run of a playbook: seconds, the controller's CPU seconds, bytes both ways, started ssh or sftp, tasks that ran."""

    seconds: float
    cpu: float
    bytes: int
    execs: int
    tasks: int
    changed: int


def host(*arguments):
    """Call molecule/shared/host."""
    done = subprocess.run([HOST, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f'molecule/shared/host {arguments[0]}: {done.stderr or done.stdout}')
    return done.stdout


@contextlib.contextmanager
def disposable(name, suite='bookworm'):
    """Boot a host and take it away afterwards; yields a Machine."""
    subprocess.run([HOST, 'down', name], capture_output=True, check=False)
    try:
        host('up', name, '--suite', suite)
        with tempfile.TemporaryDirectory(prefix='bench-') as work:
            yield Machine(name, pathlib.Path(work))
    finally:
        subprocess.run([HOST, 'down', name], capture_output=True, check=False)


class Machine:
    """A disposable host, the files that a controller has for it, and what it costs to run plays on it."""

    def __init__(self, name, work):
        self.name, self.work = name, work
        self.connection = json.loads(host('connection', name).splitlines()[0])
        self.address = host('address', name).strip()
        route = subprocess.run(['ip', '-o', 'route', 'get', self.address], check=True, capture_output=True, text=True).stdout
        self.link = pathlib.Path('/sys/class/net', re.search(r' dev (\S+)', route)[1], 'statistics')
        self.inventory = work / 'inventory.yml'
        self.inventory.write_text(host('inventory', name))
        # What Ansible starts is counted by what stands in its place.
        for program in ('ssh', 'sftp', 'scp'):
            path = work / program
            path.write_text(f'#!/bin/sh\necho {program} >>{work}/execs\nexec /usr/bin/{program} "$@"\n')
            path.chmod(0o755)

    def write(self, name, plays):
        """Write a playbook and return its path."""
        path = self.work / f'{name}.yml'
        path.write_text(json.dumps(plays))
        return path

    def play(self, playbook, *options, environment=None, inventory=None):
        """Run a playbook with connections of its own and return a Run, or the end of what it said as text."""
        execs, recap = self.work / 'execs', None
        execs.write_text('')
        with tempfile.TemporaryDirectory(prefix='cp-') as control:
            env = {**os.environ, 'ANSIBLE_SSH_CONTROL_PATH_DIR': control, 'ANSIBLE_DEPRECATION_WARNINGS': 'false', 'ANSIBLE_NOCOLOR': '1', 'ANSIBLE_PIPELINING': 'true',
                   'ANSIBLE_SSH_EXECUTABLE': str(self.work / 'ssh'), 'ANSIBLE_SFTP_EXECUTABLE': str(self.work / 'sftp'), 'ANSIBLE_SCP_EXECUTABLE': str(self.work / 'scp'),
                   **(environment or {})}
            before, sent, begin = resource.getrusage(resource.RUSAGE_CHILDREN), self.traffic(), time.monotonic()
            done = subprocess.run(['ansible-playbook', '-i', inventory or self.inventory, playbook, *options], env=env, cwd=self.work, capture_output=True, text=True, check=False)
            seconds, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
            traffic = self.traffic() - sent
            for socket in pathlib.Path(control).iterdir():
                subprocess.run(['/usr/bin/ssh', '-o', f'ControlPath={socket}', '-O', 'exit', 'nobody'], capture_output=True, check=False)
        recap = re.findall(r'ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)', done.stdout.rpartition('PLAY RECAP')[2])
        if done.returncode or not recap:
            return (done.stdout + done.stderr)[-1500:]
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Run(seconds, cpu, traffic, len(execs.read_text().splitlines()), sum(int(one[0]) for one in recap), sum(int(one[1]) for one in recap))

    def traffic(self):
        """Return the bytes that went over the host's link so far."""
        return sum(int((self.link / name).read_text()) for name in ('rx_bytes', 'tx_bytes'))


def raw(tasks):
    """Return plays with `raw: true` so many times: the floor for whatever is done in so many tasks."""
    return [{'hosts': 'all', 'gather_facts': False, 'become': True, 'tasks': [{'ansible.builtin.raw': 'true', 'changed_when': False}] * tasks}]


def role(path):
    """Return plays with a role as its users have it."""
    return [{'hosts': 'all', 'gather_facts': True, 'become': True, 'roles': [str(path)]}]


def median(runs):
    """Return the Run whose parts are the medians of the runs' parts."""
    return Run(*(statistics.median(getattr(run, field.name) for run in runs) for field in dataclasses.fields(Run)))


def conditions():
    """Say on what and when this is measured, and how busy the machine is."""
    release = subprocess.run(['ansible', '--version'], check=True, capture_output=True, text=True).stdout.splitlines()[0]
    cpu = re.search(r'model name\s*: (.*)', pathlib.Path('/proc/cpuinfo').read_text())
    memory = int(re.search(r'MemTotal: +(\d+)', pathlib.Path('/proc/meminfo').read_text())[1]) / 1048576
    priority = 'real time' if os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR) else 'normal'
    return {'priority': priority, 'date': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d'), 'load': round(os.getloadavg()[0], 1), 'cpus': os.cpu_count(),
            'cpu': cpu[1] if cpu else os.uname().machine, 'memory': f'{memory:.0f} GB', 'ansible': re.sub(r'[^0-9.]*([0-9.]+).*', r'\1', release.partition('core')[2])}


def save(name, data):
    """Write results where `tests/scale/publish` finds them."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f'{name}.json'
    path.write_text(json.dumps(data, indent=1))
    print(f'written to {path.relative_to(TOP)}; tests/scale/publish puts it into docs/performance.md')


def warn_if_busy():
    """Say so if figures will mean little."""
    if os.getloadavg()[0] > 0.5 * os.cpu_count():
        print(f'this machine is busy (load {os.getloadavg()[0]:.1f}): the figures will be of other work too', file=sys.stderr)
