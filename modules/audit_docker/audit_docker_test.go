// SPDX-License-Identifier: GPL-3.0-or-later

package audit_docker

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"hardened.docker/modules/internal/audit"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/moduletest"
)

func TestMain(m *testing.M) { moduletest.Main(m, "audit_docker", with(open)) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

// kernel stands in for the kernel's audit. It keeps its state in the file
// /kernel of the host: a first line that says what the kernel is, then a rule
// in each line, those that are watches in the form that names the target.
type kernel struct {
	name  string
	lines []string
}

func open(h *host.Host) (audit.Kernel, audit.Status, error) {
	name := h.Path("/kernel")
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, audit.Status{}, fmt.Errorf("cannot ask the kernel for its audit rules: %w", err)
	}
	k := &kernel{name, strings.Split(strings.TrimSpace(string(content)), "\n")}
	switch k.lines[0] {
	case "container":
		return nil, audit.Status{}, audit.ErrContainer
	case "off":
		return nil, audit.Status{}, audit.ErrOff
	case "unsupported":
		return nil, audit.Status{}, audit.ErrUnsupported
	case "forbidden":
		return nil, audit.Status{}, errors.New("cannot ask the kernel for its audit rules: operation not permitted")
	}
	status := audit.Status{Enabled: k.lines[0] != "disabled", Immutable: k.lines[0] == "immutable"}
	return k, status, nil
}

func (k *kernel) Close() {}

func (k *kernel) Status() (audit.Status, error) { return audit.Status{}, nil }

func (k *kernel) Rules() ([]audit.Rule, error) {
	var rules []audit.Rule
	for _, line := range k.lines[1:] {
		w, ok := audit.ParseLine(line)
		rules = append(rules, audit.Rule{Watch: w, IsWatch: ok})
	}
	return rules, nil
}

func text(w audit.Watch) string {
	field := "path"
	if w.Target == audit.Tree {
		field = "dir"
	}
	return "-a always,exit -F " + field + "=" + w.Path + " -F perm=" + w.Perm.String() + " -F key=" + w.Key
}

func (k *kernel) Add(w audit.Watch) error {
	switch k.lines[0] {
	case "refusing":
		return syscall.ENOMEM
	case "forgetful":
		return nil
	}
	k.lines = append(k.lines, text(w))
	return k.save()
}

func (k *kernel) Delete(r audit.Rule) error {
	if k.lines[0] == "stubborn" {
		return nil
	}
	for i, line := range k.lines {
		if w, ok := audit.ParseLine(line); ok && w == r.Watch {
			k.lines = slices.Delete(k.lines, i, i+1)
			break
		}
	}
	return k.save()
}

func (k *kernel) save() error {
	return os.WriteFile(k.name, []byte(strings.Join(k.lines, "\n")+"\n"), 0o644)
}
