// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// stock is an inventory for tests: installed versions by name.
type stock struct {
	installed map[string]string
	needs     map[string]string // package by the one that needs it
}

func (s stock) Installed(name string) string { return s.installed[name] }
func (s stock) Held(string) bool             { return false }
func (s stock) Leftover(string) bool         { return false }
func (s stock) Unfinished() bool             { return false }
func (s stock) Interrupted() []string        { return nil }
func (s stock) HeldAt(string, string) bool   { return false }
func (s stock) LockedOut(string) bool        { return false }
func (s stock) Needed(_ context.Context, set map[string]bool, name string) []string {
	if by := s.needs[name]; by != "" && !set[by] {
		return []string{by}
	}
	return nil
}

// offers of packages: versions, the newest first, which is the candidate.
func offered(versions map[string]string) pkgmgr.Offers {
	o := pkgmgr.Offers{Available: make(map[string][]pkgmgr.Available), Candidate: make(map[string]string)}
	for name, list := range versions {
		for _, v := range strings.Fields(list) {
			o.Available[name] = append(o.Available[name], pkgmgr.Available{Version: v})
		}
		o.Candidate[name] = o.Versions(name)[0]
	}
	return o
}

func ceOffers() pkgmgr.Offers {
	return offered(map[string]string{
		"docker-ce":             "5:28.1.0-1~deb 5:28.0.4-1~deb 5:24.0.9-1~deb 5:24.0.7-1~deb 5:19.03.15~3-0~deb 18.06.3~ce~3-0~deb",
		"docker-ce-cli":         "5:28.1.0-1~deb 5:28.0.4-1~deb 5:24.0.9-1~deb 5:24.0.7-1~deb 5:19.03.15~3-0~deb",
		"docker-buildx-plugin":  "0.20.0-1~deb",
		"docker-compose-plugin": "2.30.0-1~deb",
		"containerd.io":         "1.7.27-1 1.6.28-1",
		"ca-certificates":       "20230311",
	})
}

func TestChoose(t *testing.T) {
	tests := []struct {
		wanted, installed, want, err string
	}{
		{"", "", "5:28.1.0-1~deb", ""},
		{"", "5:24.0.7-1~deb", "5:24.0.7-1~deb", ""},
		{"", "5:17.0-1", "5:17.0-1", ""},
		{"latest", "", "5:28.1.0-1~deb", ""},
		{"latest", "5:24.0.7-1~deb", "5:28.1.0-1~deb", ""},
		{"24.0", "", "5:24.0.9-1~deb", ""},
		{"24.0", "5:24.0.7-1~deb", "5:24.0.7-1~deb", ""},
		{"28", "5:24.0.7-1~deb", "5:28.1.0-1~deb", ""},
		{"5:19.03.*", "5:24.0.7-1~deb", "5:19.03.15~3-0~deb", ""},
		{"18.06.3~ce~3-0~deb", "", "18.06.3~ce~3-0~deb", ""},
		{"24.1", "", "", "cannot find version \"24.1\" of docker-ce; near ones that the host's repositories have: 5:24.0.9-1~deb, 5:24.0.7-1~deb, 5:28.1.0-1~deb, 5:28.0.4-1~deb, 5:19.03.15~3-0~deb"},
		{"5:24.0.99", "", "", "near ones that the host's repositories have: 5:24.0.9-1~deb, "},
		{"kubernetes-1.20", "", "5:19.03.15~3-0~deb", ""},
		{"kubernetes-1.20", "5:28.1.0-1~deb", "5:19.03.15~3-0~deb", ""},
		{"kubernetes-1.20", "18.06.3~ce~3-0~deb", "18.06.3~ce~3-0~deb", ""},
		{"kubernetes-1.22", "", "5:19.03.15~3-0~deb", ""},
		{"kubernetes-1.12.3", "", "18.06.3~ce~3-0~deb", ""},
		{"kubernetes-1.24", "", "", "Kubernetes 1.24 and newer do not use Docker Engine"},
		{"kubernetes-1.2", "", "", "has 1.12 to 1.23"},
		{"kubernetes-1.x", "", "", "give a Kubernetes release as kubernetes-1.21"},
		{"kubernetes-", "", "", "give a Kubernetes release as kubernetes-1.21"},
	}
	for _, test := range tests {
		have := stock{installed: map[string]string{"docker-ce": test.installed}}
		got, err := choose(test.wanted, debUnit(distro.DockerCE), aptManager{}, have, ceOffers())
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("choose(%q, installed %q) = %q, %v; want %q, error %q", test.wanted, test.installed, got, err, test.want, test.err)
		}
	}
	for _, wanted := range []string{"", "latest", "24.0"} {
		_, err := choose(wanted, debUnit(distro.DockerCE), aptManager{}, stock{}, pkgmgr.Offers{})
		if err == nil || !strings.HasPrefix(err.Error(), "cannot find ") {
			t.Errorf("choose(%q) without offers = %v; want cannot find", wanted, err)
		}
	}
}

