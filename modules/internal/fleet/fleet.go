// SPDX-License-Identifier: GPL-3.0-or-later

// Package fleet turns what the doctor found on many hosts into a report: one
// HTML page that needs nothing else, and JUnit for machines.
//
// A tour. This file has the form of what playbooks/doctor.yml collects, which
// [Parse] reads. trend.go compares it with an older one. page.go makes the
// page, whose looks and behaviour are page/page.{html,css,js}; junit.go makes
// the test results.
package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Fleet is the file doctor.json: the doctor's results on all hosts of a play.
type Fleet struct {
	Version    int
	MadeAt     string `json:"made_at"` // by the controller's clock, RFC 3339
	Collection string // its version
	Hosts      []Host // in the order of the inventory
}

// Host is one host of the inventory.
type Host struct {
	Name, Address string
	Groups        []string
	Status        string // "examined", "unreachable" or "failed"
	Message       string // why it was not examined
	Result        *Result
}

// Result is what docker_doctor returned.
type Result struct {
	Findings   []Finding
	Checks     []Check
	Worst      string // "error", "warning", "info" or "none"
	Daemon     string // "up", "down", "hanging" or "absent"
	Host       Identity
	ExaminedAt string `json:"examined_at"`
	DurationMS int    `json:"duration_ms"`
	Version    int
}

// Finding is one thing that is wrong.
type Finding struct {
	ID       string   `json:"id"`
	Subject  string   `json:"subject"`
	Severity string   `json:"severity"`
	Title    string   `json:"title"`
	Evidence []string `json:"evidence"`
	Remedy   string   `json:"remedy"`
	Source   string   `json:"source"`
	Repair   struct {
		Available  bool   `json:"available"`
		Interrupts string `json:"interrupts"`
	} `json:"repair"`
}

// Check is one thing that was looked for.
type Check struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Group  string `json:"group"`
	Status string `json:"-"` // "passed", "found", "unknown" or "not_applicable"
	Note   string `json:"-"`
}

// UnmarshalJSON reads all fields; what the page says of a check is fewer.
func (c *Check) UnmarshalJSON(data []byte) error {
	var all struct{ ID, Title, Group, Status, Note string }
	err := json.Unmarshal(data, &all)
	*c = Check(all)
	return err
}

// Identity is what the host is.
type Identity struct {
	Hostname          string `json:"hostname"`
	MachineID         string `json:"machine_id"`
	Distribution      string `json:"distribution"`
	Kernel            string `json:"kernel"`
	Architecture      string `json:"architecture"`
	Engine            string `json:"engine"`
	StorageDriver     string `json:"storage_driver"`
	DataRoot          string `json:"data_root"`
	Containers        int    `json:"containers"` // -1: not known
	ContainersRunning int    `json:"containers_running"`
}

// version is the form of the file that this package reads. Fields may be added
// to it; another number is another form.
const version = 1

// Parse reads doctor.json.
func Parse(data []byte) (Fleet, error) {
	var f Fleet
	if err := json.Unmarshal(data, &f); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return Fleet{}, fmt.Errorf("invalid JSON at byte %d: %w", syntax.Offset, err)
		}
		return Fleet{}, fmt.Errorf("invalid report of the doctor: %w", err)
	}
	if f.Version != version {
		return Fleet{}, fmt.Errorf("unknown version %d of a report of the doctor, expected %d; make both with the same release of the collection", f.Version, version)
	}
	seen := make(map[string]bool, len(f.Hosts))
	for i, h := range f.Hosts {
		switch {
		case h.Name == "":
			return Fleet{}, fmt.Errorf("invalid report of the doctor: host %d has no name", i+1)
		case seen[h.Name]:
			return Fleet{}, fmt.Errorf("invalid report of the doctor: it has the host %s twice", h.Name)
		case h.Status == "examined" && h.Result == nil:
			return Fleet{}, fmt.Errorf("invalid report of the doctor: the host %s was examined and has no result", h.Name)
		case h.Result != nil && h.Result.Version != version:
			return Fleet{}, fmt.Errorf("unknown version %d of the result of host %s, expected %d", h.Result.Version, h.Name, version)
		}
		seen[h.Name] = true
	}
	return f, nil
}

// Count says how many hosts and findings there are of each kind.
type Count struct {
	Hosts, Examined, Unreachable, Failed int
	// Ill hosts have a finding of the severity, and none that is worse.
	Error, Warning, Info, Healthy int
	Findings                      int
}

// Count counts.
func (f Fleet) Count() Count {
	c := Count{Hosts: len(f.Hosts)}
	for _, h := range f.Hosts {
		if h.Result == nil {
			if h.Status == "unreachable" {
				c.Unreachable++
			} else {
				c.Failed++
			}
			continue
		}
		c.Examined++
		c.Findings += len(h.Result.Findings)
		switch h.Result.Worst {
		case "error":
			c.Error++
		case "warning":
			c.Warning++
		case "info":
			c.Info++
		default:
			c.Healthy++
		}
	}
	return c
}
