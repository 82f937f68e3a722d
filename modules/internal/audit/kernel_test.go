// SPDX-License-Identifier: GPL-3.0-or-later

package audit

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/mutate"
)

const errUnsupportedProtocol = syscall.EPROTONOSUPPORT

func TestEncodeIsDecoded(t *testing.T) {
	for _, w := range []Watch{
		{"/etc/docker", Tree, Write | Attribute, "docker"},
		{"/etc/docker/daemon.json", File, Any, "one\x01two"},
		{"/x", File, Read, ""},
	} {
		rule, err := decode(w.encode())
		if err != nil || !rule.IsWatch || rule.Watch != w {
			t.Errorf("decode(%v) = %+v, %v", w, rule, err)
		}
	}
}

// TestDecodeRecorded reads rules as a kernel listed them, with what auditctl -l
// printed of each.
func TestDecodeRecorded(t *testing.T) {
	content, err := os.ReadFile("testdata/kernel")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		printed, text, ok := strings.Cut(strings.TrimSpace(line), "\t")
		data, err := hex.DecodeString(expand(text))
		if !ok || err != nil {
			t.Fatalf("invalid line %q: %v", line, err)
		}
		rule, err := decode(data)
		if err != nil {
			t.Errorf("decode(%s): %v", printed, err)
		}
		want, isWatch := ParseLine(printed)
		if rule.IsWatch != isWatch || isWatch && !rule.Watch.Same(want) {
			t.Errorf("decode(%s) = %+v; want watch: %t", printed, rule.Watch, isWatch)
		}
	}
}

// expand undoes the counting of bytes that stand many times in a row: "ff*250".
func expand(text string) string {
	var all strings.Builder
	for _, part := range strings.Fields(text) {
		digits, times, _ := strings.Cut(part, "*")
		count := 0
		for _, c := range times {
			count = 10*count + int(c-'0')
		}
		all.WriteString(strings.Repeat(digits, max(count, 1)))
	}
	return all.String()
}

func FuzzDecode(f *testing.F) {
	f.Add(Watch{"/etc/docker", Tree, Any, "docker"}.encode())
	f.Add([]byte{})
	mutate.Fuzz(f, func(t *testing.T, data []byte) {
		rule, err := decode(data)
		if err != nil || !rule.IsWatch {
			return
		}
		again, err := decode(rule.Watch.encode())
		if err != nil || again.Watch != rule.Watch {
			t.Errorf("%+v is %+v when it is written again, %v", rule.Watch, again.Watch, err)
		}
	})
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte("-D\n-w /etc/docker/ -p wa -k docker\n-a always,exit -F dir=/x\n-e 2"))
	mutate.Fuzz(f, func(t *testing.T, content []byte) {
		file := ParseFile(content)
		if diff := cmp.Diff(string(content), string(file.Bytes())); diff != "" {
			t.Errorf("ParseFile changes the file:\n%s", diff)
		}
		watches := []Watch{{"/new", AsFound, Write, "docker"}}
		once := file.Set("docker", watches)
		if twice := once.Set("docker", watches); string(once.Bytes()) != string(twice.Bytes()) {
			t.Errorf("Set twice: %q, then %q", once.Bytes(), twice.Bytes())
		}
	})
}

// FuzzParseLine: a line that is read as a watch is written as one that means
// the same.
func FuzzParseLine(f *testing.F) {
	f.Add("-w /etc/docker/ -p wa -k docker\n")
	f.Add("-a always,exit -F dir=/x -F perm=rwa -F key=a -k b -S all")
	f.Add("-w/a//b/.. -pr -ka")
	f.Add("-w /a -k a\x01b")
	mutate.Fuzz(f, func(t *testing.T, text string) {
		w, ok := ParseLine(text)
		if !ok {
			return
		}
		again, ok := ParseLine(w.String() + "\n")
		if !ok || !again.Same(w) {
			t.Errorf("ParseLine(%q) = %+v, which is written as %q and then read as %+v, %v", text, w, w, again, ok)
		}
	})
}

// TestKernel adds and deletes watches in the kernel of this machine, where it
// lets the test.
func TestKernel(t *testing.T) {
	kernel, status, err := Open(host.New("/"))
	if err != nil {
		t.Skipf("the kernel's audit cannot be used here: %v", err)
	}
	t.Cleanup(kernel.Close)
	if status.Immutable {
		t.Skip("the kernel's audit rules are immutable")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	watches := []Watch{
		{dir, Tree, Write | Attribute, "hardened-docker-test"},
		{file, File, Any, "hardened-docker-test"},
	}
	listed := func() (own []Rule, others int) {
		t.Helper()
		rules, err := kernel.Rules()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			if r.IsWatch && r.Watch.In(watches) {
				own = append(own, r)
			} else {
				others++
			}
		}
		return own, others
	}
	_, others := listed()
	t.Cleanup(func() {
		own, _ := listed()
		for _, r := range own {
			if err := kernel.Delete(r); err != nil {
				t.Errorf("Delete(%v) = %v", r.Watch, err)
			}
		}
		if own, rest := listed(); len(own) != 0 || rest != others {
			t.Errorf("%d rules of the test are left, and %d others; want none, and %d", len(own), rest, others)
		}
	})
	// Each twice: a rule that is there is no error.
	for _, w := range append(watches, watches...) {
		if err := kernel.Add(w); err != nil {
			t.Fatalf("Add(%v) = %v", w, err)
		}
	}
	if own, _ := listed(); len(own) != len(watches) {
		t.Errorf("the kernel lists %d of %d rules", len(own), len(watches))
	}
	if err := kernel.Add(Watch{"/nowhere/file", File, Any, "hardened-docker-test"}); err == nil {
		t.Error("Add of a file without a directory = nil; the kernel was expected to refuse it")
	}
}
