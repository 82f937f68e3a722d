// SPDX-License-Identifier: GPL-3.0-or-later

package docker_limits

import (
	"fmt"
	"path"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dropin"
	"hardened.docker/modules/internal/file"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/kernelparam"
)

// sysctlFile has a name that sorts behind those of others, whose values it
// replaces.
const sysctlFile = "/etc/sysctl.d/zz-hardened-docker-limits.conf"

// semaphores is the fourth number of kernel.sem, the number of sets.
type semaphores struct {
	before, after int
	known         bool
	files         []string
}

func (s semaphores) result() map[string]any {
	if !s.known {
		return map[string]any{"before": nil, "after": nil}
	}
	return map[string]any{"before": s.before, "after": s.after}
}

// planSemaphores raises the number of sets, now and for the next boot. More
// than asked for is not taken away.
func planSemaphores(h *host.Host, option *int) (semaphores, []ansible.Act, error) {
	sem := semaphores{files: []string{}}
	text, found, err := kernelparam.Read(h, kernelparam.SemFile)
	if err != nil {
		return sem, nil, err
	}
	numbers, ok := kernelparam.ParseSem(text)
	have := numbers[kernelparam.SemSets]
	sem.known, sem.before, sem.after = ok, have, have
	if option == nil {
		return sem, nil, nil
	}
	want := *option
	if want < 1 || want > kernelparam.MaxSemSets {
		return sem, nil, fmt.Errorf("invalid value of option \"semaphores\": %d: write a number of sets from 1 to %d", want, kernelparam.MaxSemSets)
	}
	if !ok {
		return sem, nil, fmt.Errorf("unknown value of kernel.sem: %q (%s, found: %t)", text, kernelparam.SemFile, found)
	}
	sem.after = max(have, want)
	numbers[kernelparam.SemSets] = sem.after
	acts, name, err := persist(h, numbers, want)
	if err != nil {
		return sem, nil, err
	}
	sem.files = append(sem.files, name)
	if have < want {
		if err := kernelparam.CheckWritable(h, kernelparam.SemFile); err != nil {
			return sem, nil, err
		}
		acts = append(acts, kernelparam.Set{Name: kernelparam.SemFile, Before: text, After: numbers.String()})
	}
	return sem, acts, nil
}

// persist returns what makes the next boot set at least so many, and the file
// that does it. One that does it already is left alone.
func persist(h *host.Host, numbers kernelparam.Sem, want int) ([]ansible.Act, string, error) {
	lines, err := kernelparam.Sysctl(h, kernelparam.SemKey)
	if err != nil {
		return nil, "", err
	}
	if len(lines) > 0 {
		last := lines[len(lines)-1]
		if sem, ok := kernelparam.ParseSem(last.Value); ok && sem[kernelparam.SemSets] >= want {
			return nil, last.File, nil
		}
		if last.Later(sysctlFile) {
			return nil, "", fmt.Errorf("cannot make semaphores: %d last: %s sets kernel.sem to %q and is read after %s; remove it there", want, last.Where(), last.Value, sysctlFile)
		}
	}
	before, err := file.Read(h, sysctlFile, maxSize)
	if err != nil {
		return nil, "", err
	}
	acts, err := dropin.Parents(h, path.Dir(sysctlFile))
	if err != nil {
		return nil, "", err
	}
	content := "# Managed by hardened.docker.docker_limits.\n" + kernelparam.SemKey + " = " + numbers.String() + "\n"
	return append(acts, file.Replace{Before: before, Content: []byte(content), Mode: 0o644}), sysctlFile, nil
}
