// SPDX-License-Identifier: GPL-3.0-or-later

package docker_limits

import (
	"errors"
	"fmt"
	"path"
	"sort"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/kernelparam"
)

const (
	limitsDir = "/etc/security/limits.d"
	nprocFile = limitsDir + "/20-nproc.conf"
	maxSize   = 1 << 20
)

// limit is a number of processes.
type limit struct {
	set       bool
	unlimited bool
	number    int64
}

// parseLimit reads a value of limits.conf(5).
func parseLimit(text string) (limit, bool) {
	switch text {
	case "unlimited", "infinity", "-1":
		return limit{set: true, unlimited: true}, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return limit{set: true, number: n}, err == nil && n >= 0
}

func (l limit) String() string {
	if l.unlimited {
		return "unlimited"
	}
	return strconv.FormatInt(l.number, 10)
}

// over reports whether a limit allows more than the other one.
func (l limit) over(other limit) bool {
	return l.set && other.set && !other.unlimited && (l.unlimited || l.number > other.number)
}

func (l limit) result() any {
	if !l.set {
		return nil
	}
	return l.String()
}

// processes are the limits of a domain.
type processes struct {
	domain     string
	soft, hard limit
}

func parseOptions(p Params) (processes, error) {
	wanted := processes{domain: p.Domain}
	if p.Domain == "" || strings.ContainsAny(p.Domain, " \t\r\n#") {
		return wanted, fmt.Errorf("invalid value of option \"domain\": %q: write a user, @group or *", p.Domain)
	}
	for _, option := range []struct {
		name  string
		value *string
		to    *limit
	}{{"soft", p.Soft, &wanted.soft}, {"hard", p.Hard, &wanted.hard}} {
		if option.value == nil {
			continue
		}
		l, ok := parseLimit(*option.value)
		if !ok || !l.unlimited && l.number == 0 {
			return wanted, fmt.Errorf("invalid value of option %q: %q: write a number of processes, or unlimited", option.name, *option.value)
		}
		*option.to = l
	}
	return wanted, wanted.checkOrder()
}

// checkOrder refuses a soft limit over the hard one, which would be cut at
// each login without a word.
func (p processes) checkOrder() error {
	if p.soft.over(p.hard) {
		return fmt.Errorf("invalid limits of %s: soft is %s, and hard is %s; write a soft limit that is at most the hard one", p.domain, p.soft, p.hard)
	}
	return nil
}

// readPIDMax returns how many processes the kernel has numbers for; 0 is
// unknown.
func readPIDMax(h *host.Host) (int64, error) {
	text, found, err := kernelparam.Read(h, "/proc/sys/kernel/pid_max")
	if err != nil || !found {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("unknown value of kernel.pid_max: %q", text)
	}
	return n, nil
}

// checkPIDMax refuses numbers that the kernel cannot give.
func (p processes) checkPIDMax(pidMax int64) error {
	for _, l := range []struct {
		name string
		limit
	}{{"soft", p.soft}, {"hard", p.hard}} {
		if pidMax > 0 && l.set && !l.unlimited && l.number > pidMax {
			return fmt.Errorf("invalid value of option %q: %d: the kernel has numbers for %d processes (kernel.pid_max); write at most that, or raise kernel.pid_max first", l.name, l.number, pidMax)
		}
	}
	return nil
}

// planProcesses returns the limits that the domain has after the task.
func planProcesses(h *host.Host, wanted processes) (processes, []ansible.Act, error) {
	before, err := file.Read(h, nprocFile, maxSize)
	if err != nil {
		return wanted, nil, err
	}
	lines := strings.SplitAfter(string(before.Content), "\n")
	after := wanted
	for _, kind := range []struct {
		name string
		to   *limit
	}{{"soft", &after.soft}, {"hard", &after.hard}} {
		have := last(lines, wanted.domain, kind.name)
		if !kind.to.set {
			*kind.to = have
			continue
		}
		if err := overruled(h, wanted.domain, kind.name, *kind.to); err != nil {
			return wanted, nil, err
		}
		if have != *kind.to {
			lines = replace(lines, wanted.domain, kind.name, *kind.to)
		}
	}
	if err := after.checkOrder(); err != nil {
		return wanted, nil, err
	}
	content := strings.Join(lines, "")
	if content == string(before.Content) {
		return after, nil, nil
	}
	acts, err := dropin.Parents(h, limitsDir)
	return after, append(acts, file.Replace{Before: before, Content: []byte(content), Mode: 0o644}), err
}

// parseLine reads a line of limits.conf(5) about processes.
func parseLine(line string) (domain, kind string, l limit, ok bool) {
	code, _, _ := strings.Cut(line, "#")
	words := strings.Fields(code)
	if len(words) != 4 || words[2] != "nproc" {
		return "", "", limit{}, false
	}
	l, ok = parseLimit(words[3])
	return words[0], words[1], l, ok
}

// concerns reports whether a line sets that kind of limit; "-" sets both.
func concerns(line, domain, kind string) (limit, bool) {
	d, k, l, ok := parseLine(line)
	return l, ok && d == domain && (k == kind || k == "-")
}

// last returns the limit that counts, that of the last line about it.
func last(lines []string, domain, kind string) (found limit) {
	for _, line := range lines {
		if l, ok := concerns(line, domain, kind); ok {
			found = l
		}
	}
	return found
}

// replace puts a new line in the place of those about that limit, behind the
// lines about both kinds, over which it has the last word.
func replace(lines []string, domain, kind string, to limit) []string {
	var out []string
	at := -1
	for _, line := range lines {
		if _, ok := concerns(line, domain, kind); !ok {
			out = append(out, line)
			continue
		}
		if _, k, _, _ := parseLine(line); k == "-" {
			out = append(out, line)
		}
		at = len(out)
	}
	// A last line without its end gets one; behind a line end is nothing.
	end := len(out) - 1
	if end >= 0 && out[end] == "" {
		out = out[:end]
	} else if end >= 0 && !strings.HasSuffix(out[end], "\n") {
		out[end] += "\n"
	}
	if at < 0 || at > len(out) {
		at = len(out)
	}
	text := fmt.Sprintf("%-10s %-7s nproc     %s\n", domain, kind, to)
	return append(out[:at], append([]string{text}, out[at:]...)...)
}

// overruled refuses a limit that a file read later sets otherwise.
func overruled(h *host.Host, domain, kind string, want limit) error {
	files, err := h.Glob(limitsDir + "/*.conf")
	if err != nil {
		return err
	}
	sort.Strings(files)
	for _, name := range files {
		if path.Base(name) <= path.Base(nprocFile) {
			continue
		}
		content, err := h.ReadFile(name)
		if err != nil {
			return fmt.Errorf("cannot read %w", err)
		}
		for n, line := range strings.Split(string(content), "\n") {
			if l, ok := concerns(line, domain, kind); ok && l != want {
				return errors.New("cannot set the " + kind + " limit of " + domain + " to " + want.String() + ": " + name + ":" + strconv.Itoa(n+1) + " sets it to " + l.String() + " and is read later; remove it there")
			}
		}
	}
	return nil
}
