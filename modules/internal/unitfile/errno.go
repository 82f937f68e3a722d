// SPDX-License-Identifier: GPL-3.0-or-later

package unitfile

import "syscall"

// errNotDirectory is what listing a file says: systemd takes no notice of a
// file that bears a drop-in folder's name.
const errNotDirectory = syscall.ENOTDIR
