// SPDX-License-Identifier: GPL-3.0-or-later

package docker_repair

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/doctor"
	"hardened.docker/modules/internal/kernelparam"
)

// repair mends the findings of one check.
type repair struct {
	id    string
	treat func(ctx context.Context, p patient) (treatment, error)
}

// repairs returns them in the order in which they must be made: what hides
// other things first, what starts the daemon last.
func repairs() []repair {
	return []repair{
		{"overwritten_mount_points", unmount},
		{"residual_semaphores", removeSemaphores},
		{"residual_veths", deleteVeths},
		{"container_id_exists", deleteRuntimeState},
		{"corrupt_state", moveAside},
		{"stale_base_device_uuid", emptyUUID},
		{"stale_bridge_address", moveBridge},
		{"missing_chains", restoreRules},
		{"icmp_before_drop", moveRule},
		{"journal_stream", restartDaemon},
		{"start_limit", resetStartLimit},
	}
}

// unmount takes the mounts off, the last one first.
func unmount(_ context.Context, p patient) (treatment, error) {
	var t treatment
	for _, m := range doctor.HidingMounts(p.snapshot) {
		t.acts = append(t.acts, command{
			text: fmt.Sprintf("unmount %s (%s, %s)", m.Point, m.Source, m.Type), argv: []string{"umount", "--", m.Point},
			what: m.Point, before: m.Line, after: "not mounted",
			// Nobody else's mount may come off in its place.
			still: func(s *doctor.Snapshot) bool {
				hiding := doctor.HidingMounts(s)
				return len(hiding) > 0 && hiding[0].Line == m.Line
			},
			probe: doctor.OnlyMounts,
			hint:  "somebody uses what is mounted there (fuser -vm " + m.Point + " shows whom): end that, or move the services and reboot",
		})
	}
	return t, nil
}

// removeSemaphores removes the sets that device mapper left.
func removeSemaphores(_ context.Context, p patient) (treatment, error) {
	var t treatment
	if p.snapshot.NoSetLeft() {
		if err := kernelparam.CheckWritable(p.host, kernelparam.SemFile); err != nil {
			return t, err
		}
		t.acts = append(t.acts, raiseSets(p.snapshot))
	}
	for _, sem := range doctor.ResidualSemaphores(p.snapshot) {
		t.acts = append(t.acts, command{
			text: fmt.Sprintf("remove the semaphore set %s (key %s)", sem.ID, sem.Key), argv: []string{"ipcrm", "-s", sem.ID},
			what: "semaphore set " + sem.ID, before: "key " + sem.Key + ", last used " + sem.Since.UTC().Format(time.RFC3339), after: "removed",
			still: func(s *doctor.Snapshot) bool {
				for _, now := range doctor.ResidualSemaphores(s) {
					if now.ID == sem.ID && now.Key == sem.Key {
						return true
					}
				}
				return false
			},
			probe: doctor.OnlyIPC,
		})
	}
	return t, nil
}

// raiseSets makes room for more semaphore sets until the next boot: twice as
// many, and at least what the first source document raises them to.
func raiseSets(s *doctor.Snapshot) ansible.Act {
	const enough = 1024
	sem := s.System.Sem
	sem[kernelparam.SemSets] = min(max(enough, 2*sem[kernelparam.SemSets]), kernelparam.MaxSemSets)
	return named{kernelparam.Set{Name: kernelparam.SemFile, Before: s.System.Sem.String(), After: sem.String()}, "set kernel.sem to " + sem.String() + " until the next boot"}
}

// deleteVeths deletes one end of each pair; the other goes with it.
func deleteVeths(_ context.Context, p patient) (treatment, error) {
	var t treatment
	for _, l := range doctor.ResidualVeths(p.snapshot) {
		t.acts = append(t.acts, command{
			text: "delete the network interface " + l.Name + " and its other end", argv: []string{"ip", "link", "delete", "dev", l.Name},
			what: "network interface " + l.Name, before: fmt.Sprintf("index %d, master %q, other end %d", l.Index, l.Master, l.Peer), after: "deleted",
			still: func(s *doctor.Snapshot) bool {
				for _, now := range doctor.ResidualVeths(s) {
					if now.Name == l.Name && now.Index == l.Index {
						return true
					}
				}
				return false
			},
			probe: doctor.OnlyLinks,
		})
	}
	return t, nil
}

// deleteRuntimeState lets runc forget containers that have no process.
func deleteRuntimeState(_ context.Context, p patient) (treatment, error) {
	var t treatment
	for _, r := range doctor.StuckContainers(p.snapshot) {
		root := strings.TrimSuffix(r.Dir, "/"+r.ID)
		runtime := "runc"
		if strings.Contains(root, "runtime-crun") {
			runtime = "crun"
		}
		t.acts = append(t.acts, command{
			text: "let " + runtime + " delete what it kept of container " + p.snapshot.Name(r.ID),
			argv: []string{runtime, "--root", root, "delete", "--force", r.ID},
			what: r.Dir, before: fmt.Sprintf("state of a container whose process %d is gone", r.PID), after: "deleted",
			still: func(s *doctor.Snapshot) bool {
				for _, now := range doctor.StuckContainers(s) {
					if now.Dir == r.Dir {
						return true
					}
				}
				return false
			},
			probe: doctor.OnlyState,
		})
	}
	return t, nil
}

// restartDaemon connects dockerd with the journal again.
func restartDaemon(_ context.Context, p patient) (treatment, error) {
	return treatment{acts: []ansible.Act{p.service("restart")}, restarts: true}, nil
}

// resetStartLimit makes systemd forget the starts, and starts the daemon.
func resetStartLimit(_ context.Context, p patient) (treatment, error) {
	for _, f := range p.report.Findings {
		if f.Stops && !p.asked[f.Check.ID] {
			return treatment{}, fmt.Errorf("%s (%s) would keep dockerd from starting again: %s", f.Check.ID, f.Subject, f.Remedy)
		}
	}
	if masked, _ := p.snapshot.Docker.Masked(); masked {
		return treatment{}, errors.New("cannot start docker.service: it is masked; systemctl unmask docker.service")
	}
	return treatment{acts: []ansible.Act{p.service("start")}, restarts: true}, nil
}
