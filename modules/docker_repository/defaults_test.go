// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repository

import (
	"strings"
	"testing"

	"hardened.docker/modules/internal/distro"
)

func TestCheckURL(t *testing.T) {
	tests := []struct{ url, err string }{
		{"https://download.docker.com/linux/debian", ""},
		{"http://localhost:8080/x", ""},
		{"http://10.0.0.1/x", ""},
		{"mirror+https://d/list", ""},
		{"file:/srv/x", ""},
		{"file:///srv/x", ""},
		{"copy:/srv/x", ""},
		{"https:///x", "it names no host"},
		{"https:d/x", "it names no host"},
		{"https://:80/x", "it names no host"},
		{"https://me:secret@d/x", "it has a user name or password"},
		{"https://d/a b", "write spaces and brackets"},
		{"https://[::1]/x", "write spaces and brackets"},
		{"https://d/a\nb", "write spaces and brackets"},
		{"file://host/x", "give the absolute path"},
		{"file:srv/x", "give the absolute path"},
		{"download.docker.com/linux", "apt reads http, https and file"},
		{"cdrom:x", "apt reads http, https and file"},
	}
	for _, test := range tests {
		err := checkURL(test.url)
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("checkURL(%q) = %v; want %q", test.url, err, test.err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("checkURL(%q) shows the password: %v", test.url, err)
		}
	}
}

func TestRepositoryDefaults(t *testing.T) {
	const (
		debian = "ID=debian\nVERSION_CODENAME=bookworm\n"
		mint   = "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n"
		kali   = "ID=kali\nID_LIKE=debian\nVERSION_CODENAME=kali-rolling\n"
	)
	tests := []struct{ release, url, suite, want string }{
		{debian, "", "", "https://download.docker.com/linux/debian bookworm"},
		{debian, "", "trixie", "https://download.docker.com/linux/debian trixie"},
		{debian, "https://d/x/", "", "https://d/x bookworm"},
		{mint, "", "", "https://download.docker.com/linux/ubuntu noble"},
		{mint, "https://d/x", "", "https://d/x noble"},
		{kali, "", "bookworm", "https://download.docker.com/linux/debian bookworm"},
		{kali, "https://d/x", "", "https://d/x kali-rolling"},
		{kali, "", "", ""},
		{"ID=alpine\n", "", "x", ""},
		{"ID=alpine\n", "https://d/x", "s", "https://d/x s"},
	}
	for _, test := range tests {
		r, err := Params{URL: test.url, Suite: test.suite}.repository(distro.Parse([]byte(test.release)))
		if got := r.URL + " " + r.Suite; (err != nil) != (test.want == "") || err == nil && got != test.want {
			t.Errorf("repository(%q, url %q, suite %q) = %q, %v; want %q", test.release, test.url, test.suite, got, err, test.want)
		}
	}
}
