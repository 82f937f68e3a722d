// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import "testing"

// parse is for texts that a test knows to be valid.
func parse(t testing.TB, text string) *Document {
	t.Helper()
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return d
}

// TestUnchanged: parsing and printing is the identity, whatever the formatting.
func TestUnchanged(t *testing.T) {
	for _, text := range []string{
		`{}`, "{}\n", "{ }", "\r\n{\r\n}\r\n", " {\"a\"\t:\n1.50e+3,\r\"b\":[1 ,2 ],\"c\":{ }}  ",
		"{\n    \"ü\": \"\\u00e9\\/\\ud83d\\ude00\",\n\n    \"n\": -0.0\n}",
	} {
		d := parse(t, text)
		if got := string(d.Bytes()); got != text {
			t.Errorf("Parse(%q).Bytes() = %q", text, got)
		}
		if d.Merge(parse(t, text)) {
			t.Errorf("Merge of %q into itself = true; want false", text)
		}
		if d.Replace(parse(t, text)) {
			t.Errorf("Replace of %q by itself = true; want false", text)
		}
		if got := string(d.Bytes()); got != text {
			t.Errorf("after Merge and Replace by itself: %q; want %q", got, text)
		}
	}
}
