// SPDX-License-Identifier: GPL-3.0-or-later

package treecopy

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tree makes a directory with one of everything that a data-root has.
func tree(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make devices and give files away")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	when := time.Unix(1_600_000_000, 123_456_789)
	steps := []error{
		os.MkdirAll(at("overlay2/l"), 0o711),
		os.Mkdir(at("opaque"), 0o2755),
		os.WriteFile(at("file"), []byte("content"), 0o640),
		os.Chown(at("file"), 100_000, 100_001),
		os.WriteFile(at("setuid"), []byte("#!"), 0o755),
		os.Chown(at("setuid"), 1, 1),
		os.Chmod(at("setuid"), 0o755|os.ModeSetuid),
		os.Link(at("file"), at("overlay2/other-name")),
		os.Link(at("file"), at("third")),
		os.Symlink("/etc/passwd", at("link")),
		os.Lchown(at("link"), 7, 8),
		os.Symlink("../nowhere", at("overlay2/l/ABC")),
		syscall.Mknod(at("whiteout"), syscall.S_IFCHR, 0),
		syscall.Mkfifo(at("pipe"), 0o600),
		syscall.Mknod(at("socket"), syscall.S_IFSOCK|0o600, 0),
		os.WriteFile(at("empty"), nil, 0o600),
		syscall.Setxattr(at("opaque"), "trusted.overlay.opaque", []byte("y"), 0),
		syscall.Setxattr(at("file"), "security.capability", []byte("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0),
		syscall.Setxattr(at("file"), "user.empty", nil, 0),
		os.Chtimes(at("file"), when, when),
		os.Chtimes(at("overlay2"), when, when),
	}
	sparse, err := os.Create(at("sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer sparse.Close()
	_, one := sparse.WriteAt([]byte("begin"), 8<<20)
	_, two := sparse.WriteAt([]byte("later"), 64<<20)
	steps = append(steps, one, two, sparse.Truncate(200<<20), sparse.Sync())
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	return dir
}

func compared(t *testing.T, from, to string) []string {
	t.Helper()
	found, err := Compare(context.Background(), from, to, []string{"keep"})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCopy(t *testing.T) {
	from, to := tree(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(to, "keep"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Copy(context.Background(), from, to, []string{"keep"}); err != nil {
			t.Fatal(err)
		}
		if found := compared(t, from, to); len(found) > 0 {
			t.Errorf("Compare() = %q; want no difference", found)
		}
	}
	// By means of its own: the holes, the hard link, the kept entry.
	st, err := stat(filepath.Join(to, "sparse"))
	if err != nil || st.Size != 200<<20 || st.Blocks*512 > 1<<20 {
		t.Errorf("the sparse file has %d bytes in %d blocks, %v; want holes", st.Size, st.Blocks, err)
	}
	a, _ := stat(filepath.Join(to, "file"))
	b, _ := stat(filepath.Join(to, "overlay2/other-name"))
	if a.Ino != b.Ino || a.Nlink != 3 || a.Uid != 100_000 || a.Mtim.Nsec != 123_456_789 {
		t.Errorf("the linked file is inode %d and %d with %d names, owner %d, %d ns", a.Ino, b.Ino, a.Nlink, a.Uid, a.Mtim.Nsec)
	}
	if _, err := os.Stat(filepath.Join(to, "keep")); err != nil {
		t.Errorf("the entry to keep: %v", err)
	}
	if size, err := Size(from); err != nil || size > 1<<20 {
		t.Errorf("Size() = %d, %v; want what is on the disk, not the holes", size, err)
	}
}

// TestDamage: each damage is found, and mended by the next copy.
func TestDamage(t *testing.T) {
	from, to := tree(t), t.TempDir()
	if err := Copy(context.Background(), from, to, nil); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(to, name) }
	tests := []struct {
		name   string
		damage func() error
		want   string
		mended bool // by a copy alone, which does not read contents that look alike
	}{
		{"removed", func() error { return os.Remove(at("empty")) }, "empty: it is missing", true},
		{"too much", func() error { return os.WriteFile(at("left"), nil, 0o600) }, "left: it is too much", true},
		{"half a file of a killed run", func() error { return os.WriteFile(at(TempName), []byte("x"), 0o600) }, TempName + ": it is too much", true},
		{"mode", func() error { return os.Chmod(at("setuid"), 0o755) }, "setuid: type, mode", true},
		{"a link cut", func() error {
			data, _ := os.ReadFile(at("third"))
			return errors.Join(os.Remove(at("third")), os.WriteFile(at("third"), data, 0o640))
		}, "names, not 3", true},
		{"a directory in the place of a file", func() error { return errors.Join(os.Remove(at("pipe")), os.MkdirAll(at("pipe/x"), 0o700)) }, "pipe: type", true},
		{"a file in the place of a directory", func() error { return errors.Join(os.RemoveAll(at("opaque")), os.WriteFile(at("opaque"), nil, 0o700)) }, "opaque: type", true},
		{"another target", func() error { return errors.Join(os.Remove(at("link")), os.Symlink("/etc/shadow", at("link"))) }, "link: type", true},
		{"an attribute of a directory", func() error { return syscall.Removexattr(at("opaque"), "trusted.overlay.opaque") }, "opaque: other extended attributes", true},
		{"content that looks alike", func() error {
			st, _ := stat(at("setuid"))
			when := time.Unix(st.Mtim.Unix())
			return errors.Join(os.WriteFile(at("setuid"), []byte("!!"), 0), os.Chmod(at("setuid"), 0o755|os.ModeSetuid), os.Chtimes(at("setuid"), when, when))
		}, "setuid: other content", false},
	}
	for _, test := range tests {
		if err := test.damage(); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if found := compared(t, from, to); !strings.Contains(strings.Join(found, "\n"), test.want) {
			t.Errorf("%s: Compare() = %q; want %q", test.name, found, test.want)
		}
		if !test.mended {
			continue
		}
		if err := Copy(context.Background(), from, to, nil); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if found := compared(t, from, to); len(found) > 0 {
			t.Errorf("%s: after another copy Compare() = %q; want nothing", test.name, found)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("a signal")
	cancel(why)
	if err := Copy(ctx, tree(t), t.TempDir(), nil); !errors.Is(err, why) {
		t.Errorf("Copy() = %v; want %v", err, why)
	}
}
