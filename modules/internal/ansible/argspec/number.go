// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// maxDigits is how long an integer may be: Python's own limit for reading one.
const maxDigits = 4300

// isInteger reports whether Python reads the JSON number as an int.
func isInteger(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

// integerDigits returns an integer as Python writes it: without "-0".
func integerDigits(n json.Number) string {
	if n == "-0" {
		return "0"
	}
	return string(n)
}

// toFloat64 returns the nearest float, infinity for what is too large.
func toFloat64(n json.Number) float64 {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return math.NaN()
	}
	return f
}

// numberKey returns a text that is the same for numbers that Python calls
// equal, and "" for what is not a number.
func numberKey(value any) string {
	switch value := value.(type) {
	case bool:
		if value {
			return "1"
		}
		return "0"
	case int64:
		return strconv.FormatInt(value, 10)
	case float64:
		return floatKey(value)
	case json.Number:
		if isInteger(value) {
			return integerDigits(value)
		}
		return floatKey(toFloat64(value))
	default:
		return ""
	}
}

func floatKey(f float64) string {
	switch {
	case f == 0:
		return "0"
	case f == math.Trunc(f) && !math.IsInf(f, 0):
		return strconv.FormatFloat(f, 'f', 0, 64) // exact: every large float is an integer
	default:
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
}

// integer returns the whole number written as digits, as int64 if it fits.
func integer(digits string) any {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n
	}
	return json.Number(digits)
}

// parseDecimal reads an integer in the syntax of Python's decimal.Decimal:
// white space around, underscores anywhere, fraction and exponent allowed as
// long as the value is whole. It returns the digits with their sign.
func parseDecimal(text string) (digits string, ok bool) {
	text = strings.ReplaceAll(strip(text), "_", "")
	negative := strings.HasPrefix(text, "-")
	if negative || strings.HasPrefix(text, "+") {
		text = text[1:]
	}
	shift := 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		exponent := text[i+1:]
		n, err := strconv.Atoi(exponent) // a sign is allowed, an underscore is not left
		if err != nil {
			return "", false
		}
		text, shift = text[:i], n
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits = whole + fraction
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return "0", true
	}
	significant := strings.TrimRight(digits, "0")
	zeros := len(digits) - len(significant)
	if shift > maxDigits || shift < -maxDigits {
		return "", false
	}
	zeros += shift - len(fraction)
	if zeros < 0 || len(significant)+zeros > maxDigits {
		return "", false
	}
	digits = significant + strings.Repeat("0", zeros)
	if negative {
		digits = "-" + digits
	}
	return digits, true
}

// parseFloat reads a number in the syntax of Python's float(): white space
// around, single underscores between digits. NaN and infinity are refused.
func parseFloat(text string) (float64, bool) {
	text = strip(text)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '_':
			if i == 0 || i == len(text)-1 || !isDigit(text[i-1]) || !isDigit(text[i+1]) {
				return 0, false
			}
		case isDigit(c), strings.IndexByte("+-.eE", c) >= 0:
		default:
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	return f, err == nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
