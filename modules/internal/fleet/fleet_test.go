// SPDX-License-Identifier: GPL-3.0-or-later

package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/mutate"
)

const now = `{"version": 1, "made_at": "2026-11-22T20:00:05Z", "collection": "1.2.3", "hosts": [
 {"name": "web1", "address": "10.0.0.5", "groups": ["web"], "status": "examined", "message": "", "result": {
  "findings": [
   {"id": "mounts", "subject": "/var/lib/docker", "severity": "error", "title": "A mount hides layers", "evidence": ["a <b> & \"c\"", "two\nlines"], "remedy": "Unmount it", "source": "S", "repair": {"available": true, "interrupts": "none"}},
   {"id": "icc", "subject": "", "severity": "info", "title": "Containers talk", "evidence": ["icc"], "remedy": "Set it", "source": "S", "repair": {"available": false, "interrupts": "none"}}],
  "checks": [
   {"id": "mounts", "title": "Mounts", "group": "storage", "status": "found", "note": ""},
   {"id": "icc", "title": "ICC", "group": "network", "status": "found", "note": ""},
   {"id": "journal", "title": "Journal", "group": "service", "status": "unknown", "note": "took too long"},
   {"id": "thinpool", "title": "Thin pool", "group": "storage", "status": "passed", "note": ""}],
  "worst": "error", "daemon": "up", "host": {"hostname": "web1", "engine": "26.1.5"}, "examined_at": "2026-11-22T20:00:00Z", "duration_ms": 41, "version": 1}},
 {"name": "web2", "status": "unreachable", "message": "no <route>", "result": null},
 {"name": "web3", "status": "failed", "message": "cannot", "result": null}]}`

const before = `{"version": 1, "made_at": "2026-11-21T20:00:05Z", "hosts": [
 {"name": "web1", "status": "examined", "result": {"version": 1, "worst": "warning",
  "findings": [
   {"id": "icc", "severity": "info", "title": "Containers talk"},
   {"id": "thinpool", "subject": "vg", "severity": "warning", "title": "The pool is full"},
   {"id": "journal", "severity": "warning", "title": "The journal says so"}],
  "checks": [
   {"id": "mounts", "status": "passed"}, {"id": "icc", "status": "found"}, {"id": "journal", "status": "found"}, {"id": "thinpool", "status": "found"}]}},
 {"name": "web9", "status": "examined", "result": {"version": 1, "worst": "none"}}]}`

