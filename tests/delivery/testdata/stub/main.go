// SPDX-License-Identifier: GPL-3.0-or-later

// Command stub stands in for the collection's binary when delivery is tested.
//
// It is called as the real one is, `stub <module>` with Ansible's JSON arguments on standard input, and does
// what the argument "do" says: the misfortunes that a real module should not have are its daily work.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// release tells two builds of the stub apart; the tests set it with -ldflags -X.
var release = "1"

func main() {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot read the arguments:", err)
		os.Exit(1)
	}
	args := map[string]any{}
	if err := json.Unmarshal(input, &args); err != nil {
		say(map[string]any{"failed": true, "msg": "invalid arguments: " + err.Error()})
		os.Exit(1)
	}
	do, _ := args["do"].(string)
	switch do {
	case "echo", "":
		cwd, _ := os.Getwd()
		// Ansible removes keys with its prefix from results, however deep they are.
		internal := map[string]any{}
		for key, value := range args {
			if name, ok := strings.CutPrefix(key, "_ansible_"); ok {
				internal[name] = value
				delete(args, key)
			}
		}
		path, _ := os.Executable()
		say(map[string]any{
			"changed": false, "args": args, "internal": internal, "argv": os.Args, "env": os.Environ(), "cwd": cwd, "path": path,
			"uid": os.Getuid(), "input_bytes": len(input), "release": release,
			"invocation":        map[string]any{"module_args": map[string]any{"do": do}},
			"_ansible_internal": "not for users",
		})
	case "length":
		text, _ := args["data"].(string)
		say(map[string]any{"changed": false, "length": len(text)})
	case "facts":
		say(map[string]any{"changed": false, "ansible_facts": map[string]any{
			"docker_host": map[string]any{"version": "26.1"}, "ansible_connection": "hijacked", "ansible_become": true,
		}})
	case "warn":
		say(map[string]any{"changed": true, "warnings": []string{"a warning of the module"},
			"deprecations": []any{map[string]any{"msg": "an old option", "version": "9.0.0", "collection_name": "hardened.docker"}},
			"diff":         map[string]any{"before": "old line\n", "after": "new line\n"}, "stdout": "one\ntwo\n", "template": "{{ 6 * 7 }}"})
	case "fail":
		say(map[string]any{"failed": true, "msg": "cannot do it: asked to fail", "exception": "a traceback"})
		os.Exit(1)
	case "inconsistent":
		say(map[string]any{"changed": true, "msg": "all is well"})
		os.Exit(1)
	case "panic":
		fmt.Fprintln(os.Stderr, "secret of the arguments:", args["data"])
		panic("stub")
	case "silent":
	case "truncated":
		fmt.Print(`{"changed":true,"inner":{"changed":false}`)
	case "noise":
		fmt.Print("{ not JSON\n{\"welcome\":true}\nno line end: ")
		say(map[string]any{"changed": false, "found": true})
		fmt.Println("goodbye {}}"[:8])
	case "kill":
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			panic(err)
		}
		select {}
	default:
		say(map[string]any{"failed": true, "msg": "unknown do " + do})
		os.Exit(1)
	}
}

func say(result map[string]any) {
	out, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(out))
}
