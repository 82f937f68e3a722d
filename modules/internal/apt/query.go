// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"strings"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// ReadOffers asks apt what the host's package lists have of the named
// packages. It needs no network and writes nothing.
func (v View) ReadOffers(ctx context.Context, h *host.Host, names []string) (pkgmgr.Offers, error) {
	out, err := h.Run(ctx, host.Command{Argv: slices.Concat([]string{"apt-cache"}, v.options(h), []string{"policy"}, names)})
	if err != nil {
		return pkgmgr.Offers{}, failure(out, err)
	}
	return parsePolicy(out.Stdout), nil
}

// ReadVersions asks apt for the versions that the host's package lists have of
// the named packages. It is ReadOffers without the candidates, for which apt
// weighs every package that there is: a sixth of the time.
func ReadVersions(ctx context.Context, h *host.Host, names []string) (pkgmgr.Offers, error) {
	out, err := h.Run(ctx, host.Command{Argv: slices.Concat([]string{"apt-cache"}, cacheOptions(h), []string{"madison"}, names)})
	if err != nil {
		return pkgmgr.Offers{}, failure(out, err)
	}
	return parseMadison(out.Stdout), nil
}

// parseMadison reads what apt-cache madison prints:
//
//	docker-ce | 5:24.0.7-1~debian.12~bookworm | https://download.docker.com/linux/debian bookworm/stable amd64 Packages
//	docker-ce | 5:24.0.7-1~debian.12~bookworm | https://download.docker.com/linux/debian bookworm/stable Sources
func parseMadison(text []byte) pkgmgr.Offers {
	o := pkgmgr.Offers{Available: make(map[string][]pkgmgr.Available)}
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.SplitN(line, "|", 3)
		if len(fields) < 3 {
			continue
		}
		name, source := strings.TrimSpace(fields[0]), strings.TrimSpace(fields[2])
		if strings.HasSuffix(source, " Packages") {
			o.Available[name] = append(o.Available[name], pkgmgr.Available{Version: strings.TrimSpace(fields[1]), Source: source})
		}
	}
	newestFirst(o)
	return o
}

// newestFirst sorts the versions of each package.
func newestFirst(o pkgmgr.Offers) {
	for _, list := range o.Available {
		sort.SliceStable(list, func(i, j int) bool { return Compare(list[j].Version, list[i].Version) < 0 })
	}
}

// RenewCache has apt bring its cache of dpkg's database up to date, which else
// the next command that installs does. Until then each reading command makes
// one in memory, for two to three times its own time.
func RenewCache(ctx context.Context, h *host.Host) error {
	out, err := h.Run(ctx, host.Command{Argv: []string{"apt-cache", "gencaches"}})
	if err != nil {
		return failure(out, err)
	}
	return nil
}

// cacheOptions keep apt's reading commands from writing. As root they renew
// two caches on the disk, one of the package lists and one of those and dpkg's
// database, where they are older than what they are made of. The options make
// apt do that in memory, which takes seconds for the first.
func cacheOptions(h *host.Host) []string {
	valid := func(cache string, sources ...string) bool {
		info, err := h.Stat("/var/cache/apt/" + cache)
		return err == nil && !slices.ContainsFunc(sources, func(path string) bool {
			source, err := h.Stat(path)
			return err == nil && !source.ModTime().Before(info.ModTime())
		})
	}
	lists := append(sourceFiles(h), listsDir, sourcesList, sourcesParts)
	var options []string
	if !valid("srcpkgcache.bin", lists...) {
		options = append(options, "-o", "Dir::Cache::srcpkgcache=")
	}
	if len(options) > 0 || !valid("pkgcache.bin", append(lists, dpkgDir+"/status", "/etc/apt/preferences", "/etc/apt/preferences.d")...) {
		options = append(options, "-o", "Dir::Cache::pkgcache=")
	}
	return options
}

