// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
)

// course is one act of several steps: whatever comes of them, also a signal
// between two, daemon.json is put back and dockerd runs again.
type course struct {
	title string // goes before the description
	steps []ansible.Act
	// halts says that the steps stop what ran: dockerd, its socket, containers.
	halts bool
	// after starts or restarts dockerd, as the last step.
	after service
	note  *note
	// holds says that a later act needs the note.
	holds bool
}

// Describe implements [ansible.Act].
func (c *course) Describe() string {
	var texts []string
	for _, step := range c.all() {
		texts = append(texts, step.Describe())
	}
	return c.title + strings.Join(texts, "; ")
}

// Diff implements [ansible.Act].
func (c *course) Diff() []ansible.Diff {
	var diffs []ansible.Diff
	for _, step := range c.all() {
		diffs = append(diffs, step.Diff()...)
	}
	return diffs
}

func (c *course) all() []ansible.Act { return append(c.steps[:len(c.steps):len(c.steps)], c.after) }

// Do implements [ansible.Act].
func (c *course) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if c.halts {
		if err := c.note.write(ctx, h); err != nil {
			return nil, &ansible.NothingDone{Err: err}
		}
	}
	var done []string
	for _, step := range c.steps {
		err := context.Cause(ctx)
		if err == nil {
			_, err = step.Do(ctx, h)
		} else {
			err = fmt.Errorf("cannot %s: %w", step.Describe(), err)
		}
		if err != nil {
			return c.back(context.WithoutCancel(ctx), h, after(done, err))
		}
		done = append(done, step.Describe())
	}
	// A signal that comes now does not leave it down.
	result, err := c.arrive(context.WithoutCancel(ctx), h, c.after)
	return result, after(done, err)
}

func after(done []string, err error) error {
	if err == nil || len(done) == 0 {
		return err
	}
	return fmt.Errorf("%w; before that: %s", err, strings.Join(done, "; "))
}

// back leads to a running dockerd after a step that failed.
func (c *course) back(ctx context.Context, h *host.Host, cause error) (map[string]any, error) {
	if _, err := c.note.Do(ctx, h); err != nil {
		cause = fmt.Errorf("%w; and %w", cause, err)
	}
	if !c.halts {
		return nil, cause // Docker is down, as before
	}
	start := c.after
	start.verb = "start"
	result, err := c.arrive(ctx, h, start)
	if err != nil {
		return result, fmt.Errorf("%w; and Docker is not as before: %w", cause, err)
	}
	return result, fmt.Errorf("%w; docker.service runs", cause)
}

// arrive starts dockerd and its containers. Without a dockerd the note stays, and
// the next run starts it.
func (c *course) arrive(ctx context.Context, h *host.Host, start service) (map[string]any, error) {
	if err := start.run(ctx, h); err != nil {
		return nil, err
	}
	result, err := start.revived(ctx, h)
	if c.holds {
		return result, err
	}
	if failed := c.note.remove(ctx, h); err == nil {
		err = failed
	}
	return result, err
}

// note is what a run that is killed leaves to the next one: a file beside what
// was moved aside.
type note struct {
	path string
	// Containers are those that ran before.
	Containers []string `json:"containers"`
	// Config is daemon.json's path, "" if it does not change, Before and After
	// its content; Before is nil if there was no file.
	Config string  `json:"config,omitempty"`
	Before *string `json:"before,omitempty"`
	After  string  `json:"after,omitempty"`
}

// maxNote is more than a note has, in bytes.
const maxNote = 64 << 20

// notePath returns where the note is, "" without a data-root.
func notePath(s *doctor.Snapshot) string {
	if !s.State.Exists {
		return ""
	}
	return path.Join(s.State.Root, doctor.AsideDir, "unfinished.json")
}

// left returns what an earlier run did not finish, nil for nothing.
func left(h *host.Host, s *doctor.Snapshot) (*note, error) {
	if notePath(s) == "" {
		return nil, nil
	}
	found, err := file.Read(h, notePath(s), maxNote)
	if err != nil || !found.Exists {
		return nil, err
	}
	if found.UID != 0 && found.UID != os.Geteuid() {
		// What it says is written to daemon.json, and with user namespaces the
		// data-root may be another user's.
		return nil, fmt.Errorf("cannot trust %s, where a repair notes what it has not finished: it belongs to user %d, not to root; see that docker.service runs, and remove the file", found.Path, found.UID)
	}
	n := &note{path: found.Path}
	if err := json.Unmarshal(found.Content, n); err != nil {
		return nil, fmt.Errorf("cannot read what an earlier run left in %s: %w; see that docker.service runs, and remove the file", n.path, err)
	}
	return n, nil
}

func (n *note) write(ctx context.Context, h *host.Host) error {
	if n.path == "" {
		return nil
	}
	content, err := json.Marshal(n)
	if err != nil {
		return err
	}
	if !h.Exists(path.Dir(n.path)) {
		if _, err := (file.Directory{Path: path.Dir(n.path), Mode: 0o700}).Do(ctx, h); err != nil {
			return err
		}
	}
	before, err := file.Read(h, n.path, maxNote)
	if err != nil {
		return err
	}
	_, err = file.Replace{Before: before, Content: append(content, '\n'), Mode: 0o600}.Do(ctx, h)
	return err
}

func (n *note) remove(ctx context.Context, h *host.Host) error {
	if n.path == "" {
		return nil
	}
	before, err := file.Read(h, n.path, maxNote)
	if err != nil || !before.Exists {
		return err
	}
	_, err = file.Remove{Before: before}.Do(ctx, h)
	// The directory goes too if nothing was moved there.
	_ = os.Remove(h.Path(path.Dir(n.path)))
	return err
}

// Describe implements [ansible.Act].
func (n *note) Describe() string {
	if n.Before == nil {
		return "remove " + n.Config + " again"
	}
	return "take bip out of " + n.Config + " again"
}

// Diff implements [ansible.Act].
func (n *note) Diff() []ansible.Diff {
	between := file.State{Path: n.Config, Exists: true, Content: []byte(n.After)}
	if n.Before == nil {
		return file.Remove{Before: between}.Diff()
	}
	return file.Replace{Before: between, Content: []byte(*n.Before)}.Diff()
}

// Do implements [ansible.Act]. It puts daemon.json back as it was.
func (n *note) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if n.Config == "" {
		return nil, nil
	}
	now, err := file.Read(h, n.Config, 16<<20)
	switch {
	case err != nil:
	case now.Exists && string(now.Content) == n.After && n.Before == nil:
		_, err = file.Remove{Before: now}.Do(ctx, h)
	case now.Exists && string(now.Content) == n.After:
		_, err = file.Replace{Before: now, Content: []byte(*n.Before), Mode: 0o644}.Do(ctx, h)
	case strings.Contains(string(now.Content), `"bip"`) && (n.Before == nil || string(now.Content) != *n.Before):
		err = errors.New("cannot put it back, as somebody else changed it meanwhile")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot take the key bip out of %s, where it was for one start: %w; take it out by hand", n.Config, err)
	}
	return nil, nil
}

// finishing is the treatment of what an earlier run left: daemon.json with bip in
// it, a dockerd that was stopped, containers that ran.
func (p patient) finishing() treatment {
	c := p.course("start")
	c.title, c.note, c.halts, c.holds = "finish what an earlier run left: ", p.left, true, false
	if c.note.Config != "" {
		c.steps = append(c.steps, c.note)
	}
	return treatment{acts: []ansible.Act{c}, restarts: len(p.snapshot.Processes.Dockerd) == 0}
}
