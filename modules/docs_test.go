// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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

// shape is an option as both the code and the documentation have it.
type shape struct {
	Type, Elements string
	Default        string // as JSON; empty without one
	Choices        string
	Required       bool
	Aliases        []string
	Options        map[string]shape
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func shapesOfSpec(t *testing.T, spec argspec.Spec) map[string]shape {
	shapes := make(map[string]shape)
	for name, option := range spec.Options {
		s := shape{Type: option.Type, Elements: option.Elements, Required: option.Required, Aliases: slices.Sorted(slices.Values(option.Aliases))}
		if option.Default != nil {
			s.Default = asJSON(t, option.Default)
		}
		if option.Choices != nil {
			s.Choices = asJSON(t, option.Choices)
		}
		if option.Options != nil {
			s.Options = shapesOfSpec(t, *option.Options)
		}
		shapes[name] = s
	}
	return shapes
}

func shapesOfDocs(t *testing.T, options map[string]documented) map[string]shape {
	shapes := make(map[string]shape)
	for name, option := range options {
		s := shape{Type: option.Type, Elements: option.Elements, Required: option.Required, Aliases: slices.Sorted(slices.Values(option.Aliases))}
		if !option.Default.IsZero() {
			var value any
			if err := option.Default.Decode(&value); err != nil {
				t.Fatal(err)
			}
			s.Default = asJSON(t, value)
		}
		if option.Choices != nil {
			s.Choices = asJSON(t, option.Choices)
		}
		if option.Suboptions != nil {
			s.Options = shapesOfDocs(t, option.Suboptions)
		}
		shapes[name] = s
	}
	return shapes
}

func TestOptionsAreDocumented(t *testing.T) {
	var described func(t *testing.T, at string, spec argspec.Spec, options map[string]documented)
	described = func(t *testing.T, at string, spec argspec.Spec, options map[string]documented) {
		for _, name := range slices.Sorted(maps.Keys(options)) {
			text := strings.Join(options[name].Description, " ")
			if text == "" {
				t.Errorf("missing description of option %s%s", at, name)
			}
			option := spec.Options[name]
			if option.NoLog && !strings.Contains(text, "secret") {
				t.Errorf("the option %s%s is no_log; say in its description that it is a secret, and so never shown", at, name)
			}
			if option.Options != nil {
				described(t, at+name+".", *option.Options, options[name].Suboptions)
			}
		}
	}
	eachModule(t, func(t *testing.T, _ string, _ ansible.Runner, spec argspec.Spec, d docs) {
		if diff := cmp.Diff(shapesOfSpec(t, spec), shapesOfDocs(t, d.Options)); diff != "" {
			t.Errorf("DOCUMENTATION's options are not those of Params (-Params +DOCUMENTATION):\n%s", diff)
		}
		described(t, "", spec, d.Options)
	})
}
