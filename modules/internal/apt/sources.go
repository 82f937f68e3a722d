// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"fmt"
	"slices"
	"strings"
)

// Repository is what a file of apt's sources says of one repository.
type Repository struct {
	URL        string
	Suite      string
	Components []string
	// Architectures limits the repository; empty is all of the host's.
	Architectures []string
	SignedBy      string // path of the keyring; "" is every trusted key
	Trusted       bool   // no signature is needed
}

// flat reports whether the suite is a path in place of a suite's name.
func (r Repository) flat() bool { return strings.HasSuffix(r.Suite, "/") }

// Same reports whether both name the same index, so that apt refuses them
// with different keys. http and https of one place count as the same.
func (r Repository) Same(o Repository) bool {
	return place(r.URL) == place(o.URL) && strings.TrimSuffix(r.Suite, "/") == strings.TrimSuffix(o.Suite, "/")
}

func place(url string) string {
	url = strings.TrimRight(url, "/")
	scheme, rest, ok := strings.Cut(url, ":")
	if !ok {
		return url
	}
	scheme = strings.ToLower(scheme)
	if scheme == "https" {
		scheme = "http"
	}
	rest = strings.TrimLeft(rest, "/")
	server, rest, _ := strings.Cut(rest, "/")
	if scheme == "http" {
		server = strings.ToLower(server)
	}
	return scheme + ":" + server + "/" + rest
}

// Deb822 is the repository in the format of *.sources files (apt 1.1 and
// newer).
func (r Repository) Deb822() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Types: deb\nURIs: %s\nSuites: %s\n", r.URL, r.Suite)
	if !r.flat() {
		fmt.Fprintf(&b, "Components: %s\n", strings.Join(r.Components, " "))
	}
	if len(r.Architectures) > 0 {
		fmt.Fprintf(&b, "Architectures: %s\n", strings.Join(r.Architectures, " "))
	}
	if r.SignedBy != "" {
		fmt.Fprintf(&b, "Signed-By: %s\n", r.SignedBy)
	}
	if r.Trusted {
		b.WriteString("Trusted: yes\n")
	}
	return b.String()
}

// Line is the repository in the one-line format of *.list files.
func (r Repository) Line() string {
	var options []string
	if len(r.Architectures) > 0 {
		options = append(options, "arch="+strings.Join(r.Architectures, ","))
	}
	if r.SignedBy != "" {
		options = append(options, "signed-by="+r.SignedBy)
	}
	if r.Trusted {
		options = append(options, "trusted=yes")
	}
	fields := []string{"deb"}
	if len(options) > 0 {
		fields = append(fields, "["+strings.Join(options, " ")+"]")
	}
	fields = append(fields, r.URL, r.Suite)
	if !r.flat() {
		fields = append(fields, r.Components...)
	}
	return strings.Join(fields, " ") + "\n"
}

// Without returns the text of a sources file without the entries for the same
// repository, how many those are, and whether anything else is left in it.
// name tells the format. Entries that only name the repository among others
// lose that one name.
func (r Repository) Without(name, text string) (kept string, removed int, rest bool, err error) {
	if strings.HasSuffix(name, ".sources") {
		return r.withoutStanzas(name, text)
	}
	var b strings.Builder
	for _, line := range strings.SplitAfter(text, "\n") {
		entry, ok := parseLine(line)
		if ok && r.Same(entry) {
			removed++
			continue
		}
		rest = rest || ok
		b.WriteString(line)
	}
	return b.String(), removed, rest, nil
}

// parseLine reads an entry of the one-line format, binary packages only.
// Entries for sources are taken as well: apt compares their keys too.
func parseLine(line string) (Repository, bool) {
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	kind, line, ok := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	if !ok || kind != "deb" && kind != "deb-src" {
		return Repository{}, false
	}
	line = strings.TrimSpace(line)
	var r Repository
	if inner, ok := strings.CutPrefix(line, "["); ok {
		options, after, ok := strings.Cut(inner, "]")
		if !ok {
			return Repository{}, false
		}
		for _, o := range strings.Fields(options) {
			if v, ok := strings.CutPrefix(strings.ToLower(o), "signed-by="); ok {
				r.SignedBy = o[len(o)-len(v):]
			}
		}
		line = after
	}
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return Repository{}, false
	}
	r.URL, r.Suite, r.Components = fields[0], fields[1], fields[2:]
	return r, true
}

