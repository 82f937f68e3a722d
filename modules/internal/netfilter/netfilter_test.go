// SPDX-License-Identifier: GPL-3.0-or-later

package netfilter

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/mutate"
)

// recorded reads what a real host printed.
func recorded(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func parsed(t testing.TB, name string) Ruleset {
	t.Helper()
	var r Ruleset
	var err error
	if strings.HasSuffix(name, ".json") {
		r, err = ParseNFT([]byte(recorded(t, name)))
	} else {
		r, err = ParseSave(recorded(t, name))
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// changed is a recorded output with a line taken away or put before another.
func changed(t testing.TB, name, old, now string) Ruleset {
	t.Helper()
	text := recorded(t, name)
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %q", name, old)
	}
	r, err := ParseSave(strings.Replace(text, old, now, 1))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseSaveRules(t *testing.T) {
	for line, want := range map[string]Rule{
		`-A X -p icmp -j ACCEPT`: {Proto: Match{Value: "icmp"}, Verdict: Accept, Target: "ACCEPT"},
		`-A X -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2`: {
			In: Match{Value: "docker0"}, Out: Match{"docker0", true}, Verdict: Jump, Target: "DOCKER-ISOLATION-STAGE-2"},
		`-A X -m comment --comment "a \"b\" -j DROP" -j RETURN`: {Verdict: Return, Target: "RETURN"},
		`-A X -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`: {
			Out: Match{Value: "docker0"}, States: "RELATED,ESTABLISHED", Verdict: Accept, Target: "ACCEPT"},
		`-A X -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:8080`: {
			Proto: Match{Value: "tcp"}, Port: "8080", Other: true, Verdict: Accept, Target: "DNAT", To: "172.17.0.2:8080"},
		`[3:180] -A X -s 10.0.0.0/8 -g Y`:                    {Source: Match{Value: "10.0.0.0/8"}, Verdict: Goto, Target: "Y"},
		`-A X -j REJECT --reject-with icmp-port-unreachable`: {Verdict: Drop, Target: "REJECT"},
		`-A X -p icmp -m icmp --icmp-type 8 -j ACCEPT`:       {Proto: Match{Value: "icmp"}, Other: true, Verdict: Accept, Target: "ACCEPT"},
		`-A X -j LOG --log-prefix "-j ACCEPT"`:               {Target: "LOG"},
		`-A X`:                                               {},
	} {
		r, err := ParseSave("*filter\n:X - [0:0]\n" + line + "\nCOMMIT\n")
		if err != nil {
			t.Errorf("ParseSave(%q) = %v", line, err)
			continue
		}
		_, want.Text, _ = strings.Cut(line, "-A")
		want.Text = "-A" + want.Text
		if diff := cmp.Diff([]Rule{want}, r.Chain("filter", "X").Rules); diff != "" {
			t.Errorf("ParseSave(%q):\n%s", line, diff)
		}
	}
}

func TestParseSaveRefuses(t *testing.T) {
	for _, text := range []string{
		"-A FORWARD -j ACCEPT\n", "*filter\n-A FORWARD -j ACCEPT\n", "*filter\nhello\n", "*filter\n:X\n",
		"*filter\n:X - [0:0]\n-A X -i\n", "*filter\n:X - [0:0]\n-A X -m comment --comment \"x\n", "*filter\n-A \n",
	} {
		if r, err := ParseSave(text); err == nil {
			t.Errorf("ParseSave(%q) = %v; want an error", text, r)
		} else if !strings.HasPrefix(err.Error(), "invalid line ") {
			t.Errorf("ParseSave(%q) = %v", text, err)
		}
	}
}

func TestParseSaveIncompatible(t *testing.T) {
	r, err := ParseSave("# Table `filter' is incompatible, use 'nft' tool.\n")
	if err != nil || !slices.Equal(r.Incompatible, []string{"filter"}) {
		t.Errorf("ParseSave = %v, %v", r, err)
	}
}

func TestParseNFTRefuses(t *testing.T) {
	for _, text := range []string{"", "{", `{"nftables":[{"rule":{"family":"ip","table":"t","chain":"c","handle":1,"expr":[]}}]}`} {
		if _, err := ParseNFT([]byte(text)); err == nil {
			t.Errorf("ParseNFT(%q): no error", text)
		}
	}
}

// The same rules, read by iptables-save and by nft.
func TestBothReadersAgree(t *testing.T) {
	save, nft := parsed(t, "engine-28.5.save"), parsed(t, "engine-28.5.nft.json").family("ip")
	for _, c := range save.Chains {
		if c.Policy != "" && len(c.Rules) == 0 {
			continue // nft does not list what nobody made
		}
		other := nft.Chain(c.Table, c.Name)
		if other == nil || len(other.Rules) != len(c.Rules) {
			t.Errorf("chain %s %s: %+v and %+v", c.Table, c.Name, c, other)
			continue
		}
		for i, a := range c.Rules {
			b := other.Rules[i]
			if a.In != b.In || a.Out != b.Out || a.Verdict != b.Verdict || a.Verdict == Jump && a.Target != b.Target {
				t.Errorf("rule %d of %s %s: %+v and %+v", i+1, c.Table, c.Name, a, b)
			}
		}
	}
}

func TestBackend(t *testing.T) {
	for name, want := range map[string]string{
		"engine-20.10.save": IPTablesNFT, "engine-28.5.save": IPTablesNFT, "legacy-20.10.save": IPTablesLegacy,
	} {
		if got := backend(recorded(t, name)); got != want {
			t.Errorf("backend(%s) = %s; want %s", name, got, want)
		}
	}
	if got := backend(""); got != IPTablesNFT {
		t.Errorf("backend of nothing = %s", got)
	}
}

func FuzzParseSave(f *testing.F) {
	for _, name := range []string{"engine-20.10.save", "engine-28.5.save", "legacy-20.10.save", "engine-20.10-icmp.save"} {
		f.Add(recorded(f, name))
	}
	mutate.Fuzz(f, func(t *testing.T, text string) {
		r, err := ParseSave(text)
		if err != nil {
			return
		}
		judge(r)
	})
}

func FuzzParseNFT(f *testing.F) {
	for _, name := range []string{"engine-28.5.nft.json", "engine-29-nftables.json"} {
		f.Add([]byte(recorded(f, name)))
	}
	mutate.Fuzz(f, func(t *testing.T, text []byte) {
		r, err := ParseNFT(text)
		if err != nil {
			return
		}
		judge(r)
	})
}

// judge asks all questions, for their panics and loops.
func judge(r Ruleset) {
	Missing(r, Wanted{Bridges: []Bridge{{Name: "docker0"}}, Ports: []Port{{Public: 80, Protocol: "tcp"}}})
	MissingNative(r, Wanted{Bridges: []Bridge{{Name: "docker0"}}})
	for _, c := range r.Chains {
		Between(r, c, "docker0", []string{"172.17.0.0/16"})
	}
}
