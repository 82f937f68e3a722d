# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_doctor_report.go.

DOCUMENTATION = r"""
module: docker_doctor_report
version_added: "0.1.0"
short_description: Make a page and test results of what the doctor found on a fleet
description:
  - Reads what M(hardened.docker.docker_doctor) found on many hosts, as the playbook C(hardened.docker.doctor) collects it
    in C(doctor.json), and writes a page for people and JUnit for machines.
  - The page is one HTML file that loads nothing from anywhere, so it can be mailed or archived. It has the hosts by checks,
    the evidence behind each finding on a click, and what is new and gone since an older report. It fits a phone, paper, and
    light and dark screens. Text that comes from hosts is shown as text, whatever markup is in it.
  - Runs on the controller, with C(connection=local), if that is Linux on a platform that the collection has a binary for.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result.
  diff_mode:
    support: full
    description: Says which file is written; the files' content is too large to be shown.
  idempotent:
    support: full
    description: The same report makes the same files, which are not written again.
options:
  path:
    description: The report of the doctor, C(doctor.json).
    type: path
    required: true
  previous:
    description:
      - An older report. The page then says what is new and what is gone since. A finding is recognized by host, check and
        subject; what could not be judged in one of the two is neither new nor gone.
      - A file that is not there is no error, because there is none at the first time.
    type: path
  html:
    description: Where to write the page. Its directory has to be there. The page names the weak points of hosts, and only
      its owner may read a page that is new (mode C(0600)).
    type: path
  junit:
    description:
      - Where to write JUnit's XML, for systems that show test results. There is a suite for each host and a case for each
        check. Errors and warnings are failures; what could not be judged or does not apply was skipped; a host that was not
        examined is an error.
    type: path
  title:
    description: The title of the page.
    type: str
    default: Docker hosts
seealso:
  - module: hardened.docker.docker_doctor
"""

EXAMPLES = r"""
- name: Make a page and test results on the controller
  hardened.docker.docker_doctor_report:
    path: "{{ playbook_dir }}/doctor-report/doctor.json"
    previous: "{{ playbook_dir }}/doctor-report/doctor-previous.json"
    html: "{{ playbook_dir }}/doctor-report/doctor.html"
    junit: "{{ playbook_dir }}/doctor-report/doctor-junit.xml"
    title: Docker hosts in Bruges
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
hosts:
  description: How many hosts there are of each kind.
  type: dict
  returned: success
  contains:
    all:
      description: All hosts of the report.
      type: int
      returned: success
      sample: 200
    examined:
      description: Hosts that the doctor examined.
      type: int
      returned: success
      sample: 198
    unreachable:
      description: Hosts that Ansible did not reach.
      type: int
      returned: success
      sample: 1
    failed:
      description: Hosts on which the doctor failed.
      type: int
      returned: success
      sample: 1
    error:
      description: Hosts with an error.
      type: int
      returned: success
      sample: 2
    warning:
      description: Hosts whose worst finding is a warning.
      type: int
      returned: success
      sample: 10
    info:
      description: Hosts whose worst finding is an information.
      type: int
      returned: success
      sample: 20
    healthy:
      description: Hosts without a finding.
      type: int
      returned: success
      sample: 166
findings:
  description: How many findings there are on all hosts.
  type: int
  returned: success
  sample: 41
new:
  description: How many of them the older report did not have.
  type: int
  returned: success
  sample: 3
gone:
  description: How many findings only the older report has.
  type: int
  returned: success
  sample: 5
since:
  description: When the older report was made, or null without one.
  type: str
  returned: success
  sample: "2026-11-21T20:00:05Z"
worst:
  description: The worst severity on any host. V(error), V(warning), V(info) or V(none).
  type: str
  returned: success
  sample: warning
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [write /srv/doctor-report/doctor.html]
"""
