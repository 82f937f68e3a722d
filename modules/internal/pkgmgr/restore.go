// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
)

// Restore gives files the state that they were in, owner and mode included.
func Restore(ctx context.Context, h *host.Host, states []file.State) error {
	var errs []error
	for _, old := range states {
		errs = append(errs, restore(ctx, h, old))
	}
	return errors.Join(errs...)
}

func restore(ctx context.Context, h *host.Host, old file.State) error {
	const limit = 16 << 20
	now, err := file.Read(h, old.Path, limit)
	switch {
	case err != nil:
		return err
	case !old.Exists && now.Exists:
		_, err = file.Remove{Before: now}.Do(ctx, h)
		return err
	case !old.Exists:
		return nil
	case now.Exists && bytes.Equal(now.Content, old.Content) && now.Mode == old.Mode && now.UID == old.UID && now.GID == old.GID:
		return nil
	}
	existed := now.Exists
	// A file that is there keeps what Before says of it.
	now.Mode, now.UID, now.GID = old.Mode, old.UID, old.GID
	if _, err := (file.Replace{Before: now, Content: old.Content, Mode: old.Mode}).Do(ctx, h); err != nil || existed {
		return err
	}
	if err := os.Chown(h.Path(old.Path), old.UID, old.GID); err != nil {
		return fmt.Errorf("cannot give %s its owner back: %w", old.Path, err)
	}
	return nil
}