// withoutStanzas is Without for deb822 files.
func (r Repository) withoutStanzas(name, text string) (kept string, removed int, rest bool, err error) {
	var b strings.Builder
	for _, stanza := range stanzas(text) {
		uris, suites := field(stanza, "URIs"), field(stanza, "Suites")
		if len(uris) == 0 || len(suites) == 0 || disabled(stanza) {
			b.WriteString(stanza)
			rest = rest || strings.TrimSpace(comments(stanza)) != ""
			continue
		}
		var ours, suite []string
		for _, u := range uris {
			for _, s := range suites {
				if r.Same(Repository{URL: u, Suite: s}) {
					ours, suite = append(ours, u), append(suite, s)
				}
			}
		}
		switch {
		case len(ours) == 0:
			b.WriteString(stanza)
			rest = true
		case len(uris) == len(slices.Compact(ours)) && len(suites) == 1 || len(uris) == 1 && len(suites) == len(suite):
			removed++
		case len(uris) == 1:
			removed++
			rest = true
			b.WriteString(setField(stanza, "Suites", slices.DeleteFunc(slices.Clone(suites), func(s string) bool { return slices.Contains(suite, s) })))
		case len(suites) == 1:
			removed++
			rest = true
			b.WriteString(setField(stanza, "URIs", slices.DeleteFunc(slices.Clone(uris), func(u string) bool { return slices.Contains(ours, u) })))
		default:
			return "", 0, false, fmt.Errorf("cannot take %s %s out of %s: an entry there names several addresses and several suites; split it into entries of one address each", r.URL, r.Suite, name)
		}
	}
	return b.String(), removed, rest, nil
}

// stanzas splits a deb822 text after the empty lines that end each one.
func stanzas(text string) []string {
	var all []string
	var b strings.Builder
	content := false
	for _, line := range strings.SplitAfter(text, "\n") {
		blank := strings.TrimSpace(line) == ""
		if !blank && content && endsBlank(b.String()) {
			all = append(all, b.String())
			b.Reset()
			content = false
		}
		content = content || !blank
		b.WriteString(line)
	}
	if b.Len() > 0 {
		all = append(all, b.String())
	}
	return all
}

func endsBlank(s string) bool { return strings.HasSuffix(s, "\n\n") || strings.HasSuffix(s, "\n\r\n") }

// comments returns a stanza without its comment lines.
func comments(stanza string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(stanza, "\n") {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func disabled(stanza string) bool {
	v := field(stanza, "Enabled")
	return len(v) > 0 && slices.Contains([]string{"no", "false", "without", "off", "disable"}, strings.ToLower(v[0]))
}

// field returns the words of a field, its continuation lines included.
func field(stanza, name string) []string {
	var words []string
	inside := false
	for _, line := range strings.Split(stanza, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, " "), strings.HasPrefix(line, "\t"):
			if inside {
				words = append(words, strings.Fields(line)...)
			}
		default:
			key, value, ok := strings.Cut(line, ":")
			inside = ok && strings.EqualFold(strings.TrimSpace(key), name)
			if inside {
				words = append(words, strings.Fields(value)...)
			}
		}
	}
	return words
}

// setField gives a field of a stanza other words, on one line.
func setField(stanza, name string, words []string) string {
	var b strings.Builder
	inside := false
	for _, line := range strings.SplitAfter(stanza, "\n") {
		continued := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		if continued && inside {
			continue
		}
		key, _, ok := strings.Cut(line, ":")
		inside = ok && !strings.HasPrefix(line, "#") && strings.EqualFold(strings.TrimSpace(key), name)
		if inside {
			line = name + ": " + strings.Join(words, " ") + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}
