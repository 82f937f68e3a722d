// SPDX-License-Identifier: GPL-3.0-or-later

package argspec

import (
	"os"
	"strconv"
	"strings"
)

// expandPath replaces $NAME and ${NAME} by the environment, then a leading ~ or
// ~user by the home directory, as Python's os.path.expandvars and expanduser
// do. What is unknown stays as it is.
func expandPath(path string) string { return expandUser(expandVars(path)) }

func expandVars(path string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(path, '$')
		if i < 0 {
			b.WriteString(path)
			return b.String()
		}
		b.WriteString(path[:i])
		path = path[i:]
		name, length := "", 1
		if strings.HasPrefix(path, "${") {
			if end := strings.IndexByte(path, '}'); end > 0 {
				name, length = path[2:end], end+1
			}
		} else {
			for length < len(path) && isWord(path[length]) {
				length++
			}
			name = path[1:length]
		}
		if value, ok := os.LookupEnv(name); ok && name != "" {
			b.WriteString(value)
		} else {
			b.WriteString(path[:length])
		}
		path = path[length:]
	}
}

func isWord(c byte) bool {
	return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func expandUser(path string) string {
	if !strings.HasPrefix(path, "~") {
		return path
	}
	user, _, _ := strings.Cut(path[1:], "/")
	home, ok := "", false
	if user == "" {
		home, ok = os.LookupEnv("HOME")
	}
	if !ok {
		home, ok = passwdHome(user)
	}
	if !ok {
		return path
	}
	if full := strings.TrimRight(home, "/") + path[1+len(user):]; full != "" {
		return full
	}
	return "/"
}

// passwdHome looks up the home directory of user, or of the running user if
// user is empty, in /etc/passwd. Users of other name services are not found: a
// static binary cannot ask them.
func passwdHome(user string) (home string, ok bool) {
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(string(passwd)) {
		fields := strings.Split(strings.TrimRight(line, "\n"), ":")
		if len(fields) < 7 {
			continue
		}
		if user != "" && fields[0] == user || user == "" && fields[2] == strconv.Itoa(os.Getuid()) {
			return fields[5], true
		}
	}
	return "", false
}
