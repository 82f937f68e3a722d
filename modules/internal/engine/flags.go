// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"fmt"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/unitfile"
)

// FlagUse is one flag on dockerd's command line.
type FlagUse struct {
	Flag  string // long name without dashes
	Spelt string // as written, without the value: "-H" or "--host"
	Value string // "true" for a boolean without value
	File  string
	Line  int
	// Keys are the keys of daemon.json that mean the same; empty for flags
	// such as --config-file.
	Keys []string
}

// Origin returns file:line.
func (u FlagUse) Origin() string {
	return unitfile.Word{File: u.File, Line: u.Line}.Origin()
}

// FlagFor returns the long name of the flag that sets the same as a key, or ""
// if an engine has no such flag. The zero Version asks for any engine.
func FlagFor(key string, v Version) string {
	if k, known := Lookup(key); known && (!v.Known() || k.hasFlag(v)) {
		return k.Flag
	}
	return ""
}

// KeyForFlag returns the key that a flag sets, given its long or one-letter
// name with or without dashes.
func KeyForFlag(flag string) (Key, bool) {
	name := strings.TrimLeft(flag, "-")
	for _, key := range keys {
		if name != "" && (key.Flag == name || key.Short == name) {
			return key, true
		}
	}
	return Key{}, false
}

// findFlag returns the flag and the keys that it sets, by long or short name.
func findFlag(name string, short bool, v Version) (Key, []string, bool) {
	var found Key
	var names []string
	for _, key := range keys {
		if v.Known() && !key.hasFlag(v) {
			continue
		}
		if short && key.Short == name || !short && key.Flag == name {
			if names = append(names, key.Name); len(names) == 1 {
				found = key
			}
		}
	}
	if len(names) > 0 {
		return found, names, true
	}
	for _, key := range flagOnly {
		if (!v.Known() || key.accepted(v)) && name != "" && (short && key.Short == name || !short && key.Flag == name) {
			return key, nil, true
		}
	}
	return Key{}, nil, false
}

// ParseFlags reads the words after the program's name as dockerd does:
// "--name=value", "--name value", "-n value", "-nvalue", "-n=value", boolean
// flags alone or with "=value", one-letter flags together. Words that dockerd
// would refuse are problems with the path of the flag.
func ParseFlags(words []unitfile.Word, v Version) ([]FlagUse, []Problem) {
	p := flagParser{version: v, words: words}
	for len(p.words) > 0 {
		word := p.next()
		switch {
		case word.Text == "--":
			for len(p.words) > 0 {
				p.stray(p.next())
			}
		case strings.HasPrefix(word.Text, "--"):
			p.long(word)
		case strings.HasPrefix(word.Text, "-") && word.Text != "-":
			p.short(word)
		default:
			p.stray(word)
		}
	}
	return p.uses, p.problems
}

type flagParser struct {
	version  Version
	words    []unitfile.Word
	uses     []FlagUse
	problems []Problem
}

func (p *flagParser) next() unitfile.Word {
	word := p.words[0]
	p.words = p.words[1:]
	return word
}

func (p *flagParser) fail(word unitfile.Word, path, format string, args ...any) {
	text := fmt.Sprintf(format, args...) + " (" + word.Origin() + ")"
	p.problems = append(p.problems, Problem{Path: path, Stage: Rejected, Severity: Refuse, Text: text})
}

func (p *flagParser) engine() string { return Target{Version: p.version}.name() }

func (p *flagParser) stray(word unitfile.Word) {
	hint := "remove it"
	if word.Text == "true" || word.Text == "false" {
		hint = "a boolean flag takes its value after an equals sign, as in --debug=" + word.Text
	}
	p.fail(word, word.Text, "invalid word %q on dockerd's command line: dockerd takes flags only: %s", word.Text, hint)
}

func (p *flagParser) long(word unitfile.Word) {
	name, value, hasValue := strings.Cut(word.Text[2:], "=")
	key, names, known := findFlag(name, false, p.version)
	if !known {
		p.unknown(word, "--"+name)
		return
	}
	p.take(word, key, names, "--"+name, value, hasValue)
}

func (p *flagParser) short(word unitfile.Word) {
	letters := word.Text[1:]
	for letters != "" {
		letter := letters[:1]
		letters = letters[1:]
		key, names, known := findFlag(letter, true, p.version)
		if !known {
			p.unknown(word, "-"+letter)
			return
		}
		value, hasValue := "", false
		switch {
		case strings.HasPrefix(letters, "="):
			value, hasValue, letters = letters[1:], true, ""
		case key.Kind != Bool && letters != "":
			value, hasValue, letters = letters, true, ""
		}
		p.take(word, key, names, "-"+letter, value, hasValue)
	}
}

func (p *flagParser) unknown(word unitfile.Word, spelt string) {
	hint := ": remove it"
	var names []string
	for _, key := range keys {
		if key.hasFlag(p.version) {
			names = append(names, key.Flag)
		}
	}
	if key, known := Lookup(strings.TrimLeft(spelt, "-")); known && key.Flag != "" && key.Name != key.Flag {
		hint = ": the flag is spelt --" + key.Flag
	} else if key, known := KeyForFlag(spelt); known {
		if key.Since.Known() && p.version.Compare(key.Since) < 0 || key.FlagSince.Known() && p.version.Compare(key.FlagSince) < 0 {
			hint = fmt.Sprintf(", engines since %s do: remove it", laterOf(key.Since, key.FlagSince))
		} else {
			hint = fmt.Sprintf(", it was removed in %s: %s", key.Until, key.Instead)
		}
	} else if near := nearest(strings.TrimLeft(spelt, "-"), names); near != "" {
		hint = near
	}
	p.fail(word, spelt, "unknown flag %s: %s does not have it%s", spelt, p.engine(), hint)
}

func laterOf(a, b Version) Version {
	if a.Compare(b) > 0 {
		return a
	}
	return b
}

func (p *flagParser) take(word unitfile.Word, key Key, names []string, spelt, value string, hasValue bool) {
	switch {
	case hasValue:
	case key.Kind == Bool:
		value = "true"
	case len(p.words) == 0:
		p.fail(word, spelt, "missing value after %s", spelt)
		return
	default:
		value = p.next().Text
	}
	if key.Kind == Bool {
		if _, err := strconv.ParseBool(value); err != nil {
			p.fail(word, spelt, "invalid value %q of %s: write true or false", value, spelt)
			return
		}
	}
	if key.Kind == Int {
		if _, err := strconv.ParseInt(value, 0, 64); err != nil {
			p.fail(word, spelt, "invalid value %q of %s: write an integer", value, spelt)
			return
		}
	}
	if dead := key.Dead; dead.Known() && p.version.Compare(dead) >= 0 && value != "" && value != "0" {
		p.fail(word, spelt, "invalid flag %s: %s refuses it, it was removed in %s: %s", spelt, p.engine(), dead, key.Instead)
		return
	}
	p.uses = append(p.uses, FlagUse{Flag: key.Flag, Spelt: spelt, Value: value, File: word.File, Line: word.Line, Keys: names})
}

// ConfigFile returns the file that dockerd reads with these flags.
func ConfigFile(uses []FlagUse) string {
	file := "/etc/docker/daemon.json"
	for _, use := range uses {
		if use.Flag == "config-file" {
			file = use.Value
		}
	}
	return file
}
