// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import "strings"

// text returns a spelling of a value of the given type, often with a mistake.
func (g generator) text(kind string) string {
	var text string
	letters := "0 "
	switch kind {
	case "int", "float":
		text = pick(g, "12", "-1", "+3.50", "1e3", "0.25", "1_000", "7e-1", "00", "5.", ".5", " 10 ", "120e-1")
		letters = "0123456789_.eE+- \t\nx"
	case "bool":
		text = pick(g, "yes", "No", "TRUE", "false", "on", "Off", "1", "0", "y", "N", "t", "f")
		letters = "yesnotrufal10 \t\nK"
	case "bytes", "bits":
		text = pick(g, "1K", "1.5 MB", "2gigabyte", "3 Tb", "10B", "5 megabit", "1024", ".5kilobyte", "1y")
		letters = "0123456789. \tKkMGTBbytei"
	case "path":
		text = pick(g, "~/x", "$HOME/y", "${ARGSPEC_DIR}/z", "/a/$ARGSPEC_EMPTY/b", "~root/x", "$ARGSPEC_UNSET", "a/${HOME}~")
		letters = "~$/{}HOMEx_ é"
	case "dict":
		if g.chance(30) {
			text = pick(g, "a=1", "a=1, b=2", "a='x y' b=z", "a=b=c,d=", `a="it's",b=\,`, "k=v k2=v2")
			letters = `=, '"\ab{`
			break
		}
		text = "{" + g.pairs(2) + "}"
		letters = `{}[](),:'"\0123456789.eE_+-# ` + "\n\tnrubxTFaN"
	}
	for g.chance(45) {
		i := g.IntN(len(text) + 1)
		letter := string(letters[g.IntN(len(letters))])
		switch {
		case g.chance(50):
			text = text[:i] + letter + text[i:]
		case i < len(text) && g.chance(50):
			text = text[:i] + letter + text[i+1:]
		case i < len(text):
			text = text[:i] + text[i+1:]
		}
	}
	return strings.ToValidUTF8(text, "")
}

// pairs and literal write Python, with a taste for its odd corners.
func (g generator) pairs(depth int) string {
	var parts []string
	for range g.IntN(3) {
		parts = append(parts, pick(g, "'a'", `"b"`, "'c' 'd'", "r'\\e'", "u'f'", "'\\x41'", "3", "2.5", "'é'")+pick(g, ":", ": ", " : ")+g.literal(depth-1))
	}
	return strings.Join(parts, pick(g, ", ", ",", " ,\n", ", # why\n")) + pick(g, "", "", "", ",")
}

func (g generator) literal(depth int) string {
	if depth > 0 && g.chance(40) {
		items := g.literal(depth-1) + pick(g, ", ", ",") + g.literal(depth-1)
		return pick(g, "["+items+"]", "("+items+")", "["+items+",]", "[]", "()", "("+items+",)", "{"+g.pairs(depth)+"}", "("+g.literal(depth-1)+")")
	}
	return pick(g, "1", "-2", "+3", "4.50", "1e3", ".5", "5.", "0x1F", "0b11", "0o17", "1_000", "00", "True", "False", "None", "null", "true", "''", "'x'", `"y"`,
		`'it\'s'`, `"\n\t\\\101\u00e9\U0001F600\x7f\q"`, `r'\n\''`, `'''a'b'''`, `"""c"d"""`, `'a' "b"`, "u'é'", "1_0.5_0e1_0", "0777", "-0", "-0.0")
}
