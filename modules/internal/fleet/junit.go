// SPDX-License-Identifier: GPL-3.0-or-later

package fleet

import (
	"strconv"
	"strings"
)

// JUnit returns the report in the form in which machines read test results: a
// suite for each host, a case for each check. An error or a warning is a
// failure, an information is the output of a case that passed, and what could
// not be judged or does not apply was skipped. A host that was not examined has
// one case, with an error.
func (f Fleet) JUnit() []byte {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"hardened.docker doctor\">\n")
	for _, h := range f.Hosts {
		suite(&b, h)
	}
	b.WriteString("</testsuites>\n")
	return []byte(b.String())
}

func suite(b *strings.Builder, h Host) {
	if h.Result == nil {
		open(b, "  <testsuite", "name", h.Name, "tests", "1", "failures", "0", "errors", "1", "skipped", "0")
		b.WriteString(">\n")
		open(b, "    <testcase", "classname", h.Name, "name", "examine the host")
		b.WriteString(">")
		open(b, "<error", "type", h.Status, "message", h.Message)
		b.WriteString("/></testcase>\n  </testsuite>\n")
		return
	}
	cases, failures, skipped := "", 0, 0
	findings := map[string][]Finding{}
	for _, finding := range h.Result.Findings {
		findings[finding.ID] = append(findings[finding.ID], finding)
	}
	for _, check := range h.Result.Checks {
		text, failed, skips := testcase(h.Name, check, findings[check.ID])
		cases += text
		if failed {
			failures++
		}
		if skips {
			skipped++
		}
	}
	open(b, "  <testsuite", "name", h.Name, "timestamp", strings.TrimSuffix(h.Result.ExaminedAt, "Z"), "time", seconds(h.Result.DurationMS),
		"tests", strconv.Itoa(len(h.Result.Checks)), "failures", strconv.Itoa(failures), "errors", "0", "skipped", strconv.Itoa(skipped))
	b.WriteString(">\n" + cases + "  </testsuite>\n")
}

// testcase writes what came of one check. Readers take one failure of a case,
// so that all findings are in it.
func testcase(host string, check Check, findings []Finding) (text string, failed, skipped bool) {
	var b strings.Builder
	open(&b, "    <testcase", "classname", host+"."+check.Group, "name", check.ID+": "+check.Title)
	var body, worst, subjects []string
	for _, finding := range findings {
		line := finding.Severity + ": " + finding.Title
		if finding.Subject != "" {
			line += " (" + finding.Subject + ")"
			subjects = append(subjects, finding.Subject)
		}
		body = append(body, line)
		for _, evidence := range finding.Evidence {
			body = append(body, "  "+strings.ReplaceAll(evidence, "\n", "\n  "))
		}
		body = append(body, "  remedy: "+finding.Remedy)
		if finding.Severity != "info" {
			worst = append(worst, finding.Severity)
		}
	}
	switch {
	case len(worst) > 0:
		kind := worst[0] // sorted: errors first
		message := findings[0].Title
		if len(subjects) > 0 {
			message += ": " + strings.Join(subjects, ", ")
		}
		b.WriteString(">")
		open(&b, "<failure", "type", kind, "message", message)
		b.WriteString(">" + escape(strings.Join(body, "\n")) + "</failure></testcase>\n")
		return b.String(), true, false
	case len(findings) > 0:
		b.WriteString("><system-out>" + escape(strings.Join(body, "\n")) + "</system-out></testcase>\n")
	case check.Status == "unknown" || check.Status == "not_applicable":
		b.WriteString(">")
		open(&b, "<skipped", "message", strings.ReplaceAll(check.Status, "_", " ")+": "+check.Note)
		b.WriteString("/></testcase>\n")
		return b.String(), false, true
	default:
		b.WriteString("/>\n")
	}
	return b.String(), false, false
}

// open writes the beginning of an element with attributes, given as names and
// values by turns. The line breaks of a value are kept as references.
func open(b *strings.Builder, element string, attributes ...string) {
	b.WriteString(element)
	for i := 0; i < len(attributes); i += 2 {
		value := strings.ReplaceAll(strings.ReplaceAll(escape(attributes[i+1]), "\n", "&#10;"), "\t", "&#9;")
		b.WriteString(" " + attributes[i] + `="` + value + `"`)
	}
}

func seconds(milliseconds int) string {
	text := strconv.Itoa(milliseconds % 1000)
	return strconv.Itoa(milliseconds/1000) + "." + strings.Repeat("0", max(0, 3-len(text))) + text
}
