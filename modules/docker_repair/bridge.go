// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
)

// moveBridge gives docker0 the address that an engine without bip has. The
// engine keeps the address of its bridge in a database and on the bridge
// itself, so one start with the wanted bip is what moves it; after that the key
// is not needed (tried on 20.10, 28.5 and 29.7).
func moveBridge(ctx context.Context, p patient) (treatment, error) {
	s := p.snapshot
	t := treatment{restarts: true, stops: s.Running()}
	c := p.course("restart")
	if running := s.Running(); len(running) > 0 && s.LiveRestore() {
		if s.Daemon != doctor.Up {
			return t, errors.New("cannot stop the containers: the daemon does not run; start it first")
		}
		// As long as containers live on, an engine leaves its bridge as it is.
		c.steps = append(c.steps, halt(running))
	}
	if s.Config.Has("bip") {
		t.acts = append(t.acts, c)
		return t, nil
	}
	want, err := freeRange(s)
	if err != nil {
		return t, err
	}
	before, err := file.Read(p.host, s.Config.File, 16<<20)
	if err != nil {
		return t, err
	}
	content, err := withBip(before, want.String())
	if err != nil {
		return t, err
	}
	if !p.host.Exists(path.Dir(s.Config.File)) {
		t.acts = append(t.acts, file.Directory{Path: path.Dir(s.Config.File), Mode: 0o755})
	}
	c.note.Config, c.note.After, c.note.Before = s.Config.File, string(content), nil
	if before.Exists {
		text := string(before.Content)
		c.note.Before = &text
	}
	first := c.after
	first.revive = nil
	c.steps = append(c.steps,
		named{file.Replace{Before: before, Content: content, Mode: 0o644}, fmt.Sprintf("set bip to %s in %s for one start", want, s.Config.File)},
		first, c.note)
	t.acts = append(t.acts, c)
	return t, nil
}

// named is a step with words of its own.
type named struct {
	ansible.Act
	text string
}

// Describe implements [ansible.Act].
func (n named) Describe() string { return n.text }

// Do implements [ansible.Act].
func (n named) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	_, err := n.Act.Do(ctx, h)
	return nil, err
}

func withBip(before file.State, bip string) ([]byte, error) {
	text := before.Content
	if strings.TrimSpace(string(text)) == "" {
		text = []byte("{}\n")
	}
	doc, err := jsonedit.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("cannot change %s: %w", before.Path, err)
	}
	if _, err := doc.Set([]string{"bip"}, bip); err != nil {
		return nil, fmt.Errorf("cannot change %s: %w", before.Path, err)
	}
	return doc.Bytes(), nil
}

// freeRange returns the first address of the first of the engine's ranges that
// nothing on the host has.
func freeRange(s *doctor.Snapshot) (netip.Prefix, error) {
	var taken []netip.Prefix
	for _, l := range s.Links {
		for _, text := range l.Addr {
			if p, err := netip.ParsePrefix(text); err == nil && l.Name != "docker0" {
				taken = append(taken, p.Masked())
			}
		}
	}
	for _, r := range s.Ranges() {
		free := true
		for _, have := range taken {
			free = free && !have.Overlaps(r)
		}
		if free {
			return netip.PrefixFrom(r.Addr().Next(), r.Bits()), nil
		}
	}
	return netip.Prefix{}, errors.New("cannot find a free range of addresses among those of the engine: set bip in daemon.json")
}
