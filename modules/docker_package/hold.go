// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
)

// hold is the act that forbids, or allows, that the packages change without
// this module.
type hold struct {
	params  Params
	release distro.Release
	manager manager
	names   []string
	known   bool
}

func (a *hold) Describe() string {
	verb := "hold "
	if !a.params.Hold {
		verb = "release the hold of "
	}
	if len(a.names) == 0 {
		return verb + "the engine's packages"
	}
	return verb + strings.Join(a.names, ", ")
}

func (a *hold) Diff() []ansible.Diff {
	if len(a.names) == 0 {
		return nil
	}
	text := func(held bool) string {
		var b strings.Builder
		for _, name := range a.names {
			state := "free"
			if held {
				state = "held"
			}
			fmt.Fprintf(&b, "%s %s\n", name, state)
		}
		return b.String()
	}
	return []ansible.Diff{{BeforeHeader: "holds", AfterHeader: "holds", Before: text(!a.params.Hold), After: text(a.params.Hold)}}
}

func (a *hold) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	// What is there is what counts, whatever had been foreseen.
	have, err := a.manager.read(ctx)
	if err != nil {
		return nil, err
	}
	a.names = nil
	for _, f := range a.manager.flavors() {
		for _, name := range a.manager.unit(f).members() {
			if have.Installed(a.manager.unit(f).engine) != "" && have.Installed(name) != "" && have.Held(name) != a.params.Hold {
				a.names = append(a.names, name)
			}
		}
	}
	if len(a.names) == 0 {
		return nil, nil
	}
	slices.Sort(a.names)
	waited, err := a.manager.hold(ctx, a.names, a.params.Hold)
	if err != nil {
		return noted(waited), fmt.Errorf("cannot %s: %w", a.Describe(), err)
	}
	return noted(waited), nil
}
