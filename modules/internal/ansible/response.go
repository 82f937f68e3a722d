// SPDX-License-Identifier: GPL-3.0-or-later

package ansible

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"hardened.docker/modules/internal/ansible/argspec"
)

// response is the one JSON object that a run prints.
type response struct {
	changed, failed bool
	values          map[string]any
	warnings        []string
	deprecations    []argspec.Deprecation
	diff            []Diff // nil: nobody asked for it
	secrets         []string
}

func (r *response) set(name string, value any) {
	if r.values == nil {
		r.values = make(map[string]any)
	}
	r.values[name] = value
}

func (r *response) merge(values map[string]any) {
	for name, value := range values {
		r.set(name, value)
	}
}

// fail makes the response that of a failed task.
func (r *response) fail(err error) {
	var failure *Failure
	if errors.As(err, &failure) {
		r.merge(failure.Result)
	}
	r.failed = true
	r.set("msg", WithoutCredentials(err.Error()))
}

// shownDiff is the diff in the form that Ansible's callbacks take: a dictionary,
// or a list of them.
func (r *response) shownDiff() any {
	switch len(r.diff) {
	case 0:
		return Diff{}
	case 1:
		return r.diff[0]
	}
	return r.diff
}

// write prints the response without its secrets, in one write.
func (r *response) write(w io.Writer) error {
	data, err := r.encode()
	if err != nil {
		// The values of a module could not be encoded, which is a defect of
		// that module; the user still gets a result, without those values.
		broken := response{failed: true, changed: r.changed, secrets: r.secrets}
		broken.set("msg", fmt.Sprintf("cannot encode the result: %v; please report it", err))
		if data, err = broken.encode(); err != nil {
			return err
		}
	}
	_, err = w.Write(data)
	return err
}

func (r *response) encode() ([]byte, error) {
	values := r.all()
	if len(r.secrets) > 0 {
		masked, err := mask(values, r.secrets)
		if err != nil {
			return nil, err
		}
		values = masked
	}
	// After masking: these are the protocol's, no secret can be in them.
	values["changed"] = r.changed
	if r.failed {
		values["failed"] = true
	}
	return marshal(values)
}

// all is everything that the response says, its secrets included.
func (r *response) all() map[string]any {
	values := make(map[string]any, len(r.values)+5)
	for name, value := range r.values {
		values[name] = value
	}
	if len(r.warnings) > 0 {
		values["warnings"] = r.warnings
	}
	if len(r.deprecations) > 0 {
		values["deprecations"] = r.deprecations
	}
	if r.diff != nil {
		values["diff"] = r.shownDiff()
	}
	values["changed"] = r.changed
	if r.failed {
		values["failed"] = true
	}
	return values
}

// marshal encodes without HTML escapes: the text is read by people under -vvv.
func marshal(value any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return buf.Bytes(), err
}

// WithoutCredentials hides the names and passwords in addresses, such as
// http://user:password@proxy. Errors and diffs are printed on terminals and kept
// in logs, errors by ansible-core 2.19 also where no_log is set.
func WithoutCredentials(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "://")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("://")
		end := strings.IndexAny(rest, "/?# \t\r\n\"'")
		if end < 0 {
			end = len(rest)
		}
		if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
			b.WriteString("********")
			rest = rest[at:]
		}
		text = rest
	}
}

// mask returns values without the secrets. A string or number that is a
// secret becomes noLogMark; a secret inside a longer string becomes eight
// asterisks, as AnsibleModule has it (ansible-core 2.19,
// module_utils/common/parameters.py, remove_values). Beyond that, the forms
// in which a secret is found inside a quoted or indented text are masked too.
func mask(values map[string]any, secrets []string) (map[string]any, error) {
	data, err := marshal(values)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var plain map[string]any
	if err := decoder.Decode(&plain); err != nil {
		return nil, err
	}
	secrets = forms(secrets)
	for name, value := range plain {
		plain[name] = maskValue(value, secrets)
	}
	return plain, nil
}

// forms adds to each secret the forms that it can take inside other text, and
// sorts the longest first, so that no part of a secret outlives the masking of
// a shorter one.
func forms(secrets []string) []string {
	var all []string
	for _, secret := range secrets {
		all = append(all, secret)
		if quoted, err := marshal(secret); err == nil {
			text := strings.TrimSpace(string(quoted))
			all = append(all, text[1:len(text)-1])
		}
		quoted := fmt.Sprintf("%q", secret)
		all = append(all, quoted[1:len(quoted)-1])
		// A secret of several lines, such as a private key, can be printed
		// indented. Very short lines would mask much that is no secret.
		if strings.Contains(secret, "\n") {
			for _, line := range strings.Split(secret, "\n") {
				if line = strings.TrimSpace(line); len(line) >= 8 {
					all = append(all, line)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.DeleteFunc(slices.Compact(all), func(s string) bool { return s == "" })
}

func maskValue(value any, secrets []string) any {
	switch v := value.(type) {
	case string:
		if slices.Contains(secrets, v) {
			return noLogMark
		}
		for _, secret := range secrets {
			v = strings.ReplaceAll(v, secret, "********")
		}
		return v
	case json.Number:
		for _, secret := range secrets {
			if strings.Contains(v.String(), secret) {
				return noLogMark
			}
		}
	case []any:
		for i := range v {
			v[i] = maskValue(v[i], secrets)
		}
	case map[string]any:
		masked := make(map[string]any, len(v))
		for key, inner := range v {
			name, ok := maskValue(key, secrets).(string)
			if !ok {
				name = noLogMark
			}
			masked[name] = maskValue(inner, secrets)
		}
		return masked
	}
	return value
}
