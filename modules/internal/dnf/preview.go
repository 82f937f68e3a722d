// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// Preview fetches the metadata of repositories into a directory of its own,
// which done removes, and returns the tool that reads it there: check mode sees
// what a run will see, and the host's metadata is as it was. pending, which may
// be nil, is one more repository.
func (t Tool) Preview(ctx context.Context, h *host.Host, pending *pkgmgr.Pending) (_ Tool, done func(), err error) {
	temp := h.Path("/tmp")
	if err := os.MkdirAll(temp, 0o1777); err != nil {
		return t, nil, fmt.Errorf("cannot make /tmp: %w", err)
	}
	dir, err := os.MkdirTemp(temp, "hardened.docker-lists-")
	if err != nil {
		return t, nil, fmt.Errorf("cannot make a directory for the metadata: %w", err)
	}
	remove := func() { _ = os.RemoveAll(dir) }
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
		for _, name := range files {
			if name == pending.File || slices.Contains(pending.Without, name) {
				continue
			}
			if err := os.Symlink(h.Path(name), path.Join(dir, "repos", path.Base(name))); err != nil {
				return t, nil, fmt.Errorf("cannot link %s for the prediction: %w", name, err)
			}
		}
		if err := os.WriteFile(path.Join(dir, "repos", path.Base(pending.File)), []byte(pending.Text), 0o644); err != nil {
			return t, nil, fmt.Errorf("cannot write the pending repository for the prediction: %w", err)
		}
		t.view = append(t.view, "--setopt=reposdir="+dir+"/repos")
	}
	argv := t.argv("--setopt=*.skip_if_unavailable=False", "makecache")
	out, err := h.Run(ctx, host.Command{Argv: argv})
	if err == nil && strings.Contains(string(out.Stdout)+string(out.Stderr), "Ignoring repositories") {
		err = &host.CommandError{Argv: argv, Output: out}
	}
	if err != nil {
		return t, nil, failure(out, err)
	}
	return t, remove, nil
}
