// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"hardened.docker/modules/internal/host"
)

// readDatabases looks at the databases of the engine and its containerd. With
// a damaged one dockerd does not start; an empty one it makes anew, and what
// was in it is forgotten.
func (st *State) readDatabases(h *host.Host, root string) {
	files := []string{
		"network/files/local-kv.db", "volumes/metadata.db",
		"buildkit/cache.db", "buildkit/metadata_v2.db", "buildkit/snapshots.db", "buildkit/containerdmeta.db", "buildkit/history.db",
		"containerd/daemon/io.containerd.metadata.v1.bolt/meta.db",
	}
	for _, name := range files {
		st.readBolt(h, path.Join(root, name))
	}
	if root == st.Root {
		st.readBolt(h, "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db")
	}
}

func (st *State) readBolt(h *host.Host, file string) {
	f, err := os.OpenFile(h.Path(file), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		st.damaged(Damage{Path: file, Problem: err.Error(), Fatal: true})
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	// Two pages of at most 64 KiB have all that is judged.
	head, err := io.ReadAll(io.LimitReader(f, 1<<17))
	if err != nil {
		st.damaged(Damage{Path: file, Problem: err.Error(), Fatal: true})
		return
	}
	// An engine at work makes the file longer before it says so in its head.
	if info, err = f.Stat(); err != nil {
		return
	}
	if problem := boltProblem(head, info.Size()); problem != "" {
		st.damaged(Damage{Path: file, Problem: problem, Fatal: info.Size() > 0})
	}
}

// boltProblem says what keeps a file from being a bolt database, "" if nothing
// does. Each of the first two pages has a copy of what is needed to read it
// (bbolt meta.go: magic, version, page size, flags, root, freelist, the number
// of pages, transaction, checksum); bolt takes the newest whole one. A file of
// no bytes is one that bolt makes anew.
func boltProblem(head []byte, size int64) string {
	if size == 0 {
		return "it is empty (0 bytes): the engine begins a new one, and what was in it is lost"
	}
	var newest, pages, page uint64
	whole := false
	for _, pageSize := range []int{0, 4096, 8192, 16384, 65536} {
		m, ok := boltMeta(head, pageSize)
		if !ok {
			continue
		}
		whole = true
		if m.transaction >= newest {
			newest, pages, page = m.transaction, m.pages, uint64(m.pageSize)
		}
	}
	if !whole {
		return fmt.Sprintf("it is no database: neither of its two first pages is whole (%d bytes)", size)
	}
	if want := pages * page; uint64(size) < want {
		return fmt.Sprintf("it is cut off: it has %d bytes of %d", size, want)
	}
	return ""
}

type meta struct {
	pageSize           uint32
	pages, transaction uint64
}

// boltMeta reads the meta page that begins at an offset.
func boltMeta(head []byte, at int) (meta, bool) {
	const header, length = 16, 64
	if len(head) < at+header+length {
		return meta{}, false
	}
	b := head[at+header:]
	little := binary.LittleEndian
	if little.Uint32(b) != 0xED0CDAED || little.Uint32(b[4:]) != 2 || little.Uint64(b[56:]) != fnv1a(b[:56]) {
		return meta{}, false
	}
	return meta{little.Uint32(b[8:]), little.Uint64(b[40:]), little.Uint64(b[48:])}, true
}

// fnv1a is the 64-bit FNV-1a hash, bolt's checksum.
func fnv1a(data []byte) uint64 {
	hash := uint64(0xcbf29ce484222325)
	for _, b := range data {
		hash = (hash ^ uint64(b)) * 0x100000001b3
	}
	return hash
}
