// SPDX-License-Identifier: GPL-3.0-or-later

package host

import (
	"maps"
	"strings"
	"time"
)

// fresh is for how long what one module read is good enough for the next.
const fresh = 2 * time.Second

// memory is what the modules of a batch tell each other: what commands that are
// [Command.Shared] printed. Modules that run one after the other and find nothing
// to do ask systemd and the packet filter the same questions, and each answer
// takes some 15 ms.
//
// A module gets an answer of an earlier module at most once. If it asks again, to
// see whether something has changed meanwhile, the command runs again.
type memory struct {
	earlier map[string]answer // of the modules before this one
	now     map[string]answer // of this one
}

type answer struct {
	out Output
	at  time.Time
}

// Remembering returns the same host for a batch of modules. [Host.Next] is to be
// called between them and [Host.Forget] before a module changes something.
func (h *Host) Remembering() *Host {
	with := *h
	with.memory = &memory{earlier: make(map[string]answer), now: make(map[string]answer)}
	return &with
}

// Next says that from here on another module asks.
func (h *Host) Next() {
	if h.memory != nil {
		maps.Copy(h.memory.earlier, h.memory.now)
		h.memory.now = make(map[string]answer)
	}
}

// Forget makes all commands run again: something is about to change. What this
// module asks from here on is not for later ones, since it may ask between two
// changes.
func (h *Host) Forget() {
	if h.memory != nil {
		clear(h.memory.earlier)
		h.memory.now = nil
	}
}

// recall returns what the command printed for an earlier module.
func (h *Host) recall(c Command) (Output, bool) {
	if h.memory == nil || !c.Shared {
		return Output{}, false
	}
	key := strings.Join(c.Argv, "\x00")
	found, ok := h.memory.earlier[key]
	delete(h.memory.earlier, key)
	if !ok || time.Since(found.at) > fresh {
		return Output{}, false
	}
	h.memory.now[key] = found // never nil here: Forget has left nothing to find
	return found.out, true
}

// note keeps what the command printed for later modules.
func (h *Host) note(c Command, out Output) {
	if h.memory != nil && h.memory.now != nil && c.Shared {
		h.memory.now[strings.Join(c.Argv, "\x00")] = answer{out: out, at: time.Now()}
	}
}
