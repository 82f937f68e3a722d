// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/ansible/argspec"
)

func TestReturnIsDocumented(t *testing.T) {
	var complete func(t *testing.T, at string, values map[string]returned)
	complete = func(t *testing.T, at string, values map[string]returned) {
		for name, value := range values {
			if len(value.Description) == 0 || value.Type == "" {
				t.Errorf("missing description or type of %s%s in RETURN", at, name)
			}
			// What is inside of a value is returned with it.
			if at == "" && value.Returned == "" {
				t.Errorf("missing returned of %s in RETURN", name)
			}
			complete(t, at+name+".", value.Contains)
		}
	}
	eachModule(t, func(t *testing.T, name string, _ ansible.Runner, _ argspec.Spec, d docs) {
		complete(t, "", d.returns)
		if _, ok := d.returns["actions"]; !ok {
			t.Errorf("missing actions in RETURN; the SDK returns them for every module")
		}
		for _, key := range resultKeys(t, name) {
			if _, ok := d.returns[key]; !ok {
				t.Errorf("the module returns %q; missing in RETURN", key)
			}
		}
	})
}

// resultKeys returns the keys that a module's source writes in literals of its
// Result, which is not all it can return but what is easily forgotten.
func resultKeys(t *testing.T, name string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(name, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			pair, ok := node.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			field, isName := pair.Key.(*ast.Ident)
			literal, isLiteral := pair.Value.(*ast.CompositeLit)
			if !isName || field.Name != "Result" || !isLiteral {
				return true
			}
			for _, element := range literal.Elts {
				if inner, ok := element.(*ast.KeyValueExpr); ok {
					if key, ok := inner.Key.(*ast.BasicLit); ok {
						text, err := strconv.Unquote(key.Value)
						if err != nil {
							t.Fatal(err)
						}
						keys = append(keys, text)
					}
				}
			}
			return true
		})
	}
	return keys
}
