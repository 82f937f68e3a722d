// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"errors"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	emptyRemedy = "write {} for an object without settings"
	utf8Remedy  = "save the file as UTF-8"
)

var syntaxErrors = []struct {
	name, text string
	want       SyntaxError
}{
	{"empty", "", SyntaxError{1, 1, "the text is empty", emptyRemedy + ", or remove the file"}},
	{"white space", " \n\t\n", SyntaxError{1, 1, "the text is only white space", emptyRemedy + ", or remove the file"}},
	{"byte order mark", "\ufeff{}", SyntaxError{1, 1, "the text begins with a UTF-8 byte order mark (U+FEFF), which dockerd rejects", utf8Remedy + " without byte order mark"}},
	{"UTF-16", "\xff\xfe{\x00}\x00", SyntaxError{1, 1, "the text is UTF-16", utf8Remedy + " without byte order mark"}},
	{"array", "\n []", SyntaxError{2, 2, "the top level is an array, not an object", emptyRemedy}},
	{"null", "null", SyntaxError{1, 1, "the top level is null, not an object", emptyRemedy}},
	{"string", `"a"`, SyntaxError{1, 1, "the top level is a string, not an object", emptyRemedy}},
	{"no braces", `"a": 1`, SyntaxError{1, 1, "the text begins with a key, not with an object", "add { at the beginning and } at the end"}},
	{"line comment", "{\n  \"a\": 1, // why\n}", SyntaxError{2, 11, "comments are not allowed in JSON", "remove the comment"}},
	{"block comment", "/* x */ {}", SyntaxError{1, 1, "comments are not allowed in JSON", "remove the comment"}},
	{"shell comment", "{}\n# x", SyntaxError{2, 1, "comments are not allowed in JSON", "remove the comment"}},
	{"comment for a value", `{"a": /* x */ 1}`, SyntaxError{1, 7, "comments are not allowed in JSON", "remove the comment"}},
	{"trailing comma", "{\n  \"a\": 1,\n}", SyntaxError{2, 9, "a trailing comma follows the last member of an object", "remove the comma"}},
	{"trailing comma in array", `{"a": [1, 2 , ]}`, SyntaxError{1, 13, "a trailing comma follows the last element of an array", "remove the comma"}},
	{"leading comma", `{, "a": 1}`, SyntaxError{1, 2, "a comma stands where a key is expected", "remove the comma"}},
	{"two commas", `{"a": 1,, "b": 1}`, SyntaxError{1, 9, "a comma stands where a key is expected", "remove the comma"}},
	{"only a comma in array", `{"a": [,]}`, SyntaxError{1, 8, ", stands where a value is expected", "add the missing value, or remove what asks for one"}},
	{"single-quoted key", `{'a': 1}`, SyntaxError{1, 2, "single quotes are not allowed in JSON", `use double quotes (")`}},
	{"single-quoted value", `{"a": 'b'}`, SyntaxError{1, 7, "single quotes are not allowed in JSON", `use double quotes (")`}},
	{"typographic quote", `{“a”: 1}`, SyntaxError{1, 2, "the typographic quote “ does not quote in JSON", `use straight double quotes (")`}},
	{"no-break space", "{\u00a0\"a\": 1}", SyntaxError{1, 2, "the invisible character U+00A0 is not white space in JSON", "replace it by an ordinary space"}},
	{"letter beyond ASCII", `{"a": ü}`, SyntaxError{1, 7, "the character 'ü' is not allowed here", "put text in double quotes or remove it"}},
	{"unquoted key", `{log-level: "debug"}`, SyntaxError{1, 2, "the key log-level is not quoted", "put the key in double quotes"}},
	{"unquoted value", `{"log-level": debug}`, SyntaxError{1, 15, "the value debug is not quoted", "put text in double quotes"}},
	{"unquoted IP address", `{"bip": 10.0.0.1/24}`, SyntaxError{1, 9, "10.0.0.1 is not a number", "correct it, or put text in double quotes"}},
	{"missing key", `{: 1}`, SyntaxError{1, 2, "a colon stands where a key is expected", "add the missing key"}},
	{"object for a key", `{{}}`, SyntaxError{1, 2, "{ stands where a key is expected", "add a key and a colon before it"}},
	{"bracket closes object", `{]`, SyntaxError{1, 2, "] closes an object", "use }"}},
	{"odd key", `{*}`, SyntaxError{1, 2, "'*' stands where a key is expected", "put the key in double quotes"}},
	{"missing comma", "{\n  \"ü\": 1\n  \"b\": 2\n}", SyntaxError{2, 9, "no comma separates this member from the next one", "add the missing comma"}},
	{"missing comma in array", `{"a": ["x" "y"]}`, SyntaxError{1, 11, "no comma separates this element from the next one", "add the missing comma"}},
	{"missing colon", `{"a" 1}`, SyntaxError{1, 5, `no colon follows the key "a"`, "add the missing colon and value"}},
	{"equals sign", `{"a" = 1}`, SyntaxError{1, 6, `= follows the key "a"`, "use a colon (:)"}},
	{"missing value", `{"a": }`, SyntaxError{1, 7, "} stands where a value is expected", "add the missing value, or remove what asks for one"}},
	{"semicolon", `{"a": 1; "b": 2}`, SyntaxError{1, 8, "';' follows a value", "use a comma or }"}},
	{"odd value", `{"a": *}`, SyntaxError{1, 7, "'*' stands where a value is expected", "put text in double quotes"}},
	{"member in array", `{"a": ["b": 1]}`, SyntaxError{1, 11, "a key and a colon stand inside an array", "put members in { and }"}},
	{"wrong bracket", "{\"a\": [1\n}", SyntaxError{2, 1, "} closes what [ opened at line 1, column 7", "add the missing ] before it"}},
	{"open string", "{\"a\": \"b\n}", SyntaxError{1, 7, "the string is not closed on its line", `add the missing ", or write \n for a line break`}},
	{"open string at the end", `{"a": "b`, SyntaxError{1, 7, "the string is not closed", `add the missing "`}},
	{"string ends in backslash", `{"a\`, SyntaxError{1, 2, "the string is not closed", `add the missing "`}},
	{"tab in string", "{\"a\": \"x\ty\"}", SyntaxError{1, 9, "the control character U+0009 stands in a string", `write \u0009, or remove it`}},
	{"invalid escape", `{"a": "C:\dir"}`, SyntaxError{1, 10, `\d is not an escape in JSON`, `write \\ for a backslash`}},
	{"short unicode escape", `{"a": "\u12"}`, SyntaxError{1, 8, `\u is not followed by four hexadecimal digits`, `write four, or \\ for a backslash`}},
	{"high surrogate", `{"a": "\ud83d"}`, SyntaxError{1, 8, `\ud83d is half of a surrogate pair`, "write both halves, or the character itself"}},
	{"low surrogate", `{"a": "\uDE00\ud83d"}`, SyntaxError{1, 8, `\uDE00 is half of a surrogate pair`, "write both halves, or the character itself"}},
	{"invalid UTF-8 in string", "{\"ü\": \"\xff\"}", SyntaxError{1, 8, "the byte 0xFF is not valid UTF-8", utf8Remedy}},
	{"invalid UTF-8", "{\xc3}", SyntaxError{1, 2, "the byte 0xC3 is not valid UTF-8", utf8Remedy}},
	{"encoded surrogate", "{\"\xed\xa0\x80\": 1}", SyntaxError{1, 3, "the byte 0xED is not valid UTF-8", utf8Remedy}},
	{"NUL", "{}\x00", SyntaxError{1, 3, "the control character U+0000 is not allowed here", "remove it"}},
	{"NaN", `{"a": NaN}`, SyntaxError{1, 7, "NaN is not a number in JSON", "write a finite number, or remove the key"}},
	{"infinity", `{"a": -Infinity}`, SyntaxError{1, 7, "-Infinity is not a number in JSON", "write a finite number, or remove the key"}},
	{"hexadecimal", `{"a": 0x1F}`, SyntaxError{1, 7, "0x1F is not a decimal number", "write the number in decimal"}},
	{"leading zero", `{"a": -0755}`, SyntaxError{1, 7, "the number -0755 begins with a zero", "remove the leading zeros (an octal mode belongs in double quotes)"}},
	{"plus", `{"a": +1}`, SyntaxError{1, 7, "the number +1 begins with a plus sign", "remove the +"}},
	{"no digit before point", `{"a": .5}`, SyntaxError{1, 7, "the number .5 begins with a point", "write a digit before the point"}},
	{"no digit after point", `{"a": 1.}`, SyntaxError{1, 7, "the number 1. has no digit after the point", "add a digit or remove the point"}},
	{"no exponent", `{"a": 1e+}`, SyntaxError{1, 7, "the number 1e+ has no digit in its exponent", "add a digit or remove the exponent"}},
	{"only minus", `{"a": -}`, SyntaxError{1, 7, "- is not a number", "correct it, or put text in double quotes"}},
	{"size with unit", `{"a": 10m}`, SyntaxError{1, 7, "10m is not a number", "correct it, or put text in double quotes"}},
	{"Python true", `{"a": True}`, SyntaxError{1, 7, "True is not a JSON value", "write true in lower case, without a sign"}},
	{"Python None", `{"a": None}`, SyntaxError{1, 7, "None is not a JSON value", "write null, or remove the key"}},
	{"YAML yes", `{"a": yes}`, SyntaxError{1, 7, "yes is not a JSON value", "write true"}},
	{"YAML off", `{"a": off}`, SyntaxError{1, 7, "off is not a JSON value", "write false"}},
	{"brace too many", "{}\n}", SyntaxError{2, 1, "a } too many: the object is already closed", "remove it"}},
	{"comma after object", `{},`, SyntaxError{1, 3, "a comma follows the object", "remove it, or move the } before it to the end"}},
	{"second object", "{}\n{}", SyntaxError{2, 1, "a second object follows the first", "merge the two into one"}},
	{"garbage", `{} x`, SyntaxError{1, 4, "more text follows the end of the object", "remove it, or move the } before it to the end"}},
	{"cut off in object", "{\"a\": {\n", SyntaxError{2, 1, "the text ends inside the object that begins at line 1, column 7", "add the missing }, or restore the rest of a file that was cut off"}},
	{"cut off in array", `{"a": [1`, SyntaxError{1, 9, "the text ends inside the array that begins at line 1, column 7", "add the missing ], or restore the rest of a file that was cut off"}},
	{"cut off before colon", `{"a"`, SyntaxError{1, 5, "the text ends inside the object that begins at line 1, column 1", "add the missing }, or restore the rest of a file that was cut off"}},
	{"duplicate key", "{\n  \"a\": 1,\n  \"\\u0061\": 2\n}", SyntaxError{3, 3, "duplicate key a, first set at line 2, column 3", "keep one of the two (dockerd silently uses the last)"}},
	{"duplicate key below", `{"a": {"b": [0, {"c.d": 1, "c.d": 2}]}}`, SyntaxError{1, 28, `duplicate key a.b[1]."c.d", first set at line 1, column 18`, "keep one of the two (dockerd silently uses the last)"}},
	{"too deep", `{"a":` + strings.Repeat("[", 200), SyntaxError{1, 205, "objects and arrays are nested deeper than 200 levels", "flatten them"}},
}

func TestSyntaxErrors(t *testing.T) {
	for _, test := range syntaxErrors {
		_, err := Parse([]byte(test.text))
		var got *SyntaxError
		if !errors.As(err, &got) {
			t.Errorf("%s: Parse(%q): %v; want a *SyntaxError", test.name, test.text, err)
			continue
		}
		if diff := cmp.Diff(test.want, *got); diff != "" {
			t.Errorf("%s: Parse(%q): wrong error (-want +got):\n%s", test.name, test.text, diff)
		}
	}
	const want = "invalid JSON at line 1, column 8: a trailing comma follows the last member of an object; remove the comma"
	if _, err := Parse([]byte(`{"a": 1,}`)); err == nil || err.Error() != want {
		t.Errorf("Parse: %v; want %s", err, want)
	}
}

func TestParseAccepts(t *testing.T) {
	for _, text := range []string{
		`{"a": ` + strings.Repeat("[", 199) + strings.Repeat("]", 199) + `}`,
		`{"a": "\ud83d\ude00\ufffd", "A": "\uffff", "` + "\ufffd\u2028\x7f" + `": 0}`,
		`{"a": [-0, 0.0, 1E9, 10e-1, 123456789012345678901234567890]}`,
		`{"x": {"a": 1}, "y": {"a": 1}, "z": [{"a": 1}, {"a": 1}]}`,
	} {
		if _, err := Parse([]byte(text)); err != nil {
			t.Errorf("Parse(%q): %v; want no error", text, err)
		}
	}
}

// TestDuplicateAmongMany: the index that large objects get finds duplicates on
// both sides of the switch to it.
func TestDuplicateAmongMany(t *testing.T) {
	for _, at := range []int{0, 15, 16, 39} {
		var keys []string
		for i := range 40 {
			keys = append(keys, `"`+strings.Repeat("k", i+1)+`":0`)
		}
		text := "{" + strings.Join(append(keys, keys[at]), ",") + "}"
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "duplicate key") {
			t.Errorf("Parse with key %d twice: %v; want a duplicate key", at, err)
		}
	}
}

