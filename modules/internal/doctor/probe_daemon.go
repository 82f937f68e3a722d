// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
	"hardened.docker/modules/internal/systemd"
	"hardened.docker/modules/internal/unitfile"
)

func readProcesses(_ context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	found := dockerd.FindProcesses(h)
	replaced := len(found.Dockerd) > 0 && dockerd.Replaced(h, found.Dockerd[0].PID)
	return func(s *Snapshot) { s.Processes, s.Replaced = found, replaced }, nil
}

// readConfig reads the command line and daemon.json.
func readConfig(_ context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	var c Config
	unit, err := unitfile.Load(h, dockerd.Service)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		c.Problem = err.Error()
	default:
		c.Unit, c.DropIns = true, unit.DropIns
		if variables, _, err := unitfile.Environment(h, unit); err == nil {
			c.CrashFiles = variables["DISABLE_CRASH_FILES_DELETE"].Value
		}
		command, _, err := unitfile.ExecStart(h, unit)
		if err != nil {
			c.Problem = err.Error()
			break
		}
		c.Flags, c.Problems = engine.ParseFlags(command.Args(), engine.Version{})
	}
	c.File = engine.ConfigFile(c.Flags)
	content, _, err := h.ReadRegular(c.File, 16<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return func(s *Snapshot) { s.Config = c }, nil
	}
	c.Exists = true
	if err != nil {
		c.Invalid = err.Error()
		return func(s *Snapshot) { s.Config = c }, nil
	}
	text := string(content)
	if c.Settings, err = dockerd.ParseSettings(&text); err == nil {
		c.Document = c.Settings.Document()
	}
	// What encoding/json takes can still be read in two ways.
	if _, err := jsonedit.Parse(content); err != nil && strings.TrimSpace(text) != "" {
		c.Invalid = c.File + ": " + err.Error()
	}
	return func(s *Snapshot) { s.Config = c }, nil
}

func readUnits(ctx context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	units, err := systemd.Show(ctx, h, dockerd.Service, dockerd.Socket, "containerd.service", "firewalld.service", "systemd-journald.service")
	if err != nil {
		return nil, err
	}
	return func(s *Snapshot) {
		s.Docker, s.Socket, s.Containerd, s.Firewalld, s.Journald = units[0], units[1], units[2], units[3], units[4]
	}, nil
}

func parseVersion(text string) (engine.Version, error) { return engine.Parse(text) }

