// SPDX-License-Identifier: GPL-3.0-or-later

package docker_storage_switch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"hardened.docker/modules/internal/configured"
	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/dockerapi"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
)

// found is the host as the module found it.
type found struct {
	config   file.State // daemon.json
	content  []byte     // and as it is to be
	settings dockerd.Settings
	daemon   dockerd.Daemon
	running  bool
	driver   string // that the host has; "" before an engine ran
	told     string // that daemon.json says
	dataRoot string
	record   *record           // of a switch in the backup's directory
	store    store             // what the driver has
	others   dataroot.Contents // of drivers that are neither it nor the wanted one, if Docker is down
	again    []string
	stopped  []string // by a run that was interrupted before the new driver
	warnings []string
}

// store is what would be hidden by another driver, and the volumes.
type store struct {
	images     []image
	containers []container
	running    []string
	passing    []string // those of running that the daemon removes when they end
	volumes    []string
	size       int64 // of the images' layers, in bytes; 0 if not known
	written    int64 // by containers, outside of volumes
}

func (s store) empty() bool { return len(s.images) == 0 && len(s.containers) == 0 }

// limits of the questions to the daemon. It counts files to tell sizes and
// changes.
const (
	quick = 20 * time.Second
	slow  = 15 * time.Minute
)

func look(ctx context.Context, h *host.Host, p Params) (found, error) {
	var f found
	config, err := configured.Read(h)
	if err != nil {
		return f, err
	}
	if err := checkFlags(config); err != nil {
		return f, err
	}
	if f.config, err = file.Read(h, config.Path, 1<<20); err != nil {
		return f, err
	}
	if f.content, err = withDriver(f.config.Content, config.Path, p.Driver, p.Options); err != nil {
		return f, err
	}
	if err := f.judge(ctx, h, p); err != nil {
		return f, err
	}
	text := string(f.config.Content)
	if f.settings, err = dockerd.ParseSettings(&text); err != nil {
		return f, fmt.Errorf("cannot use %s: %w", config.Path, err)
	}
	all := config.All()
	f.told, _ = all[driverKey].(string)
	f.dataRoot = dataroot.Of(all)
	if f.record, err = readRecord(h, p.BackupDir); err != nil {
		return f, err
	}
	if config.Unit {
		if f.daemon, err = dockerd.Read(ctx, h); err != nil {
			return f, err
		}
	}
	if f.running = f.daemon.Running(); f.running {
		return f, f.ask(ctx, h, p)
	}
	f.sameRoot(h)
	if err := f.read(h, p); err != nil {
		return f, err
	}
	return f, f.halted(ctx, nil, p)
}

// checkFlags refuses a driver that is set where daemon.json cannot change it.
func checkFlags(config configured.Config) error {
	for flag, key := range map[string]string{"storage-driver": driverKey, "storage-opt": optionsKey} {
		use, set := config.Flag(flag)
		if !set {
			continue
		}
		also := ""
		if _, both := config.File[key]; both {
			also = fmt.Sprintf(", and %s has %s: dockerd does not start with both", config.Path, key)
		}
		return fmt.Errorf("cannot switch the storage driver: %s has %s %s%s; take it out with docker_storage and state: moved, or off the command line with docker_unit and flags: [%s]", use.Origin(), use.Spelt, use.Value, also, flag)
	}
	return nil
}

// judge asks what the engine has against the new settings.
func (f *found) judge(ctx context.Context, h *host.Host, p Params) error {
	version, _, err := dockerd.VersionFor(ctx, h, p.EngineVersion)
	if err != nil {
		return err
	}
	text := string(f.content)
	settings, err := dockerd.ParseSettings(&text)
	if err != nil {
		return err
	}
	var refused []string
	for _, problem := range engine.Check(settings.Document(), engine.Target{Version: version}) {
		switch key := problem.Key(); {
		case !strings.HasPrefix(key, driverKey) && !strings.HasPrefix(key, optionsKey):
		case problem.Severity == engine.Refuse:
			refused = append(refused, problem.Text)
		default:
			f.warnings = append(f.warnings, problem.Text)
		}
	}
	if len(refused) > 0 {
		return errors.New(strings.Join(refused, "; "))
	}
	return nil
}

// ask asks the running daemon what it has.
func (f *found) ask(ctx context.Context, h *host.Host, p Params) error {
	client := f.daemon.Client(h, f.settings, quick)
	info, err := client.Info(ctx)
	if err != nil {
		return err
	}
	f.driver, f.dataRoot = info.Driver, info.DockerRootDir
	if slices.ContainsFunc(info.DriverStatus, func(s [2]string) bool { return s[0] == "driver-type" }) {
		return fmt.Errorf("cannot switch from %s: the daemon has its images in containerd's store, whose IDs are others, so that nobody could prove that they are the same; save them with docker save, and set features with docker_daemon_json and allow_data_loss", info.Driver)
	}
	if f.driver == p.Driver {
		return f.halted(ctx, client, p)
	}
	if f.store, err = read(ctx, client, f.daemon.Client(h, f.settings, slow)); err != nil {
		return err
	}
	// What an earlier time with the new driver left shows again.
	held, err := dataroot.Holdings(h, f.dataRoot)
	if err != nil {
		return err
	}
	f.again = held.Of(p.Driver).ContainerNames()
	return nil
}

// read asks a daemon for all that its driver has.
func read(ctx context.Context, client, patient *dockerapi.Client) (store, error) {
	var s store
	images, err := client.Images(ctx)
	if err != nil {
		return s, err
	}
	for _, i := range images {
		slices.Sort(i.RepoTags)
		slices.Sort(i.RepoDigests)
		s.images = append(s.images, image{i.ID, i.RepoTags, i.RepoDigests})
		s.size += i.Size
	}
	sort.Slice(s.images, func(a, b int) bool { return s.images[a].ID < s.images[b].ID })
	if len(images) > 0 {
		// Without the sum of the layers there is that of the images, which is more.
		if layers, written, err := patient.Usage(ctx); err == nil && layers > 0 {
			s.size, s.written = layers, written
		}
	}
	list, err := client.Containers(ctx, true)
	if err != nil {
		return s, err
	}
	for _, c := range list {
		one := container{ID: c.ID, Name: c.Name()}
		if one.Changes, err = patient.Changes(ctx, c.ID); err != nil {
			return s, err
		}
		s.containers = append(s.containers, one)
		if c.Runs() {
			s.running = append(s.running, c.Name())
			passes, err := client.RemovesItself(ctx, c.ID)
			if err != nil {
				return s, err
			}
			if passes {
				s.passing = append(s.passing, c.Name())
			}
		}
	}
	sort.Slice(s.containers, func(a, b int) bool { return s.containers[a].Name < s.containers[b].Name })
	slices.Sort(s.running)
	s.volumes, err = client.Volumes(ctx)
	return s, err
}
