// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/engine"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// files makes a host of files with their content.
func files(t *testing.T, content map[string]string) *host.Host {
	t.Helper()
	root := t.TempDir()
	for name, text := range content {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return host.New(root)
}

// A file system of its own for the layers or the containers is no ill; one
// that lacks what the images know of is.
func TestWhole(t *testing.T) {
	const (
		db    = "/var/lib/docker/image/overlay2/layerdb"
		mount = "1300 1199 254:16 / /var/lib/docker/overlay2 rw - ext4 /dev/vdb rw\n1301 1199 254:32 / /var/lib/docker/containers rw - ext4 /dev/vdc rw\n"
	)
	shown := map[string]string{
		db + "/sha256/one/cache-id": "layer1", db + "/mounts/c1/mount-id": "layer2",
		"/var/lib/docker/overlay2/l/x": "", "/var/lib/docker/overlay2/layer1/link": "", "/var/lib/docker/overlay2/layer2/link": "",
		"/var/lib/docker/containers/c1/x": "",
	}
	hidden := map[string]string{
		db + "/sha256/one/cache-id": "layer1", db + "/mounts/c1/mount-id": "layer2",
		"/var/lib/docker/overlay2/l/x": "", "/var/lib/docker/containers/c2/x": "",
	}
	empty := map[string]string{"/var/lib/docker/overlay2/lost+found/x": ""}
	for name, test := range map[string]struct {
		content map[string]string
		want    []string
	}{
		"shown": {shown, nil}, "hidden": {hidden, []string{"/var/lib/docker/containers", "/var/lib/docker/overlay2"}},
		"empty": {empty, []string{"/var/lib/docker/containers", "/var/lib/docker/overlay2"}},
	} {
		s := healthy()
		s.mount(mount)
		s.State = State{Root: "/var/lib/docker"}
		s.State.readWhole(files(t, test.content), "/var/lib/docker")
		var got []string
		for _, m := range HidingMounts(s) {
			got = append(got, m.Point)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: hiding mounts (-want +got):\n%s", name, diff)
		}
	}
}

// A directory without files is a container that is being made or removed, and
// a damaged one when it stays so.
func TestContainerWithoutFiles(t *testing.T) {
	h := files(t, map[string]string{"/var/lib/docker/containers/c1/log": ""})
	judge := func() int {
		st := State{Root: "/var/lib/docker"}
		st.readRoot(h, st.Root)
		return len(st.Damages)
	}
	if got := judge(); got != 0 {
		t.Errorf("a young directory has %d damages; want 0", got)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(h.Path("/var/lib/docker/containers/c1"), old, old); err != nil {
		t.Fatal(err)
	}
	if got := judge(); got != 2 {
		t.Errorf("an old directory has %d damages; want 2", got)
	}
}

// What the journal tells of failures before the last start is over.
func TestSinceStart(t *testing.T) {
	old := "docker.service: start operation timed out. Terminating."
	for _, test := range []struct{ lines, want []string }{
		{[]string{old, "Started docker.service - Docker Application Container Engine.", "time=x"}, []string{"time=x"}},
		{[]string{"Started docker.service.", old}, []string{old}},
		{[]string{old}, []string{old}},
		{nil, nil},
	} {
		if diff := cmp.Diff(test.want, sinceStart(test.lines)); diff != "" {
			t.Errorf("sinceStart(%q) (-want +got):\n%s", test.lines, diff)
		}
	}
}

// Pools can be flags.
func TestPoolsOfFlags(t *testing.T) {
	s := healthy()
	s.Config.Flags, _ = engine.ParseFlags([]unitfile.Word{{Text: "--default-address-pool"}, {Text: "base=10.77.0.0/16,size=24"}}, engine.Version{})
	s.Links[1].Addr = []string{"10.77.3.1/24"}
	if got := judged(s); len(got) > 0 {
		t.Errorf("docker0 from a pool that a flag names has findings %v; want none", got)
	}
}

// A container that starts has both ends of its pair on the host for a moment.
func TestPairOfAMoment(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "ip")
	script := `#!/bin/sh
pair() { echo "{\"ifindex\":$1,\"link\":\"vethbbbbbb$2\",\"ifname\":\"vethaaaaaa$2\",\"linkinfo\":{\"info_kind\":\"veth\"}},{\"ifindex\":$2,\"link\":\"vethaaaaaa$2\",\"ifname\":\"vethbbbbbb$2\",\"linkinfo\":{\"info_kind\":\"veth\"}}"; }
if test -e ` + dir + `/again; then echo "[$(pair 10 1),$(pair 20 2)]"; else echo "[$(pair 10 1),$(pair 30 3)]"; fi
touch ` + dir + `/again
`
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	s := &Snapshot{}
	put, err := readLinks(context.Background(), host.New("/"), s)
	if err != nil {
		t.Fatal(err)
	}
	put(s)
	var got []int
	for _, l := range ResidualVeths(s) {
		got = append(got, l.Index)
	}
	if diff := cmp.Diff([]int{1}, got); diff != "" {
		t.Errorf("pairs left behind (-want +got):\n%s", diff)
	}
}

// Behind the socket that systemd keeps, a dockerd that crashes at each start is
// as silent as one that hangs.
func TestSilent(t *testing.T) {
	ticks := uint64(time.Since((dockerd.Process{}).Started()) / (10 * time.Millisecond)) // since boot
	stat := func(started uint64) map[string]string {
		return map[string]string{"/proc/100/stat": fmt.Sprintf("100 (dockerd) S 1%s %d 0\n", strings.Repeat(" 0", 17), started), "/proc/100/cmdline": "dockerd\x00"}
	}
	for _, test := range []struct {
		name, unit string
		asked, now uint64 // when the process began that was asked, and the one that is there
		want       string
	}{
		{"runs", "active", ticks, ticks, Hanging},
		{"starts", "activating", ticks, ticks, Down},
		{"starts for minutes", "activating", 1, 1, Hanging},
		{"crashed, and its successor runs", "activating", ticks - 10, ticks, Down},
		{"started by hand, minutes ago", "inactive", 1, 1, Hanging},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			script := "#!/bin/sh\nprintf 'Id=docker.service\\nActiveState=" + test.unit + "\\n'\n"
			if err := os.WriteFile(filepath.Join(dir, "systemctl"), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
			early := &Snapshot{Processes: dockerd.Processes{Dockerd: []dockerd.Process{{PID: 100, Ticks: test.asked}}}}
			if got := silent(t.Context(), files(t, stat(test.now)), early); got != test.want {
				t.Errorf("silent() = %q; want %q", got, test.want)
			}
		})
	}
}
