# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_files.go.

DOCUMENTATION = r"""
module: docker_files
version_added: "0.1.0"
short_description: Give Docker's files and sockets safe owners and modes
description:
  - Gives Docker's configuration, units, environment files, certificates, programs, data root and sockets to root, and
    takes away what the CIS Docker Benchmark does not allow others. A mode is only ever made stricter. What is not there
    is left out.
  - Has the group that owns the socket, usually C(docker), have exactly the members that O(group_members) names. Each of
    them is as good as root.
  - Accepts a TCP socket of the daemon only where both sides prove who they are. The task fails, before it changes
    anything, if C(tlsverify) is not set, and if the certificate is not signed by the authority, is not for servers, has
    expired, is not for one of O(tls_names), or does not belong to the key.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result for the files that are there.
  diff_mode:
    support: full
    description: Shows owner and mode of each file before and after, and members that come and go.
  idempotent:
    support: full
    description: A file whose owner is root and whose mode is as strict as wanted, or stricter, is left alone.
options:
  modes:
    description: Give files and sockets owners and modes. With V(false) the group and the TCP socket alone are looked at.
    type: bool
    default: true
  group_members:
    description:
      - The users who may use the daemon's socket, all of them. Others are taken out of the group, an empty list takes
        out all. A user who is logged in keeps the group until the next login.
      - Without this option the members are only returned.
    type: list
    elements: str
  tcp:
    description: V(tls) accepts a TCP socket with verified TLS alone. V(any) does not look.
    type: str
    choices: [tls, any]
    default: tls
  tls_names:
    description: Host names and addresses that clients use. The server's certificate has to be valid for each.
    type: list
    elements: str
    default: []
  tls_days:
    description: Warn if the server's certificate ends within so many days.
    type: int
    default: 30
  state:
    description: V(enforced) changes what is wrong. V(checked) only returns it, in RV(wrong).
    type: str
    choices: [enforced, checked]
    default: enforced
notes:
  - Certificates are checked with C(openssl) on the host. Where it is not installed, a warning says that they are not.
  - C(/run/docker.sock) is made by C(docker.socket) each time that it starts. If that unit gives it another mode, a warning
    names the file and line.
  - Nothing is restarted or interrupted.
seealso:
  - module: hardened.docker.audit_docker
  - module: hardened.docker.docker_daemon_json
"""

EXAMPLES = r"""
- name: Give Docker's files safe owners and modes
  hardened.docker.docker_files:

- name: Say who may use the daemon
  hardened.docker.docker_files:
    group_members: [deploy]

- name: Look, and change nothing
  hardened.docker.docker_files:
    state: checked
  register: files

- name: Check the certificate of a daemon that listens on TCP for the names that clients use
  hardened.docker.docker_files:
    tls_names:
      - docker-1.example.com
"""

RETURN = r"""
files:
  description: The files that are there, with owner and mode after this task, or with O(state=checked) as they should be.
  type: list
  elements: dict
  returned: success
  contains:
    path:
      description: The file, without symbolic links.
      type: str
      sample: /etc/docker/daemon.json
    uid:
      description: The number of its owner.
      type: int
      sample: 0
    gid:
      description: The number of its group.
      type: int
      sample: 0
    mode:
      description: Its mode, in octal digits.
      type: str
      sample: "0644"
    cis:
      description: The recommendations of the CIS Docker Benchmark 1.6.0 that ask for it, or empty.
      type: str
      sample: 3.17, 3.18
wrong:
  description: What was not as it should be before this task, a text for each file or member.
  type: list
  elements: str
  returned: success
  sample: ["/etc/docker/daemon.json: owner 0:0 mode 0666, not owner 0:0 mode 0644"]
group:
  description: The group that owns the socket.
  type: str
  returned: success
  sample: docker
group_members:
  description: Its members after this task, users whose first group it is among them.
  type: list
  elements: str
  returned: success
  sample: [deploy]
tcp:
  description: The daemon's TCP sockets, as its configuration has them.
  type: dict
  returned: success
  contains:
    addresses:
      description: Where it listens.
      type: list
      elements: str
      sample: []
    verified:
      description: Whether clients have to prove who they are.
      type: bool
      sample: false
    expires:
      description: When the server's certificate ends, or empty if it was not looked at.
      type: str
      sample: Nov 22 17:00:00 2027 GMT
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [give /etc/docker/daemon.json owner 0:0 mode 0644]
"""
