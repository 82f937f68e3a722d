// SPDX-License-Identifier: GPL-3.0-or-later

package firewalld_docker_order

import (
	_ "embed" // the files are in files/, where tools can check them
	"path"
	"slices"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/systemd"
)

//go:embed files/firewalld.conf
var firewalldConf string

//go:embed files/docker.conf
var dockerConf string

//go:embed files/docker-firewalld.service
var firewalldService string

//go:embed files/docker-firewalld.sh
var firewalldScript string

//go:embed files/journald.conf
var journaldConf string

//go:embed files/docker-journald.service
var journaldService string

//go:embed files/docker-journald.sh
var journaldScript string

const (
	unitFolder   = "/etc/systemd/system/"
	scriptFolder = "/etc/hardened.docker/"
	dropInName   = "/50-docker-order.conf"
)

// managed is a file that the module writes, or removes where it is not wanted.
type managed struct {
	path    string
	content string
	wanted  bool
}

// allFiles are the module's files, scripts before what runs them.
func allFiles(p Params) []managed {
	present := p.State == "present"
	restart := strings.NewReplacer("@ALLOW_RESTART@", strconv.FormatBool(p.AllowRestart))
	firewalld, journald := present && p.Firewalld, present && p.Journald
	return []managed{
		{scriptFolder + "docker-firewalld.sh", firewalldScript, firewalld},
		{unitFolder + watchUnit, restart.Replace(firewalldService), firewalld},
		{unitFolder + firewalldUnit + ".d" + dropInName, firewalldConf, firewalld},
		{unitFolder + "docker.service.d" + dropInName, dockerConf, firewalld},
		{scriptFolder + "docker-journald.sh", journaldScript, journald},
		{unitFolder + journalUnit, restart.Replace(journaldService), journald},
		{unitFolder + "systemd-journald.service.d" + dropInName, journaldConf, journald},
	}
}

// watchFiles are those that the running watch has read.
func watchFiles() []string {
	return []string{scriptFolder + "docker-firewalld.sh", unitFolder + watchUnit}
}

// onDisk are the files beside what is on the disk.
type onDisk struct {
	files  []managed
	before []file.State
}

// maxFile is how large a file in their place may be, in bytes.
const maxFile = 1 << 20

func readFiles(h *host.Host, p Params) (onDisk, error) {
	d := onDisk{files: allFiles(p)}
	for _, f := range d.files {
		state, err := file.Read(h, f.path, maxFile)
		if err != nil {
			return d, err
		}
		d.before = append(d.before, state)
	}
	return d, nil
}

func (d onDisk) differs(i int) bool {
	f, before := d.files[i], d.before[i]
	return f.wanted != before.Exists || f.wanted && (string(before.Content) != f.content || before.Mode&0o022 != 0)
}

// changed reports whether one of the named files will be another one.
func (d onDisk) changed(names ...string) bool {
	for i, f := range d.files {
		if slices.Contains(names, f.path) && d.differs(i) {
			return true
		}
	}
	return false
}

// changedUnits reports whether a unit or a drop-in will be another one.
func (d onDisk) changedUnits() bool {
	return slices.ContainsFunc(d.files, func(f managed) bool { return strings.HasPrefix(f.path, unitFolder) && d.changed(f.path) })
}

// acts write and remove files. What is to be removed goes in the reverse order,
// drop-ins before what they lead to.
func (d onDisk) acts(h *host.Host) ([]ansible.Act, error) {
	var acts, removals []ansible.Act
	made := map[string]bool{}
	for i, f := range d.files {
		switch {
		case !d.differs(i):
		case !f.wanted:
			removals = append([]ansible.Act{file.Remove{Before: d.before[i]}}, removals...)
		default:
			parents, err := dropin.Parents(h, path.Dir(f.path))
			if err != nil {
				return nil, err
			}
			for _, parent := range parents {
				if dir, ok := parent.(file.Directory); ok && !made[dir.Path] {
					made[dir.Path] = true
					acts = append(acts, parent)
				}
			}
			before := d.before[i]
			before.Mode &^= 0o022
			acts = append(acts, file.Replace{Before: before, Content: []byte(f.content), Mode: 0o644})
		}
	}
	return append(acts, removals...), nil
}

// dropIns are the drop-ins that there are afterwards.
func (d onDisk) dropIns() []string {
	list := []string{}
	for _, f := range d.files {
		if f.wanted && strings.HasSuffix(f.path, dropInName) {
			list = append(list, f.path)
		}
	}
	return list
}

// unread reports whether systemd has yet to read the files as they are on the
// disk, as after a run that was interrupted.
func (d onDisk) unread(units []systemd.Unit) bool {
	for _, u := range units {
		for i, f := range d.files {
			exists := d.before[i].Exists
			switch f.path {
			case unitFolder + u.Name:
				if u.NeedDaemonReload || exists != u.Exists() {
					return true
				}
			case unitFolder + u.Name + ".d" + dropInName:
				if u.Exists() && exists != slices.Contains(u.DropIns, f.path) {
					return true
				}
			}
		}
	}
	return false
}
