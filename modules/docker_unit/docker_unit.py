# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_unit.go.

DOCUMENTATION = r"""
module: docker_unit
version_added: "0.1.0"
short_description: Declare a drop-in of docker.service
description:
  - Writes one drop-in, C(/etc/systemd/system/docker.service.d/50-hardened.conf), with the start time, start limits,
    environment and resource limits of the Docker daemon, and makes systemd read it.
  - The drop-in has exactly what the task says. An option that is left out is not in it, and a task that says nothing
    leaves no drop-in. Two tasks that are to declare different things need different names, with O(name).
  - Takes flags of C(dockerd) off its command line, so that C(daemon.json) can set them. The daemon does not start with
    an option that is in both places. The packaged unit is not changed. The drop-in has its command line without the
    flags, and flags that come from an environment file such as C(/etc/default/docker) are taken out of it there.
  - The command line in the drop-in is compared with the packaged one at each run. When an upgrade of the engine changes
    that, the next run of the task writes the drop-in anew, and it reports a change.
  - A setting that another drop-in or an environment file would overrule is refused, with the place.
  - The daemon is not restarted. RV(apply) says whether it has to be, and
    M(hardened.docker.docker_service) with O(hardened.docker.docker_service#module:state=converged) does it.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result but the names of the backups. On a host without the engine it predicts the
      drop-in without O(flags), and says so.
  diff_mode:
    support: full
    description: Shows each file before and after. Passwords in the addresses of proxies are left out.
  idempotent:
    support: full
    description: A drop-in that means the same is not written again. V(5min) is V(300).
options:
  name:
    description:
      - The name of the drop-in, without C(.conf). Drop-ins apply in the order of their names and the last one wins.
    type: str
    default: 50-hardened
  start_timeout:
    description:
      - How long the daemon may take to start, in seconds or as a time span such as V(5min). V(0) and V(infinity) are no
        limit, which is what packages ship (C(TimeoutStartSec)).
      - A daemon with thousands of containers, or that prepares a thin pool for the first time, takes minutes.
    type: str
  start_limit_burst:
    description:
      - How many starts within O(start_limit_interval) are allowed (C(StartLimitBurst)). Packages ship 3 within 60
        seconds, restarts by hand included. One more, and the unit has failed until the interval is over or
        C(systemctl reset-failed) was run.
      - V(0) is no limit, and not recommended. With it a daemon that cannot start makes every docker command hang.
    type: int
  start_limit_interval:
    description:
      - The interval of O(start_limit_burst), in seconds or as a time span (C(StartLimitIntervalSec)). V(0) is no limit.
      - It is written into the section that the host's systemd reads. The packaged C(StartLimitInterval) in the other
        section does not win over it.
    type: str
  environment:
    description:
      - Environment variables of the daemon, such as C(HTTPS_PROXY) for engines before 23.0, which have no key for it in
        C(daemon.json). Values are passed on as they are, whatever characters they have. A null leaves the variable out.
      - C(DISABLE_CRASH_FILES_DELETE=true) keeps the files that openEuler's docker-engine removes when it starts after a loss
        of power. Other engines do not read it, and a warning says so.
      - With any variable the drop-in is readable for root only.
    type: dict
    default: {}
  limit_nproc:
    description:
      - How many processes the daemon's user may have, a number, V(infinity), or two of them as V(soft:hard)
        (C(LimitNPROC)).
    type: str
  limit_nofile:
    description:
      - How many files the daemon may have open, and by default its containers, a number, V(infinity), or V(soft:hard)
        (C(LimitNOFILE)). More than the kernel's C(fs.nr_open) is refused.
    type: str
  flags:
    description:
      - Flags to take off the daemon's command line, wherever it has them from. Each by its name (V(--host)), its letter
        (V(-H)) or the key of C(daemon.json) (V(hosts)), without a value.
      - A flag that is not on the command line is as wanted.
      - A flag that is left out of the list again, and every flag with O(state=absent), comes back. Its key is removed
        from C(daemon.json) if it has the value of the flag. If it has another one, the task is refused. Flags that
        were taken out of an environment file do not come back; the backup has them.
    type: list
    elements: str
    default: []
  keep_values:
    description:
      - Write the values of flags that are taken off into C(daemon.json), unless it has a value for the key already.
        The daemon is then configured as before, until M(hardened.docker.docker_daemon_json) sets something else.
      - With V(false), a flag that says where containers and images are is refused as long as there are any.
    type: bool
    default: true
  backup:
    description: Keep the old version of each file that is changed beside it.
    type: bool
    default: true
  state:
    description:
      - V(present) for a drop-in with what the other options say, V(absent) for none.
    type: str
    choices: [present, absent]
    default: present
notes:
  - The start time and the start limits are in force at once. All else needs a restart of the daemon, which stops
    containers unless C(live-restore) is set.
  - The new drop-in is checked with C(systemd-analyze verify), together with a copy of the unit, before it is written.
  - The environment can have secrets in it, such as a proxy's password. Set C(no_log) on the task then.
  - The module looks through a mask of the unit, which is how M(hardened.docker.docker_package) keeps the engine from
    starting before it is configured.
seealso:
  - module: hardened.docker.docker_daemon_json
  - module: hardened.docker.docker_service
  - name: Configure the daemon with systemd
    description: Docker's own page about drop-ins.
    link: https://docs.docker.com/engine/daemon/proxy/
"""

EXAMPLES = r"""
- name: Give the daemon time to start, and room for retries
  hardened.docker.docker_unit:
    start_timeout: 5min
    start_limit_burst: 5
    start_limit_interval: 60
    limit_nofile: 1048576

- name: Let daemon.json say where the daemon listens
  hardened.docker.docker_unit:
    name: 60-hosts
    flags: [hosts]

- name: Listen on another address, too
  hardened.docker.docker_daemon_json:
    settings:
      hosts:
        - fd://
        - tcp://127.0.0.1:2375

- name: Pull through a proxy, with an engine before 23.0
  hardened.docker.docker_unit:
    name: 70-proxy
    environment:
      HTTPS_PROXY: "http://docker:{{ proxy_password }}@proxy.example.com:3128"
      NO_PROXY: localhost,registry.example.com
  no_log: true

- name: Restart the daemon if that is needed
  hardened.docker.docker_service:
    state: converged
"""

RETURN = r"""
path:
  description: The drop-in.
  type: str
  returned: success
  sample: /etc/systemd/system/docker.service.d/50-hardened.conf
apply:
  description: What the running daemon needs to take up this task's change. V(none) or V(restart).
  type: str
  returned: success
  sample: restart
command:
  description: The command line that starts the daemon, after this task. Null if the engine is not installed.
  type: list
  elements: str
  returned: success
  sample: [/usr/sbin/dockerd, --containerd=/run/containerd/containerd.sock]
flags_removed:
  description: The flags that this task takes off the command line.
  type: list
  elements: str
  returned: success
  sample: [-H fd://]
flags_returned:
  description: The flags that this task brings back onto the command line.
  type: list
  elements: str
  returned: success
backup_files:
  description: Where the old versions of changed files are kept.
  type: list
  elements: str
  returned: when files were replaced and O(backup=true), not in check mode
  sample: [/etc/default/docker.2026-11-22T17-00-00Z~]
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [write /etc/systemd/system/docker.service.d/50-hardened.conf, make systemd read its unit files again]
"""
