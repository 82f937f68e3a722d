// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hardened.docker/modules/internal/host"
)

func TestFormats(t *testing.T) {
	tests := []struct {
		repository     Repository
		deb822, inLine string
	}{
		{
			Repository{URL: "https://a/b", Suite: "bookworm", Components: []string{"stable", "test"}, Architectures: []string{"amd64", "arm64"}, SignedBy: "/k.asc"},
			"Types: deb\nURIs: https://a/b\nSuites: bookworm\nComponents: stable test\nArchitectures: amd64 arm64\nSigned-By: /k.asc\n",
			"deb [arch=amd64,arm64 signed-by=/k.asc] https://a/b bookworm stable test\n",
		},
		{
			Repository{URL: "file:/srv/x", Suite: "./", Components: []string{"stable"}, Trusted: true},
			"Types: deb\nURIs: file:/srv/x\nSuites: ./\nTrusted: yes\n",
			"deb [trusted=yes] file:/srv/x ./\n",
		},
		{
			Repository{URL: "http://a", Suite: "s", Components: []string{"c"}},
			"Types: deb\nURIs: http://a\nSuites: s\nComponents: c\n",
			"deb http://a s c\n",
		},
	}
	for _, test := range tests {
		if got := test.repository.Deb822(); got != test.deb822 {
			t.Errorf("Deb822() = %q; want %q", got, test.deb822)
		}
		if got := test.repository.Line(); got != test.inLine {
			t.Errorf("Line() = %q; want %q", got, test.inLine)
		}
		// What is written is found again.
		for name, text := range map[string]string{"x.sources": test.deb822, "x.list": test.inLine} {
			if _, removed, rest, err := test.repository.Without(name, text); removed != 1 || rest || err != nil {
				t.Errorf("Without(%s, %q) = %d, %v, %v; want 1, false, nil", name, text, removed, rest, err)
			}
		}
	}
}

func TestSame(t *testing.T) {
	ours := Repository{URL: "https://download.docker.com/linux/debian", Suite: "bookworm"}
	tests := []struct {
		url, suite string
		want       bool
	}{
		{"https://download.docker.com/linux/debian/", "bookworm", true},
		{"http://DOWNLOAD.docker.com/linux/debian", "bookworm", true},
		{"https://download.docker.com/linux/debian", "trixie", false},
		{"https://download.docker.com/linux/Debian", "bookworm", false},
		{"https://download.docker.com/linux/ubuntu", "bookworm", false},
		{"https://mirror.example.com/linux/debian", "bookworm", false},
		{"ftp://download.docker.com/linux/debian", "bookworm", false},
	}
	for _, test := range tests {
		if got := ours.Same(Repository{URL: test.url, Suite: test.suite}); got != test.want {
			t.Errorf("Same(%s %s) = %v; want %v", test.url, test.suite, got, test.want)
		}
	}
	local := Repository{URL: "file:/srv/x", Suite: "./"}
	if !local.Same(Repository{URL: "file:///srv/x/", Suite: "./"}) {
		t.Error("Same: file:/srv/x and file:///srv/x/ are one directory")
	}
}

