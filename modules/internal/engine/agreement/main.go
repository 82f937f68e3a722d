// SPDX-License-Identifier: GPL-3.0-or-later

// Command agreement holds the engine table against what a real dockerd just
// said. tests/engine/run asks the engines and calls it:
//
//	agreement validate|start VERSION CASES ANSWERS
//
// VERSION is the engine's, as dockerd prints it. CASES has one case a line:
// the flags on the command line, a unit separator (0x1f), daemon.json. ANSWERS
// has the engine's answer to each, in the same order: ok or rejected (up or
// down for start), a tab, and its words. Each disagreement is printed, then the
// number of agreeing cases; one disagreement makes the exit status 1.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/unitfile"
)

func main() {
	if len(os.Args) != 5 || os.Args[1] != "validate" && os.Args[1] != "start" {
		fmt.Fprintln(os.Stderr, "usage: agreement validate|start VERSION CASES ANSWERS")
		os.Exit(2)
	}
	version, err := engine.Parse(os.Args[2])
	if err != nil {
		fail(err)
	}
	var text [2]string
	for i, name := range os.Args[3:] {
		data, err := os.ReadFile(name)
		if err != nil {
			fail(err)
		}
		text[i] = string(data)
	}
	agree, all, err := compare(os.Stdout, os.Args[1] == "start", version, text[0], text[1])
	if err != nil {
		fail(err)
	}
	fmt.Printf("engine %s: %d of %d cases agree\n", version, agree, all)
	if agree != all {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "agreement:", err)
	os.Exit(2)
}

// compare prints each case that engine and table see differently, and returns
// how many of all cases they agree about. A missing answer is an error: an
// engine that was not asked has not agreed.
func compare(out io.Writer, start bool, version engine.Version, cases, answers string) (agree, all int, err error) {
	asked, answered := lines(cases), lines(answers)
	if len(asked) == 0 || len(asked) != len(answered) {
		return 0, len(asked), fmt.Errorf("cannot compare %d cases with %d answers: the engine was not asked about each", len(asked), len(answered))
	}
	for i, line := range asked {
		flags, doc, ok := strings.Cut(line, "\x1f")
		if !ok {
			return agree, len(asked), fmt.Errorf("invalid case %d, %q: missing the separator after the flags", i+1, line)
		}
		said, words, _ := strings.Cut(answered[i], "\t")
		want, texts, err := table(start, version, flags, doc)
		if err != nil {
			return agree, len(asked), fmt.Errorf("invalid case %d: %w", i+1, err)
		}
		if said == want {
			agree++
			continue
		}
		fmt.Fprintf(out, "engine %s says %s, the table says %s\n  file:   %s\n", version, said, want, doc)
		for _, detail := range []struct{ name, text string }{{"flags: ", flags}, {"engine:", words}, {"table: ", strings.Join(texts, "; ")}} {
			if detail.text != "" {
				fmt.Fprintf(out, "  %s %s\n", detail.name, detail.text)
			}
		}
	}
	return agree, len(asked), nil
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// table returns the verdict of the engine table, and its reasons.
func table(start bool, version engine.Version, flags, doc string) (verdict string, texts []string, err error) {
	var words []unitfile.Word
	for _, word := range strings.Fields(flags) {
		words = append(words, unitfile.Word{Text: word, File: "the command line", Line: 1})
	}
	uses, problems := engine.ParseFlags(words, version)
	decoder := json.NewDecoder(strings.NewReader(doc))
	decoder.UseNumber()
	var decoded map[string]any
	if err := decoder.Decode(&decoded); err != nil {
		return "", nil, fmt.Errorf("cannot decode %s: %w", doc, err)
	}
	problems = append(problems, engine.Conflicts(decoded, uses, version)...)
	problems = append(problems, engine.Check(decoded, engine.Target{Version: version, Flags: uses})...)
	good, bad, last := "ok", "rejected", engine.Rejected
	if start {
		good, bad, last = "up", "down", engine.Fails
	}
	verdict = good
	for _, p := range problems {
		if p.Stage <= last {
			verdict, texts = bad, append(texts, p.Text)
		}
	}
	return verdict, texts, nil
}
