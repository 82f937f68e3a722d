// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

// Diff returns the dotted paths of the values that differ by meaning: in each
// object first the keys that old has, in its order, then those that only new has,
// in its order. Objects are compared key by key and named by their leaves
// (log-opts.max-size); arrays, scalars and empty objects are leaves. An object
// that becomes empty is named by the leaves that it loses. ParsePath reads the
// paths back.
func Diff(old, new *Document) []string {
	var paths []string
	diffObjects(old.root, new.root, nil, &paths)
	return paths
}

func diffObjects(old, new *node, prefix []string, paths *[]string) {
	had, has := old.byName(), new.byName()
	for _, m := range old.members {
		path := append(prefix[:len(prefix):len(prefix)], m.name)
		now := has[m.name]
		switch {
		case now == nil:
			leaves(m.value, path, paths)
		case m.value.kind == Object && now.value.kind == Object:
			diffObjects(m.value, now.value, path, paths)
		case m.value.kind != now.value.kind || !equalText(m.value.text(), now.value.text()):
			*paths = append(*paths, FormatPath(path))
		}
	}
	for _, m := range new.members {
		if had[m.name] == nil {
			leaves(m.value, append(prefix[:len(prefix):len(prefix)], m.name), paths)
		}
	}
}

// leaves lists the leaves below a value that only one side has.
func leaves(n *node, path []string, paths *[]string) {
	if n.kind != Object || len(n.members) == 0 {
		*paths = append(*paths, FormatPath(path))
		return
	}
	for _, m := range n.members {
		leaves(m.value, append(path[:len(path):len(path)], m.name), paths)
	}
}
