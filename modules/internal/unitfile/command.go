// SPDX-License-Identifier: GPL-3.0-or-later

package unitfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// Command is one command of ExecStart= as systemd executes it.
type Command struct {
	// Words are the program and its arguments, after expansion. A word that
	// came from a variable has the place where the variable was set.
	Words []Word
	// Prefixes are the characters before the program, such as "-" or "@".
	Prefixes string
}

// Args returns the words after the program.
func (c Command) Args() []Word {
	if len(c.Words) == 0 {
		return nil
	}
	return c.Words[1:]
}

// ExecStart returns the command that starts a service, with the warnings of
// everything that systemd would ignore on the way. It is an error if the unit
// is masked, has no command, or has several, which only Type=oneshot may.
func ExecStart(files Files, unit Unit) (Command, []string, error) {
	if unit.Masked {
		return Command{}, nil, fmt.Errorf("cannot start %s: it is masked by %s: run systemctl unmask %s", unit.Name, unit.Fragment, unit.Name)
	}
	environment, warnings, err := Environment(files, unit)
	if err != nil {
		return Command{}, warnings, err
	}
	warnings = append(append([]string(nil), unit.Warnings...), warnings...)
	var commands []Command
	for _, setting := range unit.All("Service", "ExecStart") {
		parsed, err := parseCommands(unit.Name, setting)
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("%s:%d: %v: systemd ignores the line", setting.File, setting.Line, err))
			continue
		}
		commands = append(commands, parsed...)
	}
	oneshot, _ := unit.Last("Service", "Type")
	switch {
	case len(commands) == 0:
		return Command{}, warnings, fmt.Errorf("missing ExecStart in %s: it does not start without a command", unit.Name)
	case len(commands) > 1 && oneshot.Value != "oneshot":
		last := commands[len(commands)-1].Words[0]
		return Command{}, warnings, fmt.Errorf("invalid %s: it has %d commands in ExecStart and systemd refuses it: put an empty ExecStart= before the one at %s", unit.Name, len(commands), last.Origin())
	}
	command := commands[len(commands)-1]
	if !strings.Contains(command.Prefixes, ":") {
		command.Words = expand(command.Words, environment)
	}
	return command, warnings, nil
}

// parseCommands splits the value of one ExecStart= into its commands; a lone
// semicolon stands between two.
func parseCommands(unit string, setting Setting) ([]Command, error) {
	var commands []Command
	rest := setting.Value
	for rest = strings.TrimLeft(rest, whitespace); rest != ""; rest = strings.TrimLeft(rest, whitespace) {
		command := Command{}
		first, after, _, err := nextWord(rest, commandWords)
		if err != nil {
			return nil, err
		}
		program := strings.TrimLeft(first, "-@:+!|")
		command.Prefixes = first[:len(first)-len(program)]
		if program == "" || strings.HasSuffix(program, "/") {
			return nil, fmt.Errorf("missing program in %q", rest)
		}
		word := func(text string) {
			command.Words = append(command.Words, Word{Text: specifiers(text, unit), File: setting.File, Line: setting.Line})
		}
		word(program)
		rest = after
		for rest != "" {
			if end := strings.TrimPrefix(rest, ";"); end != rest && (end == "" || isBlank(end[0])) {
				rest = end
				break
			}
			if end := strings.TrimPrefix(rest, `\;`); end != rest && (end == "" || isBlank(end[0])) {
				word(";")
				rest = strings.TrimLeft(end, whitespace)
				continue
			}
			text, after, ok, err := nextWord(rest, commandWords)
			if err != nil {
				return nil, err
			}
			if !ok {
				break
			}
			word(text)
			rest = after
		}
		// After "@" the second word is the name the program is told, no argument.
		if strings.Contains(command.Prefixes, "@") && len(command.Words) > 1 {
			command.Words = append(command.Words[:1], command.Words[2:]...)
		}
		commands = append(commands, command)
	}
	return commands, nil
}

// specifiers replaces the percent signs that units of services use. Others,
// which depend on the machine, stay as they are.
func specifiers(text, unit string) string {
	stem, _, _ := strings.Cut(unit, ".")
	return strings.NewReplacer("%%", "%", "%n", unit, "%N", stem, "%p", stem, "%i", "", "%I", "",
		"%t", "/run", "%S", "/var/lib", "%C", "/var/cache", "%L", "/var/log", "%E", "/etc",
		"%T", "/tmp", "%V", "/var/tmp", "%h", "/root", "%u", "root", "%U", "0", "%g", "root", "%G", "0").Replace(text)
}

