// SPDX-License-Identifier: GPL-3.0-or-later

package dropin

import (
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/unitfile"
)

// SetVariable gives a variable in an environment file another value and
// leaves every other line alone. Of several assignments it changes the last,
// the one in force. A variable that is not there is added at the end.
func SetVariable(file string, content []byte, name, value string) ([]byte, error) {
	assignment := name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(value) + "\"\n"
	all := unitfile.ParseEnvironmentFile(file, content)
	last := -1
	for i, v := range all {
		if v.Name == name {
			last = i
		}
	}
	lines := strings.SplitAfter(string(content), "\n")
	var edited string
	if last < 0 {
		edited = string(content)
		if edited != "" && !strings.HasSuffix(edited, "\n") {
			edited += "\n"
		}
		edited += assignment
	} else {
		start := all[last].Line - 1
		end, ok := assignmentEnd(file, lines, all, last)
		if !ok {
			return nil, fmt.Errorf("cannot change %s at %s:%d: it is written in an unusual way; write it on one line, as %s=\"...\"", name, file, start+1, name)
		}
		edited = strings.Join(lines[:start], "") + assignment + strings.Join(lines[end:], "")
	}
	// What comes out must say what was meant, and nothing else.
	want := values(all)
	if last < 0 {
		want = append(want, name+"="+value)
	} else {
		want[last] = name + "=" + value
	}
	if !slices.Equal(want, values(unitfile.ParseEnvironmentFile(file, []byte(edited)))) {
		return nil, fmt.Errorf("cannot write the value of %s into %s: systemd would read it back as another one", name, file)
	}
	return []byte(edited), nil
}

// RemoveVariable takes a variable out of an environment file, so that the
// service does not get it at all. One that is assigned several times gets an
// empty value, since an earlier assignment would count again.
func RemoveVariable(file string, content []byte, name string) ([]byte, error) {
	all := unitfile.ParseEnvironmentFile(file, content)
	at := slices.IndexFunc(all, func(v unitfile.Variable) bool { return v.Name == name })
	if at < 0 {
		return content, nil
	}
	lines := strings.SplitAfter(string(content), "\n")
	end, ok := assignmentEnd(file, lines, all, at)
	last := !slices.ContainsFunc(all[at+1:], func(v unitfile.Variable) bool { return v.Name == name })
	if !ok || !last {
		return SetVariable(file, content, name, "")
	}
	edited := strings.Join(lines[:all[at].Line-1], "") + strings.Join(lines[end:], "")
	if !slices.Equal(slices.Delete(values(all), at, at+1), values(unitfile.ParseEnvironmentFile(file, []byte(edited)))) {
		return SetVariable(file, content, name, "")
	}
	return []byte(edited), nil
}

// assignmentEnd returns the line after the last of an assignment, which goes
// over several with quotes and backslashes.
func assignmentEnd(file string, lines []string, all []unitfile.Variable, index int) (int, bool) {
	whole := values(all)
	for end := all[index].Line; end <= len(lines); end++ {
		head := unitfile.ParseEnvironmentFile(file, []byte(strings.Join(lines[:end], "")))
		tail := unitfile.ParseEnvironmentFile(file, []byte(strings.Join(lines[end:], "")))
		if len(head) == index+1 && slices.Equal(append(values(head), values(tail)...), whole) {
			return end, true
		}
	}
	return 0, false
}

func values(variables []unitfile.Variable) []string {
	list := make([]string, 0, len(variables))
	for _, v := range variables {
		list = append(list, v.Name+"="+v.Value)
	}
	return list
}
