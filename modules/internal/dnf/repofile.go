// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
)

const reposDir = "/etc/yum.repos.d"

// RepoFiles returns the files that name repositories.
func RepoFiles(h *host.Host) ([]string, error) {
	entries, err := h.ReadDir(reposDir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if path.Ext(e.Name()) == ".repo" {
			names = append(names, reposDir+"/"+e.Name())
		}
	}
	return names, nil
}

// Repository is one repository.
type Repository struct {
	ID, Name string
	URL      string // dnf's variables, such as $releasever, included
	Key      string // address of the key, "" for a repository without signatures
}

// File is the repository as a *.repo file (dnf.conf(5), "Repo options").
func (r Repository) File() string {
	var b strings.Builder
	b.WriteString("[" + r.ID + "]\nname=" + r.Name + "\nbaseurl=" + r.URL + "\nenabled=1\n")
	if r.Key == "" {
		b.WriteString("gpgcheck=0\n")
	} else {
		b.WriteString("gpgcheck=1\ngpgkey=" + r.Key + "\n")
	}
	// RHEL 8 hides packages that one of its modules has under the same name,
	// containerd and runc among them.
	b.WriteString("module_hotfixes=1\n")
	return b.String()
}

// Same reports whether a section of a *.repo file is the same repository: dnf
// takes the first section of an ID and ignores the others, and another ID with
// the same address has its own idea of the key.
func (r Repository) Same(s Section) bool {
	if s.Name == r.ID {
		return true
	}
	return slices.ContainsFunc(s.Words("baseurl"), func(url string) bool { return place(url) == place(r.URL) })
}

func place(url string) string {
	url = strings.TrimRight(url, "/")
	if rest, ok := strings.CutPrefix(url, "https://"); ok {
		return "http://" + rest
	}
	return url
}

// Without returns the text of a *.repo file without the sections of the same
// repository, how many those are, and whether it has others.
func (r Repository) Without(text string) (kept string, removed int, rest bool) {
	var b strings.Builder
	for _, s := range Sections(text) {
		switch {
		case s.Name == "":
			b.WriteString(s.Text)
		case r.Same(s):
			removed++
		default:
			rest = true
			b.WriteString(s.Text)
		}
	}
	return b.String(), removed, rest
}

// Section is a part of an INI file, from its heading to the next one. What
// comes before the first heading is a section without a name.
type Section struct{ Name, Text string }

// Sections splits a file, so that the texts together are the whole of it.
func Sections(text string) []Section {
	var all []Section
	var current Section
	for _, line := range strings.SplitAfter(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") && strings.HasSuffix(trimmed, "]") {
			if current.Text != "" {
				all = append(all, current)
			}
			current = Section{Name: trimmed[1 : len(trimmed)-1]}
		}
		current.Text += line
	}
	if current.Text != "" {
		all = append(all, current)
	}
	return all
}

// option reports whether a line gives an option its value, and which.
func option(line string) (key, value string, ok bool) {
	if line == "" || strings.ContainsAny(line[:1], " \t#;[") {
		return "", "", false
	}
	key, value, ok = strings.Cut(line, "=")
	return strings.TrimSpace(key), value, ok
}

// Words returns the words of an option's value, its continuation lines, which
// begin with a space, included.
func (s Section) Words(key string) []string {
	var words []string
	inside := false
	for _, line := range strings.Split(s.Text, "\n") {
		if k, value, ok := option(line); ok {
			inside = k == key
			line = value
		} else if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			continue
		}
		if inside {
			words = append(words, strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' })...)
		}
	}
	return words
}

// With returns the section with an option's words replaced, on one line; no
// words take the option out.
func (s Section) With(key string, words []string) Section {
	line := ""
	if len(words) > 0 {
		line = key + "=" + strings.Join(words, " ") + "\n"
	}
	var b strings.Builder
	inside, done := false, false
	for _, l := range strings.SplitAfter(s.Text, "\n") {
		if k, _, ok := option(l); ok {
			inside = k == key
		} else if inside && (strings.HasPrefix(l, " ") || strings.HasPrefix(l, "\t")) {
			continue
		} else {
			// An empty line or a comment does not end a value, as in Words.
			b.WriteString(l)
			continue
		}
		if inside {
			if !done {
				b.WriteString(line)
			}
			done = true
			continue
		}
		b.WriteString(l)
	}
	text := b.String()
	if !done && line != "" {
		// Before the empty lines that separate it from the next section.
		body := strings.TrimRight(text, "\n")
		text = body + "\n" + line + strings.TrimPrefix(text[len(body):], "\n")
	}
	return Section{Name: s.Name, Text: text}
}
