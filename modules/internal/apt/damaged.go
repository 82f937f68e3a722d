// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/host"
)

// RemoveDamaged removes the package lists that are not what their signed index
// says, and indexes that end early. apt does not sync what it fetches, so that a
// power failure leaves them empty or in parts; and as long as the repository's
// index is the same, its update does not look at them again (apt 2.6 and 3.0).
// What is removed here it fetches.
func RemoveDamaged(h *host.Host) error {
	entries, err := h.ReadDir(listsDir)
	if notThere(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read apt's package lists: %w", err)
	}
	sizes := make(map[string]int64, len(entries))
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			sizes[e.Name()] = info.Size()
		}
	}
	for _, name := range damaged(sizes, func(name string) string {
		text, _, _ := h.ReadRegular(path.Join(listsDir, name), 64<<20)
		return string(text)
	}) {
		if err := os.Remove(h.Path(path.Join(listsDir, name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove a damaged package list: %w", err)
		}
	}
	return nil
}

// damaged returns the names of damaged lists among files with their sizes.
func damaged(sizes map[string]int64, read func(name string) string) []string {
	var bad []string
	for index := range sizes {
		stem, ok := strings.CutSuffix(index, "InRelease")
		if !ok {
			continue
		}
		text := read(index)
		if text == "" || strings.HasPrefix(text, "-----BEGIN PGP") && !strings.HasSuffix(strings.TrimSpace(text), "-----END PGP SIGNATURE-----") {
			bad = append(bad, index)
			continue
		}
		listed := listedSizes(text, stem)
		for name, size := range sizes {
			if name == index || !strings.HasPrefix(name, stem) {
				continue
			}
			// Lists that apt compressed itself are not listed.
			if want, ok := listed[name]; ok && want != size || !ok && size == 0 {
				bad = append(bad, name)
			}
		}
	}
	return bad
}

// listedSizes reads the sizes of files from a repository's index, by the names
// that apt gives the files. Each has one size, whatever digest it is listed with.
func listedSizes(index, stem string) map[string]int64 {
	sizes := make(map[string]int64)
	for line := range strings.Lines(index) {
		// " <digest> <size> main/binary-amd64/Packages"
		f := strings.Fields(line)
		if len(f) != 3 || line[0] != ' ' {
			continue
		}
		if size, err := strconv.ParseInt(f[1], 10, 64); err == nil {
			sizes[stem+strings.ReplaceAll(f[2], "/", "_")] = size
		}
	}
	return sizes
}
