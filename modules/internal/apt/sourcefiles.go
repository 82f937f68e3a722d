// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"hardened.docker/modules/internal/host"
)

// sourceFiles returns the files that apt reads repositories from, beside
// sources.list itself.
func sourceFiles(h *host.Host) []string {
	entries, err := h.ReadDir(sourcesParts)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if ext := path.Ext(e.Name()); ext == ".list" || ext == ".sources" {
			names = append(names, sourcesParts+"/"+e.Name())
		}
	}
	return names
}

// SourceFiles returns all files that apt reads repositories from.
func SourceFiles(h *host.Host) ([]string, error) {
	names := sourceFiles(h)
	_, err := h.Stat(sourcesList)
	if errors.Is(err, fs.ErrNotExist) {
		return names, nil
	}
	return append([]string{sourcesList}, names...), err
}

// Fetched reports whether the host has the index of a repository. The names of
// those files are made of the address (apt, URItoFileName in strutl.cc).
func Fetched(h *host.Host, r Repository) bool {
	_, rest, _ := strings.Cut(r.URL, ":")
	rest = strings.TrimRight(strings.TrimPrefix(rest, "//"), "/")
	dir := rest + "/dists/" + r.Suite
	if r.flat() {
		dir = rest + "/" + r.Suite
	}
	var b strings.Builder
	for i := range len(dir) {
		c := dir[i]
		if strings.IndexByte("\\|{}[]<>\"^~_=!@#$%^&*", c) >= 0 || c <= 0x20 || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
	name := strings.TrimRight(strings.ReplaceAll(b.String(), "/", "_"), "_") + "_"
	for _, index := range []string{"InRelease", "Release", "Packages"} {
		for _, path := range []string{name + index, name + "." + index, name + "._" + index} {
			if h.Exists(listsDir + "/" + path) {
				return true
			}
		}
	}
	return false
}