// Environment returns the variables that the unit sets, by name: Environment=
// first, then the files, later ones over earlier ones, without those that
// UnsetEnvironment= names. A missing file without leading "-" is an error, as
// the service does not start.
func Environment(files Files, unit Unit) (map[string]Variable, []string, error) {
	environment := make(map[string]Variable)
	var warnings []string
	warn := func(s Setting, err error) {
		warnings = append(warnings, fmt.Sprintf("%s:%d: %v: systemd ignores it", s.File, s.Line, err))
	}
	for _, setting := range unit.All("Service", "Environment") {
		words, err := allWords(setting.Value, strictWords)
		if err != nil {
			warn(setting, err)
		}
		for _, word := range words {
			word = specifiers(word, unit.Name)
			name, value, found := strings.Cut(word, "=")
			if !found || !isVariableName(name) || !isVariableValue(value) {
				warn(setting, fmt.Errorf("invalid assignment %q", word))
				continue
			}
			environment[name] = Variable{name, value, setting.File, setting.Line}
		}
	}
	for _, setting := range unit.All("Service", "EnvironmentFile") {
		name, optional := strings.CutPrefix(specifiers(setting.Value, unit.Name), "-")
		if !path.IsAbs(name) {
			warn(setting, fmt.Errorf("invalid path %q of EnvironmentFile", name))
			continue
		}
		variables, err := readEnvironmentFiles(files, name)
		if err != nil && !optional {
			return nil, warnings, fmt.Errorf("cannot start %s: the EnvironmentFile of %s:%d: %w", unit.Name, setting.File, setting.Line, err)
		}
		for _, v := range variables {
			environment[v.Name] = v
		}
	}
	for _, setting := range unit.All("Service", "UnsetEnvironment") {
		words, err := allWords(setting.Value, strictWords)
		if err != nil {
			warn(setting, err)
		}
		for _, word := range words {
			name, value, hasValue := strings.Cut(word, "=")
			if !hasValue || environment[name].Value == value {
				delete(environment, name)
			}
		}
	}
	return environment, warnings, nil
}

// readEnvironmentFiles reads a file, or all that a pattern matches, by name.
func readEnvironmentFiles(files Files, name string) ([]Variable, error) {
	names := []string{name}
	if strings.ContainsAny(name, "*?[") {
		dir, pattern := path.Split(name)
		entries, err := files.ReadDir(path.Clean(dir))
		if err != nil {
			return nil, err
		}
		names = nil
		for _, entry := range entries {
			if ok, _ := path.Match(pattern, entry.Name()); ok {
				names = append(names, dir+entry.Name())
			}
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("cannot find any file for %s: %w", name, fs.ErrNotExist)
		}
	}
	var all []Variable
	var failed []error
	for _, file := range names {
		content, err := files.ReadFile(file)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		all = append(all, ParseEnvironmentFile(file, content)...)
	}
	return all, errors.Join(failed...)
}

// expand replaces variables. A word that is $NAME alone becomes as many words
// as the value has, none if it is empty or unset; ${NAME} anywhere is replaced
// within its word; $$ is a dollar sign.
func expand(words []Word, environment map[string]Variable) []Word {
	var expanded []Word
	for _, word := range words {
		if name, found := strings.CutPrefix(word.Text, "$"); found && !strings.HasPrefix(name, "{") && !strings.HasPrefix(name, "$") {
			variable := environment[name]
			parts, _ := allWords(variable.Value, variableWords)
			for _, part := range parts {
				expanded = append(expanded, Word{part, variable.File, variable.Line})
			}
			continue
		}
		expanded = append(expanded, expandBraces(word, environment))
	}
	return expanded
}

// expandBraces replaces ${NAME} and $$ in one word. A word that is all
// variable has the variable's place. A brace that nothing closes keeps the
// rest of the word as it is.
func expandBraces(word Word, environment map[string]Variable) Word {
	var b strings.Builder
	whole := word.Text
	for rest := whole; rest != ""; {
		before, after, found := strings.Cut(rest, "$")
		b.WriteString(before)
		if !found {
			break
		}
		name, end, closed := strings.Cut(strings.TrimPrefix(after, "{"), "}")
		switch {
		case strings.HasPrefix(after, "$"):
			b.WriteByte('$')
			rest = after[1:]
		case !strings.HasPrefix(after, "{"):
			b.WriteByte('$')
			rest = after
		case !closed:
			b.WriteString("$" + after)
			rest = ""
		default:
			variable := environment[name]
			b.WriteString(variable.Value)
			if rest == whole && before == "" && end == "" && variable.File != "" {
				word.File, word.Line = variable.File, variable.Line
			}
			rest = end
		}
	}
	word.Text = b.String()
	return word
}
