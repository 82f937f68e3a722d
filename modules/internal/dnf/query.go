// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sort"
	"strings"
	"time"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// readLimit is for commands that only read: it is long for the slowest
// disk, and a hanging network mount must not hang the task.
const readLimit = 3 * time.Minute

// Installed has the versions of each installed package, the newest first. More
// than one of a package that is no kernel is what a killed upgrade leaves.
type Installed map[string][]string

// ReadInstalled asks rpm what is installed.
func ReadInstalled(ctx context.Context, h *host.Host) (Installed, error) {
	out, err := h.Run(ctx, host.Command{Argv: []string{"rpm", "-qa", "--queryformat", `%{NAME}\t%{EPOCH}:%{VERSION}-%{RELEASE}\n`}, Limit: readLimit})
	if errors.Is(err, host.ErrNotFound) {
		return nil, errors.New("cannot find rpm, which this distribution's packages need")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read RPM's database: %w; rpm --rebuilddb repairs one that was damaged", err)
	}
	return parseInstalled(out.Stdout), nil
}

func parseInstalled(text []byte) Installed {
	have := make(Installed)
	for _, line := range strings.Split(string(text), "\n") {
		if name, version, ok := strings.Cut(line, "\t"); ok && name != "" {
			have[name] = append(have[name], Canonical(strings.TrimSpace(version)))
		}
	}
	for _, versions := range have {
		slices.SortStableFunc(versions, func(a, b string) int { return Compare(b, a) })
	}
	return have
}

// Version returns the version of an installed package, or "".
func (i Installed) Version(name string) string {
	if v := i[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Owners returns the names of the packages that own paths, by path.
func Owners(ctx context.Context, h *host.Host, paths []string) map[string]string {
	owners := make(map[string]string)
	for _, path := range paths {
		if !h.Exists(path) {
			continue
		}
		out, err := h.Run(ctx, host.Command{Argv: []string{"rpm", "-qf", "--queryformat", `%{NAME}\n`, path}, Limit: readLimit})
		if names := out.Lines(); err == nil && len(names) > 0 {
			owners[path] = strings.TrimSpace(names[0])
		}
	}
	return owners
}

// Needed returns the installed packages that need the named one.
func Needed(ctx context.Context, h *host.Host, name string) []string {
	out, err := h.Run(ctx, host.Command{Argv: []string{"rpm", "-e", "--test", name}, Limit: readLimit})
	if err == nil {
		return nil
	}
	return parseNeeded(string(out.Stderr))
}

// parseNeeded reads what rpm -e --test prints:
//
//	error: Failed dependencies:
//		runc is needed by (installed) podman-1:3.4.4-3.oe2203.x86_64
func parseNeeded(text string) []string {
	var by []string
	for _, line := range strings.Split(text, "\n") {
		_, nevra, ok := strings.Cut(line, " is needed by (installed) ")
		if !ok {
			continue
		}
		for range 2 { // the release with the architecture, and the version
			if i := strings.LastIndexByte(nevra, '-'); i > 0 {
				nevra = nevra[:i]
			}
		}
		by = append(by, nevra)
	}
	slices.Sort(by)
	return slices.Compact(by)
}

// ReadOffers asks what the cached metadata of the host's repositories have of
// the named packages. It uses no network.
func (t Tool) ReadOffers(ctx context.Context, h *host.Host, names []string) (pkgmgr.Offers, error) {
	// dnf5 takes \n for the end of a line, and \t for these two characters.
	argv := t.argv("-q", "-C", "repoquery", "--queryformat", "%{name}\t%{evr}\t%{arch}\t%{repoid}\n")
	parse := parseRepoquery
	if t.Generation == 3 {
		argv, parse = t.argv("-q", "-C", "--showduplicates", "list"), parseList
	}
	out, err := h.Run(ctx, host.Command{Argv: append(argv, names...), Limit: readLimit})
	nothing := strings.Contains(string(out.Stderr), "No matching Packages to list") || strings.Contains(string(out.Stderr), "Cache-only enabled") || strings.Contains(string(out.Stderr), "no cache")
	if err != nil && !nothing {
		return pkgmgr.Offers{}, failure(out, err)
	}
	return offers(parse(string(out.Stdout))), nil
}

// offer is a package of a repository.
type offer struct{ name, version, arch, repository string }

// parseRepoquery reads lines of four fields with tabs between them.
func parseRepoquery(text string) []offer {
	var list []offer
	for _, line := range strings.Split(text, "\n") {
		if f := strings.Split(line, "\t"); len(f) == 4 {
			list = append(list, offer{f[0], f[1], f[2], strings.TrimSpace(f[3])})
		}
	}
	return list
}

// parseList reads what yum list prints: three columns, where a long first one
// has a line for itself.
//
//	Available Packages
//	docker-ce.x86_64            3:18.09.0-3.el7             docker-ce-stable
func parseList(text string) []offer {
	var list []offer
	var fields []string
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, " ") {
			fields = nil
		}
		fields = append(fields, strings.Fields(line)...)
		if len(fields) != 3 {
			continue
		}
		i := strings.LastIndexByte(fields[0], '.')
		repository := strings.TrimPrefix(fields[2], "@")
		if i > 0 && repository != "installed" && !strings.HasPrefix(repository, "/") {
			list = append(list, offer{fields[0][:i], fields[1], fields[0][i+1:], repository})
		}
		fields = nil
	}
	return list
}

