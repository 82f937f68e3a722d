// SPDX-License-Identifier: GPL-3.0-or-later

package dropin

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/unitfile"
)

// Line is the command line of a service, with each word as it is written and
// as it is meant.
type Line struct {
	Setting unitfile.Setting // the ExecStart= in force
	program string           // its first word with prefixes, as written
	pieces  []piece
}

// piece is one word of ExecStart= as written. A variable alone stands for
// all the words of its value.
type piece struct {
	raw      string
	variable *unitfile.Variable // of a piece that is $NAME alone and set
	tokens   []token
}

// token is one word that the program gets.
type token struct {
	raw  string // as written in ExecStart= or in the variable's value
	word unitfile.Word
}

// ReadLine takes the command line of a service apart.
func ReadLine(s Service) (Line, error) {
	whole, _, err := unitfile.ExecStart(s.Files, s.Unit)
	if err != nil {
		return Line{}, err
	}
	environment, _, err := unitfile.Environment(s.Files, s.Unit)
	if err != nil {
		return Line{}, err
	}
	all := s.All("Service", "ExecStart")
	line := Line{Setting: all[len(all)-1]}
	raw := spans(line.Setting.Value)
	line.program, raw = raw[0], raw[1:]
	literal := strings.Contains(whole.Prefixes, ":")
	var words []unitfile.Word
	for _, text := range raw {
		p := piece{raw: text}
		name, found := strings.CutPrefix(text, "$")
		variable, set := environment[name]
		if found && set && !literal {
			p.variable = &variable
			for _, span := range spans(variable.Value) {
				p.tokens = append(p.tokens, token{span, unitfile.Word{Text: unquote(span), File: variable.File, Line: variable.Line}})
			}
		} else {
			one, err := meaning(s, line.Setting, whole.Prefixes, text)
			if err != nil {
				return Line{}, err
			}
			for _, word := range one {
				p.tokens = append(p.tokens, token{text, word})
			}
		}
		line.pieces = append(line.pieces, p)
		for _, t := range p.tokens {
			words = append(words, t.word)
		}
	}
	sameText := func(a, b unitfile.Word) bool { return a.Text == b.Text }
	if !slices.EqualFunc(words, whole.Args(), sameText) {
		return Line{}, fmt.Errorf("cannot take the command line at %s:%d apart: it is quoted in an unusual way; write its words apart, without quotes", line.Setting.File, line.Setting.Line)
	}
	return line, nil
}

// meaning is what one raw word of a command line becomes.
func meaning(s Service, at unitfile.Setting, prefixes, raw string) ([]unitfile.Word, error) {
	alone := s.Unit
	alone.Settings = slices.DeleteFunc(slices.Clone(s.Settings), func(one unitfile.Setting) bool { return one.Name == "ExecStart" })
	at.Value = strings.ReplaceAll(prefixes, "@", "") + "/x " + raw
	alone.Settings = append(alone.Settings, at)
	command, _, err := unitfile.ExecStart(s.Files, alone)
	return command.Args(), err
}

// Words returns the program's arguments, in order.
func (l Line) Words() []unitfile.Word {
	var words []unitfile.Word
	for _, p := range l.pieces {
		for _, t := range p.tokens {
			words = append(words, t.word)
		}
	}
	return words
}

// Flags returns the flags of dockerd on the line; words that no engine
// understands are left out.
func (l Line) Flags() []engine.FlagUse {
	uses, _ := engine.ParseFlags(l.Words(), engine.Version{})
	return uses
}

// Variables returns the environment variables whose value is part of the
// line, each as a piece of its own, in order. A variable that nothing sets
// has no File.
func (l Line) Variables() []unitfile.Variable {
	var variables []unitfile.Variable
	for _, p := range l.pieces {
		name, found := strings.CutPrefix(p.raw, "$")
		switch {
		case p.variable != nil:
			variables = append(variables, *p.variable)
		case found && name != "" && !strings.ContainsAny(name, "{}$"):
			variables = append(variables, unitfile.Variable{Name: name})
		}
	}
	return variables
}

