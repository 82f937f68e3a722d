// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repository

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode"

	"hardened.docker/modules/internal/apt"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
)

// upstream is where Docker publishes its own packages.
const upstream = "https://download.docker.com/linux/"

const keyLimit = 1 << 20

// keyExample shows how the controller hands a key over.
const keyExample = `key: "{{ lookup('ansible.builtin.file', 'docker.asc') }}"`

// check judges the options by themselves.
func (p Params) check() error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
	if p.Name == "" || strings.Trim(p.Name, letters) != "" || strings.HasPrefix(p.Name, ".") {
		return fmt.Errorf("invalid name %q: it becomes a file's name, which package managers read if it has letters, digits, \"_\", \"-\" and \".\" only", p.Name)
	}
	if p.LockTimeout < 0 {
		return fmt.Errorf("invalid lock_timeout %d: give seconds, 0 or more", p.LockTimeout)
	}
	if p.State == "absent" {
		return nil
	}
	if p.URL != "" {
		if err := checkURL(p.URL); err != nil {
			return err
		}
	}
	for _, word := range append(append([]string{p.Suite, p.SignedBy}, p.Components...), p.Architectures...) {
		if strings.ContainsAny(word, " \t\r\n[]#") {
			return fmt.Errorf("invalid value %q: suite, components, architectures and signed_by are words without spaces and brackets", word)
		}
	}
	if p.Key != "" && p.SignedBy != "" {
		return errors.New("invalid options: key and signed_by exclude each other; key is written to the host, signed_by is a keyring that is there")
	}
	if p.SignedBy != "" && !strings.HasPrefix(p.SignedBy, "/") {
		return fmt.Errorf("invalid signed_by %q: give an absolute path", p.SignedBy)
	}
	if len(p.Components) == 0 && !strings.HasSuffix(p.Suite, "/") {
		return errors.New("missing components: only a flat repository, whose suite ends with /, has none")
	}
	return nil
}

func checkURL(text string) error {
	for _, c := range text {
		if c <= ' ' || c == 0x7f || unicode.IsSpace(c) || c == '[' || c == ']' {
			return fmt.Errorf("invalid url %q: write spaces and brackets as %%20, %%5B and %%5D", text)
		}
	}
	scheme, rest, _ := strings.Cut(text, ":")
	switch scheme {
	case "http", "https", "mirror", "mirror+http", "mirror+https", "ftp":
		rest, ok := strings.CutPrefix(rest, "//")
		server, _, _ := strings.Cut(rest, "/")
		switch {
		case strings.Contains(server, "@"):
			return errors.New("invalid url: it has a user name or password, which everybody on the host could read; put those into /etc/apt/auth.conf.d")
		case !ok || strings.Trim(server, ":0123456789") == "" && !strings.Contains(server, "."):
			return fmt.Errorf("invalid url %q: it names no host", text)
		}
	case "file", "copy":
		path, local := strings.CutPrefix(rest, "//")
		if !strings.HasPrefix(path, "/") || local && path == "/" {
			return fmt.Errorf("invalid url %q: give the absolute path of a directory on the managed host, such as file:/srv/docker", text)
		}
	default:
		return fmt.Errorf("invalid url %q: apt reads http, https and file", text)
	}
	return nil
}

// repository is the one that the options describe, without its keyring.
func (p Params) repository(release distro.Release) (apt.Repository, error) {
	r := apt.Repository{URL: strings.TrimRight(p.URL, "/"), Suite: p.Suite, Components: p.Components, Architectures: p.Architectures, Trusted: p.Trusted}
	if r.URL != "" && r.Suite != "" {
		return r, nil
	}
	dir, suite, err := release.Upstream()
	if r.URL == "" {
		if dir == "" {
			return r, err
		}
		r.URL = upstream + dir
	}
	if r.Suite == "" {
		if suite == "" {
			// A repository of one's own is more often named after the host's
			// release than after the one that it is derived from.
			suite = release.Codename
		}
		if suite == "" || p.URL == "" && err != nil {
			return r, err
		}
		r.Suite = suite
	}
	return r, nil
}

// key is the key to write: the one given, else the one that the host already
// has under this repository's name. It is nil if none is needed.
func (p Params) key(h *host.Host, f files) (*apt.Key, error) {
	switch {
	case p.Key != "":
		key, err := apt.ParseKey(p.Key)
		if err != nil {
			return nil, fmt.Errorf("%w; give the whole text of the public key, for example %s", err, keyExample)
		}
		return &key, nil
	case p.SignedBy != "":
		if _, _, err := h.ReadRegular(p.SignedBy, keyLimit); err != nil {
			return nil, fmt.Errorf("cannot use signed_by: %w", err)
		}
		return nil, nil
	}
	text, _, err := h.ReadRegular(f.keyring, keyLimit)
	switch {
	case errors.Is(err, fs.ErrNotExist) && p.Trusted:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("missing key: give the repository's public key as text, for example %s (Docker's own is at %sdebian/gpg); or signed_by, the path of a keyring on the host; or trusted: true for a repository without signatures, such as a local directory", keyExample, upstream)
	case err != nil:
		return nil, fmt.Errorf("cannot read the key that is on the host: %w", err)
	}
	if !f.armored {
		return &apt.Key{Binary: text}, nil
	}
	key, err := apt.ParseKey(string(text))
	if err != nil {
		return nil, fmt.Errorf("cannot use the key in %s on the host, and there is no other: %w; give key to replace it", f.keyring, err)
	}
	return &key, nil
}

// warnings says what is allowed and yet deserves a look.
func (p Params) warnings(h *host.Host, r apt.Repository) []string {
	warn := p.unproven(r.URL)
	if strings.HasPrefix(r.URL, "https:") && !h.Exists("/etc/ssl/certs/ca-certificates.crt") {
		warn = append(warn, "the package ca-certificates is not on the host: apt cannot verify the certificate of "+r.URL)
	}
	return warn
}

// unproven warns of packages that anybody on the way could have changed.
func (p Params) unproven(url string) []string {
	if !p.Trusted || p.Key != "" || p.SignedBy != "" || strings.HasPrefix(url, "file:") || strings.HasPrefix(url, "copy:") {
		return nil
	}
	return []string{fmt.Sprintf("trusted: packages from %s are installed without any proof of where they come from", url)}
}
