// SPDX-License-Identifier: GPL-3.0-or-later

package docker_thinpool

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/blockdev"
	"hardened.docker/modules/internal/lvm"
	"hardened.docker/modules/internal/moduletest"
)

func TestMain(m *testing.M) { moduletest.Main(m, "docker_thinpool", Module) }

func TestScripts(t *testing.T) { moduletest.Scripts(t) }

func params() Params {
	return Params{VolumeGroup: "docker", ThinPool: "thinpool", DataPercent: 95, MetadataPercent: 1, State: "present"}
}

// same reports whether an error is as wanted; "" is none.
func same(err error, want string) bool {
	if want == "" {
		return err == nil
	}
	return err != nil && strings.Contains(err.Error(), want)
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Params)
		want   string
	}{
		{"the documents' numbers", func(*Params) {}, ""},
		{"all of it, without room for the spare", func(p *Params) { p.DataPercent = 99 }, "are 101 percent of the group"},
		{"no data", func(p *Params) { p.DataPercent = 0 }, "data_percent is 0"},
		{"no metadata", func(p *Params) { p.MetadataPercent = 0 }, "metadata_percent 0"},
		{"a slash", func(p *Params) { p.ThinPool = "a/b" }, `"thin_pool": "a/b"`},
		{"an option", func(p *Params) { p.VolumeGroup = "--force" }, `"volume_group": "--force"`},
	}
	for _, test := range tests {
		p := params()
		test.change(&p)
		if err := check(p); !same(err, test.want) {
			t.Errorf("%s: check() = %v; want %q", test.name, err, test.want)
		}
	}
}

func TestJudge(t *testing.T) {
	disk1 := func(change func(*disk)) disk {
		d := disk{Device: blockdev.Device{Path: "/dev/vdb", Kernel: "/dev/vdb", Type: "disk", Size: 1 << 30}}
		change(&d)
		return d
	}
	tests := []struct {
		name             string
		disk             disk
		want, wantIfLoss string // the errors, without and with allow_data_loss
		wipe             bool
	}{
		{"empty", disk1(func(*disk) {}), "", "", false},
		{"ours already, and in use by the pool", disk1(func(d *disk) {
			d.group, d.Uses, d.Signatures = "docker", []string{"x stands on it"}, []string{"LVM2_member"}
		}), "", "", false},
		{"of no group", disk1(func(d *disk) { d.Member, d.Signatures = true, []string{"LVM2_member"} }), "", "", false},
		{"of another group", disk1(func(d *disk) { d.group = "vg0" }), "of the group vg0", "of the group vg0", false},
		{"mounted", disk1(func(d *disk) { d.Uses = []string{"/dev/vdb1 is mounted on /"} }), "in use: /dev/vdb1 is mounted on /", "in use", false},
		{"a file system", disk1(func(d *disk) { d.Signatures = []string{"ext4 (label data)"} }), "not empty: ext4 (label data)", "", true},
		{"a partition table", disk1(func(d *disk) { d.Signatures = []string{"gpt", "PMBR"} }), "not empty: gpt, PMBR", "", true},
		{"read-only", disk1(func(d *disk) { d.ReadOnly = true }), "read-only", "read-only", false},
		{"tiny", disk1(func(d *disk) { d.Size = 1 << 20 }), "1048576 bytes only", "bytes only", false},
	}
	for _, test := range tests {
		p, d := params(), test.disk
		if err := d.judge(p); !same(err, test.want) || d.wipe {
			t.Errorf("%s: judge() = %v, wipe %v; want %q and false", test.name, err, d.wipe, test.want)
		}
		p.AllowDataLoss = true
		if err := d.judge(p); !same(err, test.wantIfLoss) || d.wipe != test.wipe {
			t.Errorf("%s, with allow_data_loss: judge() = %v, wipe %v; want %q and %v", test.name, err, d.wipe, test.wantIfLoss, test.wipe)
		}
	}
}

func TestDecide(t *testing.T) {
	fresh := disk{Device: blockdev.Device{Kernel: "/dev/vdb", Size: 400 << 20}}
	second := disk{Device: blockdev.Device{Kernel: "/dev/vdc", Size: 400 << 20, Signatures: []string{"xfs"}}, wipe: true}
	here := disk{Device: blockdev.Device{Kernel: "/dev/vdb", Size: 400 << 20}, here: true}
	group := func(free int64) lvm.Group {
		return lvm.Group{Name: "docker", ExtentSize: 4 << 20, Size: 99, Free: free}
	}
	pool := lvm.Volume{Group: "docker", Name: "thinpool", Type: "thin-pool", Size: 380 << 20, MetadataSize: 4 << 20, Active: true}
	linear := pool
	linear.Type = "linear"
	asleep := pool
	asleep.Active = false
	tests := []struct {
		name  string
		state lvm.State
		disks []disk
		want  []string // what the acts say
		free  int64    // extents
		err   string
	}{
		{"a new group", lvm.State{}, []disk{fresh}, []string{
			"make the volume group docker of /dev/vdb", "make the thin pool docker/thinpool with 94 extents of data and 4 MiB of metadata"}, 3, ""},
		{"two disks, one to be erased", lvm.State{}, []disk{fresh, second}, []string{
			"erase xfs on /dev/vdc", "make the volume group docker of /dev/vdb, /dev/vdc", "make the thin pool docker/thinpool with 188 extents of data and 4 MiB of metadata"}, 8, ""},
		{"interrupted after the group", lvm.State{Groups: []lvm.Group{group(99)}}, []disk{here}, []string{
			"make the thin pool docker/thinpool with 94 extents of data and 4 MiB of metadata"}, 3, ""},
		{"there", lvm.State{Groups: []lvm.Group{group(3)}, Volumes: []lvm.Volume{pool}}, []disk{here}, nil, 3, ""},
		{"there, not active", lvm.State{Groups: []lvm.Group{group(3)}, Volumes: []lvm.Volume{asleep}}, nil, []string{"activate docker/thinpool"}, 3, ""},
		{"there, one more disk", lvm.State{Groups: []lvm.Group{group(3)}, Volumes: []lvm.Volume{pool}}, []disk{here, second}, []string{
			"erase xfs on /dev/vdc", "add /dev/vdc to the volume group docker"}, 102, ""},
		{"no disks", lvm.State{}, nil, nil, 0, "missing devices: there is no volume group docker"},
		{"a group without space", lvm.State{Groups: []lvm.Group{group(0)}}, nil, nil, 0, "it has 0 of 99 extents free"},
		{"a group with too little", lvm.State{Groups: []lvm.Group{group(2)}}, nil, nil, 0, "it has 2 of 99 extents free"},
		{"another volume of that name", lvm.State{Groups: []lvm.Group{group(9)}, Volumes: []lvm.Volume{linear}}, nil, nil, 0, "of that name and the type linear"},
		{"a disk is missing", lvm.State{Groups: []lvm.Group{{Name: "docker", ExtentSize: 4 << 20, Partial: true}}}, nil, nil, 0, "a disk of it is missing"},
	}
	for _, test := range tests {
		d, err := decide(params(), test.state, test.disks)
		if !same(err, test.err) {
			t.Errorf("%s: decide() = %v; want %q", test.name, err, test.err)
			continue
		}
		var got []string
		for _, act := range d.acts {
			got = append(got, act.Describe())
		}
		if diff := cmp.Diff(test.want, got); diff != "" || d.free != test.free*4<<20 && err == nil {
			t.Errorf("%s: decide() has %d extents free, want %d (-want +got):\n%s", test.name, d.free>>22, test.free, diff)
		}
	}
}
