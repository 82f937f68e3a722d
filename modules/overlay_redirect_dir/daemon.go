// SPDX-License-Identifier: GPL-3.0-or-later

package overlay_redirect_dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"
	"time"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// daemon is dockerd as far as it matters here.
type daemon struct {
	root    string // its data-root
	running bool
	driver  string // "" if it does not answer
	native  bool   // it takes diffs from overlayfs's own directories
}

func readDaemon(ctx context.Context, h *host.Host) (daemon, error) {
	settings, err := dockerd.Configured(h)
	if err != nil {
		return daemon{}, err
	}
	d := daemon{root: dataroot.Of(settings)}
	found := dockerd.FindProcesses(h)
	d.running = len(found.Dockerd) > 0
	if !d.running {
		return d, nil
	}
	info, err := dockerd.NewClient(h, found, 20*time.Second).Info(ctx)
	if err != nil {
		// A daemon that does not answer is restarted for a change, no more.
		return d, nil
	}
	d.driver = info.Driver
	for _, pair := range info.DriverStatus {
		if pair[0] == "Native Overlay Diff" {
			d.native = pair[1] == "true"
		}
	}
	return d, nil
}

// apply says what the running daemon needs. It looks at overlayfs once, when it
// starts (moby daemon/graphdriver/overlay2, doesSupportNativeDiff): with the
// native diff and redirected directories, the layers it makes lack files.
func (d daemon) apply(p Params, changed bool) string {
	if !d.running || d.driver != "" && d.driver != "overlay2" {
		return "none"
	}
	if changed || p.enabled() && d.native {
		return "restart"
	}
	return "none"
}

// checkDType refuses a file system that does not tell the type of a directory's
// entries, which overlayfs needs: xfs made with ftype=0.
func checkDType(h *host.Host, dir string) error {
	for {
		tells, err := tellsTypes(h, dir)
		if errors.Is(err, fs.ErrNotExist) && dir != "/" {
			dir = path.Dir(dir)
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot look at %s: %w", dir, err)
		}
		if !tells {
			return fmt.Errorf("cannot use overlayfs on %s: its file system does not tell the types of files (d_type); use ext4, or xfs made with mkfs.xfs -n ftype=1", dir)
		}
		return nil
	}
}

// tellsTypes reads a part of a directory as the kernel gives it; os.ReadDir
// hides what is asked here. An empty directory tells nothing.
func tellsTypes(h *host.Host, dir string) (bool, error) {
	fd, err := syscall.Open(h.Path(dir), syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	defer syscall.Close(fd)
	buffer := make([]byte, 8192)
	n, err := syscall.ReadDirent(fd, buffer)
	if err != nil {
		return false, err
	}
	return typesIn(buffer[:n]), nil
}

// typesIn reports whether an entry of getdents64(2) has a type, or there is
// none but the directory and its parent, whose types xfs makes up. All
// architectures that the modules are built for put the low byte first.
func typesIn(entries []byte) bool {
	const length, kind, name = 16, 18, 19
	seen := false
	for len(entries) > name {
		size := int(entries[length]) | int(entries[length+1])<<8
		if size <= name || size > len(entries) {
			break
		}
		text := entries[name:size]
		if of, _, _ := strings.Cut(string(text), "\x00"); of != "." && of != ".." {
			seen = true
			if entries[kind] != 0 {
				return true
			}
		}
		entries = entries[size:]
	}
	return !seen
}
