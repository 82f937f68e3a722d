// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"fmt"
	"strings"

	"hardened.docker/modules/internal/dataroot"
)

// todo is what a switch takes.
type todo int

const (
	nothing   todo = iota // the host has the driver
	writeOnly             // nothing is there to be saved, and no daemon runs
	restart               // nothing is there to be saved
	saveFirst             // the whole of it
	restore               // an interrupted run had the driver switched
	undo                  // an interrupted run stopped containers, and the old driver is wanted
)

// decide says what is to be done, or why nothing can be.
func decide(f found, p Params) (todo, error) {
	if r := f.record; r != nil && !r.Finished {
		return resume(f, p, r)
	}
	if err := f.unsure(p); err != nil && f.record == nil {
		return nothing, err
	}
	switch {
	case f.driver == p.Driver:
		return nothing, nil
	case f.record != nil:
		return nothing, fmt.Errorf("cannot keep a backup in %s: it has that of the switch from %s to %s; name another directory, or remove it", p.BackupDir, f.record.From, f.record.To)
	case f.store.empty() && f.running:
		return restart, nil
	case f.store.empty():
		return writeOnly, nil
	case !f.running:
		return nothing, fmt.Errorf("cannot save %s from %s: only a running daemon can; start it first", f.store.contents(), f.driver)
	}
	return saveFirst, f.losses(p)
}

// resume goes on with a switch that was interrupted.
func resume(f found, p Params, r *record) (todo, error) {
	switch {
	case f.driver == p.Driver && f.driver == r.From && len(f.stopped) > 0:
		return undo, nil
	case f.driver == p.Driver && f.driver == r.From:
		return nothing, nil // the switch is given up, and the host is as before it
	case r.To != p.Driver && f.driver != r.From:
		return nothing, fmt.Errorf("cannot switch to %s: a switch from %s to %s was interrupted, and %s has its backup; complete it with driver: %s first", p.Driver, r.From, r.To, p.BackupDir, r.To)
	case r.DataRoot != f.dataRoot:
		return nothing, fmt.Errorf("cannot go on with the switch from %s to %s: it was begun in the data-root %s, and the daemon has %s now", r.From, r.To, r.DataRoot, f.dataRoot)
	case f.driver == r.To && !r.Saved:
		return nothing, fmt.Errorf("cannot go on with the switch from %s to %s: nothing is saved that is as the host was last, and the daemon is told to use %s already; set storage-driver: %s again with docker_daemon_json and allow_data_loss, and run the task again, or remove %s to stay with %s", r.From, r.To, r.To, r.From, p.BackupDir, r.To)
	case f.driver == r.To:
		return restore, nil
	case f.driver == r.From:
		return saveFirst, f.losses(p)
	}
	return nothing, fmt.Errorf("cannot go on with the switch from %s to %s: the daemon uses %s now", r.From, r.To, f.driver)
}

// losses refuses what the options do not allow.
func (f found) losses(p Params) error {
	if len(f.store.containers) > 0 && p.Containers == "refuse" {
		var names []string
		for _, c := range f.store.containers {
			text := c.Name
			if c.Changes > 0 {
				text += fmt.Sprintf(" (changed outside of volumes: %d)", c.Changes)
			}
			names = append(names, text)
		}
		return fmt.Errorf("cannot switch from %s to %s without hiding containers: %s. Images and volumes are kept, containers have to be made again, and lack what they changed outside of volumes; set containers: save to keep what they changed as images, or containers: leave", f.driver, p.Driver, strings.Join(names, ", "))
	}
	if len(f.store.running) > 0 && !p.AllowStop {
		return fmt.Errorf("cannot switch from %s to %s while containers run (%s): they end, and have to be made again; set allow_interruption: true", f.driver, p.Driver, strings.Join(f.store.running, ", "))
	}
	return f.store.ends()
}

// ends refuses to stop containers that do not outlive it.
func (s store) ends() error {
	if len(s.passing) == 0 {
		return nil
	}
	return fmt.Errorf("cannot stop containers that the daemon removes when they end, with their anonymous volumes (%s): nothing of them could be saved, and no failure could bring them back; let them end, or stop them yourself, and run the task again", strings.Join(s.passing, ", "))
}

// contents names what there is.
func (s store) contents() dataroot.Contents {
	var c dataroot.Contents
	for _, one := range s.containers {
		c.Containers = append(c.Containers, dataroot.Container{Name: one.Name})
	}
	for _, one := range s.images {
		c.Images = append(c.Images, dataroot.Image{Name: one.name()})
	}
	c.Volumes = s.volumes
	return c
}

// images are the names of all images of the store.
func (s store) names() []string {
	names := []string{}
	for _, i := range s.images {
		names = append(names, i.name())
	}
	return names
}

// result is what the module returns.
func (f found) result(p Params, what todo) map[string]any {
	s := f.store
	from := f.driver
	if r := f.record; r != nil && !r.Finished && what != nothing && what != undo {
		from = r.From
		if what == restore || !f.running {
			s = store{images: r.Images, containers: r.Containers, running: r.Running, volumes: r.Volumes}
		}
	}
	containers, saved, digests := []string{}, []string{}, []string{}
	for _, c := range s.containers {
		containers = append(containers, c.Name)
		if p.Containers == "save" && (c.Changes > 0 || c.Image != "") {
			saved = append(saved, c.Name)
		}
	}
	for _, i := range s.images {
		digests = append(digests, i.Digests...)
	}
	return map[string]any{
		"driver_before": from, "driver": p.Driver, "backup_dir": p.BackupDir,
		"images": s.names(), "volumes": append([]string{}, s.volumes...), "containers": containers,
		"containers_stopped": append([]string{}, s.running...), "containers_saved": saved,
		"containers_back": append([]string{}, f.again...), "digests_lost": digests,
	}
}
