// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hardened.docker/modules/internal/dataroot"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/machine"
)

// AsideDir is the directory below the data-root into which docker_repair moves
// what is damaged.
const AsideDir = "hardened.docker-aside"

// readState reads what the data-root holds.
func readState(_ context.Context, h *host.Host, early *Snapshot) (func(*Snapshot), error) {
	top := early.Config.root()
	st := State{Root: top}
	if text := line(h, "/run/docker.pid"); text != "" {
		st.PIDFile = text
	}
	st.Runtime = readRuntime(h)
	if info, err := h.Stat(early.Config.execRoot()); err == nil {
		st.RunMode, st.RunUID = octal(info), owner(info)
	}
	info, err := h.Stat(top)
	if errors.Is(err, fs.ErrNotExist) {
		return func(s *Snapshot) { s.State = st }, nil
	}
	if err != nil {
		return nil, err
	}
	st.Exists, st.Mode, st.UID = true, octal(info), owner(info)
	if f, err := machine.ReadFilesystem(h, top); err == nil {
		st.Filesystem, st.Size, st.Free, st.Inodes, st.InodesFree = f.Type, f.Size, f.Free, f.Inodes, f.InodesFree
	}
	held, err := dataroot.Holdings(h, top)
	if err != nil {
		return nil, err
	}
	st.Drivers, st.Remapped = held.Drivers, held.Remapped
	for _, root := range append([]string{top}, held.Remapped...) {
		st.readRoot(h, root)
	}
	st.readKey(h)
	st.readStrangers(h)
	return func(s *Snapshot) { s.State = st }, st.Unread
}

func octal(info fs.FileInfo) string { return fmt.Sprintf("%04o", info.Mode().Perm()) }

func owner(info fs.FileInfo) uint32 {
	sys, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return sys.Uid
}

// readRoot reads a data-root, or that of a user namespace.
func (st *State) readRoot(h *host.Host, root string) {
	entries := st.list(h, path.Join(root, "containers"))
	for _, e := range entries {
		if e.IsDir() {
			st.readContainer(h, root, e.Name())
		}
	}
	st.readImages(h, root)
	st.readWhole(h, root)
	st.readDatabases(h, root)
	file := path.Join(root, "devicemapper/metadata/deviceset-metadata")
	if content, _, err := h.ReadRegular(file, 1<<20); err == nil {
		var meta struct{ BaseDeviceUUID string }
		if json.Unmarshal(content, &meta) == nil {
			st.Metadata = append(st.Metadata, DeviceSet{file, meta.BaseDeviceUUID})
		} else {
			st.damaged(Damage{Path: file, Problem: jsonProblem(content), Fatal: true})
		}
	}
}

func (st *State) damaged(d Damage) { st.Damages = append(st.Damages, d) }

// maxState is how large a state file may be, in bytes.
const maxState = 16 << 20

// containerState is the part of a container's state that is read, on disk and
// from the daemon alike.
type containerState struct {
	Running bool
	Pid     int
	Health  health
}

// health is what a container's health checks found.
type health struct {
	Status string
	Log    []struct{ Output string }
}

// said returns what the last check said.
func (h health) said() string {
	if len(h.Log) == 0 {
		return ""
	}
	return strings.TrimSpace(h.Log[len(h.Log)-1].Output)
}

// readContainer reads a container's two files (moby container.FromDisk).
func (st *State) readContainer(h *host.Host, root, id string) {
	dir := path.Join(root, "containers", id)
	c := Container{ID: id}
	var config struct {
		Name, Driver string
		State        containerState
	}
	if content, ok := st.readJSON(h, path.Join(dir, "config.v2.json"), id, false); ok {
		_ = json.Unmarshal(content, &config)
		c.Name, c.Driver = strings.TrimPrefix(config.Name, "/"), config.Driver
		c.Running, c.PID, c.Health = config.State.Running, config.State.Pid, config.State.Health.Status
		c.HealthSaid = config.State.Health.said()
	}
	var settings struct {
		PortBindings  map[string]json.RawMessage
		NetworkMode   string
		SecurityOpt   []string
		Privileged    bool
		AutoRemove    bool
		RestartPolicy struct{ Name string }
	}
	if content, ok := st.readJSON(h, path.Join(dir, "hostconfig.json"), id, false); ok {
		_ = json.Unmarshal(content, &settings)
	}
	for port := range settings.PortBindings {
		c.Ports = append(c.Ports, port)
	}
	c.Network, c.Privileged, c.Restart, c.AutoRemove = settings.NetworkMode, settings.Privileged, settings.RestartPolicy.Name, settings.AutoRemove
	for _, option := range settings.SecurityOpt {
		if profile, ok := strings.CutPrefix(strings.Replace(option, ":", "=", 1), "seccomp="); ok {
			c.Seccomp = profile
		}
	}
	if info, err := h.Stat(path.Join(dir, id+"-json.log")); err == nil && uint64(info.Size()) > st.Largest {
		st.Largest = uint64(info.Size())
	}
	if c.Driver == "overlay2" {
		c.Layer = line(h, path.Join(root, "image/overlay2/layerdb/mounts", id, "mount-id"))
		c.LayerMissing = c.Layer == "" || !h.Exists(path.Join(root, "overlay2", c.Layer, "link"))
	}
	st.Containers = append(st.Containers, c)
}