// TestParseIsLinear compares a text with one eight times as large, in three
// shapes. Quadratic work would take 64 times as long.
func TestParseIsLinear(t *testing.T) {
	for _, shape := range []struct{ name, unit string }{
		{"keys", `"#":0,`},
		{"array", `"#":[{"a":[1,2,3],"b":""}],`},
		{"string", `"#":"` + strings.Repeat(`\u00e9\"x`, 100) + `",`},
	} {
		measure := func(size int) time.Duration {
			var b strings.Builder
			b.WriteString(`{`)
			for i := 0; b.Len() < size; i++ {
				b.WriteString(strings.Replace(shape.unit, "#", strconv.Itoa(i), 1))
			}
			text := []byte(b.String() + `"end":0}`)
			best := time.Hour
			for range 3 {
				start := processorTime(t)
				if _, err := Parse(text); err != nil {
					t.Fatal(err)
				}
				best = min(best, processorTime(t)-start)
			}
			return best
		}
		small, large := measure(256<<10), measure(2<<20)
		if large > 32*small {
			t.Errorf("%s: 2 MB took %v, 256 kB %v; want about eight times as long", shape.name, large, small)
		}
	}
}

// processorTime is what the process has used so far, which other work on the
// machine does not change.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func BenchmarkParse20MB(b *testing.B) {
	var text strings.Builder
	text.WriteString(`{`)
	for i := 0; text.Len() < 20<<20; i++ {
		text.WriteString(`"key` + strconv.Itoa(i) + `": ["value", {"a": 1}],`)
	}
	data := []byte(text.String() + `"end": 0}`)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
