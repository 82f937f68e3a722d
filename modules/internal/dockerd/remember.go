// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import "hardened.docker/modules/internal/host"

// Remember keeps the configuration that the running dockerd has read, if that
// can be told, before its file is changed: afterwards it could not be told
// without a backup, and the change would cost a restart where a reload does.
// Nothing is kept where no dockerd runs, or if that is known already.
func Remember(h *host.Host, configFile string) error {
	p := FromPIDFile(h)
	if p == nil || ConfigFile(p.Args) != configFile {
		return nil
	}
	known := LoadSnapshot(h)
	if known.Of(p) {
		return nil
	}
	loaded, err := LoadedConfig(h, p, known, configFile)
	if err != nil || !loaded.Known {
		return nil
	}
	return (&Snapshot{PID: p.PID, Ticks: p.Ticks, ConfigFile: configFile, Config: loaded.Config}).Save(h)
}
