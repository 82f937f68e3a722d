# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only. The module is a Go program: docker_repository.go.

DOCUMENTATION = r"""
module: docker_repository
version_added: "0.1.0"
short_description: Add or remove the package repository that has Docker Engine
description:
  - Writes a package repository with its key, Docker's own by default, and fetches its package lists.
  - Takes out other entries for the same repository, with which apt fails with C(Conflicting values set for option
    Signed-By). Those that Docker's own instructions, other roles or an earlier release left.
  - If the package lists cannot be fetched, because the key is wrong or the repository is not there, all files are put
    back and the task fails with the reason.
  - Works with apt 1.1 and newer, on Debian, Ubuntu and their derivatives, and with dnf and yum, on openEuler, EulerOS,
    RHEL, Rocky, Alma, CentOS, Fedora and Amazon Linux.
author:
  - The hardened.docker maintainers (@hardened-docker)
attributes:
  check_mode:
    support: full
    description: Predicts the whole result. Whether the repository can be reached is not tried.
  diff_mode:
    support: full
    description: Shows each file before and after, the key excepted.
  idempotent:
    support: full
    description: Nothing is fetched if nothing changed and the host has the repository's index.
options:
  name:
    description:
      - Names the files. C(/etc/apt/sources.list.d/<name>.sources), or C(<name>.list) with apt older than 2.0, and
        C(/etc/apt/keyrings/<name>.asc). They are taken as this module's own.
      - With dnf and yum, C(/etc/yum.repos.d/<name>.repo) and C(/etc/pki/rpm-gpg/RPM-GPG-KEY-<name>). It is the
        repository's ID too.
    type: str
    default: docker
  state:
    description: V(absent) removes the repository's files, its key included. Package lists go with the next update.
    type: str
    choices: [present, absent]
    default: present
  url:
    description:
      - The address, without suite and components. By default Docker's own for the distribution, such as
        C(https://download.docker.com/linux/debian).
      - With dnf and yum it is the whole C(baseurl), with C($releasever) and C($basearch) where they belong. By default
        C(https://download.docker.com/linux/centos/$releasever/$basearch/stable) or its like. Docker has no packages for
        openEuler, EulerOS and Amazon Linux, so that it has to be given there.
      - C(file:/path) is a directory on the managed host, with an index that C(dpkg-scanpackages) or C(createrepo_c)
        made.
    type: str
  key:
    description:
      - The public key that the repository is signed with, as ASCII-armored text. It comes from the controller, so that
        hosts need no internet.
      - By default the one that the host has under this O(name) already.
      - It is treated as a secret, and so never shown, because a private key given by mistake must not be. Such a key is
        refused. RV(fingerprints) says which key it is.
    type: str
  signed_by:
    description: A keyring that is on the host already, in the place of O(key).
    type: path
  suite:
    description:
      - The suite. By default the release's codename, or for a derivative that of the release it is built on.
      - For a flat repository, the directory with a slash at its end, such as V(./).
    type: str
  components:
    description: The components of the suite. A flat repository has none.
    type: list
    elements: str
    default: [stable]
  architectures:
    description: Use the repository for these architectures only. By default for all that the host has.
    type: list
    elements: str
  trusted:
    description:
      - Take packages from the repository without any signature. Sensible for a directory on the host that only root
        may write.
    type: bool
    default: false
  backup:
    description: Keep each changed or removed file beside the new one.
    type: bool
    default: true
  update_cache:
    description: Fetch the repository's package lists if something changed, or if the host does not have them yet.
    type: bool
    default: true
  lock_timeout:
    description: How long to wait for another package manager that is at work, in seconds.
    type: int
    default: 300
notes:
  - An C(https) repository needs the package C(ca-certificates) on the host. A warning says so if it is not there.
seealso:
  - module: hardened.docker.docker_package
"""

EXAMPLES = r"""
- name: Docker's own repository, with the key from beside the playbook
  hardened.docker.docker_repository:
    key: "{{ lookup('ansible.builtin.file', 'docker.asc') }}"

- name: A mirror inside of the company
  hardened.docker.docker_repository:
    url: https://mirror.example.com/docker/linux/ubuntu
    suite: noble
    key: "{{ lookup('ansible.builtin.file', 'docker.asc') }}"

- name: Packages in a directory on the host, without network and signatures
  hardened.docker.docker_repository:
    url: file:/srv/docker
    suite: ./
    components: []
    trusted: true

- name: Remove the repository
  hardened.docker.docker_repository:
    state: absent
"""

RETURN = r"""
sources_file:
  description: The file that names the repository.
  type: str
  returned: success
  sample: /etc/apt/sources.list.d/docker.sources
keyring:
  description: The keyring that the repository's signature is checked with. Empty without one.
  type: str
  returned: success
  sample: /etc/apt/keyrings/docker.asc
fingerprints:
  description: The fingerprints of the keys in O(key), or in the keyring that is on the host.
  type: list
  elements: str
  returned: with O(state=present)
  sample: [9DC858229FC7DD38854AE2D88D81803C0EBFCD88]
url:
  description: The address.
  type: str
  returned: with O(state=present)
  sample: https://download.docker.com/linux/debian
suite:
  description: The suite.
  type: str
  returned: with O(state=present)
  sample: bookworm
components:
  description: The components.
  type: list
  elements: str
  returned: with O(state=present)
  sample: [stable]
duplicates:
  description: Files in which other entries for the same repository were found, and taken out.
  type: list
  elements: str
  returned: success
  sample: [/etc/apt/sources.list.d/archive_uri-https_download_docker_com_linux_debian-bookworm.list]
pending:
  description: >-
    The repository, if its file is still to be written, else null. In check mode it is what
    O(hardened.docker.docker_package#module:pending_repository) takes.
  type: dict
  returned: with O(state=present)
  contains:
    file:
      description: The file that names the repository.
      type: str
      returned: always
    text:
      description: The text of the file.
      type: str
      returned: always
    without:
      description: Other files that name the same repository, and go.
      type: list
      elements: str
      returned: always
restored:
  description: The package lists could not be fetched, and the files are as before.
  type: bool
  returned: when it happened
backup_file:
  description: Where the last file that was changed is kept.
  type: str
  returned: when a file was replaced or removed and O(backup=true), not in check mode
  sample: /etc/apt/sources.list.d/docker.list.2026-11-22T16-00-00Z~
waited_for:
  description: The process that another package manager's lock was held by, if the task had to wait.
  type: str
  returned: when the task waited
  sample: process 4711 (apt-get upgrade), on /var/lib/dpkg/lock-frontend
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: always
  sample: [write /etc/apt/sources.list.d/docker.sources]
"""