// readJSON reads a state file that must be JSON. One that is not there is
// damaged too, unless it is optional.
func (st *State) readJSON(h *host.Host, file, container string, optional bool) ([]byte, bool) {
	content, _, err := h.ReadRegular(file, maxState)
	problem := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if optional {
			return nil, false
		}
		if info, err := h.Stat(path.Dir(file)); err == nil && container != "" && time.Since(info.ModTime()) < settling {
			// One that is being made has no files for a moment, one that is being
			// removed has none any more.
			return nil, false
		}
		problem = "it is not there"
	case errors.Is(err, host.ErrDirectory), errors.Is(err, host.ErrNotRegular), errors.Is(err, host.ErrTooLarge):
		problem = err.Error()
	case err != nil:
		// A disk that does not answer has not lost the file: nothing may be
		// moved aside for that.
		st.Unread = errors.Join(st.Unread, err)
		return nil, false
	default:
		problem = jsonProblem(content)
	}
	if problem == "" {
		return content, true
	}
	st.damaged(Damage{Path: file, Problem: problem, Container: container, Fatal: container == ""})
	return nil, false
}

// jsonProblem says what keeps a text from being JSON, "" if nothing does.
func jsonProblem(content []byte) string {
	if len(strings.TrimSpace(string(content))) == 0 {
		return fmt.Sprintf("it is empty (%d bytes)", len(content))
	}
	if strings.Trim(string(content), "\x00") == "" {
		return fmt.Sprintf("it has %d zero bytes and nothing else, as a file system leaves it that lost its power", len(content))
	}
	var v json.RawMessage
	if err := json.Unmarshal(content, &v); err != nil {
		return fmt.Sprintf("it is no JSON: %v (%d bytes)", err, len(content))
	}
	return ""
}

// readImages reads the stores of images: their index must be JSON, and files
// of a layer or an image must not be empty.
func (st *State) readImages(h *host.Host, root string) {
	drivers := st.list(h, path.Join(root, "image"))
	for _, driver := range drivers {
		store := path.Join(root, "image", driver.Name())
		st.readJSON(h, path.Join(store, "repositories.json"), "", true)
		images := st.list(h, path.Join(store, "imagedb/content/sha256"))
		for _, image := range images {
			st.notEmpty(h, path.Join(store, "imagedb/content/sha256", image.Name()))
		}
		layers := st.list(h, path.Join(store, "layerdb/sha256"))
		for _, layer := range layers {
			for _, file := range []string{"cache-id", "diff", "size"} {
				st.notEmpty(h, path.Join(store, "layerdb/sha256", layer.Name(), file))
			}
		}
	}
}

// list returns what a directory has, nothing if it is not there.
func (st *State) list(h *host.Host, dir string) []fs.DirEntry {
	entries, err := h.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		st.Unread = errors.Join(st.Unread, err)
	}
	return entries
}

func (st *State) notEmpty(h *host.Host, file string) {
	if info, err := h.Stat(file); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		st.damaged(Damage{Path: file, Problem: "it is empty (0 bytes)"})
	}
}

// readKey reads the key that engines before 24.0 keep of themselves.
func (st *State) readKey(h *host.Host) {
	st.readJSON(h, "/etc/docker/key.json", "", true)
}

// readRuntime reads what runc keeps of Docker's containers.
func readRuntime(h *host.Host) []RuntimeState {
	var found []RuntimeState
	for _, top := range []string{"/run/docker/runtime-runc/moby", "/run/docker/runtime-crun/moby"} {
		entries, _ := h.ReadDir(top)
		for _, e := range entries {
			r := RuntimeState{ID: e.Name(), Dir: path.Join(top, e.Name())}
			var state struct {
				PID   int    `json:"init_process_pid"`
				Start uint64 `json:"init_process_start"`
			}
			if info, err := e.Info(); err == nil {
				r.Since = info.ModTime()
			}
			content, _, err := h.ReadRegular(path.Join(r.Dir, "state.json"), maxState)
			if err == nil && json.Unmarshal(content, &state) == nil {
				r.PID = state.PID
				r.Alive = state.PID > 0 && startTicks(h, state.PID) == state.Start
			}
			found = append(found, r)
		}
	}
	return found
}

// startTicks is when a process began, 0 if there is none.
func startTicks(h *host.Host, pid int) uint64 {
	text := line(h, "/proc/"+strconv.Itoa(pid)+"/stat")
	end := strings.LastIndexByte(text, ')')
	if end < 0 {
		return 0
	}
	rest := strings.Fields(text[end+1:])
	if len(rest) < 20 {
		return 0
	}
	ticks, _ := strconv.ParseUint(rest[19], 10, 64)
	return ticks
}
