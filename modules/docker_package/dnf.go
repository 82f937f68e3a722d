// SPDX-License-Identifier: GPL-3.0-or-later

package docker_package

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/distro"
	"hardened.docker/modules/internal/dnf"
	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// dnfManager is the package manager of openEuler, Fedora, RHEL and their
// families.
type dnfManager struct {
	base
	tool dnf.Tool
}

func newDnf(b base, tool dnf.Tool) dnfManager {
	b.backend = dnf.Backend(b.host)
	return dnfManager{b, tool}
}

func (m dnfManager) flavors() []distro.Flavor {
	return []distro.Flavor{distro.DockerCE, distro.DockerEngine, distro.Moby, distro.Docker}
}

func (dnfManager) auditd() string { return "audit" }

func (m dnfManager) unit(flavor distro.Flavor) unit { return rpmUnit(flavor) }

func (m dnfManager) read(ctx context.Context) (inventory, error) {
	have, err := dnf.ReadInstalled(ctx, m.host)
	if err != nil {
		return nil, err
	}
	holds, err := m.tool.ReadHolds(m.host)
	if err != nil {
		return nil, err
	}
	i := dnfInventory{host: m.host, have: have, holds: holds}
	for _, f := range m.flavors() {
		i.ours = append(i.ours, m.unit(f).members()...)
	}
	text, err := m.host.ReadFile(journal)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot tell whether a transaction was interrupted: %w", err)
	}
	i.pending, i.begun = strings.Fields(string(text)), err == nil
	return i, nil
}

func (m dnfManager) offers(ctx context.Context, names []string) (pkgmgr.Offers, error) {
	return m.tool.ReadOffers(ctx, m.host, names)
}

func (m dnfManager) versions(ctx context.Context, names []string) (pkgmgr.Offers, error) {
	return m.offers(ctx, names)
}

func (m dnfManager) lists() (pkgmgr.Lists, error) { return dnf.ReadLists(m.host) }

func (m dnfManager) preview(ctx context.Context, pending *pkgmgr.Pending) (manager, func(), error) {
	tool, done, err := m.tool.Preview(ctx, m.host, pending)
	m.tool = tool
	return m, done, err
}

func (m dnfManager) simulate(ctx context.Context, r request) ([]pkgmgr.Change, error) {
	have, err := dnf.ReadInstalled(ctx, m.host)
	if err != nil {
		return nil, err
	}
	request := r.dnf(have)
	if len(request.Install) == 0 && len(request.Remove) == 0 {
		return nil, nil // leftover files alone
	}
	return m.tool.Simulate(ctx, m.host, request, have)
}

// dnf returns the request in dnf's words. What is not installed cannot be
// removed.
func (r request) dnf(have dnf.Installed) dnf.Request {
	var d dnf.Request
	for _, name := range sortedKeys(r.install) {
		if version := r.install[name]; version != "" {
			name += "-" + version
		}
		d.Install = append(d.Install, name)
	}
	for _, name := range r.remove {
		if have.Version(name) != "" {
			d.Remove = append(d.Remove, name)
		}
	}
	return d
}

func (m dnfManager) owned(ctx context.Context, name string, paths []string) []string {
	var owned []string
	for path, owner := range dnf.Owners(ctx, m.host, paths) {
		if owner == name {
			owned = append(owned, path)
		}
	}
	slices.Sort(owned)
	return owned
}

func (m dnfManager) compare(a, b string) int { return dnf.Compare(a, b) }

func (m dnfManager) refresh(ctx context.Context) (string, error) {
	return m.tool.Fetch(ctx, m.host, "", m.lockTimeout)
}

func (m dnfManager) commit(ctx context.Context, r request) (string, error) {
	have, err := dnf.ReadInstalled(ctx, m.host)
	if err != nil {
		return "", err
	}
	request := r.dnf(have)
	waited := ""
	if len(request.Install) > 0 || len(request.Remove) > 0 {
		if waited, err = pkgmgr.Wait(ctx, m.backend.Locked, m.lockTimeout); err != nil {
			return waited, &ansible.NothingDone{Err: err}
		}
		if err := m.tool.Test(ctx, m.host, request); err != nil {
			return waited, &ansible.NothingDone{Err: err}
		}
		argv, prologue := m.tool.Transaction(request)
		if err := m.journaled(ctx, argv, prologue, sortedKeys(r.install)); err != nil {
			return waited, err
		}
	}
	if r.purge {
		return waited, m.purge()
	}
	return waited, nil
}

// journal has the names of the packages that a transaction installs, while it
// does. RPM does not tell a package whose scripts have run from one whose have
// not; its own directory for such notes outlives a reboot.
const journal = "/var/lib/rpm-state/hardened-docker-transaction"

