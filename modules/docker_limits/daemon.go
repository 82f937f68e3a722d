// SPDX-License-Identifier: GPL-3.0-or-later

package docker_limits

import (
	"encoding/json"
	"fmt"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// compareDaemon returns the limits on processes that the daemon gives to
// containers, and what does not agree. pam_limits reaches logins only: it is
// the daemon's own default-ulimits that containers start with.
func compareDaemon(h *host.Host, users processes, pidMax int64) (result any, warnings []string, err error) {
	settings, err := dockerd.Configured(h)
	if err != nil {
		return nil, nil, err
	}
	all, _ := settings["default-ulimits"].(map[string]any)
	one, _ := all["nproc"].(map[string]any)
	if one == nil {
		return nil, nil, nil
	}
	soft, okSoft := number(one["Soft"])
	hard, okHard := number(one["Hard"])
	if !okSoft || !okHard {
		return nil, []string{"the daemon's default-ulimits has an nproc without the numbers Soft and Hard: dockerd does not start with it."}, nil
	}
	where := fmt.Sprintf("the daemon's default-ulimits gives containers nproc %s (soft) and %s (hard)", soft, hard)
	for _, l := range []limit{soft, hard} {
		if pidMax > 0 && !l.unlimited && l.number > pidMax {
			warnings = append(warnings, fmt.Sprintf("%s, and the kernel has numbers for %d processes (kernel.pid_max).", where, pidMax))
			break
		}
	}
	if users.soft.set && users.soft != soft || users.hard.set && users.hard != hard {
		warnings = append(warnings, fmt.Sprintf("%s, and %s gives %s other limits: containers have the daemon's.", where, nprocFile, users.domain))
	}
	return map[string]any{"soft": soft.String(), "hard": hard.String()}, warnings, nil
}

func number(value any) (limit, bool) {
	n, _ := value.(json.Number)
	return parseLimit(n.String())
}
