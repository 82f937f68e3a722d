// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/pkgmgr"
)

// View is where package lists are read. The zero View is the host's own lists.
type View struct{ config string }

// options are apt's, before its verb.
func (v View) options(h *host.Host) []string {
	if v.config == "" {
		return cacheOptions(h)
	}
	return []string{"-c", v.config}
}

// Preview fetches the package lists into a directory of their own, which done
// removes: check mode sees what a run will see, and the host's lists, caches and
// hooks are as they were. pending, which may be nil, is one more repository.
// Its signature is not verified, because its key is not on the host yet; what
// comes of it is a prediction, and nothing is installed from it.
func Preview(ctx context.Context, h *host.Host, pending *pkgmgr.Pending) (v View, done func(), err error) {
	dir, remove, err := pkgmgr.Scratch(h, "package lists")
	if err != nil {
		return v, nil, err
	}
	defer func() {
		if err != nil {
			remove()
		}
	}()
	for _, sub := range []string{"lists/partial", "parts"} {
		if err := os.MkdirAll(path.Join(dir, sub), 0o755); err != nil {
			return v, nil, fmt.Errorf("cannot make a directory for the package lists: %w", err)
		}
	}
	// Lists on a small /tmp are compressed and without translations. The hooks
	// of an update are the host's: they write where they like.
	config := fmt.Sprintf(`Dir::State::lists "%s/lists";
Dir::Cache::srcpkgcache "";
Dir::Cache::pkgcache "";
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "2";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`, dir)
	if pending != nil {
		if err := pending.Lay(h, path.Join(dir, "parts"), others(h, pending.File), trusted(pending.Text)); err != nil {
			return v, nil, err
		}
		config += fmt.Sprintf("Dir::Etc::sourceparts \"%s/parts\";\n", dir)
	}
	v.config = path.Join(dir, "apt.conf")
	if err := os.WriteFile(v.config, []byte(config), 0o644); err != nil {
		return v, nil, fmt.Errorf("cannot write apt's configuration for the prediction: %w", err)
	}
	argv := []string{"apt-get", "-c", v.config, "-q", "update"}
	out, err := h.Run(ctx, host.Command{Argv: argv, Env: environment()})
	if err == nil && failed(out) {
		err = &host.CommandError{Argv: argv, Output: out}
	}
	if err != nil {
		return v, nil, failure(out, err)
	}
	return v, remove, nil
}

// others are the host's files of sources that do not take the place of name:
// one in the other format does, under the same stem.
func others(h *host.Host, name string) []string {
	stem := strings.TrimSuffix(name, path.Ext(name))
	return slices.DeleteFunc(sourceFiles(h), func(other string) bool { return strings.TrimSuffix(other, path.Ext(other)) == stem })
}

// trusted returns a sources file, of either format, without its key.
func trusted(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "Signed-By:") {
			lines[i] = "Trusted: yes"
		}
		before, options, ok := strings.Cut(line, "[")
		options, after, closed := strings.Cut(options, "]")
		if !strings.HasPrefix(line, "deb") || !ok || !closed {
			continue
		}
		words := strings.Fields(options)
		for j, word := range words {
			if strings.HasPrefix(word, "signed-by=") {
				words[j] = "trusted=yes"
			}
		}
		lines[i] = before + "[" + strings.Join(words, " ") + "]" + after
	}
	return strings.Join(lines, "\n")
}