// journaled carries a transaction out, and leaves the journal there if it may
// have been cut off.
func (m dnfManager) journaled(ctx context.Context, argv []string, prologue string, names []string) error {
	if err := os.MkdirAll(m.host.Path(path.Dir(journal)), 0o755); err != nil {
		return fmt.Errorf("cannot make %s: %w", path.Dir(journal), err)
	}
	if err := os.WriteFile(m.host.Path(journal), []byte(strings.Join(names, "\n")+"\n"), 0o644); err != nil {
		return fmt.Errorf("cannot note that a transaction begins: %w", err)
	}
	_, err := m.transact(ctx, argv, prologue)
	var failure *pkgmgr.Error
	if errors.As(err, &failure) && (failure.Cause == pkgmgr.CauseInterrupted || failure.Cause == pkgmgr.CauseScript || failure.Cause == pkgmgr.CauseDisk) {
		return err
	}
	if rmErr := os.Remove(m.host.Path(journal)); rmErr != nil {
		return errors.Join(err, fmt.Errorf("cannot note that the transaction has ended: %w", rmErr))
	}
	return err
}

// repair takes away the older of two versions of a package, which an upgrade
// has when it was cut off, and installs what it had begun with once more.
func (m dnfManager) repair(ctx context.Context) (string, error) {
	i, err := m.read(ctx)
	if err != nil {
		return "", err
	}
	have := i.(dnfInventory)
	var again []string
	for _, name := range have.Interrupted() {
		versions := have.have[name]
		if len(versions) == 0 {
			continue // it was not installed yet
		}
		again = append(again, name+"-"+versions[0])
		for _, old := range versions[1:] {
			if _, err := m.transact(ctx, []string{"rpm", "-e", "--nodeps", name + "-" + plain(old)}, ""); err != nil {
				return "", err
			}
		}
	}
	if len(again) > 0 {
		waited, err := m.transact(ctx, m.tool.Reinstall(again), "")
		if err != nil {
			return waited, fmt.Errorf("%w; if no repository has %s any more, remove it and run again", err, strings.Join(again, ", "))
		}
	}
	if err := os.Remove(m.host.Path(journal)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("cannot note that the transaction has ended: %w", err)
	}
	return "", nil
}

func (m dnfManager) hold(ctx context.Context, names []string, on bool) (string, error) {
	have, err := dnf.ReadInstalled(ctx, m.host)
	if err != nil {
		return "", err
	}
	holds, err := m.tool.ReadHolds(m.host)
	if err != nil {
		return "", err
	}
	versions := make(map[string]string)
	for _, name := range names {
		versions[name] = have.Version(name)
	}
	return "", holds.Set(ctx, m.host, versions, on)
}

// savedConfigs are the configuration files that RPM renames when it removes
// their package and somebody has changed them.
func savedConfigs(h *host.Host) []string {
	var found []string
	for _, pattern := range []string{"/etc/sysconfig/docker*.rpmsave", "/etc/docker/*.rpmsave", "/etc/containerd/*.rpmsave"} {
		names, _ := h.Glob(pattern)
		found = append(found, names...)
	}
	return found
}

func (m dnfManager) purge() error {
	for _, name := range savedConfigs(m.host) {
		if err := os.Remove(m.host.Path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot remove %s: %w", name, err)
		}
	}
	return nil
}

// dnfInventory is RPM's database with the holds.
type dnfInventory struct {
	host    *host.Host
	have    dnf.Installed
	holds   dnf.Holds
	ours    []string
	pending []string // what an interrupted transaction was to install
	begun   bool
}

func (i dnfInventory) Installed(name string) string     { return i.have.Version(name) }
func (i dnfInventory) Held(name string) bool            { return i.holds.Held(name, i.have.Version(name)) }
func (i dnfInventory) HeldAt(name, version string) bool { return i.holds.Held(name, version) }
func (i dnfInventory) LockedOut(name string) bool       { return i.holds.Mentions(name) }

// Leftover: RPM does not remember whose files those are; they are the engine's.
func (i dnfInventory) Leftover(name string) bool {
	return name == rpmUnit(distro.DockerEngine).engine && len(savedConfigs(i.host)) > 0
}

func (i dnfInventory) Interrupted() []string {
	names := slices.Clone(i.pending)
	for _, name := range i.ours {
		if len(i.have[name]) > 1 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (i dnfInventory) Unfinished() bool { return i.begun || len(i.Interrupted()) > 0 }

func (i dnfInventory) Needed(ctx context.Context, set map[string]bool, name string) []string {
	return slices.DeleteFunc(dnf.Needed(ctx, i.host, name), func(other string) bool { return set[other] })
}
