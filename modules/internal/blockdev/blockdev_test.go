// SPDX-License-Identifier: GPL-3.0-or-later

package blockdev

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/mutate"
)

func TestParseTree(t *testing.T) {
	tests := []struct {
		name, text string
		want       Device
	}{
		{"empty disk", `NAME="/dev/vdb" KNAME="/dev/vdb" TYPE="disk" SIZE="1073741824" RO="0" MOUNTPOINT=""` + "\n",
			Device{Kernel: "/dev/vdb", Type: "disk", Size: 1 << 30}},
		{"a system's disk", `NAME="/dev/vda" KNAME="/dev/vda" TYPE="disk" SIZE="10" RO="0" MOUNTPOINT=""
NAME="/dev/vda1" KNAME="/dev/vda1" TYPE="part" SIZE="9" RO="0" MOUNTPOINT="/a\x20b"
NAME="/dev/vda2" KNAME="/dev/vda2" TYPE="part" SIZE="1" RO="0" MOUNTPOINT="[SWAP]"`,
			Device{Kernel: "/dev/vda", Type: "disk", Size: 10, Uses: []string{"/dev/vda1 is mounted on /a b", "/dev/vda2 is swap space"}}},
		{"a physical volume in use", `NAME="/dev/vdb" KNAME="/dev/vdb" TYPE="disk" SIZE="10" RO="1" MOUNTPOINT=""
NAME="/dev/mapper/docker-thinpool_tmeta" KNAME="/dev/dm-0" TYPE="lvm" SIZE="1" RO="0" MOUNTPOINT=""`,
			Device{Kernel: "/dev/vdb", Type: "disk", Size: 10, ReadOnly: true, Uses: []string{"/dev/mapper/docker-thinpool_tmeta (lvm) stands on it"}}},
		{"partitions that nothing uses", `NAME="/dev/vdb" KNAME="/dev/vdb" TYPE="disk" SIZE="10" RO="0" MOUNTPOINT=""
NAME="/dev/vdb1" KNAME="/dev/vdb1" TYPE="part" SIZE="9" RO="0" MOUNTPOINT=""`, Device{Kernel: "/dev/vdb", Type: "disk", Size: 10}},
	}
	for _, test := range tests {
		got, err := parseTree(test.text)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: parseTree() (-want +got):\n%s", test.name, diff)
		}
	}
	for _, bad := range []string{"", "mad", `NAME="x`, `NAME="/dev/x" KNAME="/dev/x" TYPE="disk" SIZE="much"`} {
		if _, err := parseTree(bad); err == nil {
			t.Errorf("parseTree(%q) = nil; want an error", bad)
		}
	}
}

func TestParseSignatures(t *testing.T) {
	tests := []struct {
		text   string
		want   []string
		member bool
	}{
		{"", nil, false},
		{"# offset,uuid,label,type\n", nil, false},
		{"0x218,YSkHiH-kD7a-2GFq-wFui-mFek-axdI-YX7NnS,,LVM2_member\n", []string{"LVM2_member"}, true},
		{"0x438,c44a0c4c,my\\x20data\\x2c1,ext4\n", []string{"ext4 (label my data,1)"}, false},
		{"0x200,,,gpt\n0x1ffffe00,,,gpt\n0x1fe,,,PMBR\n", []string{"gpt", "gpt", "PMBR"}, false},
	}
	for _, test := range tests {
		got, member, err := parseSignatures(test.text)
		if err != nil || member != test.member || !cmp.Equal(test.want, got) {
			t.Errorf("parseSignatures(%q) = %q, %v, %v; want %q, %v", test.text, got, member, err, test.want, test.member)
		}
	}
	if _, _, err := parseSignatures("wipefs: something\n"); err == nil || !strings.Contains(err.Error(), "invalid line of wipefs") {
		t.Errorf("parseSignatures of another text: %v; want an error", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`NAME="/dev/vdb" KNAME="/dev/vdb" TYPE="disk" SIZE="1" RO="0" MOUNTPOINT="\x2"`)
	f.Add("0x438,a,\\xzz,ext4")
	mutate.Fuzz(f, func(t *testing.T, text string) {
		if d, err := parseTree(text); err == nil && (d.Kernel == "" || d.Type == "") {
			t.Errorf("parseTree(%q) = %v without a name", text, d)
		}
		if found, _, err := parseSignatures(text); err == nil && len(found) == 0 && strings.Contains(text, "0x") && !strings.Contains(text, "#") {
			t.Errorf("parseSignatures(%q) found nothing in a line with an offset", text)
		}
	})
}