func TestAim(t *testing.T) {
	const v28, v24 = "5:28.1.0-1~deb", "5:24.0.7-1~deb"
	all := func(version string) map[string]string {
		return map[string]string{"docker-ce": version, "docker-ce-cli": version, "containerd.io": "1.7.27-1", "docker-buildx-plugin": "0.20.0-1~deb", "docker-compose-plugin": "2.30.0-1~deb", "ca-certificates": "20230311"}
	}
	with := func(change map[string]string) map[string]string {
		m := all(v24)
		for name, v := range change {
			m[name] = v
		}
		return m
	}
	tests := []struct {
		name      string
		version   string
		installed map[string]string
		down      bool
		want      map[string]string
		warn, err string
	}{
		{"fresh", v28, nil, false, all(v28), "", ""},
		{"nothing to do", v24, all(v24), false, map[string]string{}, "", ""},
		{"upgrade, all in step", v28, with(map[string]string{"containerd.io": "1.6.28-1"}), false, map[string]string{"docker-ce": v28, "docker-ce-cli": v28, "containerd.io": "1.7.27-1"}, "", ""},
		{"company stays when the engine stays", v24, with(map[string]string{"containerd.io": "1.6.28-1"}), false, map[string]string{}, "", ""},
		{"downgrade refused", v24, all(v28), false, nil, "", "cannot go from docker-ce 5:28.1.0-1~deb back to 5:24.0.7-1~deb"},
		{"downgrade, company stays", v24, all(v28), true, map[string]string{"docker-ce": v24, "docker-ce-cli": v24}, "", ""},
		{"skew, command line older", v24, with(map[string]string{"docker-ce-cli": "5:19.03.15~3-0~deb"}), false, map[string]string{"docker-ce-cli": v24}, "", ""},
		{"skew, command line newer", v24, with(map[string]string{"docker-ce-cli": v28}), false, map[string]string{}, "docker-ce-cli 5:28.1.0-1~deb is newer than docker-ce 5:24.0.7-1~deb", ""},
		{"skew, command line newer, with leave", v24, with(map[string]string{"docker-ce-cli": v28}), true, map[string]string{"docker-ce-cli": v24}, "", ""},
		{"engine of another repository", "5:25.0-1", map[string]string{"docker-ce": "5:25.0-1", "docker-ce-cli": "5:25.1-1", "containerd.io": "1", "docker-buildx-plugin": "1", "docker-compose-plugin": "1", "ca-certificates": "1"}, false, map[string]string{}, "docker-ce-cli is 5:25.1-1 and not 5:25.0-1", ""},
		{"rootless extras follow where they are", v28, with(map[string]string{"docker-ce-rootless-extras": v24}), false, map[string]string{"docker-ce": v28, "docker-ce-cli": v28, "docker-ce-rootless-extras": v28}, "", ""},
		{"engine from before the command line was apart", "18.06.3~ce~3-0~deb", map[string]string{"ca-certificates": "1", "docker-buildx-plugin": "1", "docker-compose-plugin": "1"}, false, map[string]string{"docker-ce": "18.06.3~ce~3-0~deb", "containerd.io": "1.7.27-1"}, "", ""},
	}
	for _, test := range tests {
		offers := ceOffers()
		if strings.HasPrefix(test.name, "rootless") {
			offers.Available["docker-ce-rootless-extras"] = []pkgmgr.Available{{Version: v28}, {Version: v24}}
		}
		got, err := aim(test.version, debUnit(distro.DockerCE), aptManager{}, stock{installed: test.installed}, offers, test.down)
		if err != nil || test.err != "" {
			if err == nil || test.err == "" || !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("%s: aim = %v; want error %q", test.name, err, test.err)
			}
			continue
		}
		if diff := cmp.Diff(test.want, got.install); diff != "" {
			t.Errorf("%s: aim: install (-want +got)\n%s", test.name, diff)
		}
		if warn := strings.Join(got.warn, "\n"); (warn == "") != (test.warn == "") || !strings.HasPrefix(warn, test.warn) {
			t.Errorf("%s: aim: warnings %q; want %q", test.name, warn, test.warn)
		}
	}
}

func TestSameRelease(t *testing.T) {
	tests := []struct{ version, versions, want string }{
		{"26.1.5+dfsg1-9+b2", "26.1.5+dfsg1-9+b4 20.10-1", "26.1.5+dfsg1-9+b4"},
		{"26.1.5+dfsg1-9+b2", "26.1.5+dfsg1-9", "26.1.5+dfsg1-9"},
		{"26.1.5+dfsg1-9", "26.1.5+dfsg1-10", ""},
		{"1+beta", "1", ""},
	}
	for _, test := range tests {
		if got := sameRelease(test.version, strings.Fields(test.versions)); got != test.want {
			t.Errorf("sameRelease(%q, %q) = %q; want %q", test.version, test.versions, got, test.want)
		}
	}
}

