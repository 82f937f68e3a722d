// SPDX-License-Identifier: GPL-3.0-or-later

package lvm

import (
	"errors"
	"fmt"
	"strings"
)

// Config is a text in LVM's configuration language (lvm.conf(5)): sections in
// braces, settings with numbers, strings or lists.
type Config struct {
	text     string
	settings []span
	sections []span // start and end are those of what is between the braces
}

// span is where a setting's value, or a section's inside, is in the text.
type span struct {
	path       string // activation/monitoring
	start, end int
}

// ParseConfig reads a text. LVM refuses what it refuses, and a few oddities
// more that nobody writes.
func ParseConfig(text string) (Config, error) {
	p := parser{Config: Config{text: text}}
	if err := p.section("", 0); err != nil {
		return Config{}, fmt.Errorf("invalid LVM configuration at line %d: %w", 1+strings.Count(text[:min(p.at, len(text))], "\n"), err)
	}
	return p.Config, nil
}

// Get returns the value of a setting as it is written, "" if there is none. Of
// several the last one counts.
func (c Config) Get(path string) string {
	value := ""
	for _, s := range c.settings {
		if s.path == path {
			value = c.text[s.start:s.end]
		}
	}
	return value
}

// Set returns the text with another value of a setting, and all else as it is.
// The path has one slash: section/name.
func (c Config) Set(path, value string) (string, error) {
	text, found := c.text, false
	for i := len(c.settings) - 1; i >= 0; i-- {
		if s := c.settings[i]; s.path == path {
			text, found = text[:s.start]+value+text[s.end:], true
		}
	}
	if !found {
		text = c.insert(path, value)
	}
	again, err := ParseConfig(text)
	if err != nil || again.Get(path) != value {
		return "", fmt.Errorf("cannot set %s in this configuration: it is written in an unusual way; write the section on lines of its own", path)
	}
	return text, nil
}

func (c Config) insert(path, value string) string {
	section, name, _ := strings.Cut(path, "/")
	for _, s := range c.sections {
		if s.path == section {
			inside := strings.TrimRight(c.text[s.start:s.end], " \t")
			if !strings.HasSuffix(inside, "\n") {
				inside += "\n"
			}
			return c.text[:s.start] + inside + "\t" + name + "=" + value + "\n" + c.text[s.end:]
		}
	}
	text := c.text
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + section + " {\n\t" + name + "=" + value + "\n}\n"
}

// parser is at a place of the text.
type parser struct {
	Config
	at int
}

// maxDepth is more than any configuration nests.
const maxDepth = 32

// section reads settings up to the brace that ends it, or the end of the text.
func (p *parser) section(prefix string, depth int) error {
	if depth > maxDepth {
		return errors.New("cannot follow so many sections in sections")
	}
	for {
		p.space()
		switch {
		case p.at == len(p.text) && depth > 0:
			return errors.New("missing } at the end of a section")
		case p.at == len(p.text):
			return nil
		case p.text[p.at] == '}' && depth > 0:
			return nil
		}
		name, err := p.name()
		if err != nil {
			return err
		}
		path := strings.Trim(prefix+"/"+name, "/")
		p.space()
		switch {
		case strings.HasPrefix(p.text[p.at:], "{"):
			p.at++
			start := p.at
			if err := p.section(path, depth+1); err != nil {
				return err
			}
			p.sections = append(p.sections, span{path, start, p.at})
			p.at++
		case strings.HasPrefix(p.text[p.at:], "+="):
			p.at++
			fallthrough
		case strings.HasPrefix(p.text[p.at:], "="):
			p.at++
			p.space()
			start := p.at
			if err := p.value(); err != nil {
				return err
			}
			p.settings = append(p.settings, span{path, start, p.at})
		default:
			return fmt.Errorf("missing = or { after %s", name)
		}
	}
}

// space goes over blanks and comments.
func (p *parser) space() {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '#':
			end := strings.IndexByte(p.text[p.at:], '\n')
			if end < 0 {
				p.at = len(p.text)
				return
			}
			p.at += end
		case strings.IndexByte(" \t\r\n\v\f", c) >= 0:
			p.at++
		default:
			return
		}
	}
}

// name reads the name of a section or a setting, which may have quotes.
func (p *parser) name() (string, error) {
	if c := p.text[p.at]; c == '"' || c == '\'' {
		start := p.at
		if err := p.quoted(c); err != nil {
			return "", err
		}
		return p.text[start+1 : p.at-1], nil
	}
	word := p.word()
	if word == "" {
		return "", fmt.Errorf("unknown character %q", p.text[p.at])
	}
	return word, nil
}

// word reads up to what ends an unquoted word.
func (p *parser) word() string {
	start := p.at
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n\v\f#{}[]=+,\"'", p.text[p.at]) < 0 {
		p.at++
	}
	return p.text[start:p.at]
}

// quoted reads a string; in double quotes a backslash takes the next character.
func (p *parser) quoted(quote byte) error {
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '\\' && quote == '"':
			p.at++
		case c == quote:
			p.at++
			return nil
		}
	}
	return errors.New("missing quote at the end of a string")
}

// value reads a number, a string or a list.
func (p *parser) value() error {
	if p.at == len(p.text) {
		return errors.New("missing value")
	}
	switch c := p.text[p.at]; c {
	case '"', '\'':
		return p.quoted(c)
	case '[':
		return p.list()
	}
	if word := strings.TrimPrefix(p.text[p.at:], "-"); len(word) < len(p.text)-p.at {
		p.at++
	}
	if p.word() == "" {
		return errors.New("missing value")
	}
	return nil
}

func (p *parser) list() error {
	for p.at++; ; {
		p.space()
		switch {
		case p.at == len(p.text):
			return errors.New("missing ] at the end of a list")
		case p.text[p.at] == ']':
			p.at++
			return nil
		case p.text[p.at] == ',':
			p.at++
		case p.text[p.at] == '[':
			return errors.New("cannot have a list in a list")
		default:
			if err := p.value(); err != nil {
				return err
			}
		}
	}
}