// Cut is a command line without some of its flags.
type Cut struct {
	Removed []engine.FlagUse
	// ExecStart is the value for a drop-in; "" if the one in force can stay.
	ExecStart string
	// Variables have new values, each with the place of the old one.
	Variables []unitfile.Variable
}

// Without takes out the flags that match. Everything else stays as it is
// written, the names of variables too.
func (l Line) Without(match func(engine.FlagUse) bool) (Cut, error) {
	var cut Cut
	gone, err := l.find(match, &cut)
	if err != nil {
		return Cut{}, err
	}
	kept := []string{l.program}
	shorter := false
	index := 0
	for _, p := range l.pieces {
		var rest []string
		before := len(p.tokens)
		for _, t := range p.tokens {
			if !gone[index] {
				rest = append(rest, t.raw)
			}
			index++
		}
		switch {
		case p.variable != nil:
			kept = append(kept, p.raw)
			if len(rest) < before {
				changed := *p.variable
				changed.Value = strings.Join(rest, " ")
				cut.Variables = append(cut.Variables, changed)
			}
		case before > 0 && len(rest) == 0:
			shorter = true
		default:
			kept = append(kept, p.raw)
		}
	}
	if shorter {
		cut.ExecStart = strings.Join(kept, " ")
	}
	return cut, nil
}

// find returns the indices of the words that the matching flags take up.
func (l Line) find(match func(engine.FlagUse) bool, cut *Cut) (map[int]bool, error) {
	words := l.Words()
	numbered := make([]unitfile.Word, len(words))
	for i, word := range words {
		numbered[i] = unitfile.Word{Text: word.Text, Line: i + 1, File: "word"}
	}
	uses, _ := engine.ParseFlags(numbered, engine.Version{})
	gone := make(map[int]bool)
	for _, use := range uses {
		at := use.Line - 1
		use.File, use.Line = words[at].File, words[at].Line
		if !match(use) {
			continue
		}
		cut.Removed = append(cut.Removed, use)
		gone[at] = true
		text := words[at].Text
		long := strings.HasPrefix(text, "--")
		switch {
		case long && !strings.Contains(text, "=") && !isBool(use.Flag), !long && text == use.Spelt && !isBool(use.Flag):
			gone[at+1] = true
		case !long && isBool(use.Flag) && len(text) > 2 && text[2] != '=', !long && !strings.HasPrefix(text, use.Spelt):
			return nil, fmt.Errorf("cannot take %s out of %q at %s: several flags are one word there; write them apart", use.Spelt, text, use.Origin())
		}
	}
	return gone, nil
}

func isBool(flag string) bool {
	key, known := engine.KeyForFlag(flag)
	return known && key.Kind == engine.Bool
}

// InEnvironmentFile reports whether a variable comes from a file that
// EnvironmentFile= names, and not from the unit itself.
func (s Service) InEnvironmentFile(v unitfile.Variable) bool {
	return v.File != "" && v.File != s.Fragment && !slices.Contains(s.DropIns, v.File)
}

// EnvironmentFiles returns the files that the service reads variables from, in
// order; patterns are left out.
func (s Service) EnvironmentFiles() []string {
	var files []string
	for _, setting := range s.All("Service", "EnvironmentFile") {
		name := strings.TrimPrefix(setting.Value, "-")
		if path.IsAbs(name) && !strings.ContainsAny(name, "*?[%") {
			files = append(files, path.Clean(name))
		}
	}
	return files
}

// spans cuts text into its words as they are written, with quotes and
// backslashes.
func spans(text string) []string {
	var list []string
	var quote byte
	start := -1
	for i := 0; i < len(text); i++ {
		c := text[i]
		blank := strings.IndexByte(" \t\n\r", c) >= 0
		if start < 0 {
			if blank {
				continue
			}
			start = i
		}
		switch {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case blank:
			list = append(list, text[start:i])
			start = -1
		}
	}
	if start >= 0 {
		list = append(list, text[start:])
	}
	return list
}

// unquote is what a word in the value of a variable means: a backslash keeps
// the next character, quotes vanish.
func unquote(raw string) string {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '\\':
			if i++; i < len(raw) {
				b.WriteByte(raw[i])
			}
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
