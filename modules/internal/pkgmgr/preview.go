// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"fmt"
	"os"
	"path"
	"slices"

	"hardened.docker/modules/internal/host"
)

// Scratch makes a directory of mode 0700 for what is fetched for a prediction,
// and returns what removes it. what names its content in an error.
func Scratch(h *host.Host, what string) (dir string, remove func(), err error) {
	temp := h.Path("/tmp")
	if err := os.MkdirAll(temp, 0o1777); err != nil {
		return "", nil, fmt.Errorf("cannot make /tmp: %w", err)
	}
	if dir, err = os.MkdirTemp(temp, "hardened.docker-lists-"); err != nil {
		return "", nil, fmt.Errorf("cannot make a directory for the %s: %w", what, err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// Lay fills a directory with the files of the host's repositories, as links, but
// for those that the pending one replaces, and with the pending one as text.
func (p Pending) Lay(h *host.Host, dir string, files []string, text string) error {
	for _, name := range files {
		if slices.Contains(p.Without, name) {
			continue
		}
		if err := os.Symlink(h.Path(name), path.Join(dir, path.Base(name))); err != nil {
			return fmt.Errorf("cannot link %s for the prediction: %w", name, err)
		}
	}
	if err := os.WriteFile(path.Join(dir, path.Base(p.File)), []byte(text), 0o644); err != nil {
		return fmt.Errorf("cannot write the pending repository for the prediction: %w", err)
	}
	return nil
}
