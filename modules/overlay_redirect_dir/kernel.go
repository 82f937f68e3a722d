// SPDX-License-Identifier: GPL-3.0-or-later

package overlay_redirect_dir

import (
	"context"
	"errors"
	"path"
	"strings"
	"time"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/kernelparam"
)

// The names of the parameters, which are those of the result too.
const (
	redirectDir = "redirect_dir"
	index       = "index"
)

const (
	moduleDir  = "/sys/module/overlay"
	parameters = moduleDir + "/parameters"
)

// overlay is overlayfs in the running kernel.
type overlay struct {
	loaded  bool            // as a module or built in
	builtin bool            // module options do nothing
	values  map[string]bool // without what the kernel does not have
}

func readOverlay(h *host.Host, release kernelparam.Release) (overlay, error) {
	now := overlay{values: map[string]bool{}}
	now.loaded = h.Exists(moduleDir)
	// A kernel shows this only for modules that were loaded.
	now.builtin = now.loaded && !h.Exists(moduleDir+"/initstate")
	for _, name := range []string{redirectDir, index} {
		text, found, err := kernelparam.Read(h, path.Join(parameters, name))
		if err != nil {
			return now, err
		}
		if on, ok := kernelparam.ParseBool(text); found && ok {
			now.values[name] = on
		}
	}
	if now.loaded {
		return now, nil
	}
	return now, loadable(h, release)
}

// loadable refuses a kernel that has no overlayfs. Where its modules are not
// listed, as in a container, modprobe finds out.
func loadable(h *host.Host, release kernelparam.Release) error {
	seen := false
	for _, list := range []string{"modules.dep", "modules.builtin"} {
		text, err := h.ReadFile(path.Join("/lib/modules", release.Text, list))
		if err == nil && strings.Contains(string(text), "/overlay.ko") {
			return nil
		}
		seen = seen || err == nil
	}
	if !seen {
		return nil
	}
	return errors.New("cannot find overlayfs: the kernel " + release.Text + " has no module overlay; install the package with all of the kernel's modules")
}

func (o overlay) is(name string, on bool) bool {
	now, known := o.values[name]
	return known && now == on
}

// wanted returns the values to set. What the kernel does not have is off: there
// is nothing to set, and an option for it would be an unknown one.
func (o overlay) wanted(p Params, release kernelparam.Release) []value {
	var list []value
	for _, v := range p.values() {
		_, has := o.values[v.name]
		if !o.loaded {
			has = v.name == redirectDir && release.AtLeast(4, 10) || v.name == index && release.AtLeast(4, 13)
		}
		if has || v.on {
			list = append(list, v)
		}
	}
	return list
}

// change returns the acts that give the running kernel the wanted values.
func (o overlay) change(h *host.Host, wanted []value) ([]ansible.Act, error) {
	if !o.loaded && len(wanted) > 0 {
		return []ansible.Act{load{wanted}}, nil
	}
	var acts []ansible.Act
	for _, v := range wanted {
		now, known := o.values[v.name]
		switch {
		case known && now == v.on:
			continue
		case !known:
			return nil, errors.New("cannot set " + v.name + ": the overlayfs of this kernel has no such parameter in " + parameters)
		}
		name := path.Join(parameters, v.name)
		if err := kernelparam.CheckWritable(h, name); err != nil {
			return nil, err
		}
		acts = append(acts, kernelparam.Set{Name: name, Before: value{v.name, now}.letter(), After: v.letter()})
	}
	return acts, nil
}

// result has a parameter before and after the task, null where it is not known.
func (o overlay) result(name string, p Params) map[string]any {
	before, after := any(nil), any(nil)
	if on, known := o.values[name]; known {
		before, after = on, on
	}
	for _, v := range p.values() {
		if v.name == name {
			after = v.on
		}
	}
	return map[string]any{"before": before, "after": after}
}

// load is the act that loads the module with the wanted values.
type load struct{ values []value }

func (l load) argv() []string {
	argv := []string{"modprobe", "overlay"}
	for _, v := range l.values {
		argv = append(argv, v.name+"="+v.word())
	}
	return argv
}

// Describe implements [ansible.Act].
func (l load) Describe() string { return "load the kernel module: " + strings.Join(l.argv(), " ") }

// Diff implements [ansible.Act].
func (l load) Diff() []ansible.Diff {
	after := ""
	for _, v := range l.values {
		after += v.name + " " + v.letter() + "\n"
	}
	return []ansible.Diff{{BeforeHeader: parameters + " (not there)", AfterHeader: parameters, After: after}}
}

// Do implements [ansible.Act].
func (l load) Do(ctx context.Context, h *host.Host) (map[string]any, error) {
	if _, err := h.Run(ctx, host.Command{Argv: l.argv(), Limit: time.Minute}); err != nil {
		return nil, &ansible.NothingDone{Err: err}
	}
	for _, v := range l.values {
		text, found, err := kernelparam.Read(h, path.Join(parameters, v.name))
		if err != nil {
			return nil, err
		}
		if on, ok := kernelparam.ParseBool(text); found != v.on && v.on || found && (!ok || on != v.on) {
			return nil, errors.New("cannot set " + v.name + ": the kernel does not have it " + v.word() + " after its module was loaded")
		}
	}
	return nil, nil
}