func TestWithout(t *testing.T) {
	ours := Repository{URL: "https://d/debian", Suite: "bookworm"}
	const line = "deb [arch=amd64 signed-by=/usr/share/keyrings/docker.gpg] https://d/debian bookworm stable\n"
	const stanza = "Types: deb\nURIs: https://d/debian/\nSuites: bookworm\nComponents: stable\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n"
	const other = "Types: deb\nURIs: http://o/x\nSuites: bookworm\nComponents: main\n"
	tests := []struct {
		what, name, text, kept string
		removed                int
		rest                   bool
		err                    string
	}{
		{"only line", "d.list", line, "", 1, false, ""},
		{"line and its source twin", "d.list", line + "deb-src https://d/debian bookworm stable\n", "", 2, false, ""},
		{"line and comment", "d.list", "# Docker\n" + line, "# Docker\n", 1, false, ""},
		{"commented out", "d.list", "# " + line, "# " + line, 0, false, ""},
		{"among others", "sources.list", "deb http://o bookworm main\n" + line + "deb http://o bookworm-updates main\n", "deb http://o bookworm main\ndeb http://o bookworm-updates main\n", 1, true, ""},
		{"tabs, no newline, comment after", "d.list", "deb\thttps://d/debian/ bookworm stable # docker", "", 1, false, ""},
		{"other suite", "d.list", "deb https://d/debian buster stable\n", "deb https://d/debian buster stable\n", 0, true, ""},
		{"garbage", "d.list", "deb [x https://d/debian bookworm stable\nnonsense\n", "deb [x https://d/debian bookworm stable\nnonsense\n", 0, false, ""},
		{"only stanza", "d.sources", stanza, "", 1, false, ""},
		{"stanza among others", "d.sources", other + "\n" + stanza + "\n" + other, other + "\n" + other, 1, true, ""},
		{"disabled stanza", "d.sources", "Enabled: no\n" + stanza, "Enabled: no\n" + stanza, 0, true, ""},
		{"one of two suites", "d.sources", "Types: deb\nURIs: https://d/debian\nSuites: bookworm\n trixie\nComponents: stable\n", "Types: deb\nURIs: https://d/debian\nSuites: trixie\nComponents: stable\n", 1, true, ""},
		{"one of two addresses", "d.sources", "Types: deb\nURIs: https://d/debian http://o/x\nSuites: bookworm\nComponents: stable\n", "Types: deb\nURIs: http://o/x\nSuites: bookworm\nComponents: stable\n", 1, true, ""},
		{"two and two", "d.sources", "Types: deb\nURIs: https://d/debian http://o/x\nSuites: bookworm trixie\nComponents: stable\n", "", 0, false, "cannot take https://d/debian bookworm out of d.sources"},
		{"comment only", "d.sources", "# nothing\n", "# nothing\n", 0, false, ""},
	}
	for _, test := range tests {
		kept, removed, rest, err := ours.Without(test.name, test.text)
		if err != nil || test.err != "" {
			if err == nil || test.err == "" || !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("%s: Without = %v; want error %q", test.what, err, test.err)
			}
			continue
		}
		if kept != test.kept || removed != test.removed || rest != test.rest {
			t.Errorf("%s: Without = %q, %d, %v; want %q, %d, %v", test.what, kept, removed, rest, test.kept, test.removed, test.rest)
		}
	}
}

func TestFetched(t *testing.T) {
	// Names as apt 2.6 and 3.0 made them.
	tests := []struct {
		file       string
		repository Repository
	}{
		{"download.docker.com_linux_debian_dists_bookworm_InRelease", Repository{URL: "https://download.docker.com/linux/debian", Suite: "bookworm"}},
		{"_srv_repo_dists_bookworm_InRelease", Repository{URL: "file:/srv/repo", Suite: "bookworm"}},
		{"_srv_repo_dists_bookworm_Release", Repository{URL: "file:///srv/repo/", Suite: "bookworm"}},
		{"_srv_a%5fb_dists_bookworm_InRelease", Repository{URL: "file:/srv/a_b", Suite: "bookworm"}},
		{"localhost:8080_x_dists_s_InRelease", Repository{URL: "http://localhost:8080/x", Suite: "s"}},
		{"_srv_flat_._Packages", Repository{URL: "file:/srv/flat", Suite: "./"}},
	}
	for _, test := range tests {
		root := t.TempDir()
		dir := filepath.Join(root, "var/lib/apt/lists")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		h := host.New(root)
		if Fetched(h, test.repository) {
			t.Errorf("Fetched(%s) = true in an empty directory", test.repository.URL)
		}
		if err := os.WriteFile(filepath.Join(dir, test.file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if !Fetched(h, test.repository) {
			t.Errorf("Fetched(%s %s) = false; want true with %s", test.repository.URL, test.repository.Suite, test.file)
		}
	}
}
