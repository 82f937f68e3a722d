// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"context"
	"fmt"
	"os"
	"slices"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// Preview fetches the metadata of repositories into a directory of its own,
// which done removes, and returns the tool that reads it there: check mode sees
// what a run will see, and the host's metadata is as it was. pending, which may
// be nil, is one more repository.
func (t Tool) Preview(ctx context.Context, h *host.Host, pending *pkgmgr.Pending) (_ Tool, done func(), err error) {
	dir, remove, err := pkgmgr.Scratch(h, "metadata")
	if err != nil {
		return t, nil, err
	}
	defer func() {
		if err != nil {
			remove()
		}
	}()
	t.view = []string{"--setopt=cachedir=" + dir + "/cache"}
	if pending != nil {
		if err := os.Mkdir(dir+"/repos", 0o755); err != nil {
			return t, nil, fmt.Errorf("cannot make a directory for the repositories: %w", err)
		}
		files, _ := RepoFiles(h) // without the directory there are none
		files = slices.DeleteFunc(files, func(name string) bool { return name == pending.File })
		if err := pending.Lay(h, dir+"/repos", files, pending.Text); err != nil {
			return t, nil, err
		}
		t.view = append(t.view, "--setopt=reposdir="+dir+"/repos")
	}
	if err := t.makecache(ctx, h); err != nil {
		return t, nil, err
	}
	return t, remove, nil
}
