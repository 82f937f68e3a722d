// SPDX-License-Identifier: GPL-3.0-or-later

package systemd

import (
	"context"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/host"
)

// Journal returns the last lines that the unit, and systemd about it, wrote to
// the journal, oldest first: those of the current boot since a moment, or the
// last ones if that is the zero time. Without a journal there are none: it
// explains, it proves nothing.
func Journal(ctx context.Context, h *host.Host, unit string, since time.Time, count int) []string {
	argv := []string{"journalctl", "--no-pager", "--quiet", "--output=cat", "--boot", "--unit=" + unit, "--lines=" + strconv.Itoa(count)}
	if !since.IsZero() {
		// Whole seconds: journalctl of older systemd reads no fractions here.
		argv = append(argv, "--since=@"+strconv.FormatInt(since.Unix(), 10))
	}
	out, err := h.Run(ctx, host.Command{Argv: argv, Limit: Limit})
	if err != nil {
		return nil
	}
	return out.Lines()
}

// Cursor returns the journal's place after the last entry of the unit, for
// [JournalAfter]; "" if there is none.
func Cursor(ctx context.Context, h *host.Host, unit string) string {
	out, err := h.Run(ctx, host.Command{
		Argv:  []string{"journalctl", "--no-pager", "--quiet", "--output=cat", "--boot", "--unit=" + unit, "--lines=1", "--show-cursor"},
		Limit: Limit,
	})
	if err != nil {
		return ""
	}
	for _, line := range out.Lines() {
		if cursor, ok := strings.CutPrefix(line, "-- cursor: "); ok {
			return cursor
		}
	}
	return ""
}

// JournalAfter returns the lines that the unit wrote after the cursor. Without
// a cursor there are none: which lines are new could not be told.
func JournalAfter(ctx context.Context, h *host.Host, unit, cursor string) []string {
	if cursor == "" {
		return nil
	}
	out, err := h.Run(ctx, host.Command{
		Argv:  []string{"journalctl", "--no-pager", "--quiet", "--output=cat", "--boot", "--unit=" + unit, "--after-cursor=" + cursor},
		Limit: Limit,
	})
	if err != nil {
		return nil
	}
	return out.Lines()
}