func parse(t *testing.T, text string) Fleet {
	t.Helper()
	f, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{`:              "invalid JSON at byte 1",
		`{"hosts": 1}`:   "invalid report of the doctor",
		`{"version": 2}`: "unknown version 2",
		`{}`:             "unknown version 0",
		`[]`:             "invalid report",
		`{"version":1,"hosts":[{"status":"failed"}]}`:                                     "host 1 has no name",
		`{"version":1,"hosts":[{"name":"a","status":"examined"}]}`:                        "was examined and has no result",
		`{"version":1,"hosts":[{"name":"a"},{"name":"a"}]}`:                               "the host a twice",
		`{"version":1,"hosts":[{"name":"a","status":"examined","result":{"version":7}}]}`: "unknown version 7 of the result of host a",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%s) = %v; want an error with %q", text, err, want)
		}
	}
}

func TestCount(t *testing.T) {
	want := Count{Hosts: 3, Examined: 1, Unreachable: 1, Failed: 1, Error: 1, Findings: 2}
	if diff := cmp.Diff(want, parse(t, now).Count()); diff != "" {
		t.Errorf("Count (-want +got):\n%s", diff)
	}
}

// TestSince: what could not be judged on one of the two days is neither new nor
// gone, and a host that only one of them has is left out.
func TestSince(t *testing.T) {
	got := parse(t, now).Since(parse(t, before))
	want := Trend{
		Since: "2026-11-21T20:00:05Z",
		New:   map[Key]bool{{"web1", "mounts", "/var/lib/docker"}: true},
		Gone:  []Gone{{"web1", "thinpool", "vg", "warning", "The pool is full"}},
		Worst: map[string]string{"web1": "warning", "web9": "none"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Since (-want +got):\n%s", diff)
	}
	if same := parse(t, now).Since(parse(t, now)); len(same.New) > 0 || len(same.Gone) > 0 {
		t.Errorf("Since of the same report = %+v; want nothing new and nothing gone", same)
	}
}

// TestDigests: the page's policy allows the script and the style that it brings.
func TestDigests(t *testing.T) {
	for name, of := range map[string]struct{ text, digest string }{"scriptDigest": {pageJS, scriptDigest}, "styleDigest": {pageCSS, styleDigest}} {
		sum := sha256.Sum256([]byte(of.text))
		if want := "sha256-" + base64.StdEncoding.EncodeToString(sum[:]); of.digest != want {
			t.Errorf("%s = %q; want %q", name, of.digest, want)
		}
		if strings.Contains(of.text, "</") || strings.Contains(of.text, "<!--") {
			t.Errorf("the text of %s would end its element", name)
		}
	}
}

// TestPageKeepsText: what hosts say stands in the page as JSON only, in which no
// character has a meaning for HTML.
func TestPageKeepsText(t *testing.T) {
	hostile := `</script><script>{{script}}{{data}}<!-- & " '` + "\u2028\x00"
	f := parse(t, now)
	f.Hosts[0].Name, f.Hosts[0].Result.Findings[0].Evidence[0], f.Hosts[1].Message = hostile, hostile, hostile
	page, err := f.Page("<title> & more", Trend{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(page), "</script>"); got != 2 {
		t.Errorf("the page ends %d scripts; want its own 2", got)
	}
	if !strings.Contains(string(page), "<title>&lt;title&gt; &amp; more</title>") {
		t.Error("the page has its title in another form than text")
	}
	data := regexp.MustCompile(`(?s)id="data">(.*?)</script>`).FindSubmatch(page)
	var got pageData
	if err := json.Unmarshal(data[1], &got); err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(data[1], "<>&") || got.Hosts[0].Name != hostile || got.Findings[0].Evidence[0] != hostile {
		t.Errorf("the page's data is not what the hosts said: %s", data[1])
	}
	if got.Hosts[0].Outcomes != "ffup" || got.Hosts[0].Notes[2] != "took too long" {
		t.Errorf("outcomes %q with notes %v; want ffup and why one is unknown", got.Hosts[0].Outcomes, got.Hosts[0].Notes)
	}
}

func TestJUnit(t *testing.T) {
	got := string(parse(t, now).JUnit())
	for _, want := range []string{
		`<testsuite name="web1" timestamp="2026-11-22T20:00:00" time="0.041" tests="4" failures="1" errors="0" skipped="1">`,
		`<testcase classname="web1.storage" name="mounts: Mounts"><failure type="error" message="A mount hides layers: /var/lib/docker">error: A mount hides layers (/var/lib/docker)` + "\n  a &lt;b&gt; &amp; &quot;c&quot;\n  two\n  lines\n  remedy: Unmount it</failure></testcase>",
		`name="icc: ICC"><system-out>info: Containers talk` + "\n",
		`name="journal: Journal"><skipped message="unknown: took too long"/></testcase>`,
		`name="thinpool: Thin pool"/>`,
		`<error type="unreachable" message="no &lt;route&gt;"/>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("JUnit lacks %s:\n%s", want, got)
		}
	}
}

// FuzzReport: whatever the file has, the page ends where it should and the
// test results are well-formed XML.
func FuzzReport(f *testing.F) {
	f.Add([]byte(now))
	f.Add([]byte(before))
	f.Add([]byte(`{"version":1,"hosts":[{"name":"\u0000</script>","message":"]]>\ud800"}]}`))
	mutate.Fuzz(f, func(t *testing.T, data []byte) {
		report, err := Parse(data)
		if err != nil {
			return
		}
		page, err := report.Page("t", report.Since(report))
		if err != nil || bytes.Count(page, []byte("</script>")) != 2 || bytes.Count(page, []byte("<script")) != 2 {
			t.Errorf("the page is not whole: %v\n%s", err, page)
		}
		decoder := xml.NewDecoder(bytes.NewReader(report.JUnit()))
		for {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%v\n%s", err, report.JUnit())
			}
		}
	})
}
