// SPDX-License-Identifier: GPL-3.0-or-later

package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// backup gives the file a second name beside it and returns that name. A hard
// link keeps everything of the old file; where there are none, it is copied.
func backup(real string, content []byte) (string, error) {
	info, err := os.Stat(real)
	if err != nil {
		return "", err
	}
	for try := range 100 {
		name := fmt.Sprintf("%s.%s~", filepath.Base(real), time.Now().UTC().Format("2006-01-02T15-04-05Z"))
		if try > 0 {
			name = fmt.Sprintf("%s.%s.%d~", filepath.Base(real), time.Now().UTC().Format("2006-01-02T15-04-05Z"), try)
		}
		to := filepath.Join(filepath.Dir(real), name)
		err = os.Link(real, to)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOTSUP) {
			err = copyTo(to, content, info.Mode().Perm())
			if errors.Is(err, fs.ErrExist) {
				continue
			}
		}
		return name, err
	}
	return "", err
}

func copyTo(to string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if err != nil {
		os.Remove(to)
	}
	return err
}
