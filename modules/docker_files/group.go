// SPDX-License-Identifier: GPL-3.0-or-later

package docker_files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
)

// group is the group whose members may use the daemon, which is as good as
// being root.
type group struct {
	name string
	gid  int // root's if the host does not have the group
	list []string
	// first has the users whose first group it is. They are no members in
	// /etc/group, and only a new first group takes their rights away.
	first []string
	found bool
}

func groupOf(h *host.Host, config map[string]any) (group, error) {
	g := group{name: groupName(config)}
	content, err := h.ReadFile("/etc/group")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return g, fmt.Errorf("cannot read /etc/group: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		// name:password:gid:member,member
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 4 || fields[0] != g.name {
			continue
		}
		gid, err := strconv.Atoi(fields[2])
		if err != nil {
			return g, fmt.Errorf("invalid line %q in /etc/group: its third field is no number", strings.TrimSpace(line))
		}
		g.gid, g.found = gid, true
		g.list = slices.DeleteFunc(strings.Split(fields[3], ","), func(s string) bool { return s == "" })
		slices.Sort(g.list)
		break
	}
	content, err = h.ReadFile("/etc/passwd")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return g, fmt.Errorf("cannot read /etc/passwd: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		fields := strings.Split(line, ":")
		if g.found && len(fields) == 7 && fields[3] == strconv.Itoa(g.gid) {
			g.first = append(g.first, fields[0])
		}
	}
	return g, nil
}

// all are the members and the users whose first group it is.
func (g group) all() []string { return sorted(slices.Concat(g.list, g.first)) }

// sorted returns the names in order, each once, and never nil.
func sorted(names []string) []string {
	list := append([]string{}, names...)
	slices.Sort(list)
	return slices.Compact(list)
}

// changes returns the acts that make the group have exactly the members that
// the option names, and the members that it does not name.
func (g group) changes(ctx context.Context, h *host.Host, p Params) (acts []ansible.Act, surplus []string, err error) {
	if p.GroupMembers == nil {
		return nil, nil, nil
	}
	wanted := sorted(*p.GroupMembers)
	for _, name := range g.first {
		if !slices.Contains(wanted, name) {
			return nil, nil, fmt.Errorf("cannot take the user %s out of the group %s: it is the user's first group; give it another one with usermod -g", name, g.name)
		}
	}
	for _, name := range wanted {
		if slices.Contains(g.list, name) || slices.Contains(g.first, name) {
			continue
		}
		if name == "" || strings.HasPrefix(name, "-") || strings.ContainsAny(name, ":, \t\n") {
			return nil, nil, fmt.Errorf("invalid value of option \"group_members\": %q is no name of a user", name)
		}
		if !g.found {
			return nil, nil, fmt.Errorf("cannot add the user %s to the group %s: the host does not have the group; install the engine first", name, g.name)
		}
		if _, err := h.Run(ctx, host.Command{Argv: []string{"getent", "passwd", name}, Limit: 30 * time.Second}); err != nil {
			return nil, nil, fmt.Errorf("cannot add the user %s to the group %s: the host does not know the user: %w", name, g.name, err)
		}
		acts = append(acts, membership{g.name, name, false})
	}
	for _, name := range g.list {
		if !slices.Contains(wanted, name) {
			surplus = append(surplus, name)
			acts = append(acts, membership{g.name, name, true})
		}
	}
	return acts, surplus, nil
}

// membership is the act that adds a user to a group, or takes the user out.
type membership struct {
	group, user string
	out         bool
}

// Describe implements [ansible.Act].
func (m membership) Describe() string {
	if m.out {
		return fmt.Sprintf("take the user %s out of the group %s", m.user, m.group)
	}
	return fmt.Sprintf("add the user %s to the group %s", m.user, m.group)
}

// Diff implements [ansible.Act].
func (m membership) Diff() []ansible.Diff {
	d := ansible.Diff{BeforeHeader: "group " + m.group, AfterHeader: "group " + m.group, After: "member " + m.user + "\n"}
	if m.out {
		d.Before, d.After = d.After, d.Before
	}
	return []ansible.Diff{d}
}

// Do implements [ansible.Act].
func (m membership) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	flag := "-a"
	if m.out {
		flag = "-d"
	}
	if _, err := h.Run(ctx, host.Command{Argv: []string{"gpasswd", flag, m.user, m.group}, Limit: time.Minute}); err != nil {
		return nil, fmt.Errorf("cannot %s: %w", m.Describe(), err)
	}
	return nil, nil
}
