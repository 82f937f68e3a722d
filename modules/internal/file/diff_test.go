// SPDX-License-Identifier: GPL-3.0-or-later

package file

import "testing"

func TestDiffHidesCredentials(t *testing.T) {
	for _, test := range []struct{ content, want string }{
		{`{"proxies": {"http-proxy": "http://me:s3c@ret@proxy:3128"}}`, `{"proxies": {"http-proxy": "http://********@proxy:3128"}}`},
		{"export https_proxy=http://token@proxy # why\n", "export https_proxy=http://********@proxy # why\n"},
		{"a=http://me:x@h/ b=https://me:y@h", "a=http://********@h/ b=https://********@h"},
		{"https://h/@scope, me@example.org, fd://, ://", "https://h/@scope, me@example.org, fd://, ://"},
	} {
		diff := State{Path: "/x", Exists: true, Content: []byte(test.content)}.diff([]byte(test.content), true)[0]
		if diff.Before != test.want || diff.After != test.want {
			t.Errorf("diff of %q = %q, %q; want %q", test.content, diff.Before, diff.After, test.want)
		}
	}
}
