// SPDX-License-Identifier: GPL-3.0-or-later

package docker_daemon_json

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
)

// databaseLimit is how long the host's user database, which may be a directory
// service, may take for an answer.
const databaseLimit = 20 * time.Second

// checkRemap refuses a user or group of userns-remap that the host does not
// have, or that has no subordinate ids. dockerd looks for them only when it
// starts, after every check of the file (moby daemon/daemon_unix.go,
// parseRemappedRoot; pkg/idtools, NewIdentityMapping).
func (c change) checkRemap(ctx context.Context, h *host.Host) error {
	const key = "userns-remap"
	value, _ := c.edited[key].(string)
	if value == "" || value == "default" || !slices.Contains(c.changed, key) || c.version == (engine.Version{}) {
		return nil
	}
	user, group, found := strings.Cut(value, ":")
	if !found {
		group = user
	}
	for _, one := range []struct{ database, kind, name, file string }{
		{"passwd", "user", user, "/etc/subuid"},
		{"group", "group", group, "/etc/subgid"},
	} {
		names, known := lookUp(ctx, h, one.database, one.name)
		if !known {
			continue
		}
		if len(names) == 0 {
			return fmt.Errorf("cannot set %s to %q: unknown %s %q on this host; create it first, or use default, for which the engine creates one", key, value, one.kind, one.name)
		}
		text, err := h.ReadFile(one.file)
		if err != nil || !hasRange(string(text), names) {
			return fmt.Errorf("cannot set %s to %q: %s has no range of ids for %s; add a line such as %s:100000:65536", key, value, one.file, one.name, names[0])
		}
	}
	return nil
}

// lookUp returns the names under which an entry of a database may stand in a
// file of ranges: its name and its number. known is false where the host
// cannot be asked.
func lookUp(ctx context.Context, h *host.Host, database, name string) (names []string, known bool) {
	out, err := h.Run(ctx, host.Command{Argv: []string{"getent", "--", database, name}, Limit: databaseLimit})
	if out.Code == 2 { // getent(1): no such entry
		return nil, true
	}
	if err != nil {
		return nil, false
	}
	// name:password:number:...
	fields := strings.Split(strings.TrimSpace(string(out.Stdout)), ":")
	if len(fields) < 3 {
		return nil, false
	}
	return []string{fields[0], fields[2]}, true
}

// hasRange reports whether a file such as /etc/subuid (subuid(5)) has a line
// for one of the names.
func hasRange(text string, names []string) bool {
	for _, line := range strings.Split(text, "\n") {
		name, _, found := strings.Cut(strings.TrimSpace(line), ":")
		if found && slices.Contains(names, name) {
			return true
		}
	}
	return false
}
