// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

// Remove removes the member at path together with its comma and its line, and
// tells whether there was one. An object that loses its last member stays, as
// {}: whether an empty object means the same as none is for the caller to know.
// An empty path removes nothing.
func (d *Document) Remove(path ...string) bool {
	if len(path) == 0 {
		return false
	}
	chain := []*node{d.root}
	for i, name := range path[:len(path)-1] {
		m := chain[i].find(name)
		if m == nil {
			return false
		}
		chain = append(chain, m.value)
	}
	last := path[len(path)-1]
	if !chain[len(chain)-1].remove(func(name string) bool { return name == last }) {
		return false
	}
	for _, n := range chain {
		n.edited = true
	}
	return true
}

// remove removes the members whose names match. A member goes with the white
// space around it, except that the one that takes its place as the first of the
// object or of a line begins where it began, and that the white space before the
// closing brace stays.
func (n *node) remove(match func(name string) bool) bool {
	if len(n.members) == 0 {
		return false
	}
	closing := n.members[len(n.members)-1].after
	var kept []*member
	var removed *member // the first of a run whose place is to be taken
	lastRemoved := false
	for _, m := range n.members {
		if lastRemoved = match(m.name); lastRemoved {
			if removed == nil && (len(kept) == 0 || hasNewline(m.before)) {
				removed = m
			}
			continue
		}
		if removed != nil && (len(kept) == 0 || !hasNewline(m.before)) {
			m.before = removed.before
		}
		removed = nil
		kept = append(kept, m)
	}
	if len(kept) == len(n.members) {
		return false
	}
	switch {
	case len(kept) == 0:
		n.inner = ""
	case lastRemoved:
		kept[len(kept)-1].after = closing
	}
	n.members, n.edited = kept, true
	return true
}
