// SPDX-License-Identifier: GPL-3.0-or-later

package audit

import (
	"bytes"
	"path"
	"strings"
)

// RuleFile is a file of audit rules, line by line.
type RuleFile struct {
	lines []line
}

type line struct {
	text    string // with its newline
	watch   Watch
	isWatch bool
}

// ParseFile reads a file of rules. Lines that are no watches are kept as they
// are, whatever they say.
func ParseFile(content []byte) RuleFile {
	var f RuleFile
	for _, text := range bytes.SplitAfter(content, []byte("\n")) {
		if len(text) == 0 {
			continue
		}
		l := line{text: string(text)}
		l.watch, l.isWatch = ParseLine(l.text)
		f.lines = append(f.lines, l)
	}
	return f
}

// Watches returns the watches of the file, in order.
func (f RuleFile) Watches() []Watch {
	var all []Watch
	for _, l := range f.lines {
		if l.isWatch {
			all = append(all, l.watch)
		}
	}
	return all
}

// Empty reports whether the file says nothing to auditctl.
func (f RuleFile) Empty() bool {
	for _, l := range f.lines {
		if text := strings.TrimSpace(l.text); text != "" && text[0] != '#' {
			return false
		}
	}
	return true
}

// Set returns the file with these watches in the place of those with the key.
// All other lines stay. Watches go where the first of the old ones was, or to
// the end, but before -e: after "-e 2" the kernel takes none any more.
func (f RuleFile) Set(key string, watches []Watch) RuleFile {
	var next RuleFile
	at := -1
	for _, l := range f.lines {
		own := l.isWatch && l.watch.Key == key
		if at < 0 && (own || strings.HasPrefix(strings.TrimSpace(l.text), "-e")) {
			at = len(next.lines)
		}
		if !own {
			next.lines = append(next.lines, l)
		}
	}
	if at < 0 {
		at = len(next.lines)
	}
	if at > 0 && !strings.HasSuffix(next.lines[at-1].text, "\n") {
		next.lines[at-1].text += "\n"
	}
	var own []line
	for _, w := range watches {
		own = append(own, line{text: w.String() + "\n", watch: w, isWatch: true})
	}
	next.lines = append(next.lines[:at:at], append(own, next.lines[at:]...)...)
	return next
}

// Bytes returns the file's content.
func (f RuleFile) Bytes() []byte {
	var b bytes.Buffer
	for _, l := range f.lines {
		b.WriteString(l.text)
	}
	return b.Bytes()
}

// ParseLine reads a line of a rules file as auditctl does, auditctl(8), and
// reports whether it adds a watch and nothing else. There are no quotes.
func ParseLine(text string) (Watch, bool) {
	words := strings.Fields(text)
	w := Watch{Perm: Any}
	rule := false
	for i := 0; i < len(words); i++ {
		option := words[i]
		if len(option) < 2 || option[0] != '-' {
			return Watch{}, false
		}
		// auditctl's getopt takes -k docker and -kdocker.
		value := option[2:]
		if value == "" {
			if i++; i == len(words) {
				return Watch{}, false
			}
			value = words[i]
		}
		ok := true
		switch option[1] {
		case 'w':
			ok = w.Path == "" && !rule
			w.Path = value
		case 'a', 'A':
			rule = true
			ok = w.Path == "" && (value == "always,exit" || value == "exit,always")
		case 'p':
			ok = !rule && w.setPerm(value)
		case 'k':
			ok = w.addKey(value)
		case 'S':
			ok = rule && value == "all"
		case 'F':
			ok = rule && w.setField(value)
		default:
			ok = false
		}
		if !ok {
			return Watch{}, false
		}
	}
	if !path.IsAbs(w.Path) {
		return Watch{}, false
	}
	w.Path = path.Clean(w.Path)
	return w, true
}

// addKey adds what -k has. auditctl refuses a key with the separator in it.
func (w *Watch) addKey(key string) bool {
	if w.Key != "" {
		w.Key += keySeparator
	}
	w.Key += key
	return !strings.Contains(key, keySeparator)
}

func (w *Watch) setPerm(value string) bool {
	perm, err := ParsePerm(value)
	w.Perm = perm
	return err == nil
}

// setField reads what follows -F. Any field but these narrows the rule.
func (w *Watch) setField(expression string) bool {
	name, value, ok := strings.Cut(expression, "=")
	if !ok || value == "" {
		return false
	}
	switch name {
	case "path", "dir":
		if w.Path != "" {
			return false
		}
		w.Path, w.Target = value, File
		if name == "dir" {
			w.Target = Tree
		}
		return true
	case "perm":
		return w.setPerm(value)
	case "key":
		return w.addKey(value)
	}
	return false
}
