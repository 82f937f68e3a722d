// SPDX-License-Identifier: GPL-3.0-or-later

package file

import (
	"context"
	"os"
	"strings"
	"testing"
)

func TestReplaceRefusesAFileThatSomebodyElseMade(t *testing.T) {
	for _, theirs := range []string{"", "x", "much longer than what was there\n"} {
		h, config := tree(t)
		if err := os.Remove(config); err != nil {
			t.Fatal(err)
		}
		before := read(t, h, "/etc/config")
		if err := os.WriteFile(config, []byte(theirs), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Replace{Before: before, Content: []byte("mine\n"), Mode: 0o644}.Do(context.Background(), h)
		if err == nil || !strings.Contains(err.Error(), "somebody else changed it") {
			t.Errorf("Replace.Do over a new file with %q = %v; want a refusal", theirs, err)
		}
		if got := string(read(t, h, "/etc/config").Content); got != theirs {
			t.Errorf("Replace.Do left %q; want theirs, %q", got, theirs)
		}
	}
}
