// SPDX-License-Identifier: GPL-3.0-or-later

package jsonedit

import (
	"encoding/json"
	"strconv"
	"strings"
)

// equalText compares two valid JSON texts by meaning.
func equalText(a, b string) bool {
	return a == b || equalAny(decode(a), decode(b))
}

// equalAny compares what decode returns.
func equalAny(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		return ok && equalNumber(string(a), string(b))
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equalAny(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !equalAny(v, w) {
				return false
			}
		}
		return true
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

// equalNumber compares two number literals exactly. It works on the digits, so
// that 1e999999999 costs no memory.
func equalNumber(a, b string) bool {
	if a == b {
		return true
	}
	x, ok := parseDecimal(a)
	if !ok {
		return false
	}
	y, ok := parseDecimal(b)
	return ok && x == y
}

// A decimal is digits times ten to the power of exponent, with neither leading
// nor trailing zeros in digits: equal numbers have equal decimals. Zero is the
// zero value.
type decimal struct {
	negative bool
	digits   string
	exponent int64
}

// parseDecimal is not ok for an exponent beyond 10^18, with which a number equals
// only one that is spelled the same.
func parseDecimal(s string) (decimal, bool) {
	var d decimal
	s, d.negative = strings.CutPrefix(s, "-")
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	d.digits = strings.TrimLeft(whole+fraction, "0")
	if d.digits == "" {
		return decimal{}, true
	}
	if exponent != "" {
		e, err := strconv.ParseInt(exponent, 10, 64)
		if err != nil || e > 1e18 || e < -1e18 {
			return decimal{}, false
		}
		d.exponent = e
	}
	d.exponent -= int64(len(fraction))
	trimmed := strings.TrimRight(d.digits, "0")
	d.exponent += int64(len(d.digits) - len(trimmed))
	d.digits = trimmed
	return d, true
}
