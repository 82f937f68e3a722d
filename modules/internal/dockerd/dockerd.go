// SPDX-License-Identifier: GPL-3.0-or-later

// Package dockerd knows the state of a host's Docker daemon: whether it runs,
// since when, with which arguments and which configuration, and where it
// listens. What a daemon.json may say is package engine's knowledge.
//
// A tour. [Read] finds the daemon through systemd and /proc. process.go reads
// processes, snapshot.go tells which daemon.json a running dockerd has loaded
// and keeps what was proven to be in force, remember.go does so for a module
// that is about to change the file, inforce.go compares daemon.json
// with what the daemon shows of itself, and reason.go finds the line of the
// journal that says why dockerd does not run.
package dockerd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
	"hardened.docker/modules/internal/systemd"
)

// Names of the units.
const (
	Service = "docker.service"
	Socket  = "docker.socket"
)

// DefaultConfigFile is daemon.json's place unless --config-file says otherwise.
const DefaultConfigFile = "/etc/docker/daemon.json"

// Daemon is a host's Docker daemon as it was found.
type Daemon struct {
	Service systemd.Unit
	Socket  systemd.Unit
	// Process is the running dockerd, nil if there is none.
	Process *Process
}

// Read finds the daemon. A daemon that is stopped or not installed is no error.
func Read(ctx context.Context, h *host.Host) (Daemon, error) {
	units, err := systemd.Show(ctx, h, Service, Socket)
	if err != nil {
		return Daemon{}, err
	}
	d := Daemon{Service: units[0], Socket: units[1]}
	if d.Service.MainPID > 0 {
		p, err := ReadProcess(h, d.Service.MainPID)
		switch {
		case err == nil:
			d.Process = &p
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH):
			// Not one that has ended since systemd was asked: dockerd may run.
			return d, fmt.Errorf("cannot look at dockerd's process: %w", err)
		}
	}
	return d, nil
}

// Running reports whether dockerd is up: started, and not on its way down.
func (d Daemon) Running() bool {
	return d.Process != nil && (d.Service.ActiveState == "active" || d.Service.ActiveState == "reloading")
}

// ConfigFile returns the configuration file that a command line of dockerd
// names, or the default one.
func ConfigFile(args []string) string {
	if value, ok := flag(args, "config-file", ""); ok && value != "" {
		return value
	}
	return DefaultConfigFile
}

// DataRootFlag returns the data-root that a command line of dockerd names, by
// its name of today or of before 17.05, or "".
func DataRootFlag(args []string) string {
	if value, ok := flag(args, "data-root", ""); ok {
		return value
	}
	value, _ := flag(args, "graph", "g")
	return value
}

// flag returns the last value of a flag in a command line, as pflag reads it.
func flag(args []string, long, short string) (string, bool) {
	values := flags(args, long, short)
	if len(values) == 0 {
		return "", false
	}
	return values[len(values)-1], true
}

// flags returns all values of a flag that takes one.
func flags(args []string, long, short string) []string {
	var values []string
	for i := 1; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			break
		}
		next := func() {
			if i+1 < len(args) {
				i++
				values = append(values, args[i])
			}
		}
		switch {
		case arg == "--"+long, short != "" && arg == "-"+short:
			next()
		case strings.HasPrefix(arg, "--"+long+"="):
			values = append(values, strings.TrimPrefix(arg, "--"+long+"="))
		case short != "" && strings.HasPrefix(arg, "-"+short) && !strings.HasPrefix(arg, "--"):
			values = append(values, strings.TrimPrefix(strings.TrimPrefix(arg, "-"+short), "="))
		}
	}
	return values
}

// SocketPath returns the unix socket to ask the daemon on: the first that its
// command line or daemon.json names, that of docker.socket for fd://, or the
// default one.
func SocketPath(args []string, settings Settings, socket systemd.Unit) string {
	hosts := flags(args, "host", "H")
	if len(hosts) == 0 {
		_ = json.Unmarshal(settings["hosts"], &hosts)
	}
	for _, name := range hosts {
		if path, ok := strings.CutPrefix(name, "unix://"); ok && path != "" {
			return path
		}
		if strings.HasPrefix(name, "fd://") {
			for _, listen := range socket.Listen {
				if path, ok := strings.CutSuffix(listen, " (Stream)"); ok && strings.HasPrefix(path, "/") {
					return path
				}
			}
		}
	}
	return dockerapi.DefaultSocket
}

// Client returns a client of the daemon, each question limited.
func (d Daemon) Client(h *host.Host, settings Settings, limit time.Duration) *dockerapi.Client {
	var args []string
	if d.Process != nil {
		args = d.Process.Args
	}
	path := SocketPath(args, settings, d.Socket)
	return dockerapi.New(path, h.Path(path), limit)
}

// NewClient finds the daemon's socket without systemd, from the command line of
// a running dockerd, else from daemon.json, and returns a client of it.
func NewClient(h *host.Host, found Processes, limit time.Duration) *dockerapi.Client {
	var d Daemon
	var args []string
	if len(found.Dockerd) > 0 {
		d.Process, args = &found.Dockerd[0], found.Dockerd[0].Args
	}
	var settings Settings
	if content, _, err := h.ReadRegular(ConfigFile(args), maxConfig); err == nil {
		text := string(content)
		settings, _ = ParseSettings(&text)
	}
	return d.Client(h, settings, limit)
}

// ParseSettings reads a daemon.json as dockerd does; nil is a file that is not
// there. It accepts more than docker_daemon_json does: what an engine takes it
// runs with, however badly it is written.
func ParseSettings(config *string) (Settings, error) {
	settings := Settings{}
	if config == nil || strings.TrimSpace(*config) == "" {
		return settings, nil
	}
	text := strings.TrimPrefix(*config, "\ufeff")
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		// It says line, column and what to do.
		if _, better := jsonedit.Parse([]byte(text)); better != nil {
			return nil, better
		}
		return nil, fmt.Errorf("invalid JSON: %w", err)
	}
	return settings, nil
}

// Document returns the settings decoded, numbers as json.Number, which is what
// package engine judges.
func (s Settings) Document() map[string]any {
	doc := make(map[string]any, len(s))
	for key, text := range s {
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		var value any
		// The text was part of a valid document.
		if decoder.Decode(&value) == nil {
			doc[key] = value
		}
	}
	return doc
}
