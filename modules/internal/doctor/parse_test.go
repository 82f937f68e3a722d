// SPDX-License-Identifier: GPL-3.0-or-later

package doctor

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/machine"
	"hardened.docker/modules/internal/mutate"
)

// recorded returns what a real host printed.
func recorded(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// iproute2 6.1.0: a container's pair, and a pair with both ends on the host.
func TestParseLinks(t *testing.T) {
	links, err := ParseLinks(recorded(t, "ip-addr.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Link{
		{Index: 3, Name: "docker0", Kind: "bridge", State: "UP", Addr: []string{"172.17.0.1/16"}},
		{Index: 5, Name: "veth1f253de", Kind: "veth", Master: "docker0", Peer: 4, Away: true, State: "UP"},
		{Index: 10, Name: "vethbbbbbbb", Kind: "veth", Peer: 11, State: "DOWN"},
		{Index: 11, Name: "vethaaaaaaa", Kind: "veth", Master: "docker0", Peer: 10, State: "DOWN"},
	}
	if diff := cmp.Diff(want, links); diff != "" {
		t.Errorf("ParseLinks (-want +got):\n%s", diff)
	}
	found := ResidualVeths(&Snapshot{Links: links})
	if len(found) != 1 || found[0].Name != "vethaaaaaaa" {
		t.Errorf("ResidualVeths = %v; want vethaaaaaaa", found)
	}
	if _, err := ParseLinks([]byte("Option \"-j\" is unknown")); err == nil {
		t.Error("ParseLinks of an old ip = nil; want an error")
	}
}

func TestParseSemaphores(t *testing.T) {
	// Linux 6.1, two cookies of dmsetup udevcreatecookie beside others' sets.
	text := "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n" +
		" 223163224          0   600          1     0     0     0     0          0 1732300000\n" +
		"         0          1   600          1     0     0     0     0 1732300005 1732300000\n" +
		" 223137993          2   600          1     0     0     0     0 1732300009 1732300000\n"
	want := []Semaphore{{"0x0d4d3358", "0", time.Unix(1732300000, 0)}}
	if diff := cmp.Diff(want, ParseSemaphores(text)); diff != "" {
		t.Errorf("ParseSemaphores (-want +got):\n%s", diff)
	}
}

// iproute2 6.1.0, dockerd 20.10 before and after journald was stopped with its sockets.
func TestParseStream(t *testing.T) {
	text := "u_str ESTAB  0      0      /run/systemd/journal/stdout 3105934 * 3105931\n" +
		"u_str ESTAB  0      0                                 * 3105931 * 3105934\n" +
		"u_str ESTAB  0      0                                 * 77 * 0\n" +
		"u_str LISTEN 0      4096          /run/docker.sock 42 * 0\n"
	for inode, want := range map[string]bool{"3105931": false, "77": true, "1": false} {
		if _, cut := ParseStream(text, inode); cut != want {
			t.Errorf("ParseStream(%s) = %v; want %v", inode, cut, want)
		}
	}
}

func TestParseLimits(t *testing.T) {
	text := "# *  soft nproc 9\n* soft nproc 4096 # why\n@dev hard nproc unlimited\nroot - nofile 5\n* soft nproc many\n"
	want := []Limit{{"f", "f:2: * soft nproc 4096", "*", "soft", 4096}, {"f", "f:3: @dev hard nproc unlimited", "@dev", "hard", -1}}
	if diff := cmp.Diff(want, ParseLimits("f", text)); diff != "" {
		t.Errorf("ParseLimits (-want +got):\n%s", diff)
	}
}

func TestParseMountsUnescapes(t *testing.T) {
	got := machine.ParseMounts(`36 35 98:0 /a\040b /mnt/x\134y rw,noatime master:1 - ext3 /dev/root\011z rw` + "\n")
	if len(got) != 1 || got[0].Root != "/a b" || got[0].Point != `/mnt/x\y` || got[0].Source != "/dev/root\tz" || got[0].Device != "98:0" {
		t.Errorf("ParseMounts = %+v; want the paths without escapes", got)
	}
}

// A database that bbolt of engine 20.10 wrote, whole and broken.
func TestBoltProblem(t *testing.T) {
	head := recorded(t, "local-kv.db")
	change := func(at int, value byte) []byte {
		b := append([]byte{}, head...)
		b[at] ^= value
		return b
	}
	one, both := change(20, 1), change(20, 1)
	both[4096+20] ^= 1
	tests := []struct {
		name string
		head []byte
		size int64
		want string
	}{
		{"whole", head, 65536, ""},
		{"one copy is broken", one, 65536, ""},
		{"both copies are broken", both, 65536, "it is no database"},
		{"empty", nil, 0, "it is empty"},
		{"cut off", head, 8192, "it is cut off"},
		{"zeroes", make([]byte, 65536), 65536, "it is no database"},
		{"a few bytes", head[:40], 40, "it is no database"},
	}
	for _, test := range tests {
		if got := boltProblem(test.head, test.size); !strings.HasPrefix(got, test.want) || (test.want == "") != (got == "") {
			t.Errorf("%s: boltProblem = %q; want %q", test.name, got, test.want)
		}
	}
}

func TestJSONProblem(t *testing.T) {
	for text, want := range map[string]string{`{"a":1}`: "", "": "it is empty", "\x00\x00\x00": "it has 3 zero bytes", `{"a":`: "it is no JSON", " \n": "it is empty"} {
		if got := jsonProblem([]byte(text)); !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("jsonProblem(%q) = %q; want %q", text, got, want)
		}
	}
}

func TestEngines(t *testing.T) {
	for name, want := range map[string]bool{"overlay2": true, "engine-id": true, "tmp-old": true, AsideDir: true, "lost+found": true, "backup.tar": false, "Overlay2": false, "mysql": false} {
		if got := engines(name); got != want {
			t.Errorf("engines(%q) = %v; want %v", name, got, want)
		}
	}
}

func FuzzParseLinks(f *testing.F) {
	f.Add(recorded(f, "ip-addr.json"))
	mutate.Fuzz(f, func(t *testing.T, text []byte) {
		if links, err := ParseLinks(text); err == nil {
			ResidualVeths(&Snapshot{Links: links})
		}
	})
}

func FuzzParseText(f *testing.F) {
	f.Add(cleanMounts, "3105931")
	mutate.Fuzz(f, func(t *testing.T, text, word string) {
		s := &Snapshot{Mounts: machine.ParseMounts(text), State: State{Root: "/" + word}}
		HidingMounts(s)
		ParseSemaphores(text)
		ParseStream(text, word)
		ParseLimits(word, text)
		Explain(text)
		kernelNumber(text)
	})
}

func FuzzBoltProblem(f *testing.F) {
	f.Add(recorded(f, "local-kv.db"), int64(65536))
	mutate.Fuzz(f, func(t *testing.T, head []byte, size int64) { boltProblem(head, size) })
}
