// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// TestReloadableKeysAreTried holds the list of keys that the Molecule scenario
// daemon changes under a running container against the table: every key that
// the engines of its hosts read on SIGHUP is there, and no other.
func TestReloadableKeysAreTried(t *testing.T) {
	notTried := map[string]string{
		"cluster-store":     "needs a key-value store beside the engine, and 20.10 is the last to know it",
		"cluster-advertise": "the same",
	}
	data, err := os.ReadFile("../../../molecule/daemon/vars/reloadable.yml")
	if err != nil {
		t.Fatal(err)
	}
	var scenario struct {
		Reloadable []struct{ Key string }
	}
	if err := yaml.Unmarshal(data, &scenario); err != nil {
		t.Fatal(err)
	}
	var tried []string
	for _, one := range scenario.Reloadable {
		tried = append(tried, one.Key)
	}
	slices.Sort(tried)
	for _, release := range []string{"20.10.24", "26.1.5"} {
		v := version(t, release)
		var want []string
		for _, key := range Keys() {
			if key.accepted(v) && key.Live.contains(v) && notTried[key.Name] == "" {
				want = append(want, key.Name)
			}
		}
		if diff := cmp.Diff(want, tried); diff != "" {
			t.Errorf("keys that %s reads on SIGHUP (-table +scenario):\n%s", release, diff)
		}
	}
}