func TestFlavorOf(t *testing.T) {
	debian := distro.Parse([]byte("ID=debian\n"))
	tests := []struct {
		wanted    string
		installed string
		ce        bool
		want      distro.Flavor
	}{
		{"auto", "", false, distro.DockerIO},
		{"auto", "", true, distro.DockerCE},
		{"auto", "docker.io", true, distro.DockerIO},
		{"auto", "docker-ce", false, distro.DockerCE},
		{"docker-ce", "docker.io", false, distro.DockerCE},
		{"docker-engine", "", false, ""},
	}
	for _, test := range tests {
		offers := pkgmgr.Offers{}
		if test.ce {
			offers = ceOffers()
		}
		have := stock{installed: map[string]string{test.installed: "1"}}
		got, err := flavorOf(test.wanted, aptManager{}, have, offers, debian)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("flavorOf(%s, installed %q, docker-ce offered %v) = %q, %v; want %q", test.wanted, test.installed, test.ce, got, err, test.want)
		}
	}
}

func TestRemovable(t *testing.T) {
	h := host.New(t.TempDir())
	have := stock{
		installed: map[string]string{"docker.io": "1", "containerd": "1", "runc": "1", "docker-cli": "1"},
		needs:     map[string]string{"runc": "containerd", "containerd": "kubelet"},
	}
	names, warn := removable(t.Context(), h, aptManager{}, []distro.Flavor{distro.DockerIO}, have, false)
	if diff := cmp.Diff([]string{"docker-cli", "docker.io"}, names); diff != "" || len(warn) != 2 {
		t.Errorf("removable: (-want +got)\n%s, warnings %q; want that runc stays for containerd, which stays for kubelet", diff, warn)
	}
	have.needs = nil
	if names, _ := removable(t.Context(), h, aptManager{}, []distro.Flavor{distro.DockerIO}, have, false); len(names) != 4 {
		t.Errorf("removable = %v; want all four", names)
	}
	// containerd with Kubernetes' containers, and containerd without an engine.
	if err := os.MkdirAll(h.Path("/run/containerd/io.containerd.runtime.v2.task/k8s.io/abc"), 0o755); err != nil {
		t.Fatal(err)
	}
	names, warn = removable(t.Context(), h, aptManager{}, []distro.Flavor{distro.DockerIO}, have, false)
	if diff := cmp.Diff([]string{"docker-cli", "docker.io"}, names); diff != "" || len(warn) != 2 || !strings.Contains(warn[0], "k8s.io") {
		t.Errorf("removable with containers of Kubernetes: (-want +got)\n%s, warnings %q", diff, warn)
	}
	alone := stock{installed: map[string]string{"containerd.io": "1", "docker-ce-cli": ""}}
	names, warn = removable(t.Context(), host.New(t.TempDir()), aptManager{}, []distro.Flavor{distro.DockerCE, distro.DockerIO}, alone, true)
	if len(names) != 0 || len(warn) != 1 || !strings.Contains(warn[0], "containerd.io 1 stays") {
		t.Errorf("removable = %v, %q; want that containerd.io stays where no engine is", names, warn)
	}
}

func TestRPMUnits(t *testing.T) {
	for _, f := range []distro.Flavor{distro.DockerCE, distro.DockerEngine, distro.Moby, distro.Docker} {
		u := rpmUnit(f)
		if u.flavor != f || u.engine != string(f) {
			t.Errorf("rpmUnit(%s) has flavor %s and engine %s", f, u.flavor, u.engine)
		}
		for _, name := range u.members() {
			if slices.Contains(u.strangers, name) {
				t.Errorf("rpmUnit(%s): %s is a member and a stranger", f, name)
			}
		}
		if f != distro.DockerEngine && !slices.Contains(u.strangers, "docker-engine") {
			t.Errorf("rpmUnit(%s) does not know docker-engine as a stranger", f)
		}
	}
}

func TestRequest(t *testing.T) {
	tests := []struct {
		request request
		want    string
	}{
		{request{install: map[string]string{"b": "2", "a": ""}, remove: []string{"c"}}, "install a b=2 c-"},
		{request{remove: []string{"c", "d"}}, "remove c d"},
		{request{remove: []string{"c"}, purge: true}, "purge c"},
	}
	for _, test := range tests {
		if got := strings.Join(test.request.apt(), " "); !strings.HasSuffix(got, " "+test.want) {
			t.Errorf("apt(%+v) = %q; want %q at the end", test.request, got, test.want)
		}
	}
}
