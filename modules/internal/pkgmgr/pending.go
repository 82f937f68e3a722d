// SPDX-License-Identifier: GPL-3.0-or-later

package pkgmgr

// Pending is a repository that a run would add before packages are looked for,
// and that check mode has not added: docker_repository returns it, and
// docker_package predicts with it.
type Pending struct {
	File    string   `arg:"file" type:"path"`
	Text    string   `arg:"text"`
	Without []string `arg:"without" elements:"path"` // files of the same repository that would go
}

// Result is what docker_repository returns.
func (p Pending) Result() map[string]any {
	return map[string]any{"file": p.File, "text": p.Text, "without": p.Without}
}
