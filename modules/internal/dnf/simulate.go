// SPDX-License-Identifier: GPL-3.0-or-later

package dnf

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strings"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// Request is what a transaction is to do.
type Request struct {
	Install []string // "docker-ce-3:24.0.7-1.el9", or a name alone
	Remove  []string
}

// command returns the arguments and the standard input of a run that does the
// request in one transaction. dnf and yum install and remove together only in
// their shell, whose exit status says nothing. dnf5 has no shell, and a command
// for it, which removes what depends on a package only when it may.
func (t Tool) command(r Request, options ...string) (argv []string, stdin string) {
	argv = t.argv(options...)
	switch {
	case len(r.Remove) == 0:
		return slices.Concat(argv, []string{"install"}, r.Install), ""
	case len(r.Install) == 0:
		return slices.Concat(argv, []string{"remove"}, r.Remove), ""
	case t.Generation == 5:
		return slices.Concat(argv, []string{"do", "--allowerasing", "--action=remove"}, r.Remove, []string{"--action=install"}, r.Install), ""
	}
	text := "remove " + strings.Join(r.Remove, " ") + "\ninstall " + strings.Join(r.Install, " ") + "\nrun\n"
	return append(argv, "shell", "/dev/stdin"), text
}

// Simulate asks what a transaction would do. It changes nothing and uses no
// network. Files that two packages bring are not looked at: dnf does so when it
// has the packages, see Test.
func (t Tool) Simulate(ctx context.Context, h *host.Host, r Request, have Installed) ([]pkgmgr.Change, error) {
	argv, stdin := t.command(r, "-C", "--assumeno")
	out, err := h.Run(ctx, host.Command{Argv: argv, Stdin: []byte(stdin), Limit: readLimit})
	text := string(out.Stdout) + "\n" + string(out.Stderr)
	rows, skipped := parseTransaction(string(out.Stdout))
	resolved := strings.Contains(text, "Operation aborted") || strings.Contains(text, "Nothing to do")
	if errors.Is(err, host.ErrNotFound) || out.Code < 0 || !resolved || skipped || len(errorLines(text)) > 0 {
		if err == nil {
			err = &host.CommandError{Argv: argv, Output: out}
		}
		return nil, failure(out, err)
	}
	return changes(rows, have), nil
}

// row is a line of the table that dnf prints before a transaction.
type row struct {
	section string
	name    string
	version string
	// replaced is set for a package that the one before it takes the place of.
	replaced bool
}

// parseTransaction reads that table. Columns that do not fit into 80
// characters go on in the next line, which begins with more spaces. skipped
// says that dnf would leave out packages that it was asked for.
//
//	==========================================================
//	 Package         Architecture Version    Repository   Size
//	==========================================================
//	Installing:
//	 containerd.io   x86_64       1.6.28-3   docker-ce   6.5 k
//	     replacing  runc.x86_64 1.1.8-18.oe2203
//	Removing dependent packages:
//	 podman          x86_64       1:3.4.4-3  @openeuler    25
//
//	Transaction Summary
func parseTransaction(text string) (rows []row, skipped bool) {
	section := ""
	var fields []string
	flush := func() {
		if section != "" && len(fields) >= 4 {
			rows = append(rows, row{section: section, name: fields[0], version: Canonical(fields[2])})
		}
		fields = nil
	}
	for _, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "Transaction Summary"):
			flush()
			section = ""
		case len(words) == 0 || strings.HasPrefix(line, "="):
			flush()
		case line[0] != ' ':
			flush()
			section = ""
			if head, ok := strings.CutSuffix(strings.TrimSpace(line), ":"); ok && isSection(head) {
				section = head
			}
			skipped = skipped || strings.HasPrefix(line, "Skipping packages")
		case section == "":
		case words[0] == "replacing" && len(words) >= 3:
			flush()
			r := row{section: section, replaced: true, version: Canonical(words[2])}
			r.name, _, _ = cutLast(words[1], '.')
			if len(words) > 3 { // dnf5: name, architecture, version, repository
				r.name, r.version = words[1], Canonical(words[3])
			}
			rows = append(rows, r)
		case strings.HasPrefix(line, "  "):
			fields = append(fields, words...)
		default:
			flush()
			fields = words
		}
	}
	flush()
	return rows, skipped
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// isSection reports whether a heading is one below which packages stand.
func isSection(head string) bool {
	verb, _, _ := strings.Cut(head, " ")
	return slices.Contains([]string{"Installing", "Upgrading", "Updating", "Downgrading", "Removing", "Reinstalling", "Obsoleting"}, verb)
}

// changes turns the table into what happens to each package.
func changes(rows []row, have Installed) []pkgmgr.Change {
	byName := make(map[string]pkgmgr.Change)
	for _, r := range rows {
		c := pkgmgr.Change{Name: r.name, Before: have.Version(r.name)}
		if old, ok := byName[r.name]; ok {
			c = old
		}
		switch {
		case r.replaced && c.After != "", strings.HasPrefix(r.section, "Reinstalling"):
			continue // dnf5 shows an upgrade as the replacing of the older one
		case r.replaced, strings.HasPrefix(r.section, "Removing"):
			if c.After == "" {
				c.Before = r.version
			}
		default:
			c.After = r.version
		}
		byName[r.name] = c
	}
	var list []pkgmgr.Change
	for _, c := range byName {
		if c.Before != c.After {
			list = append(list, c)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}
