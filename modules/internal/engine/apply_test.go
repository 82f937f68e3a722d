// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestApply(t *testing.T) {
	for _, test := range []struct {
		old, new, version string
		want              Need
	}{
		{`{}`, `{}`, "26.1", None},
		{`{"mtu": 1500}`, `{"mtu": 1500}`, "26.1", None},
		{`{"debug": null}`, `{}`, "26.1", None},
		{`{}`, `{"debug": true}`, "20.10", Reload},
		{`{"debug": true}`, `{}`, "20.10", Restart},
		{`{"debug": true}`, `{"debug": null}`, "20.10", Restart},
		{`{"registry-mirrors": ["https://a"]}`, `{"registry-mirrors": ["https://b"]}`, "26.1", Reload},
		{`{"registry-mirrors": ["https://a"]}`, `{"registry-mirrors": []}`, "26.1", Reload},
		{`{"registry-mirrors": ["https://a"]}`, `{}`, "26.1", Restart},
		{`{"max-concurrent-downloads": 5}`, `{}`, "26.1", Reload},
		{`{"max-download-attempts": 5}`, `{}`, "20.10", Reload},
		{`{}`, `{"default-cgroupns-mode": "host"}`, "20.10", Reload},
		{`{}`, `{"log-level": "debug"}`, "26.1", Restart},
		{`{}`, `{"log-opts": {"max-size": "1m"}}`, "26.1", Restart},
		{`{}`, `{"icc": false}`, "26.1", Restart},
		{`{}`, `{"debug": true, "icc": false}`, "26.1", Restart},
		{`{}`, `{"default-stop-timeout": 5}`, "29.7", Reload},
		{`{}`, `{"nri-opts": {"enable": true}}`, "29.2", Reload},
		{`{}`, `{"cluster-store": "a"}`, "20.10", Reload},
		{`{}`, `{"allow-nondistributable-artifacts": ["a"]}`, "27.5", Reload},
		{`{}`, `{"allow-nondistributable-artifacts": ["a"]}`, "28.0", Restart},
		{`{}`, `{"allow-nondistributable-artifacts": ["a"]}`, "28.5", None},
		{`{}`, `{"deprecated-key-path": "a"}`, "24.0", None},
		{`{"insecure-registry": ["a"]}`, `{}`, "26.1", None},
		{`{"no-such-key": 1}`, `{}`, "26.1", Restart},
		{`{}`, `{"features": {"buildkit": true}}`, "20.10", Reload},
		{`{"features": {"buildkit": true}}`, `{}`, "20.10", Reload},
		{`{}`, `{"features": {"containerd-snapshotter": true}}`, "26.1", Restart},
		{`{"features": {"containerd-snapshotter": true}}`, `{"features": {"containerd-snapshotter": true, "buildkit": true}}`, "26.1", Reload},
		{`{}`, `{"debug": true}`, "", Restart},
		{`{"debug": true}`, `{"debug": true}`, "", None},
		{`{"runtimes": {"a": {"path": "/a"}}}`, `{"runtimes": {"a": {"path": "/b"}}}`, "26.1", Reload},
		{`{"labels": ["a=1", "b=2"]}`, `{"labels": ["b=2", "a=1"]}`, "26.1", Reload},
	} {
		var v Version
		if test.version != "" {
			v = version(t, test.version)
		}
		got, reasons := Apply(decode(t, test.old), decode(t, test.new), v)
		if got != test.want {
			t.Errorf("Apply(%s, %s) on %s = %v; want %v: %v", test.old, test.new, v, got, test.want, reasons)
		}
		for _, reason := range reasons {
			if !strings.HasPrefix(reason.Text, reason.Key+": ") {
				t.Errorf("reason %+v does not begin with its key", reason)
			}
		}
	}
}