// parsePolicy reads what apt-cache policy prints:
//
//	docker-ce:
//	  Installed: (none)
//	  Candidate: 5:24.0.7-1~debian.12~bookworm
//	  Version table:
//	     5:24.0.7-1~debian.12~bookworm 500
//	        500 https://download.docker.com/linux/debian bookworm/stable amd64 Packages
//	 *** 5:24.0.6-1~debian.12~bookworm 100
//	        100 /var/lib/dpkg/status
func parsePolicy(text []byte) pkgmgr.Offers {
	o := pkgmgr.Offers{Available: make(map[string][]pkgmgr.Available), Candidate: make(map[string]string)}
	name, version := "", ""
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		candidate, isCandidate := strings.CutPrefix(line, "  Candidate: ")
		switch {
		case len(fields) == 0:
		case line[0] != ' ' && strings.HasSuffix(line, ":"):
			name, version = strings.TrimSuffix(line, ":"), ""
		case isCandidate:
			if candidate != "(none)" {
				o.Candidate[name] = candidate
			}
		case strings.HasPrefix(line, "        "):
			// An entry without the name of an index is dpkg's own database.
			if source := strings.Join(fields[1:], " "); version != "" && strings.HasSuffix(source, " Packages") {
				o.Available[name] = append(o.Available[name], pkgmgr.Available{Version: version, Source: source})
			}
		case strings.HasPrefix(line, " *** ") && len(fields) > 1:
			version = fields[1]
		case strings.HasPrefix(line, "     "):
			version = fields[0]
		}
	}
	newestFirst(o)
	return o
}

// Simulate asks apt what a transaction would do. It changes nothing, needs no
// lock and no network.
func (v View) Simulate(ctx context.Context, h *host.Host, args []string) ([]pkgmgr.Change, error) {
	argv := slices.Concat([]string{"apt-get", "-s", "-y", "-q", "-o", "Debug::NoLocking=true"}, v.options(h), args)
	out, err := h.Run(ctx, host.Command{Argv: argv, Env: environment()})
	if err != nil {
		return nil, failure(out, err)
	}
	return parseSimulation(out.Stdout), nil
}

// parseSimulation reads what apt-get -s prints:
//
//	Inst docker.io [20.10.23-1] (20.10.24-1 Debian:12.5/stable [amd64]) [other:amd64 ]
//	Remv docker-ce [5:24.0.7-1]
//	Purg docker-ce [5:24.0.7-1]
//	Conf docker.io (20.10.24-1 Debian:12.5/stable [amd64])
func parseSimulation(text []byte) []pkgmgr.Change {
	var changes []pkgmgr.Change
	for _, line := range bytes.Split(text, []byte("\n")) {
		fields := strings.Fields(string(line))
		if len(fields) < 3 {
			continue
		}
		c := pkgmgr.Change{Name: fields[1]}
		switch fields[0] {
		case "Inst":
			c.Before = bracketed(fields[2])
			for _, f := range fields[2:] {
				if v, ok := strings.CutPrefix(f, "("); ok {
					c.After = strings.TrimSuffix(v, ")")
					break
				}
			}
		case "Remv", "Purg":
			c.Before = bracketed(fields[2])
			c.Purge = fields[0] == "Purg"
		default:
			continue
		}
		// apt names the architecture of foreign packages only.
		changes = append(changes, c)
	}
	sort.SliceStable(changes, func(i, j int) bool { return changes[i].Name < changes[j].Name })
	return changes
}

func bracketed(s string) string {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return s[1 : len(s)-1]
	}
	return ""
}

const (
	listsDir     = "/var/lib/apt/lists"
	sourcesList  = "/etc/apt/sources.list"
	sourcesParts = "/etc/apt/sources.list.d"
)

// ReadLists looks at the package lists' times. apt keeps no record of its
// updates; but each one makes and removes files in the directory partial.
func ReadLists(h *host.Host) (pkgmgr.Lists, error) {
	entries, err := h.ReadDir(listsDir)
	if err != nil && !notThere(err) {
		return pkgmgr.Lists{}, fmt.Errorf("cannot read apt's package lists: %w", err)
	}
	var l pkgmgr.Lists
	have := slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return strings.Contains(e.Name(), "Packages") || strings.HasSuffix(e.Name(), "Release")
	})
	if !have {
		return l, nil
	}
	later := func(path string) {
		if info, err := h.Stat(path); err == nil && info.ModTime().After(l.Updated) {
			l.Updated = info.ModTime()
		}
	}
	later(listsDir)
	later(listsDir + "/partial")
	later("/var/lib/apt/periodic/update-success-stamp")
	for _, path := range append(sourceFiles(h), sourcesList, sourcesParts) {
		if info, err := h.Stat(path); err == nil && info.ModTime().After(l.Updated) {
			l.Outdated = true
		}
	}
	return l, nil
}
