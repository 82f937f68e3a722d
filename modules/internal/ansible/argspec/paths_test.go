// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"os"
	"testing"
)

// TestExpandPathWithoutHome covers what the parity test cannot: a process
// without HOME, as services are.
func TestExpandPathWithoutHome(t *testing.T) {
	t.Setenv("HOME", "") // restores the variable after the test
	if err := os.Unsetenv("HOME"); err != nil {
		t.Fatal(err)
	}
	home, ok := passwdHome("")
	if !ok {
		t.Skip("the running user is not in /etc/passwd")
	}
	tests := []struct{ path, want string }{
		{"~", home},
		{"~/x", home + "/x"},
		{"$HOME/x", "$HOME/x"},
		{"~no-such-user/x", "~no-such-user/x"},
	}
	for _, test := range tests {
		if got := expandPath(test.path); got != test.want {
			t.Errorf("expandPath(%q) = %q; want %q", test.path, got, test.want)
		}
	}
	t.Setenv("HOME", "/")
	if got := expandPath("~"); got != "/" {
		t.Errorf("expandPath(~) with HOME=/ = %q; want /", got)
	}
}
