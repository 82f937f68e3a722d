# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: audit_docker.go.

DOCUMENTATION = r"""
module: audit_docker
version_added: "0.1.0"
short_description: Have the kernel record what happens to Docker's files
description:
  - Declares audit rules that watch Docker's programs, units, configuration and sockets, in a file that auditd reads when
    the host boots, gives them to the kernel, and reads them back from it.
  - Rules are compared by meaning. C(-w) equals C(-a always,exit) with C(-F path=) or C(-F dir=), no C(-p) equals
    C(-p rwxa), the order of fields and a slash at the end do not count, and a file under C(/lib) is the one under
    C(/usr/lib).
  - Other rules are never touched. This module's are those with its O(key) that O(rules_file) declares. A rule that
    another file beside it declares is not declared again, because C(auditctl) stops at a rule that is there twice and
    leaves out all behind it.
  - The kernel is asked over its own socket, so that C(auditctl) is not needed. Without auditd the rules are in force
    until the host reboots, which a warning says.
  - A host without audit is no failure. In a container, with C(audit=0) or with a kernel that was built without it, the
    rules are declared, a warning says why they are not in force, and RV(audit) tells the case.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result. On a host without the engine it cannot know which paths there will be, and
      says so.
  diff_mode:
    support: full
    description: Shows files before and after, and the kernel's rules that change.
  idempotent:
    support: full
    description: Rules that mean the same are left as they are.
options:
  watches:
    description:
      - The files and directories to watch, a directory with all below it. Those that are not there are left out and
        listed in RV(missing_paths). A rule for them would end the loading of all rules at boot if their directory is
        missing, too. The next run of the task adds them when they are there.
      - By default C(/etc/docker) and its C(daemon.json), C(docker.service), C(docker.socket), C(containerd.service) and
        the drop-ins of the first, C(/etc/default/docker), the files C(docker), C(docker-network) and C(docker-storage) in
        C(/etc/sysconfig), C(/etc/containerd/config.toml), the programs C(dockerd), C(containerd), its shims, C(runc) and
        their old names C(docker-containerd) and C(docker-runc), C(/run/docker.sock) and C(/run/containerd) with
        C(containerd.sock) in it.
      - Where C(dockerd) is in C(/usr/bin) or in C(/usr/sbin), its name in the other one is watched, too, so that a second
        daemon that somebody puts there is recorded.
      - A path that is a link is watched together with what it links to.
    type: list
    elements: str
  permissions:
    description:
      - What is recorded, as letters. V(r) reading, V(w) writing, V(x) execution, V(a) a change of attributes such as
        owner and mode. Reading and execution take many times as many records.
    type: str
    default: wa
  key:
    description: The name under which C(ausearch -k) finds the records, and by which the module knows its rules.
    type: str
    default: docker
  watch_data_root:
    description:
      - Watch the directory with all images, containers and volumes, too, usually C(/var/lib/docker). One C(docker run)
        then takes 236 kB of audit log in place of 5 kB, and what containers write is recorded as long as they run.
        CIS 1.1.5 asks for it, the source document warns of it.
    type: bool
    default: false
  rules_file:
    description:
      - The file that declares the rules. Its watches with O(key) are this module's, its other lines stay.
      - It is read at boot if it is in C(/etc/audit/rules.d) and its name ends with C(.rules).
    type: path
    default: /etc/audit/rules.d/docker.rules
  load:
    description: Give the rules to the running kernel, too. With V(false) they take effect at the next boot.
    type: bool
    default: true
  backup:
    description: Keep the old version of O(rules_file) beside it. C(augenrules) does not read backups.
    type: bool
    default: false
  state:
    description: V(present) for the rules, V(absent) for none of this module's, in file and kernel.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Rules that were made immutable with C(auditctl -e 2) cannot be changed before the host reboots. The file is written,
    RV(loaded) is false, and a warning says so.
  - The directories below C(/run) that rules need are made at boot by a file in C(/etc/tmpfiles.d), named after
    O(rules_file), because auditd starts before containerd.
  - Nothing is restarted or interrupted.
seealso:
  - module: hardened.docker.docker_files
  - module: hardened.docker.docker_unit
"""

EXAMPLES = r"""
- name: Record changes of Docker's files
  hardened.docker.audit_docker:

- name: Have what the CIS benchmark asks for to the letter
  hardened.docker.audit_docker:
    permissions: rwxa
    watch_data_root: true

- name: Watch paths of your own
  hardened.docker.audit_docker:
    watches:
      - /etc/docker
      - /srv/compose
    key: compose
    rules_file: /etc/audit/rules.d/compose.rules

- name: Watch nothing any more
  hardened.docker.audit_docker:
    state: absent
"""

RETURN = r"""
rules:
  description: The rules that are wanted, as C(auditctl -l) prints them.
  type: list
  elements: str
  returned: success
  sample: ["-w /etc/docker -p wa -k docker"]
loaded:
  description:
    - Whether the kernel has all of them after this task, which was read from the kernel. False also with
      O(load=false), and where no rules are wanted.
  type: bool
  returned: always, unless the task failed before the kernel was asked
  sample: true
missing_paths:
  description: The paths that are not there and have no rule therefore.
  type: list
  elements: str
  returned: success
  sample: [/etc/sysconfig/docker]
elsewhere:
  description: The rules among RV(rules) that another file declares.
  type: list
  elements: str
  returned: success
  sample: []
audit:
  description:
    - What the kernel's audit is. V(enabled); V(disabled), rules are taken but have no effect; V(immutable), rules cannot
      be changed before the next boot; V(off) by C(audit=0); V(unsupported) by a kernel built without it;
      V(container), it belongs to the machine below; V(unknown) with O(load=false).
  type: str
  returned: success
  sample: enabled
auditd:
  description: V(absent), V(stopped), V(running), or V(unknown) if systemd does not say.
  type: str
  returned: success
  sample: running
backup_file:
  description: Where the old rules file is kept.
  type: str
  returned: when it was replaced and O(backup=true), not in check mode
  sample: /etc/audit/rules.d/docker.rules.2026-11-22T20-00-00Z~
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [load 14 audit rules into the kernel, write /etc/audit/rules.d/docker.rules]
"""