// offers sorts what repositories have. Packages of another architecture, which
// 64-bit hosts can have for old programs, are left out.
func offers(list []offer) pkgmgr.Offers {
	o := pkgmgr.Offers{Available: make(map[string][]pkgmgr.Available), Candidate: make(map[string]string)}
	for _, p := range list {
		if slices.Contains([]string{"i386", "i486", "i586", "i686", "src", "nosrc"}, p.arch) {
			continue
		}
		o.Available[p.name] = append(o.Available[p.name], pkgmgr.Available{Version: Canonical(p.version), Source: p.repository})
	}
	for name, list := range o.Available {
		sort.SliceStable(list, func(i, j int) bool { return Compare(list[j].Version, list[i].Version) < 0 })
		o.Candidate[name] = list[0].Version
	}
	return o
}

// repodata has where the generations keep the metadata of repositories.
func repodata() []string {
	return []string{"/var/cache/dnf/*/repodata/repomd.xml", "/var/cache/libdnf5/*/repodata/repomd.xml", "/var/cache/yum/*/*/*/repomd.xml"}
}

// repodataOf has where they keep the metadata of one repository.
func repodataOf(id string) []string {
	return []string{"/var/cache/dnf/" + id + "-*/repodata/repomd.xml", "/var/cache/libdnf5/" + id + "-*/repodata/repomd.xml", "/var/cache/yum/*/*/" + id + "/repomd.xml"}
}

// ReadLists looks at the times of the cached metadata. It is outdated when a
// file that names repositories is newer than all of it.
func ReadLists(h *host.Host) (pkgmgr.Lists, error) {
	var l pkgmgr.Lists
	for _, pattern := range repodata() {
		found, err := h.Glob(pattern)
		if err != nil {
			return l, err
		}
		for _, path := range found {
			// The directory has the time of our last fetching: see Fetch.
			for _, p := range []string{path, path[:strings.LastIndexByte(path, '/')]} {
				if info, err := h.Stat(p); err == nil && info.ModTime().After(l.Updated) {
					l.Updated = info.ModTime()
				}
			}
		}
	}
	if l.Updated.IsZero() {
		return l, nil
	}
	files, err := RepoFiles(h)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return l, err
	}
	for _, path := range append(files, reposDir) {
		if info, err := h.Stat(path); err == nil && info.ModTime().After(l.Updated) {
			l.Outdated = true
		}
	}
	return l, nil
}

// Fetched reports whether the host has the metadata of a repository.
func Fetched(h *host.Host, id string) bool {
	for _, pattern := range repodataOf(id) {
		if found, err := h.Glob(pattern); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}
