// SPDX-License-Identifier: GPL-3.0-or-later

package dockerd

import (
	"strconv"
	"strings"
)

// Reason finds, among a unit's lines in the journal, the one that tells why
// dockerd does not run; "" if none does. When systemd gave up after several
// tries, the line is dockerd's own, not systemd's.
func Reason(lines []string) string {
	best, bestRank := "", 0
	previous := ""
	for _, line := range lines {
		line = strings.TrimSpace(line)
		text, rank := judge(line)
		if strings.Contains(line, "Main process exited, code=exited") && lastWords(previous) {
			text, rank = previous, 3
		}
		previous = line
		// A later line is about a later try, so it wins over one of its rank.
		if rank > 0 && rank >= bestRank {
			best, bestRank = text, rank
		}
	}
	return best
}

// lastWords reports whether a line before the one about dockerd's end is
// dockerd's own word on it: neither a line of its log, nor systemd's.
func lastWords(line string) bool {
	return line != "" && !strings.HasPrefix(line, "time=") && !strings.HasPrefix(line, "docker.service: ") &&
		!strings.HasPrefix(line, "Starting ") && !strings.HasPrefix(line, "Started ") && !strings.HasPrefix(line, "Stopping ")
}

// judge returns a line's text and how much it explains; 0 for nothing.
func judge(line string) (string, int) {
	text, level := message(line)
	switch {
	// dockerd's last words are no log line; systemd writes "Failed to start".
	case text == line && strings.HasPrefix(text, "failed to "),
		strings.HasPrefix(text, "unable to configure the Docker daemon"),
		strings.HasPrefix(text, "unknown flag"),
		strings.HasPrefix(text, "unknown shorthand flag"),
		strings.HasPrefix(text, "invalid argument"),
		strings.HasPrefix(text, "panic:"),
		// The Go runtime's own last word, before the stacks.
		strings.HasPrefix(text, "fatal error: "),
		level == "fatal", level == "panic":
		return text, 4
	case strings.Contains(text, "Unable to locate executable"),
		strings.Contains(text, "Failed at step"),
		strings.Contains(text, "Failed to execute"),
		strings.Contains(text, "Dependency failed"),
		strings.Contains(text, "A dependency job for"),
		strings.Contains(text, "code=killed"), strings.Contains(text, "code=dumped"),
		strings.Contains(text, "Failed with result 'timeout'"), strings.Contains(text, "Failed with result 'oom-kill'"):
		return text, 3
	case level == "error":
		return text, 2
	case strings.Contains(text, "Start request repeated too quickly"):
		return text, 1
	}
	return "", 0
}

// message takes the text and the level out of a line of dockerd's log, in its
// text or JSON format (log-format, engine 25); other lines are their own text.
func message(line string) (text, level string) {
	level = field(line, "level=")
	if !strings.HasPrefix(line, "time=") || level == "" {
		return line, ""
	}
	text = field(line, "msg=")
	if cause := field(line, "error="); cause != "" {
		text += ": " + cause
	}
	return text, level
}

// field returns the value of a field of a line in logrus' text format.
func field(line, name string) string {
	at := strings.Index(line, " "+name)
	if at < 0 {
		return ""
	}
	rest := line[at+1+len(name):]
	if !strings.HasPrefix(rest, `"`) {
		value, _, _ := strings.Cut(rest, " ")
		return value
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return strings.Trim(rest, `"`)
	}
	value, err := strconv.Unquote(quoted)
	if err != nil {
		return quoted
	}
	return value
}
