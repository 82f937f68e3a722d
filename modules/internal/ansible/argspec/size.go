// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// toSize reads a number of bytes (or bits) with an optional unit: "1.5M",
// "10 GB", "3 kilobyte"; with bits "10 Gb", "3 kilobit". Units count in powers
// of 1024. Source: ansible-core 2.19 module_utils/common/text/formatters.py,
// human_to_bytes.
func toSize(value any, bits bool) (any, error) {
	wrong := errors.New("expected a size in bytes such as 512, 10K or 1.5 GB")
	if bits {
		wrong = errors.New("expected a size in bits such as 512, 10K or 1.5 Gb")
	}
	text := strings.TrimRightFunc(str(value), isSpace)
	end := 0
	for end < len(text) && (isDigit(text[end]) || text[end] == '.') {
		end++
	}
	number, unit := text[:end], strings.TrimLeftFunc(text[end:], isSpace)
	_, fraction, hasPoint := strings.Cut(number, ".")
	if number == "" || strings.Contains(fraction, ".") || hasPoint && fraction == "" {
		return nil, wrong
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return nil, wrong
	}
	if unit != "" {
		factor, ok := sizeUnit(unit, bits)
		if !ok {
			return nil, wrong
		}
		f *= factor
	}
	if math.IsInf(f, 0) {
		return nil, wrong
	}
	return integer(strconv.FormatFloat(math.RoundToEven(f), 'f', 0, 64)), nil
}

// sizeUnit returns what one unit counts. A single letter is good in either
// case, "KB" is bytes and "Kb" is bits, the long names ("kilobyte") are good in
// any case.
func sizeUnit(unit string, bits bool) (float64, bool) {
	prefixes := []string{"", "kilo", "mega", "giga", "tera", "peta", "exa", "zeta", "yotta"}
	letter := strings.ToUpper(unit[:1])
	power := strings.Index("BKMGTPEZY", letter)
	if power < 0 {
		return 0, false
	}
	short, long := "B", "byte"
	if bits {
		short, long = "b", "bit"
	}
	if power > 0 {
		short = letter + short
	}
	if len(unit) > 1 && unit != short && strings.ToLower(unit) != prefixes[power]+long {
		return 0, false
	}
	return math.Ldexp(1, 10*power), true
}
