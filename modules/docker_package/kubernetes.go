// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hardened.docker/modules/internal/pkgmgr"
)

// tested says which engines Kubernetes releases were tested with.
type tested struct {
	first, last int      // minor releases of Kubernetes 1
	engines     []string // beginnings of the engine's versions, the newest first
	source      string
	date        string
}

// kubernetes is the table of the engines that the Kubernetes project tested
// its releases with. Up to 1.16 its release notes name them; then
// build/dependencies.yaml and the validator of kubeadm do. Since 1.24 there is
// none: the kubelet does not talk to Docker Engine any more.
func kubernetes() []tested {
	return []tested{
		{12, 13, []string{"18.06", "17.09", "17.06", "17.03", "1.13.1", "1.12.1", "1.11.1"}, "release notes of 1.12, kubernetes/kubernetes#68495", "2018-09-27"},
		{14, 16, []string{"18.09", "18.06", "17.09", "17.06", "17.03", "1.13.1"}, "release notes of 1.14 and 1.15, kubernetes/kubernetes#72823 and #72831", "2019-03-25"},
		{17, 20, []string{"19.03", "18.09", "18.06", "17.09", "17.06", "17.03", "1.13.1"}, "build/dependencies.yaml, kubernetes/kubernetes#84476", "2019-10-28"},
		{21, 23, []string{"20.10", "19.03", "18.09", "18.06", "17.09", "17.06", "17.03", "1.13.1"}, "kubernetes/system-validators#23", "2021-02-11"},
	}
}

const kubernetesPrefix = "kubernetes-1."

// kubernetesOf returns the row of the table for a version such as
// "kubernetes-1.21".
func kubernetesOf(version string) (tested, error) {
	text, _, _ := strings.Cut(strings.TrimPrefix(version, kubernetesPrefix), ".")
	minor, err := strconv.Atoi(text)
	if !strings.HasPrefix(version, kubernetesPrefix) || err != nil || minor < 0 {
		return tested{}, fmt.Errorf("invalid version %q: give a Kubernetes release as kubernetes-1.21", version)
	}
	table := kubernetes()
	for _, row := range table {
		if row.first <= minor && minor <= row.last {
			return row, nil
		}
	}
	if minor > table[len(table)-1].last {
		return tested{}, fmt.Errorf("invalid version %q: Kubernetes 1.24 and newer do not use Docker Engine, so none is tested with them; with cri-dockerd between them, give the engine's own version", version)
	}
	return tested{}, fmt.Errorf("unknown release in version %q: the table of engines tested with Kubernetes has 1.%d to 1.%d", version, table[0].first, table[len(table)-1].last)
}

// choose returns the installed version if it was tested, else the newest of
// the newest tested series that is offered.
func (t tested) choose(wanted, installed string, u unit, m manager, offers pkgmgr.Offers) (string, error) {
	if installed != "" && slices.ContainsFunc(t.engines, func(e string) bool { return pkgmgr.Matches(e, installed) }) {
		return installed, nil
	}
	versions := offers.Versions(u.engine)
	for _, series := range t.engines {
		for _, v := range versions {
			if pkgmgr.Matches(series, v) {
				return v, nil
			}
		}
	}
	text := fmt.Sprintf("cannot find an engine for %s: it was tested with %s (%s, %s), and no repository of the host has one of them as %s", wanted, strings.Join(t.engines, ", "), t.source, t.date, u.engine)
	if len(versions) > 0 {
		text += "; they have " + strings.Join(versions[:min(len(versions), 5)], ", ")
	}
	return "", &versionError{text}
}

// result is the row as the module returns it.
func (t tested) result() map[string]any {
	return map[string]any{"engines": t.engines, "source": t.source, "date": t.date}
}
