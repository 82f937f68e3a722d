// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRandomEdits checks what FuzzMerge checks, on documents that are always
// valid and share many keys, which mutated bytes seldom are and do.
func TestRandomEdits(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		text, with := randomDocument(r), randomDocument(r)
		checkEdits(t, parse(t, text), parse(t, with))
		if t.Failed() {
			t.Fatalf("seed %d\ntext: %q\nsettings: %q", seed, text, with)
		}
	}
}

// randomDocument writes an object in a random style, which it does not quite keep.
func randomDocument(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	newline, indent := pick("\n", "\r\n", "", " "), pick("  ", "    ", "\t", "")
	colon := pick(":", ": ", " : ")
	var object, array func(depth int) string
	value := func(depth int) string {
		switch n := r.IntN(10); {
		case n < 3 && depth < 5:
			return object(depth)
		case n == 3 && depth < 5:
			return array(depth)
		}
		return pick("1", "1.0", "10e-1", "0", "-0.0", "2", "true", "false", "null", `"1"`, `"é"`, `"\u00e9"`, `"\n\/"`, `""`)
	}
	list := func(depth int, opening, closing string, items []string) string {
		if len(items) == 0 {
			return opening + pick("", "", " ", newline) + closing
		}
		break1, break2 := newline+strings.Repeat(indent, depth), newline+strings.Repeat(indent, depth-1)
		if newline == "" || r.IntN(4) == 0 {
			break1 = pick("", " ")
			break2 = break1
		}
		var b strings.Builder
		b.WriteString(opening)
		for i, item := range items {
			if i > 0 {
				b.WriteString(pick("", "", "", " ", newline) + ",")
			}
			b.WriteString(pick(break1, break1, break1, break1, newline+break1, " ", "") + item)
		}
		return b.String() + break2 + closing
	}
	object = func(depth int) string {
		var items []string
		for _, i := range r.Perm(8)[:r.IntN(6)] {
			key := []string{`"a"`, `"b"`, `"c"`, `"d.e"`, `"\u00e9"`, `"\"\\"`, `""`, `"a b"`}[i]
			items = append(items, key+pick(colon, colon, colon, ":", " :\t")+value(depth+1))
		}
		return list(depth, "{", "}", items)
	}
	array = func(depth int) string {
		var items []string
		for range r.IntN(4) {
			items = append(items, value(depth+1))
		}
		return list(depth, "[", "]", items)
	}
	return pick("", "", " ", newline) + object(1) + pick("", newline, newline, " ")
}
