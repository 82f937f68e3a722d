// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A segment is a key of a written path. A key in quotes stands for itself; bare
// ones next to each other may turn out to be one key with dots in it.
type segment struct {
	key    string
	quoted bool
}

// ParsePath reads a dotted path such as log-opts.max-size. A key that contains a
// dot, a quote, white space or nothing is written as a JSON string:
// default-network-opts.bridge."com.docker.network.driver.mtu".
func ParsePath(s string) ([]string, error) {
	segments, err := parseSegments(s)
	if err != nil {
		return nil, err
	}
	return keys(segments), nil
}

func keys(segments []segment) []string {
	path := make([]string, len(segments))
	for i, s := range segments {
		path[i] = s.key
	}
	return path
}

func parseSegments(s string) ([]segment, error) {
	if s == "" {
		return nil, fmt.Errorf("missing path: name a key, such as log-driver or log-opts.max-size")
	}
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("invalid path %q: it is not UTF-8; save the text as UTF-8", s)
	}
	var segments []segment
	for rest := s; ; {
		var seg segment
		if strings.HasPrefix(rest, `"`) {
			p := &parser{text: rest}
			var e *SyntaxError
			if errors.As(p.str(), &e) { // its line and column mean nothing in a path
				return nil, fmt.Errorf("invalid path %s: %s; %s", s, e.Msg, e.Remedy)
			}
			seg = segment{unquote(rest[:p.pos]), true}
			rest = rest[p.pos:]
			if rest != "" && rest[0] != '.' {
				return nil, fmt.Errorf("invalid path %s: text follows the closing quote of %q; put a dot between two keys", s, seg.key)
			}
		} else {
			end := strings.IndexByte(rest, '.')
			if end < 0 {
				end = len(rest)
			}
			seg.key, rest = rest[:end], rest[end:]
			switch {
			case seg.key == "":
				return nil, fmt.Errorf(`invalid path %s: a key between dots is empty; remove the extra dot, or write "" for an empty key`, s)
			case !isBare(seg.key):
				return nil, fmt.Errorf("invalid path %s: the key %s contains a quote or white space; write it as %s", s, seg.key, quote(seg.key))
			}
		}
		segments = append(segments, seg)
		if rest == "" {
			return segments, nil
		}
		rest = rest[1:]
	}
}

// isBare tells whether a key needs no quotes in a path.
func isBare(key string) bool {
	return key != "" && strings.IndexFunc(key, func(r rune) bool {
		return r <= ' ' || r == '.' || r == '"' || r == 0x7f
	}) < 0
}

func formatKey(key string) string {
	if isBare(key) {
		return key
	}
	return quote(key)
}

// FormatPath writes a path so that ParsePath reads it back.
func FormatPath(path []string) string {
	parts := make([]string, len(path))
	for i, key := range path {
		parts[i] = formatKey(key)
	}
	return strings.Join(parts, ".")
}

// Resolve finds the member that a written path names in this document. Quotes
// may be left out around keys with dots as long as only one member is meant:
// default-network-opts.bridge.com.docker.network.driver.mtu finds the mtu. If no
// member is meant, found is false and path is what ParsePath returns. If several
// are, that is an error that says how to name each of them.
func (d *Document) Resolve(s string) (path []string, found bool, err error) {
	segments, err := parseSegments(s)
	if err != nil {
		return nil, false, err
	}
	var matches [][]string
	d.root.resolve(segments, nil, &matches)
	switch len(matches) {
	case 0:
		return keys(segments), false, nil
	case 1:
		return matches[0], true, nil
	}
	choices := make([]string, len(matches))
	for i, m := range matches {
		for j, key := range m {
			if j > 0 {
				choices[i] += "."
			}
			choices[i] += quote(key)
		}
	}
	return nil, false, fmt.Errorf("cannot tell which key %s names: write %s", s, strings.Join(choices, " or "))
}

// resolve collects the paths of the members that segments can mean below n.
func (n *node) resolve(segments []segment, prefix []string, matches *[][]string) {
	key := ""
	for i, s := range segments {
		switch {
		case i == 0:
			key = s.key
		case s.quoted || segments[i-1].quoted:
			return
		default:
			key += "." + s.key
		}
		m := n.find(key)
		if m == nil {
			continue
		}
		path := append(prefix[:len(prefix):len(prefix)], key)
		if i == len(segments)-1 {
			*matches = append(*matches, path)
			return
		}
		m.value.resolve(segments[i+1:], path, matches)
	}
}
