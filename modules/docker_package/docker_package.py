# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_package.go.

DOCUMENTATION = r"""
module: docker_package
version_added: "0.1.0"
short_description: Install, pin, hold, move and remove Docker Engine's packages as one unit
description:
  - Installs the engine, its command line, containerd and the plugins together, keeps their versions in step, and holds
    them, so that no upgrade of the host restarts the containers by the way.
  - Finds packages that cannot stay beside the engine before anything changes, and names them with their versions and
    the files they own.
  - The daemon does not start before its configuration is in place. See O(autostart).
  - Works with apt, on Debian, Ubuntu and their derivatives, and with dnf, on openEuler, EulerOS, RHEL, Rocky, Alma,
    CentOS, Fedora and Amazon Linux. yum 3 is run by its documentation; tests have dnf 4, and dnf5 was tried by hand.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description:
      - Names every package with its version that a run would install, move or remove.
      - Where a run would fetch the package lists first, they are fetched into a directory of their own below C(/tmp),
        which is removed, and nothing else is written. Where that fails, the task fails, as the run would.
      - A repository that an earlier task would add is taken into account if it is in O(pending_repository).
  diff_mode:
    support: full
    description: Shows packages with their versions, and holds, before and after.
  idempotent:
    support: full
    description: With O(version=latest), package lists older than O(cache_valid_time) are fetched again, which is a change.
options:
  state:
    description:
      - V(present) has the engine installed.
      - V(absent) removes the packages and leaves their configuration files.
      - V(purged) removes their configuration files too. Data stays, also with packages whose own scripts would delete
        C(/var/lib/docker) at this point, as Debian's C(docker.io) does.
      - Removing the engine stops the containers.
    type: str
    choices: [present, absent, purged]
    default: present
  flavor:
    description:
      - Which packages. V(docker-ce) are Docker's own, V(docker.io) are Debian's and Ubuntu's, V(docker-engine) are
        openEuler's and EulerOS's, V(moby-engine) are Fedora's, V(docker) are Amazon Linux's.
      - V(auto) is the flavor that is installed, else V(docker-ce) if a repository of the host has it, else the one of
        the distribution. With O(state=absent) and O(state=purged) it is every flavor.
    type: str
    choices: [auto, docker-ce, docker.io, docker-engine, moby-engine, docker]
    default: auto
  version:
    description:
      - The engine's version. Packages with the same version, such as the command line, follow it. The others move to
        their candidate version when the engine is upgraded, and never back.
      - An exact version such as V(5:24.0.7-1~debian.12~bookworm), a pattern of the shell such as V(5:24.0.*), or the
        beginning of the upstream version such as V(24.0). A version that is installed and matches stays; else the
        newest that matches is taken.
      - V(latest) is the newest that the host's package lists and pins offer.
      - V(kubernetes-1.21) and its like are the newest engine that the Kubernetes project tested this release with. One
        that is installed and was tested stays. The table has 1.12 to 1.23; newer releases do not use Docker Engine.
        RV(kubernetes) says where it is from.
      - Without it, the engine stays at the version that is installed.
    type: str
  hold:
    description:
      - Hold the packages at their version. This module moves them all the same.
      - With apt this is C(apt-mark hold). With dnf and yum it is the list of the plugin C(versionlock) where that is
        installed and on, and elsewhere C(excludepkgs) in the main configuration, which needs no plugin.
      - V(false) releases them.
    type: bool
    default: true
  conflicts:
    description:
      - What to do with packages that cannot stay beside the engine, such as those of another flavor.
      - V(refuse) fails and names them. V(remove) removes them, their configuration files excepted.
    type: str
    choices: [refuse, remove]
    default: refuse
  allow_downgrade:
    description: Allow an older version than the one that is installed. It may not read the data of the newer one.
    type: bool
    default: false
  autostart:
    description:
      - Let the packages start the daemon when they are installed, with whatever configuration is there.
      - By default it stays stopped, and M(hardened.docker.docker_service) starts it. A daemon that runs already is
        restarted by an upgrade in either case.
      - It is kept from starting by a condition on the process of the package manager, which is void when that process
        has ended, in whatever way.
    type: bool
    default: false
  auditd:
    description:
      - Install auditd too, which loads the rules of M(hardened.docker.audit_docker) at boot, where the kernel keeps audit rules.
      - It is not installed in a container, and not where the kernel was started with C(audit=0). One that is there stays as
        it is, also when the engine is removed.
      - It costs a daemon, and the space of its records in C(/var/log/audit).
    type: bool
    default: false
  update_cache:
    description:
      - Fetch the package lists before something is installed, if there are none, if the list of repositories is newer
        than they are, if they are older than O(cache_valid_time), or if they do not have what is needed, because a power failure can
        leave new ones empty.
    type: bool
    default: true
  cache_valid_time:
    description: How long package lists are taken for current, in seconds.
    type: int
    default: 3600
  lock_timeout:
    description:
      - How long to wait for another package manager that is at work, in seconds. V(0) does not wait.
    type: int
    default: 300
  remove_data:
    description:
      - With O(state=absent) or O(state=purged), remove the engine's data too, in its C(data-root) and, if containerd
        goes as well, in C(/var/lib/containerd). What Docker did not make stays.
      - Refused while there are containers or volumes.
    type: bool
    default: false
  allow_data_loss:
    description: With O(remove_data), remove the data also if there are containers or volumes among them.
    type: bool
    default: false
  pending_repository:
    description:
      - What M(hardened.docker.docker_repository) returned as RV(hardened.docker.docker_repository#module:pending) in
        check mode. The prediction is made as if the repository were there. Its signature is not verified, because its
        key is not on the host yet.
      - Without effect in a run. The role P(hardened.docker.packages#role) passes it on.
    type: dict
    suboptions:
      file:
        description: The file that names the repository.
        type: path
      text:
        description: The text of the file.
        type: str
      without:
        description: Other files that name the same repository, and would be removed.
        type: list
        elements: path
notes:
  - Packages that are only recommended are not installed, but for those without which the engine does not work.
    These are C(docker-cli) where it is apart, C(ca-certificates), and C(apparmor) where the kernel enforces it.
  - An upgrade restarts the daemon, and containers with it unless C(live-restore) is on. What ran before runs again when
    the task has ended, also without a restart policy.
  - Podman's containers stay on the disk when podman is removed; the conflict and the warning name them.
  - Package managers see the proxy that C(environment) gives the task, such as C(https_proxy), and what C(apt.conf.d) or
    C(dnf.conf) name.
  - An installation that was interrupted, by whomever, is finished first.
seealso:
  - module: hardened.docker.docker_repository
  - module: hardened.docker.docker_service
"""

