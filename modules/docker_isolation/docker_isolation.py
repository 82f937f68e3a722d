# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_isolation.go.

DOCUMENTATION = r"""
module: docker_isolation
short_description: Keep containers apart where icc is false, whatever other rules say
version_added: "0.1.0"
author:
  - The hardened.docker contributors (@hardened-docker)
description:
  - With C(icc) set to false, Docker drops traffic between the containers of its default bridge, and of networks with the option
    C(com.docker.network.bridge.enable_icc=false). Any rule that accepts such traffic earlier in the packet filter defeats
    that, typically one for ICMP that was loaded before Docker started. Containers can then be pinged, though TCP and UDP are dropped.
  - This module walks through the chains of C(FORWARD), of iptables on nftables and of the legacy variant, or through the engine's
    own tables of nftables, finds every rule that lets traffic through ahead of Docker's C(DROP), and closes the way.
  - What belongs to others is not flushed, deleted or reordered. Two rules at the beginning of C(DOCKER-USER), the chain that
    Docker keeps for the administrator, send traffic within the bridge through Docker's own rules, so that links work, and then drop
    it. A rule that comes even before that chain gets the same two in front of it.
options:
  state:
    description:
      - V(checked) changes nothing. It returns what leaks, with a warning for each.
      - V(enforced) closes the leaks now, and installs a service that closes them each time Docker has started, with or without
        a leak at the moment.
      - V(absent) takes out what this module made.
    type: str
    choices: [checked, enforced, absent]
    default: checked
attributes:
  check_mode:
    description: Says which rules it would add.
    support: full
  diff_mode:
    description: Shows the commands that change the packet filter.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
notes:
  - Where C(icc) is not false, there is nothing to enforce, and the module warns. Set it with
    M(hardened.docker.docker_daemon_json).
  - Also C(net.bridge.bridge-nf-call-iptables=0) defeats C(icc=false), because the kernel then does not ask iptables about traffic
    within a bridge. With V(enforced) it is set to 1, as Docker itself does when it starts.
  - Nothing is restarted. Connections through published ports go on.
  - A rule that accepts established connections alone is no leak.
  - In tables of nftables that others made, an accept does not overrule Docker's drop. They are left alone.
seealso:
  - module: hardened.docker.docker_daemon_json
  - module: hardened.docker.firewalld_docker_order
"""

EXAMPLES = r"""
- name: Keep containers of the default bridge apart
  hardened.docker.docker_daemon_json:
    settings:
      icc: false

- name: Restart the daemon if that is needed
  hardened.docker.docker_service:
    state: converged

- name: Whatever other rules say
  hardened.docker.docker_isolation:
    state: enforced

- name: Find out what leaks
  hardened.docker.docker_isolation:
  register: isolation

- name: Fail if something does
  ansible.builtin.assert:
    that: isolation.isolated
"""

RETURN = r"""
isolated:
  description:
    - Whether the containers of the default bridge, and of all networks that want it, are kept apart after the task. Null if the
      engine does not run.
  type: bool
  returned: success
  sample: true
bridges:
  description: The bridges whose containers are to be kept apart.
  type: list
  elements: str
  returned: success
  sample: [docker0]
leaks:
  description: The rules that let traffic through before the task. C(rule) is null where no rule stops the traffic.
  type: list
  elements: dict
  returned: success
  contains:
    bridge:
      description: The bridge whose containers reach each other.
      type: str
      sample: docker0
    tool:
      description: The program that shows the rule.
      type: str
      sample: iptables
    chain:
      description: The chain of the rule.
      type: str
      sample: FORWARD
    number:
      description: The number of the rule in its chain, from 1.
      type: int
      sample: 9
    rule:
      description: The rule.
      type: str
      sample: -A FORWARD -p icmp -j ACCEPT
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: ["keep containers apart in the packet filter, with 2 changes"]
"""
