// SPDX-License-Identifier: GPL-3.0-or-later

package firewalld_docker_order

import (
	_ "embed" // the files are in files/, where tools can check them
	"strconv"
	"strings"

	"hardened.docker/modules/internal/ownfiles"
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

const dropInName = "/50-docker-order.conf"

// allFiles are the module's files, scripts before what runs them.
func allFiles(p Params) []ownfiles.File {
	present := p.State == "present"
	restart := strings.NewReplacer("@ALLOW_RESTART@", strconv.FormatBool(p.AllowRestart))
	firewalld, journald := present && p.Firewalld, present && p.Journald
	return []ownfiles.File{
		{Path: ownfiles.ScriptFolder + "docker-firewalld.sh", Content: firewalldScript, Wanted: firewalld},
		{Path: ownfiles.UnitFolder + watchUnit, Content: restart.Replace(firewalldService), Wanted: firewalld},
		{Path: ownfiles.UnitFolder + firewalldUnit + ".d" + dropInName, Content: firewalldConf, Wanted: firewalld},
		{Path: ownfiles.UnitFolder + "docker.service.d" + dropInName, Content: dockerConf, Wanted: firewalld},
		{Path: ownfiles.ScriptFolder + "docker-journald.sh", Content: journaldScript, Wanted: journald},
		{Path: ownfiles.UnitFolder + journalUnit, Content: restart.Replace(journaldService), Wanted: journald},
		{Path: ownfiles.UnitFolder + "systemd-journald.service.d" + dropInName, Content: journaldConf, Wanted: journald},
	}
}

// watchFiles are those that the running watch has read.
func watchFiles() []string {
	return []string{ownfiles.ScriptFolder + "docker-firewalld.sh", ownfiles.UnitFolder + watchUnit}
}
