// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decode reads a document as callers do: numbers stay as they are written.
func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var doc map[string]any
	if err := decoder.Decode(&doc); err != nil {
		t.Fatalf("cannot decode %s: %v", text, err)
	}
	return doc
}

// rows reads a table of testdata without its comment lines.
func rows(t *testing.T, name string) [][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var table [][]string
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			table = append(table, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
		}
	}
	return table
}

func version(t *testing.T, text string) Version {
	t.Helper()
	v, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// kindOfGoType maps the type of the engine's configuration struct.
var kindOfGoType = map[string]Kind{
	"bool": Bool, "*bool": Bool, "string": String, "log.OutputFormat": String,
	"int": Int, "int64": Int, "uint32": Int, "[]string": Strings,
	"map[string]string": StringMap, "map[string]bool": BoolMap,
	"map[string]map[string]string": StringMaps, "net.IP": IP, "[]netip.Addr": IPs,
	"opts.MemBytes": Size, "opts.PoolsOpt": Pools, "map[string]*container.Ulimit": Ulimits,
	"map[string]system.Runtime": Runtimes, "BuilderConfig": Builder, "Proxies": Proxies,
	"opts.NRIOpts": NRI,
}

// sample is the value that the engines were tried with, where the kind alone
// does not give a sensible one.
var sample = map[string]string{
	"authorization-plugins":  `["x"]`,
	"bip":                    `"172.17.0.1/16"`,
	"bip6":                   `"fd00::1/64"`,
	"bridge-accept-fwmark":   `"0x1"`,
	"cluster-store-opt":      `{}`,
	"default-cgroupns-mode":  `"private"`,
	"default-ipc-mode":       `"private"`,
	"default-network-opt":    `{"bridge": {"a": "b"}}`,
	"default-runtime":        `"runc"`,
	"dns-search":             `["example.com"]`,
	"exec-opts":              `["native.cgroupdriver=systemd"]`,
	"feature":                `{"buildkit": true}`,
	"firewall-backend":       `"iptables"`,
	"fixed-cidr":             `"172.17.1.0/24"`,
	"fixed-cidr-v6":          `"fd00::/64"`,
	"hosts":                  `["unix:///var/run/docker.sock"]`,
	"labels":                 `["a=b"]`,
	"log-driver":             `"json-file"`,
	"log-format":             `"text"`,
	"log-level":              `"info"`,
	"log-opt":                `{"max-size": "1m"}`,
	"max-download-attempts":  `3`,
	"min-api-version":        `"1.40"`,
	"node-generic-resources": `["gpu=1"]`,
	"registry-mirrors":       `["https://mirror.example.com"]`,
	"storage-driver":         `"overlay2"`,
	"storage-opts":           `["overlay2.size=1G"]`,
	"swarm-x":                `"x"`,
	"userland-proxy-path":    `"/usr/bin/docker-proxy"`,
	"userns-remap":           `""`,
}

func sampleOf(name string, kind Kind, isKey bool) string {
	if text, ok := sample[name]; ok {
		return text
	}
	if !isKey {
		return `["x"]`
	}
	return map[Kind]string{
		Bool: `true`, String: `"/x"`, Int: `1`, Strings: `["x"]`, StringMap: `{"a": "b"}`,
		BoolMap: `{"buildkit": true}`, StringMaps: `{"bridge": {"a": "b"}}`, IP: `"10.0.0.1"`,
		IPs: `["10.0.0.1"]`, Size: `"64M"`, Pools: `[{"base": "172.30.0.0/16", "size": 24}]`,
		Ulimits:  `{"nofile": {"Name": "nofile", "Soft": 1, "Hard": 2}}`,
		Runtimes: `{"x": {"path": "/x"}}`, Builder: `{"gc": {"enabled": true}}`,
		Proxies: `{"http-proxy": "http://10.0.0.1:1"}`, NRI: `{"enable": true}`,
	}[kind]
}

// TestTableEqualsKeysTSV compares the table with what real engines did, row by
// row: type, flag, acceptance by each of the eight engines, SIGHUP.
func TestTableEqualsKeysTSV(t *testing.T) {
	table := rows(t, "engine-keys.tsv")
	header := table[0]
	versions := header[3 : len(header)-1]
	inTable := make(map[string]bool)
	for _, row := range table[1:] {
		name, goType, flag := row[0], row[1], row[2]
		inTable[name] = true
		key, isKey := Lookup(name)
		if isKey {
			if want, ok := kindOfGoType[goType]; !ok || key.Kind != want {
				t.Errorf("Lookup(%q).Kind = %v; want %v (%s)", name, key.Kind, want, goType)
			}
			checkFlagColumn(t, key, flag)
			checkReloadColumn(t, key, versions, row[len(row)-1])
		}
		doc := decode(t, `{`+quote(name)+`: `+sampleOf(name, key.Kind, isKey)+`}`)
		for i, series := range versions {
			problems := Check(doc, Target{Version: version(t, series)})
			got := "ok"
			if EngineRejects(problems) {
				got = "ERR"
			}
			if want := row[3+i]; got != want {
				t.Errorf("Check(%v) on %s = %s; want %s: %v", doc, series, got, want, problems)
			}
		}
	}
	for _, key := range Keys() {
		if !inTable[key.Name] {
			t.Errorf("key %q is not in engine-keys.tsv", key.Name)
		}
	}
	if !slices.IsSortedFunc(Keys(), func(a, b Key) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the table in keys.go is not sorted by name")
	}
}

// flagsUnseen are flags that the table of engine-keys.tsv, made from the
// engine's struct, leaves blank, and that dockerd --help shows.
var flagsUnseen = []string{"default-shm-size", "nri-opts", "tlsverify"}

func checkFlagColumn(t *testing.T, key Key, want string) {
	t.Helper()
	got := key.Flag
	if key.Kind == Proxies {
		got = "http-proxy, https-proxy, no-proxy"
	}
	if want == "" && slices.Contains(flagsUnseen, key.Name) {
		want = key.Name
	}
	if got != want {
		t.Errorf("Lookup(%q).Flag = %q; want %q", key.Name, got, want)
	}
}

func checkReloadColumn(t *testing.T, key Key, versions []string, column string) {
	t.Helper()
	var want, got []string
	switch column {
	case "":
	case "all":
		want = versions
	default:
		want = strings.Split(column, ",")
	}
	for _, series := range versions {
		v := version(t, series)
		if key.Live.contains(v) && (column == "all" || key.accepted(v)) {
			got = append(got, series)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SIGHUP reads %q in other engines (-want +got):\n%s", key.Name, diff)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]Version{
		"20.10.24+dfsg1":                {20, 10, 24},
		"5:19.03.15~3-0~ubuntu-bionic":  {19, 3, 15},
		"26.1.5+dfsg1":                  {26, 1, 5},
		"18.09.0":                       {18, 9, 0},
		"18.09.0-327.oe2203":            {18, 9, 0},
		"18.09.0.101":                   {18, 9, 0},
		"29.7.2":                        {29, 7, 2},
		"v28.0.0-rc.1":                  {28, 0, 0},
		"5:28.5.2-1~debian.13~trixie":   {28, 5, 2},
		"24.0.9-ce":                     {24, 0, 9},
		"19.03":                         {19, 3, 0},
		"3:25.0.3-1.el9":                {25, 0, 3},
		" 27.5.1\n":                     {27, 5, 1},
		"20.10.24+dfsg1-1+deb12u1+b6":   {20, 10, 24},
		"20.10.21-0ubuntu1~22.04.3":     {20, 10, 21},
		"docker-ce-26.1.3-1.el8.x86_64": {},
		"":                              {},
		"latest":                        {},
		"28":                            {},
		"a:28.1":                        {},
		"..":                            {},
		"0.0":                           {},
		"5:0.00.0-1":                    {},
	} {
		got, err := Parse(text)
		if got != want || (err != nil) != (want == Version{}) {
			t.Errorf("Parse(%q) = %v, %v; want %v", text, got, err, want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "invalid engine version") {
			t.Errorf("Parse(%q): error %q does not follow the grammar", text, err)
		}
	}
}

func TestCompareAndString(t *testing.T) {
	ordered := []string{"18.09", "18.09.9", "19.03", "19.03.15", "20.10", "20.10.24", "23.0.1", "26.1.5", "29.7.2"}
	for i := range ordered {
		v := version(t, ordered[i])
		if v.String() != ordered[i] {
			t.Errorf("Parse(%q).String() = %q", ordered[i], v)
		}
		for j := range ordered {
			want := min(1, max(-1, i-j))
			if got := v.Compare(version(t, ordered[j])); got != want {
				t.Errorf("%s.Compare(%s) = %d; want %d", v, ordered[j], got, want)
			}
		}
	}
	if got := (Version{}).String(); got != "unknown" {
		t.Errorf("Version{}.String() = %q; want unknown", got)
	}
}
