// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repository

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"hardened.docker/modules/internal/apt"
	"hardened.docker/modules/internal/file"
)

// fileLimit bounds the sources files that are read; apt's own are a few KB.
const fileLimit = 4 << 20

// files are those that the repository lives in, for the host's apt.
type files struct {
	sources string // where it is written
	twin    string // the same in the other format, of an earlier apt
	keyring string
	armored bool // the keyring is text
	format  func(apt.Repository) string
}

// filesFor chooses the formats that an apt of some version reads. It reads
// deb822 files since 1.1, but the tools around it do so since 2.0 only;
// Signed-By is known since 1.1, keyrings as armored text since 1.4.
func filesFor(name, version string) (files, error) {
	const dir = "/etc/apt/sources.list.d/"
	switch {
	case version == "":
		return files{}, fmt.Errorf("cannot find apt: dpkg does not know the package, so there is no place for its sources")
	case apt.Compare(version, "1.1") < 0:
		return files{}, fmt.Errorf("cannot use apt %s: it does not tie a key to a repository (Signed-By), which apt 1.1 and newer do", version)
	}
	f := files{sources: dir + name + ".list", twin: dir + name + ".sources", keyring: "/etc/apt/keyrings/" + name + ".asc", armored: true, format: apt.Repository.Line}
	if apt.Compare(version, "2.0") >= 0 {
		f.sources, f.twin, f.format = f.twin, f.sources, apt.Repository.Deb822
	}
	if apt.Compare(version, "1.4") < 0 {
		f.keyring, f.armored = "/etc/apt/keyrings/"+name+".gpg", false
	}
	return f, nil
}

func (f files) keyringContent(key apt.Key) []byte {
	if f.armored {
		return []byte(key.Armored)
	}
	return key.Binary
}

// directory makes a directory that is not there.
func (c *changes) directory(name string) error {
	info, err := c.host.Stat(name)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("cannot use %s: it is not a directory", name)
	}
	if err != nil {
		c.plan.Acts = append(c.plan.Acts, file.Directory{Path: name, Mode: 0o755})
	}
	return nil
}

// write gives a file its content and mode 0644, which apt's unprivileged
// fetching user needs.
func (c *changes) write(name string, content []byte) error {
	before, err := file.Read(c.host, name, fileLimit)
	if err != nil {
		return err
	}
	if before.Exists && bytes.Equal(before.Content, content) && before.Mode&0o444 == 0o444 {
		return nil
	}
	c.before = append(c.before, before)
	replace := file.Replace{Before: before, Content: content, Mode: 0o644, Backup: c.backup}
	if before.Exists && before.Mode&0o444 != 0o444 {
		replace.Before.Mode |= fs.FileMode(0o444)
	}
	c.plan.Acts = append(c.plan.Acts, replace)
	return nil
}

// remove removes a file if it is there.
func (c *changes) remove(name string) error {
	before, err := file.Read(c.host, name, fileLimit)
	if err != nil || !before.Exists {
		return err
	}
	c.before = append(c.before, before)
	c.plan.Acts = append(c.plan.Acts, file.Remove{Before: before, Backup: c.backup})
	return nil
}

// withoutDuplicates takes the repository out of all files but its own, and
// returns those files. A file that has nothing else is removed.
func (c *changes) withoutDuplicates(r apt.Repository, own string) ([]string, error) {
	names, err := apt.SourceFiles(c.host)
	if err != nil {
		return nil, fmt.Errorf("cannot list apt's sources: %w", err)
	}
	found := []string{}
	for _, name := range names {
		if name == own {
			continue
		}
		// apt follows links, and skips those that lead nowhere.
		text, _, err := c.host.ReadRegular(name, fileLimit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read apt's sources: %w", err)
		}
		kept, removed, rest, err := r.Without(path.Base(name), string(text))
		if err != nil {
			return nil, err
		}
		if removed == 0 {
			continue
		}
		before, err := file.Read(c.host, name, fileLimit)
		if err != nil {
			return nil, err
		}
		found = append(found, name)
		c.before = append(c.before, before)
		if rest || path.Dir(name) == "/etc/apt" {
			c.plan.Acts = append(c.plan.Acts, file.Replace{Before: before, Content: []byte(kept), Mode: before.Mode, Backup: c.backup})
		} else {
			c.plan.Acts = append(c.plan.Acts, file.Remove{Before: before, Backup: c.backup})
		}
	}
	return found, nil
}
