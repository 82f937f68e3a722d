// SPDX-License-Identifier: GPL-3.0-or-later

package dropin

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/systemd"
)

// Forever is a time span without end.
const Forever = time.Duration(math.MaxInt64)

// ParseSpan reads a time span as systemd does: "90", "5min", "1h 30s",
// "infinity"; a bare number is seconds (systemd.time(7)).
func ParseSpan(text string) (time.Duration, error) {
	invalid := fmt.Errorf("invalid time span %q: write seconds, or numbers with units as in 5min or 1h 30s, or infinity", text)
	rest := strings.TrimSpace(text)
	if rest == "infinity" {
		return Forever, nil
	}
	if rest == "" {
		return 0, invalid
	}
	var sum float64
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if end < 0 {
			end = len(rest)
		}
		number, err := strconv.ParseFloat(rest[:end], 64)
		if err != nil {
			return 0, invalid
		}
		rest = strings.TrimLeft(rest[end:], " \t")
		end = strings.IndexAny(rest, "0123456789. \t")
		if end < 0 {
			end = len(rest)
		}
		unit, ok := systemd.SpanUnit(rest[:end])
		if !ok {
			return 0, invalid
		}
		sum += number * float64(unit)
		rest = strings.TrimLeft(rest[end:], " \t")
	}
	if sum >= float64(Forever) {
		return 0, invalid
	}
	return time.Duration(sum), nil
}

// ResourceLimit is a limit such as LimitNOFILE=, soft and hard.
type ResourceLimit struct{ Soft, Hard uint64 }

// NoLimit is the limit infinity.
const NoLimit = math.MaxUint64

// ParseLimit reads a resource limit as systemd does: "1024", "1024:4096",
// "infinity" (systemd.exec(5)). A number alone is both limits.
func ParseLimit(text string) (ResourceLimit, error) {
	soft, hard, both := strings.Cut(strings.TrimSpace(text), ":")
	if !both {
		hard = soft
	}
	var l ResourceLimit
	for _, part := range []struct {
		text string
		to   *uint64
	}{{soft, &l.Soft}, {hard, &l.Hard}} {
		if part.text == "infinity" {
			*part.to = NoLimit
			continue
		}
		n, err := strconv.ParseUint(part.text, 10, 63)
		if err != nil {
			return l, fmt.Errorf("invalid limit %q: write a number, infinity, or two of them as soft:hard", text)
		}
		*part.to = n
	}
	if l.Soft > l.Hard {
		return l, fmt.Errorf("invalid limit %q: the soft limit is above the hard one", text)
	}
	return l, nil
}
