// SPDX-License-Identifier: GPL-3.0-or-later

package kernelparam

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Setting is a line of a configuration file that says something about a
// parameter.
type Setting struct {
	File  string
	Line  int
	Value string
}

// Where names the line as users look for it.
func (s Setting) Where() string { return s.File + ":" + strconv.Itoa(s.Line) }

// Later reports whether the line counts after those of the named file, whose
// word it replaces.
func (s Setting) Later(file string) bool {
	return path.Base(s.File) > path.Base(file)
}

// sysctlDirs and modprobeDirs have the directories of sysctl.d(5) and
// modprobe.d(5), the first one with the greatest weight.
func sysctlDirs() []string {
	return []string{"/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"}
}

func modprobeDirs() []string {
	return []string{"/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"}
}

// dropins returns the files *.conf of the directories in the order in which
// they are read: by name, of two with one name that of the earlier directory.
func dropins(h *host.Host, dirs []string) ([]string, error) {
	chosen := map[string]string{}
	var names []string
	for _, dir := range dirs {
		entries, err := h.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("cannot list %s: %w", dir, err)
		}
		for _, entry := range entries {
			name := entry.Name()
			if _, known := chosen[name]; known || !strings.HasSuffix(name, ".conf") {
				continue
			}
			chosen[name] = path.Join(dir, name)
			names = append(names, name)
		}
	}
	sort.Strings(names)
	files := make([]string, 0, len(names))
	for _, name := range names {
		files = append(files, chosen[name])
	}
	return files, nil
}

// Sysctl returns the lines that set the key, such as kernel.sem, at the next
// boot, in the order in which they count.
func Sysctl(h *host.Host, key string) ([]Setting, error) {
	return settings(h, sysctlDirs(), func(line string) (string, bool) { return parseSysctl(line, key) })
}

// ModuleOption returns the lines that set an option of a kernel module when it
// is loaded, in the order in which they count.
func ModuleOption(h *host.Host, module, option string) ([]Setting, error) {
	return settings(h, modprobeDirs(), func(line string) (string, bool) { return parseOption(line, module, option) })
}

func settings(h *host.Host, dirs []string, parse func(string) (string, bool)) ([]Setting, error) {
	files, err := dropins(h, dirs)
	if err != nil {
		return nil, err
	}
	var found []Setting
	for _, name := range files {
		content, err := h.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, host.ErrNotRegular) {
			// A link to nowhere, or to /dev/null, which masks.
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read %w", err)
		}
		for n, line := range strings.Split(string(content), "\n") {
			if value, ok := parse(line); ok {
				found = append(found, Setting{name, n + 1, value})
			}
		}
	}
	return found, nil
}

// parseSysctl reads a line of sysctl.d(5). Patterns are not looked at: a key
// that is named outright counts before them.
func parseSysctl(line, key string) (string, bool) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' || line[0] == ';' {
		return "", false
	}
	name, value, ok := strings.Cut(line, "=")
	name = strings.TrimSpace(strings.TrimPrefix(name, "-"))
	if !ok || name != key && strings.ReplaceAll(name, "/", ".") != key {
		return "", false
	}
	return strings.Join(strings.Fields(value), " "), true
}

// parseOption reads a line of modprobe.d(5). The last of several values counts.
func parseOption(line, module, option string) (value string, found bool) {
	words := strings.Fields(line)
	if len(words) < 3 || words[0] != "options" || words[1] != module {
		return "", false
	}
	for _, word := range words[2:] {
		if name, text, _ := strings.Cut(word, "="); name == option {
			value, found = text, true
		}
	}
	return value, found
}

// CommandLine returns what the kernel's command line says about a parameter of
// a module.
func CommandLine(h *host.Host, module, option string) (string, bool) {
	text, _, err := Read(h, "/proc/cmdline")
	if err != nil {
		return "", false
	}
	value, found := "", false
	for _, word := range strings.Fields(text) {
		if name, v, ok := strings.Cut(word, "="); ok && name == module+"."+option {
			value, found = v, true
		}
	}
	return value, found
}

// ParseBool reads a switch as the kernel does: 1, y, t or on, and their
// opposites, of which only the first letters count.
func ParseBool(text string) (on, ok bool) {
	switch {
	case text == "":
		return false, false
	case strings.ContainsAny(text[:1], "1yYtT"):
		return true, true
	case strings.ContainsAny(text[:1], "0nNfF"):
		return false, true
	case len(text) > 1 && (text[0] == 'o' || text[0] == 'O'):
		switch text[1] {
		case 'n', 'N':
			return true, true
		case 'f', 'F':
			return false, true
		}
	}
	return false, false
}
