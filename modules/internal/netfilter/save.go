// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"errors"
	"fmt"
	"strings"
)

// ParseSave reads the output of iptables-save or ip6tables-save, the format
// that iptables-restore(8) takes: *table, :CHAIN POLICY [packets:bytes],
// -A CHAIN rule, COMMIT.
func ParseSave(text string) (Ruleset, error) {
	var r Ruleset
	table := ""
	for number, line := range strings.Split(text, "\n") {
		fail := func(what string) (Ruleset, error) {
			return r, fmt.Errorf("invalid line %d of iptables-save: %s: %q", number+1, what, line)
		}
		line = strings.TrimRight(line, "\r ")
		// With -c a rule begins with its counters.
		if strings.HasPrefix(line, "[") {
			_, line, _ = strings.Cut(line, "] ")
		}
		switch {
		case line == "":
		case line[0] == '#':
			if name, ok := incompatible(line); ok {
				r.Incompatible = append(r.Incompatible, name)
			}
		case line[0] == '*':
			table = line[1:]
		case line == "COMMIT":
			table = ""
		case table == "":
			return fail("it belongs to no table")
		case line[0] == ':':
			fields := strings.Fields(line[1:])
			if len(fields) < 2 {
				return fail("a chain has a name and a policy")
			}
			c := Chain{Table: table, Name: fields[0]}
			if fields[1] != "-" {
				c.Policy, c.Hook = strings.ToLower(fields[1]), strings.ToLower(fields[0])
			}
			r.Chains = append(r.Chains, c)
		case strings.HasPrefix(line, "-A "):
			name, rule, err := parseRule(line)
			if err != nil {
				return fail(err.Error())
			}
			c := r.Chain(table, name)
			if c == nil {
				return fail("its chain is not declared")
			}
			c.Rules = append(c.Rules, rule)
		default:
			return fail("it is neither a table, a chain nor a rule")
		}
	}
	return r, nil
}

// incompatible reads the comment by which iptables-nft-save says that it
// leaves out a table: # Table `name' is incompatible, use 'nft' tool.
func incompatible(line string) (string, bool) {
	rest, ok := strings.CutPrefix(line, "# Table `")
	if !ok || !strings.Contains(rest, "is incompatible") {
		return "", false
	}
	name, _, ok := strings.Cut(rest, "'")
	return name, ok
}

// words splits a rule at blanks; double quotes hold a word together, with
// backslash before a quote or a backslash in it.
func words(text string) ([]string, error) {
	var list []string
	var word strings.Builder
	quoted, any := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		case c == '"':
			quoted, any = !quoted, true
		case c == ' ' && !quoted:
			if any {
				list = append(list, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteByte(c)
			any = true
		}
	}
	if quoted {
		return nil, errors.New("missing quote at the end")
	}
	if any {
		list = append(list, word.String())
	}
	return list, nil
}

// parseRule reads a line that begins with -A.
func parseRule(line string) (chain string, r Rule, err error) {
	list, err := words(line)
	if err != nil {
		return "", r, err
	}
	if len(list) < 2 {
		return "", r, errors.New("missing chain")
	}
	r.Text = line
	not, target := false, false
	list, chain = list[2:], list[1]
	// next takes the value of an option.
	next := func() string {
		if len(list) == 0 {
			err = errors.New("missing value of an option")
			return ""
		}
		value := list[0]
		list = list[1:]
		return value
	}
	for len(list) > 0 && err == nil {
		option := next()
		switch {
		case option == "!":
			not = true
			continue
		case option == "-j" || option == "-g":
			r.jump(option, next())
			target = true
		case target:
			// Options of the target are no conditions.
			if option == "--to-destination" {
				r.To = next()
			}
		default:
			r.condition(option, not, next)
		}
		not = false
	}
	return chain, r, err
}

func (r *Rule) jump(option, target string) {
	r.Target = target
	switch {
	case option == "-g":
		r.Verdict = Goto
	case target == "ACCEPT":
		r.Verdict = Accept
	case target == "DROP", target == "REJECT":
		r.Verdict = Drop
	case target == "RETURN":
		r.Verdict = Return
	case target == "LOG", target == "NFLOG", target == "MARK", target == "CONNMARK", target == "TCPMSS", target == "CT", target == "AUDIT":
		r.Verdict = Continue
	case target == "DNAT", target == "SNAT", target == "MASQUERADE", target == "REDIRECT", target == "NFQUEUE":
		// The packet is judged elsewhere from here on, which lets it through.
		r.Verdict = Accept
	default:
		r.Verdict = Jump
	}
}

func (r *Rule) condition(option string, not bool, next func() string) {
	switch option {
	case "-i":
		r.In = Match{next(), not}
	case "-o":
		r.Out = Match{next(), not}
	case "-p":
		r.Proto = Match{next(), not}
	case "-s":
		r.Source = Match{next(), not}
	case "-d":
		r.Destination = Match{next(), not}
	case "-m":
		next() // what it adds comes as options of its own
	case "--comment":
		next()
	case "--ctstate", "--state":
		if states := next(); not {
			r.Other = true
		} else {
			r.States = states
		}
	case "--dport":
		r.Port = next()
		r.Other = true
	default:
		r.Other = true
	}
}
