// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hardened.docker/modules/internal/host"
)

// Process is what a run of the binary is given: everything that would else be
// global.
type Process struct {
	Args    []string // the command line, the program's own name first
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Host    *host.Host
	Version string // of the collection
}

// Main runs the module that the command line names and returns the exit
// status. Standard output then has exactly one JSON object, whatever happens.
//
// The module is the first argument or, if the binary was copied or linked
// under a module's name, that name, also as Ansible changes it for the copy
// that it sends (AnsiballZ_<name>). Its arguments are read from the file that
// the next argument names (Ansible's protocol for binary modules) or, if
// there is none or it is "-", from standard input.
func Main(table Table, p Process) int {
	name, file, ok := command(table, p.Args)
	if !ok {
		return usage(table, p)
	}
	if _, ok := table.find(name); !ok {
		fmt.Fprintf(p.Stderr, "unknown module %q\n", name)
		return usage(table, p)
	}
	ctx := new(signals)
	defer ctx.release()
	args, err := arguments(file, p.Stdin)
	out := response{}
	if err != nil {
		out.fail(err)
	} else {
		c := prepare(name, table, args, p.Host)
		c.do(ctx)
		out = c.out
	}
	if err := out.write(p.Stdout); err != nil {
		fmt.Fprintf(p.Stderr, "cannot write the result: %v\n", err)
		return 1
	}
	if out.failed {
		return 1
	}
	return 0
}

// command finds the module's name and its arguments file in a command line.
func command(table Table, args []string) (name, file string, ok bool) {
	if len(args) == 0 {
		return "", "", false
	}
	self := strings.TrimPrefix(filepath.Base(args[0]), "AnsiballZ_")
	if _, found := table.find(self); found {
		name, args = self, args[1:]
	} else if len(args) > 1 {
		name, args = args[1], args[2:]
	}
	switch {
	case name == "" || len(args) > 1:
		return "", "", false
	case len(args) == 1 && args[0] != "-":
		file = args[0]
	}
	return name, file, !strings.HasPrefix(name, "-")
}

func usage(table Table, p Process) int {
	if len(p.Args) == 2 && p.Args[1] == "--version" {
		fmt.Fprintf(p.Stdout, "hardened.docker %s\n", p.Version)
		return 0
	}
	self := "hardened-docker"
	if len(p.Args) > 0 {
		self = filepath.Base(p.Args[0])
	}
	fmt.Fprintf(p.Stderr, `usage: %s MODULE [FILE]

Runs an Ansible module of the collection hardened.docker %s with the arguments,
a JSON object, that FILE or standard input has. Modules:

`, self, p.Version)
	for _, e := range table {
		fmt.Fprintf(p.Stderr, "  %s\n", e.Name)
	}
	return 2
}

// arguments reads the JSON object of arguments, each option's value as the
// text that the user's JSON has.
func arguments(file string, stdin io.Reader) (map[string]json.RawMessage, error) {
	var data []byte
	var err error
	if file == "" {
		file = "standard input"
		data, err = io.ReadAll(stdin)
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the module's arguments from %s: %w", file, err)
	}
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return nil, fmt.Errorf("missing arguments: %s is empty; give a JSON object such as {}", file)
	}
	var args map[string]json.RawMessage
	if err := json.Unmarshal(data, &args); err != nil {
		return nil, fmt.Errorf("invalid arguments in %s: they are not a JSON object: %w", file, err)
	}
	// Arguments as a person writes them for a test run, as the Ansible
	// developer guide has them.
	if inner, ok := args["ANSIBLE_MODULE_ARGS"]; ok && len(args) == 1 {
		args = nil
		if err := json.Unmarshal(inner, &args); err != nil {
			return nil, fmt.Errorf("invalid arguments in %s: ANSIBLE_MODULE_ARGS is not a JSON object: %w", file, err)
		}
	}
	return args, nil
}
