// SPDX-License-Identifier: GPL-3.0-or-later

package overlay_redirect_dir

import (
	"fmt"
	"path"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/kernelparam"
)

// Two files, both always: the first one counts where overlayfs is a module that
// is loaded after them, the second one where it is built in, or loaded before
// them by the initial RAM disk. So they also outlive a kernel of the other sort.
// The name of the first one sorts behind those of others, whose options it
// replaces.
const (
	modprobeFile = "/etc/modprobe.d/zz-hardened-docker-overlay.conf"
	tmpfilesFile = "/etc/tmpfiles.d/hardened-docker-overlay.conf"
)

const maxSize = 64 << 10

const head = "# Managed by hardened.docker.overlay_redirect_dir.\n"

// persist returns the acts that make the next boot do the same.
func persist(h *host.Host, p Params, wanted []value, now overlay) ([]ansible.Act, error) {
	values := append([]value{}, wanted...)
	if p.Index == nil {
		// What an earlier task said about the index stays.
		kept, err := persistedIndex(h)
		if err != nil {
			return nil, err
		}
		values = append(values, kept...)
	}
	for _, v := range wanted {
		if err := overruled(h, v, now); err != nil {
			return nil, err
		}
	}
	options, lines := "options overlay", ""
	for _, v := range values {
		options += " " + v.name + "=" + v.word()
		lines += "w " + path.Join(parameters, v.name) + " - - - - " + v.letter() + "\n"
	}
	var acts []ansible.Act
	for _, want := range []struct{ name, content string }{{modprobeFile, head + options + "\n"}, {tmpfilesFile, head + lines}} {
		before, err := file.Read(h, want.name, maxSize)
		if err != nil {
			return nil, err
		}
		if string(before.Content) == want.content {
			continue
		}
		parents, err := dropin.Parents(h, path.Dir(want.name))
		if err != nil {
			return nil, err
		}
		acts = append(acts, parents...)
		acts = append(acts, file.Replace{Before: before, Content: []byte(want.content), Mode: 0o644})
	}
	return acts, nil
}

func persistedIndex(h *host.Host) ([]value, error) {
	lines, err := kernelparam.ModuleOption(h, "overlay", index)
	if err != nil {
		return nil, err
	}
	for _, line := range lines {
		if on, ok := kernelparam.ParseBool(line.Value); ok && line.File == modprobeFile {
			return []value{{index, on}}, nil
		}
	}
	return nil, nil
}

// overruled refuses what would not be so after a reboot, because somebody else
// has the last word.
func overruled(h *host.Host, v value, now overlay) error {
	lines, err := kernelparam.ModuleOption(h, "overlay", v.name)
	if err != nil {
		return err
	}
	var where []string
	for _, line := range lines {
		if on, ok := kernelparam.ParseBool(line.Value); line.Later(modprobeFile) && (!ok || on != v.on) {
			where = append(where, line.Where())
		}
	}
	if len(where) > 0 {
		return fmt.Errorf("cannot make %s=%s last: %s says otherwise and is read after %s; remove it there, or use persist: false", v.name, v.word(), strings.Join(where, " and "), modprobeFile)
	}
	text, found := kernelparam.CommandLine(h, "overlay", v.name)
	if on, ok := kernelparam.ParseBool(text); found && !now.builtin && (!ok || on != v.on) {
		return fmt.Errorf("cannot make %s=%s last: the kernel's command line has overlay.%s=%s, which counts when the module is loaded; take it out of the boot loader's configuration, or use persist: false", v.name, v.word(), v.name, text)
	}
	return nil
}
