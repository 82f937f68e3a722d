// SPDX-License-Identifier: GPL-3.0-or-later

package docker_daemon_json

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/jsonedit"
	"hardened.docker/modules/internal/unitfile"
)

// commandLine is dockerd's command line as far as it concerns the file.
type commandLine struct {
	program string
	args    []string // without --config-file
	flags   []engine.FlagUse
	faults  []engine.Problem // why dockerd would not start with it, whatever the file
	flavor  engine.Flavor
	// ours tells that dockerd reads the file that the task is about.
	ours bool
}

// readCommandLine computes the command line from the unit, its drop-ins and
// environment files. A host without the unit has none yet, and one whose unit
// cannot be read tells it when it starts, not here.
func readCommandLine(h *host.Host, path string, version engine.Version) commandLine {
	line := commandLine{program: "dockerd", flavor: flavor(h), ours: path == dockerd.DefaultConfigFile}
	unit, err := unitfile.Load(h, dockerd.Service)
	if err != nil {
		return line
	}
	command, _, err := unitfile.ExecStart(h, unit)
	if err != nil {
		return line
	}
	uses, faults := engine.ParseFlags(command.Args(), version)
	if line.ours = engine.ConfigFile(uses) == path; !line.ours {
		// Another daemon's file, or none's: this unit's flags do not concern it.
		return line
	}
	line.flags, line.faults = uses, faults
	line.program = command.Words[0].Text
	for _, word := range command.Args() {
		line.args = append(line.args, word.Text)
	}
	return line
}

// flavor tells openEuler's docker-engine, which knows options of its own, from
// the others, by the distribution.
func flavor(h *host.Host) engine.Flavor {
	release, err := distro.Read(h)
	if err != nil {
		return engine.Moby
	}
	if own, err := release.Flavor(); err == nil && own == distro.DockerEngine {
		return engine.OpenEuler
	}
	return engine.Moby
}

// nobody is the user and group that an engine without --validate is run as: it
// reads its whole configuration and then finds that it is not root.
const nobody = 65534

// validateLimit is how long the engine may take to read a file.
const validateLimit = 30 * time.Second

// askEngine has the installed engine read the new file, on standard input and
// with the unit's real flags. Engines since 23.0 have --validate and are asked
// as root, since they load keys that only root can read.
func (c change) askEngine(ctx context.Context, h *host.Host) error {
	if len(c.changed) == 0 || !c.line.ours || c.EngineVersion != nil || os.Geteuid() != 0 {
		return nil
	}
	// A wrapper would take the question for a start.
	if name := path.Base(c.line.program); name != "dockerd" && name != "dockerd-ce" {
		return nil
	}
	args, content := withoutRemap(withoutFlag(c.line.args, "config-file"), c.edited, c.content)
	command := host.Command{Argv: append([]string{c.line.program, "--config-file", "/dev/stdin"}, args...), Stdin: content, Limit: validateLimit}
	if c.version.Known() && c.version.Compare(engine.Version{Major: 23}) < 0 {
		command.UID, command.GID = nobody, nobody
	} else {
		command.Argv = append(command.Argv, "--validate")
	}
	out, err := h.Run(ctx, command)
	text := string(out.Stderr) + string(out.Stdout)
	switch {
	case err == nil && command.UID == 0, errors.Is(err, host.ErrNotFound), strings.Contains(text, "needs to be started with root"):
		return nil
	case strings.Contains(text, "unknown flag: --validate"):
		// An old engine whose version cannot be read, so that it was asked in
		// the new way. The table has judged the file.
		return nil
	case out.Code < 0:
		return fmt.Errorf("cannot have the engine validate %s: %w; if it cannot be asked on this host, set validate: false", c.Path, err)
	}
	if len(c.line.faults) > 0 {
		// It did not come to the file; the first fault is the one it stops at.
		return fmt.Errorf("cannot have the engine validate %s: it does not start with its command line: %s", c.Path, c.line.faults[0].Text)
	}
	return fmt.Errorf("cannot write %s: %s %v refuses it: %s", c.Path, c.line.program, c.version, reason(text))
}

// withoutRemap leaves out userns-remap where it is "default": engines from 26.1
// make its user and ID ranges while they validate, and a check must change
// nothing. The value itself is always valid.
func withoutRemap(args []string, doc map[string]any, content []byte) ([]string, []byte) {
	const key, standard = "userns-remap", "default"
	if slices.Contains(args, "--"+key+"="+standard) {
		args = withoutFlag(args, key)
	}
	if doc[key] != standard {
		return args, content
	}
	copied, err := jsonedit.Parse(content)
	if err != nil {
		return args, content
	}
	copied.Remove(key)
	return args, copied.Bytes()
}

// reason is what dockerd says is wrong, without its preambles and its hint at
// --help.
func reason(text string) string {
	var said []string
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		for _, preamble := range []string{"unable to configure the Docker daemon with file /dev/stdin: ", "merged configuration validation from file and command line flags failed: "} {
			line = strings.TrimPrefix(line, preamble)
		}
		if line != "" && !strings.HasPrefix(line, "See 'dockerd --help'") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		return "it said nothing more"
	}
	return strings.Join(said[max(0, len(said)-3):], "; ")
}

// withoutFlag leaves a flag that takes a value out of a command line.
func withoutFlag(args []string, name string) []string {
	var kept []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--"+name:
			i++
		case !strings.HasPrefix(args[i], "--"+name+"="):
			kept = append(kept, args[i])
		}
	}
	return kept
}
