// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	reference "crypto/sha1"
	"strings"
	"testing"
)

func TestSHA1(t *testing.T) {
	for size := range 200 {
		data := []byte(strings.Repeat("fingerprint", 20))[:size]
		if got, want := sha1(data), reference.Sum(data); got != want {
			t.Errorf("sha1 of %d bytes = %x; want %x", size, got, want)
		}
	}
}
