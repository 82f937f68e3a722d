// SPDX-License-Identifier: GPL-3.0-or-later

package lvm

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/mutate"
)

func TestParseConfig(t *testing.T) {
	text := "# a { comment\nconfig { checks = 1 }\nactivation {\n\tvolume_list=[ \"vg1\", \"@*\", 2 ] # x\n\tpercent=-1\n\tdeep { \"name\" = 'a b' }\n}\nglobal/units=\"a\\\"b\"\nactivation/percent += 2.5"
	c, err := ParseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"config/checks": "1", "activation/volume_list": `[ "vg1", "@*", 2 ]`, "activation/deep/name": "'a b'",
		"global/units": `"a\"b"`, "activation/percent": "2.5", "activation/none": "",
	} {
		if got := c.Get(path); got != want {
			t.Errorf("Get(%s) = %q; want %q", path, got, want)
		}
	}
	for text, want := range map[string]string{
		"a {\n\nb = 1": "line 3: missing }", "a = ": "missing value", "a": "missing = or {", "}": "unknown character", "a = [1": "missing ]",
		"a = \"x": "missing quote", strings.Repeat("a {", 40): "sections in sections", "a = [[1]]": "list in a list", "a { = 1 }": "unknown character",
	} {
		if _, err := ParseConfig(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseConfig(%q) = %v; want %q", text, err, want)
		}
	}
}

func TestSet(t *testing.T) {
	tests := []struct{ before, want string }{
		{"s { a=1 # one\n a=2 }", "s { a=7 # one\n a=7 }"},
		{"s { b=1 }", "s { b=1\n\ta=7\n}"},
		{"s/a=[1]", "s/a=7"},
		{"t { a=1 }", "t { a=1 }\ns {\n\ta=7\n}\n"},
		{"s {\n\tb=1\n  }\n", "s {\n\tb=1\n\ta=7\n}\n"},
		{"s { b=1 # a }\n}", "s { b=1 # a }\n\ta=7\n}"},
	}
	for _, test := range tests {
		c, err := ParseConfig(test.before)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Set("s/a", "7"); err != nil || got != test.want {
			t.Errorf("Set of %q = %q, %v; want %q", test.before, got, err, test.want)
		}
	}
}

func FuzzConfig(f *testing.F) {
	for _, text := range []string{"", "activation {\n a=1\n}\n", "a/b = [1, \"x\"] # c", "a { b { 'c' = \"\\\"\" } }", "a=-", "s{}#", "\"a\"=1"} {
		f.Add(text)
	}
	mutate.Fuzz(f, func(t *testing.T, text string) {
		c, err := ParseConfig(text)
		if err != nil {
			return
		}
		edited, err := c.Set("activation/x", "70")
		if err != nil {
			return
		}
		again, err := ParseConfig(edited)
		if err != nil || again.Get("activation/x") != "70" {
			t.Fatalf("Set of %q = %q, which has not the value: %v", text, edited, err)
		}
		// What else was set is as it was.
		for _, s := range c.settings {
			if s.path != "activation/x" && c.Get(s.path) != again.Get(s.path) {
				t.Errorf("Set of %q = %q changes %s", text, edited, s.path)
			}
		}
	})
}

// Recorded from LVM 2.03.16.
const recordedGroups = `  {
      "report": [
          {
              "vg": [
                  {"vg_name":"docker", "vg_extent_size":"4194304", "vg_extent_count":"99", "vg_free_count":"18", "vg_exported":"", "vg_partial":""}
              ]
          }
      ]
  }
`

func TestReport(t *testing.T) {
	rows, err := parse([]byte(recordedGroups), "vg")
	if err != nil || len(rows) != 1 {
		t.Fatalf("parse() = %v, %v; want one row", rows, err)
	}
	var s State
	if err := s.takeGroup(rows[0]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(State{Groups: []Group{{Name: "docker", ExtentSize: 4 << 20, Size: 99, Free: 18}}}, s); diff != "" {
		t.Errorf("takeGroup() (-want +got):\n%s", diff)
	}
	for _, bad := range []row{{"vg_name": "a", "vg_extent_size": "4m"}, {"vg_name": "a"}, {"vg_extent_size": "-1", "vg_name": "a"}} {
		if err := s.takeGroup(bad); err == nil {
			t.Errorf("takeGroup(%v) = nil; want an error", bad)
		}
	}
	if rows, err := parse([]byte(`{"report": [{"lv": []}]}`), "lv"); err != nil || len(rows) != 0 {
		t.Errorf("parse() of nothing = %v, %v", rows, err)
	}
	if _, err := parse([]byte("WARNING: x\n"), "lv"); err == nil {
		t.Errorf("parse() of a text = nil; want an error")
	}
}

func FuzzReport(f *testing.F) {
	f.Add([]byte(recordedGroups))
	f.Add([]byte(`{"report":[{"vg":[{"vg_name":null}]}]}`))
	mutate.Fuzz(f, func(t *testing.T, text []byte) {
		rows, err := parse(text, "vg")
		if err != nil {
			return
		}
		var s State
		for _, r := range rows {
			_ = s.takeGroup(r)
			_ = s.takeVolume(r)
		}
		for _, g := range s.Groups {
			if g.Name == "" || g.ExtentSize <= 0 || g.Size < 0 || g.Free < 0 {
				t.Errorf("a group %+v in %q", g, text)
			}
		}
		for _, v := range s.Volumes {
			if v.Size < 0 || v.MetadataSize < 0 {
				t.Errorf("a volume %+v in %q", v, text)
			}
		}
		// A report with the same rows is read as the same rows.
		written, err := json.Marshal(map[string]any{"report": []any{map[string]any{"vg": rows}}})
		if err != nil {
			t.Fatal(err)
		}
		again, err := parse(written, "vg")
		if diff := cmp.Diff(append([]row{}, rows...), append([]row{}, again...)); err != nil || diff != "" {
			t.Errorf("parse(%s): %v (-want +got):\n%s", written, err, diff)
		}
	})
}

func TestNames(t *testing.T) {
	if got, want := DeviceName("my-vg", "thin-pool"), "/dev/mapper/my--vg-thin--pool"; got != want {
		t.Errorf("DeviceName() = %q; want %q", got, want)
	}
	for name, good := range map[string]bool{"docker": true, "a+b_c.d-e": true, "": false, ".": false, "..": false, "-a": false, "a/b": false, "a b": false, "é": false, strings.Repeat("a", 128): false} {
		if err := CheckName("volume_group", name); (err == nil) != good {
			t.Errorf("CheckName(%q) = %v; want %v", name, err, good)
		}
	}
}