func readVersion(ctx context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	version, err := dockerd.ProgramVersion(ctx, h)
	if errors.Is(err, host.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return func(s *Snapshot) { s.Program = version }, nil
}

// pingLimit is how long a daemon may take to say that it is there.
const pingLimit = 5 * time.Second

// readAPI asks the daemon, if there is one. A socket that systemd keeps for a
// stopped daemon is left alone: asking would start it.
func readAPI(ctx context.Context, h *host.Host, early *Snapshot) (func(*Snapshot), error) {
	if len(early.Processes.Dockerd) == 0 {
		return nil, nil
	}
	if err := dockerd.NewClient(h, early.Processes, pingLimit).Ping(ctx); err != nil {
		state := Down // just begun, about to end, or listening elsewhere
		if errors.Is(err, dockerapi.ErrTimeout) {
			state = silent(ctx, h, early)
		}
		return func(s *Snapshot) { s.Daemon, s.APIError = state, err.Error() }, err
	}
	client := dockerd.NewClient(h, early.Processes, 2*pingLimit)
	var info dockerapi.Info
	var list []dockerapi.Container
	var networks []dockerapi.Network
	questions := []func() error{
		func() (err error) { info, err = client.Info(ctx); return },
		func() (err error) { list, err = client.Containers(ctx, true); return },
		func() (err error) { networks, err = client.Networks(ctx); return },
	}
	failed := make(chan error, len(questions))
	for _, ask := range questions {
		go func() { failed <- ask() }()
	}
	var err error
	for range questions {
		if one := <-failed; one != nil {
			err = one
		}
	}
	if err != nil {
		return func(s *Snapshot) { s.Daemon, s.APIError = Hanging, err.Error() }, err
	}
	sick := unhealthyNow(ctx, client, list)
	return func(s *Snapshot) {
		s.Daemon, s.Info, s.Listed, s.Networks, s.Sick = Up, info, list, networks, sick
	}, nil
}

// maxSick is how many unhealthy containers are asked what their check said.
const maxSick = 10

// unhealthyNow returns what the last health check of each unhealthy container
// said, by container. Engines write the health to disk late, 26.1 not at all
// while the container runs, so the daemon is asked.
func unhealthyNow(ctx context.Context, client *dockerapi.Client, list []dockerapi.Container) map[string]string {
	sick := map[string]string{}
	for _, c := range list {
		if !strings.Contains(c.Status, "(unhealthy)") {
			continue
		}
		sick[c.ID] = ""
		if len(sick) > maxSick {
			continue
		}
		var known struct{ State containerState }
		if text, err := client.Inspect(ctx, c.ID); err == nil && json.Unmarshal(text, &known) == nil {
			sick[c.ID] = known.State.Health.said()
		}
	}
	return sick
}

// startGrace is how long a dockerd may take until it answers for the first
// time. One that has thousands of containers takes its time, and one that
// crashes at each start never gets old.
const startGrace = time.Minute

// silent tells what a daemon is that did not answer. systemd keeps the socket
// open for one that crashes and is started again and again: clients are let in
// and wait, and nobody hangs.
func silent(ctx context.Context, h *host.Host, early *Snapshot) string {
	here := alive(h, early.Processes.Dockerd)
	if len(here) == 0 {
		return Down
	}
	units, err := systemd.Show(ctx, h, dockerd.Service)
	if err != nil || units[0].ActiveState == "active" || time.Since(here[0].Started()) >= startGrace {
		return Hanging
	}
	return Down
}

// journalLines is how much of the journal is read: enough for a few failed
// starts of an engine that writes the stacks of all its goroutines each time.
const journalLines = 3000

func readJournal(ctx context.Context, h *host.Host, _ *Snapshot) (func(*Snapshot), error) {
	if _, ok := h.Look("journalctl"); !ok {
		return nil, errors.New("cannot read the journal: journalctl is not installed")
	}
	lines := systemd.Journal(ctx, h, dockerd.Service, time.Time{}, journalLines)
	return func(s *Snapshot) { s.Journal = sinceStart(lines) }, nil
}

// sinceStart returns what was written after the last start that came to its
// end: what went wrong before that does not any more.
func sinceStart(lines []string) []string {
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.HasPrefix(lines[i], "Started ") {
			return lines[i+1:]
		}
	}
	return lines
}

// readStream finds out whether what dockerd writes still reaches the journal:
// the socket that is its standard error must have another end.
func readStream(ctx context.Context, h *host.Host, early *Snapshot) (func(*Snapshot), error) {
	if len(early.Processes.Dockerd) == 0 {
		return nil, nil
	}
	target, err := h.Readlink("/proc/" + strconv.Itoa(early.Processes.Dockerd[0].PID) + "/fd/2")
	if err != nil {
		return nil, err
	}
	inode, ok := strings.CutPrefix(target, "socket:[")
	if !ok {
		return nil, nil
	}
	stream := Stream{Inode: strings.TrimSuffix(inode, "]")}
	out, err := h.Run(ctx, host.Command{Argv: []string{"ss", "-x", "-a", "-n", "-H"}, Limit: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	stream.Line, stream.Cut = ParseStream(string(out.Stdout), stream.Inode)
	return func(s *Snapshot) { s.Stream = stream }, nil
}

// ParseStream finds a socket by its inode in what ss prints of unix sockets,
// and tells whether it has no other end:
//
//	u_str ESTAB 0 0 * 3105931 * 3105934
func ParseStream(text, inode string) (line string, cut bool) {
	for _, l := range strings.Split(text, "\n") {
		f := strings.Fields(l)
		if n := len(f); n >= 8 && f[n-3] == inode {
			return strings.Join(f, " "), f[n-1] == "0"
		}
	}
	return "", false
}
