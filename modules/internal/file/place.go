// SPDX-License-Identifier: GPL-3.0-or-later

package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"hardened.docker/modules/internal/host"
)

// checkPlace refuses a file in a place where anybody can put another one: what
// root reads and writes there could be theirs. A directory with the sticky bit,
// such as /tmp, is fine as long as what is in it belongs to root or to us.
func checkPlace(h *host.Host, path string) error {
	if err := checkParents(h, path, path); err != nil {
		return err
	}
	real, err := h.Resolve(filepath.Dir(path))
	if err != nil || real == filepath.Dir(path) {
		return nil // a directory that is not there is somebody else's error
	}
	return checkParents(h, path, filepath.Join(real, filepath.Base(path)))
}

// checkParents checks the directories above one of the names of path.
func checkParents(h *host.Host, path, name string) error {
	for at := name; at != "/"; {
		dir := filepath.Dir(at)
		info, err := h.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return readError(path, err)
		case info.Mode()&fs.ModeSticky != 0 && info.Mode().Perm()&0o002 != 0:
			entry, err := h.Lstat(at)
			if err != nil {
				break
			}
			if stat, ok := entry.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
				return fmt.Errorf("cannot use %s: %s belongs to uid %d, and everybody may write to the directory %s; use another directory, or remove it", path, at, stat.Uid, dir)
			}
		case info.Mode().Perm()&0o002 != 0:
			return fmt.Errorf("cannot use %s: everybody may write to the directory %s and put another file there; take that right away (chmod o-w %s)", path, dir, dir)
		}
		at = dir
	}
	return nil
}
