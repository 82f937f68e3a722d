// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/ansible/argspec"
)

// prose is text in DOCUMENTATION: a string or a list of them.
type prose []string

func (p *prose) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*p = prose{node.Value}
		return nil
	}
	return node.Decode((*[]string)(p))
}

// documentation is DOCUMENTATION, as far as ansible-doc knows it and we use it.
type documentation struct {
	Module           string
	ShortDescription string `yaml:"short_description"`
	VersionAdded     string `yaml:"version_added"`
	Description      prose
	Author           prose
	Attributes       map[string]struct {
		Support     string
		Description prose
		Details     prose
	}
	Options      map[string]documented
	Requirements prose
	Notes        prose
	SeeAlso      []map[string]any
}

// documented is one option in DOCUMENTATION.
type documented struct {
	Description  prose
	Type         string
	Elements     string
	Default      yaml.Node
	Choices      []any
	Required     bool
	Aliases      []string
	VersionAdded string `yaml:"version_added"`
	Suboptions   map[string]documented
}

// returned is one value in RETURN.
type returned struct {
	Description  prose
	Type         string
	Elements     string
	Returned     string
	Sample       any
	Choices      []any
	VersionAdded string `yaml:"version_added"`
	Contains     map[string]returned
}

// docs are the three strings of a module's .py file.
type docs struct {
	documentation
	examples []map[string]any
	returns  map[string]returned
	text     string
}

// docStrings reads what a .py file assigns. Anything but comments and plain
// assignments of raw strings in triple quotes is an error: code there would look
// as if it did something.
func docStrings(source string) (map[string]string, error) {
	start := regexp.MustCompile(`^(DOCUMENTATION|EXAMPLES|RETURN) = r("""|''')$`)
	found := make(map[string]string)
	name, quotes := "", ""
	var body strings.Builder
	for number, line := range strings.Split(source, "\n") {
		match := start.FindStringSubmatch(line)
		switch {
		case name != "" && line == quotes:
			found[name] = body.String()
			name = ""
		case name != "":
			body.WriteString(line + "\n")
		case match != nil && found[match[1]] == "":
			name, quotes = match[1], match[2]
			body.Reset()
		case line != "" && !strings.HasPrefix(line, "#"):
			return nil, fmt.Errorf("line %d is neither a comment nor one of DOCUMENTATION, EXAMPLES, RETURN = r\"\"\": %s", number+1, line)
		}
	}
	if name != "" {
		return nil, fmt.Errorf("missing end of %s", name)
	}
	for _, name := range []string{"DOCUMENTATION", "EXAMPLES", "RETURN"} {
		if found[name] == "" {
			return nil, fmt.Errorf("missing %s", name)
		}
	}
	return found, nil
}

func TestDocStringsRefusesCode(t *testing.T) {
	for _, source := range []string{
		"import os\n",
		"DOCUMENTATION = r\"\"\"\na\n\"\"\"\nEXAMPLES = r\"\"\"\na\n\"\"\"\n",
		"DOCUMENTATION = r\"\"\"\na\n\"\"\"\nDOCUMENTATION = r\"\"\"\na\n\"\"\"\n",
		"DOCUMENTATION = r\"\"\"\na\n",
		"DOCUMENTATION = \"\"\"\na\n\"\"\"\n",
	} {
		if got, err := docStrings(source); err == nil {
			t.Errorf("docStrings(%q) = %v; want an error", source, got)
		}
	}
}

func docsOf(t *testing.T, name string) docs {
	t.Helper()
	path := filepath.Join("modules", name, name+".py")
	text := read(t, path)
	found, err := docStrings(text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	d := docs{text: text}
	decode(t, path+", DOCUMENTATION", found["DOCUMENTATION"], &d.documentation)
	decode(t, path+", EXAMPLES", found["EXAMPLES"], &d.examples)
	decode(t, path+", RETURN", found["RETURN"], &d.returns)
	return d
}

// eachModule runs a test for every module of the table.
func eachModule(t *testing.T, test func(t *testing.T, name string, module ansible.Runner, spec argspec.Spec, d docs)) {
	for _, entry := range modules() {
		t.Run(entry.Name, func(t *testing.T) {
			spec, err := entry.Module.Spec()
			if err != nil {
				t.Fatal(err)
			}
			test(t, entry.Name, entry.Module, spec, docsOf(t, entry.Name))
		})
	}
}

func TestDocumentation(t *testing.T) {
	eachModule(t, func(t *testing.T, name string, _ ansible.Runner, _ argspec.Spec, d docs) {
		if d.Module != name {
			t.Errorf("DOCUMENTATION is of module %q", d.Module)
		}
		for what, missing := range map[string]bool{
			"short_description": d.ShortDescription == "",
			"version_added":     d.VersionAdded == "",
			"description":       len(d.Description) == 0,
			"author":            len(d.Author) == 0,
		} {
			if missing {
				t.Errorf("missing %s in DOCUMENTATION", what)
			}
		}
		// ansible-test sanity (validate-modules) wants both.
		if licence := "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)\n"; !strings.Contains(d.text, licence) {
			t.Errorf("missing second line: %s", licence)
		}
		for _, author := range d.Author {
			if !strings.HasSuffix(author, " (@hardened-docker)") {
				t.Errorf("author %q has no account behind it, as in: The hardened.docker maintainers (@hardened-docker)", author)
			}
		}
		if strings.HasSuffix(d.ShortDescription, ".") {
			t.Errorf("short_description ends with a full stop: %s", d.ShortDescription)
		}
		for _, attribute := range []string{"check_mode", "diff_mode", "idempotent"} {
			a, ok := d.Attributes[attribute]
			switch {
			case !ok:
				t.Errorf("missing attribute %s in DOCUMENTATION", attribute)
			case len(a.Description) == 0:
				t.Errorf("missing description of attribute %s", attribute)
			case a.Support == "partial" && attribute == "idempotent":
				// An order such as "restart" is carried out each time.
			case a.Support != "full" && a.Support != "N/A":
				t.Errorf("attribute %s has support %q; every module supports it in full, or it is N/A", attribute, a.Support)
			}
		}
	})
}

// TestReferences looks for modules, options and return values that documentation
// names and that do not exist.
func TestReferences(t *testing.T) {
	modules := regexp.MustCompile(`hardened\.docker\.(docker_[a-z_]+)`)
	options := regexp.MustCompile(`\bO\(([^)#.=]+)[^)#]*\)`)
	values := regexp.MustCompile(`\bRV\(([^)#.=]+)[^)#]*\)`)
	eachModule(t, func(t *testing.T, _ string, _ ansible.Runner, spec argspec.Spec, d docs) {
		for _, match := range modules.FindAllStringSubmatch(d.text, -1) {
			if !slices.Contains(names(), match[1]) {
				t.Errorf("unknown module %s", match[0])
			}
		}
		for _, match := range options.FindAllStringSubmatch(d.text, -1) {
			if _, ok := spec.Options[match[1]]; !ok {
				t.Errorf("unknown option in %s", match[0])
			}
		}
		for _, match := range values.FindAllStringSubmatch(d.text, -1) {
			if _, ok := d.returns[match[1]]; !ok {
				t.Errorf("unknown return value in %s", match[0])
			}
		}
	})
}
