// SPDX-License-Identifier: GPL-3.0-or-later

package file

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/ansible"
)

// TestActsOnAnImmutableFile: what cannot be replaced is found out by the last
// step alone. Then nothing was changed, no backup is left, and no name of one
// is returned.
func TestActsOnAnImmutableFile(t *testing.T) {
	h, config := tree(t)
	before := read(t, h, "/etc/config")
	makeImmutable(t, h.Path("/etc/config"))
	for name, act := range map[string]ansible.Act{
		"Replace": Replace{Before: before, Content: []byte("new\n"), Backup: true},
		"Remove":  Remove{Before: before, Backup: true},
	} {
		result, err := act.Do(context.Background(), h)
		var nothing *ansible.NothingDone
		if !errors.As(err, &nothing) {
			t.Errorf("%s = %v; want an error that says that nothing was done", name, err)
		}
		if len(result) > 0 {
			t.Errorf("%s returned %v; want nothing", name, result)
		}
		if diff := cmp.Diff([]string{"config"}, names(t, config)); diff != "" {
			t.Errorf("%s: files in the directory (-want +got):\n%s", name, diff)
		}
	}
}

// makeImmutable sets the file's immutable attribute until the test ends. Then
// the file cannot be linked either, so its backup is a copy.
func makeImmutable(t *testing.T, name string) {
	t.Helper()
	const setFlags, immutable = 0x40086602, 0x10 // FS_IOC_SETFLAGS, FS_IMMUTABLE_FL
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	set := func(flags int) error {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), setFlags, uintptr(unsafe.Pointer(&flags))); errno != 0 {
			return errno
		}
		return nil
	}
	if err := set(immutable); err != nil {
		f.Close()
		t.Skipf("cannot make a file immutable here: %v", err)
	}
	t.Cleanup(func() {
		if err := set(0); err != nil {
			t.Error(err)
		}
		f.Close()
	})
}