// TestEveryReloadableKey holds each key to the two rules: a change of a live
// key reloads, its removal reloads only where the engine resets it.
func TestEveryReloadableKey(t *testing.T) {
	v := version(t, "29.7.2")
	for _, key := range Keys() {
		if !key.Live.contains(v) || !key.accepted(v) || key.Ignored.Known() || key.Name == "features" {
			continue
		}
		doc := decode(t, `{`+quote(key.Name)+`: `+sampleOf(key.Name, key.Kind, true)+`}`)
		if need, _ := Apply(nil, doc, v); need != Reload {
			t.Errorf("Apply of a new %q = %v; want reload", key.Name, need)
		}
		want := Restart
		if key.Reset {
			want = Reload
		}
		if need, _ := Apply(doc, nil, v); need != want {
			t.Errorf("Apply of a removed %q = %v; want %v", key.Name, need, want)
		}
	}
}

func TestDataHazards(t *testing.T) {
	for _, test := range []struct {
		old, new, version string
		want              []string
	}{
		{`{}`, `{"data-root": "/var/lib/docker"}`, "26.1", nil},
		{`{}`, `{"data-root": "/var/lib/docker/"}`, "26.1", nil},
		{`{"graph": "/data"}`, `{"data-root": "/data"}`, "20.10", nil},
		{`{}`, `{"data-root": "/data"}`, "26.1", []string{"data-root: /var/lib/docker -> /data"}},
		{`{"data-root": "/data"}`, `{}`, "26.1", []string{"data-root: /data -> /var/lib/docker"}},
		{`{"graph": "/data"}`, `{"graph": "/b"}`, "20.10", []string{"data-root: /data -> /b"}},
		{`{}`, `{"storage-driver": "overlay2"}`, "26.1", []string{"storage-driver:  -> overlay2"}},
		{`{"storage-driver": "aufs"}`, `{"storage-driver": "overlay2"}`, "20.10", []string{"storage-driver: aufs -> overlay2"}},
		{`{}`, `{"userns-remap": "default"}`, "26.1", []string{"userns-remap:  -> default"}},
		{`{"userns-remap": ""}`, `{}`, "26.1", nil},
		{`{}`, `{"features": {"containerd-snapshotter": true}}`, "26.1", []string{"features:  -> containerd-snapshotter"}},
		{`{}`, `{"features": {"containerd-snapshotter": false}}`, "26.1", nil},
		{`{}`, `{"features": {"containerd-snapshotter": false}}`, "29.0", []string{"features:  -> no containerd-snapshotter"}},
		{`{}`, `{"features": {"containerd-snapshotter": true}}`, "20.10", nil},
		{`{}`, `{"features": {"containerd-snapshotter": true}}`, "", []string{"features:  -> containerd-snapshotter"}},
		{`{}`, `{"features": {"buildkit": true}}`, "26.1", nil},
		{`{}`, `{"containerd": "/run/containerd/containerd.sock"}`, "26.1", nil},
		{`{}`, `{"containerd-namespace": "a"}`, "26.1", []string{"containerd-namespace: moby -> a"}},
		{`{}`, `{"debug": true, "icc": false}`, "26.1", nil},
	} {
		var v Version
		if test.version != "" {
			v = version(t, test.version)
		}
		var got []string
		for _, h := range DataHazards(decode(t, test.old), decode(t, test.new), v) {
			got = append(got, h.Key+": "+h.Old+" -> "+h.New)
			if !strings.HasPrefix(h.Text, "cannot change "+h.Key+" from ") || strings.HasSuffix(h.Text, ": ") {
				t.Errorf("hazard %q does not say what it hides: %s", h.Key, h.Text)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("DataHazards(%s, %s) on %s differ (-want +got):\n%s", test.old, test.new, v, diff)
		}
	}
}

func TestDataHazardsNameValues(t *testing.T) {
	for doc, want := range map[string]string{
		`{"userns-remap": "default"}`: `cannot change userns-remap from none to "default" without`,
		`{"storage-driver": "vfs"}`:   `cannot change storage-driver from the default to vfs without`,
	} {
		hazards := DataHazards(nil, decode(t, doc), version(t, "26.1"))
		if len(hazards) != 1 || !strings.HasPrefix(hazards[0].Text, want) {
			t.Errorf("DataHazards(nil, %s) = %v; want one that begins %q", doc, hazards, want)
		}
	}
}