EXAMPLES = r"""
- name: Install the engine of the distribution, or Docker's own if its repository is there
  hardened.docker.docker_package:

- name: Stay on one series of Docker's own packages
  hardened.docker.docker_package:
    flavor: docker-ce
    version: "28.5"
    conflicts: remove

- name: Go to the newest version, with two hours for another package manager to finish
  hardened.docker.docker_package:
    version: latest
    cache_valid_time: 0
    lock_timeout: 7200

- name: Remove the packages and their configuration, and what is in /var/lib/docker if nothing is lost by it
  hardened.docker.docker_package:
    state: purged
    remove_data: true
"""

RETURN = r"""
flavor:
  description: The flavor that the task was about.
  type: str
  returned: always
  sample: docker-ce
version:
  description: >-
    The engine's version after the task, or null if there is none. Null in check mode if it cannot be known without
    package lists.
  type: str
  returned: always
  sample: 5:28.5.2-1~debian.12~bookworm
available:
  description: The versions of the engine that the host's repositories have, newest first, as C(apt-cache madison) shows them.
  type: list
  elements: dict
  returned: always
  contains:
    version:
      description: The version.
      type: str
      returned: always
    source:
      description: The repository that has it.
      type: str
      returned: always
  sample:
    - version: 5:28.5.2-1~debian.12~bookworm
      source: https://download.docker.com/linux/debian bookworm/stable amd64 Packages
available_text:
  description: The same as text, one version in a line, as C(apt-cache madison) writes it, with dnf and yum too.
  type: str
  returned: always
  sample: |
    docker-ce | 5:28.5.2-1~debian.12~bookworm | https://download.docker.com/linux/debian bookworm/stable amd64 Packages
packages:
  description: >-
    The engine's packages, and all others that the transaction changes, by name. Each has its version C(before) and
    C(after), null where it is not installed.
  type: dict
  returned: always
  sample:
    docker-ce: {before: null, after: 5:28.5.2-1~debian.12~bookworm}
conflicts:
  description: The packages that cannot stay beside the engine, or that need what goes.
  type: list
  elements: dict
  returned: always
  contains:
    package:
      description: The package.
      type: str
      returned: always
    version:
      description: Its version.
      type: str
      returned: always
    owns:
      description: The files of the engine that belong to it.
      type: list
      elements: str
      returned: always
    reason:
      description: Why it cannot stay.
      type: str
      returned: always
kubernetes:
  description: The engines that a release of Kubernetes was tested with, if O(version) names one, else null.
  type: dict
  returned: always
  contains:
    engines:
      description: The beginnings of the engine's versions, newest first.
      type: list
      elements: str
      returned: always
    source:
      description: Where the Kubernetes project says so.
      type: str
      returned: always
    date:
      description: Of what date that is.
      type: str
      returned: always
affected_containers:
  description: >-
    The running containers that the transaction interrupts. Packages stop the engine when they are removed and restart it
    when they are moved.
  type: list
  elements: str
  returned: always
  sample: [db, web]
containers_started:
  description: The containers that ran before the transaction, did not after it, and were started again.
  type: list
  elements: str
  returned: when containers ran before the engine was moved
  sample: [db]
containers_gone:
  description: The containers that ran before the transaction and are not there any more, because they were made with C(--rm).
  type: list
  elements: str
  returned: when containers ran before the engine was moved
  sample: []
waited_for:
  description: The process that another package manager's lock was held by, if the task had to wait.
  type: str
  returned: when the task waited
  sample: process 4711 (apt-get upgrade), on /var/lib/dpkg/lock-frontend
remains:
  description:
    - What is left of Docker on the host. Data, configuration, the repository, what other modules of this collection wrote,
      and copies that were kept of such files.
  type: list
  elements: str
  returned: with O(state=absent) and O(state=purged)
  sample: [/var/lib/docker, /etc/docker, the group docker]
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [fetch the package lists, install docker-ce 5:28.5.2-1~debian.12~bookworm]
"""
