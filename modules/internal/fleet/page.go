// SPDX-License-Identifier: GPL-3.0-or-later

package fleet

import (
	_ "embed"
	"encoding/json"
	"strings"
)

var (
	//go:embed page/page.html
	pageHTML string
	//go:embed page/page.css
	pageCSS string
	//go:embed page/page.js
	pageJS string
)

// The digests by which the page's policy allows its own script and style and
// nothing else. A test says what they have to be.
const (
	scriptDigest = "sha256-4sjTc6Siy2ygl3PZuwQ7Uab3PVZeWXYVkct+HqP0rq0="
	styleDigest  = "sha256-U3M0mos6NmSrJATur81tUwxKVmYPuVZFp2FgHS0iPFA="
)

// pageData is what the page's script reads.
type pageData struct {
	Title      string        `json:"title"`
	MadeAt     string        `json:"made_at"`
	Collection string        `json:"collection"`
	Since      string        `json:"since"`
	Checks     []Check       `json:"checks"`
	Hosts      []pageHost    `json:"hosts"`
	Findings   []pageFinding `json:"findings"`
	Gone       []Gone        `json:"gone"`
}

type pageHost struct {
	Name       string   `json:"name"`
	Address    string   `json:"address"`
	Groups     []string `json:"groups"`
	Status     string   `json:"status"`
	Message    string   `json:"message"`
	Worst      string   `json:"worst"`
	Was        string   `json:"was"` // the worst of the older report
	Daemon     string   `json:"daemon"`
	Identity   Identity `json:"identity"`
	ExaminedAt string   `json:"examined_at"`
	DurationMS int      `json:"duration_ms"`
	// Outcomes has a letter for each of Checks: p passed, f found, u unknown,
	// n not applicable, - not looked for.
	Outcomes string         `json:"outcomes"`
	Notes    map[int]string `json:"notes"` // of checks, by their place
}

type pageFinding struct {
	Host int `json:"host"`
	Finding
	New bool `json:"new"`
}

// Page returns the report as one HTML page that loads nothing, from anywhere.
// Text of hosts reaches it as JSON only, from which the page's script makes
// text nodes: markup in it is shown and does nothing.
func (f Fleet) Page(title string, t Trend) ([]byte, error) {
	data, err := json.Marshal(f.pageData(title, t))
	if err != nil {
		return nil, err
	}
	page := strings.NewReplacer(
		"{{title}}", escape(title),
		"{{script digest}}", scriptDigest,
		"{{style digest}}", styleDigest,
		"{{style}}", pageCSS,
		"{{script}}", pageJS,
		// Marshal writes < > & as \u003c and so on: nothing ends the element early.
		"{{data}}", string(data),
	).Replace(pageHTML)
	return []byte(page), nil
}

func (f Fleet) pageData(title string, t Trend) pageData {
	d := pageData{
		Title: title, MadeAt: f.MadeAt, Collection: f.Collection, Since: t.Since,
		Checks: []Check{}, Hosts: []pageHost{}, Findings: []pageFinding{}, Gone: append([]Gone{}, t.Gone...),
	}
	places := f.places(&d)
	for i, h := range f.Hosts {
		host := pageHost{Name: h.Name, Address: h.Address, Groups: append([]string{}, h.Groups...), Status: h.Status, Message: h.Message, Was: t.Worst[h.Name]}
		if r := h.Result; r != nil {
			host.Worst, host.Daemon, host.Identity, host.ExaminedAt, host.DurationMS = r.Worst, r.Daemon, r.Host, r.ExaminedAt, r.DurationMS
			host.Outcomes, host.Notes = outcomes(r, places)
			for _, finding := range r.Findings {
				d.Findings = append(d.Findings, pageFinding{Host: i, Finding: finding, New: t.New[Key{h.Name, finding.ID, finding.Subject}]})
			}
		}
		d.Hosts = append(d.Hosts, host)
	}
	return d
}

// places lists the checks of all hosts and returns where each is. Hosts that
// were examined by the same release have the same ones in the same order.
func (f Fleet) places(d *pageData) map[string]int {
	places := map[string]int{}
	add := func(c Check) {
		if _, there := places[c.ID]; !there {
			places[c.ID] = len(d.Checks)
			d.Checks = append(d.Checks, c)
		}
	}
	for _, h := range f.Hosts {
		if h.Result != nil {
			for _, check := range h.Result.Checks {
				add(check)
			}
		}
	}
	for _, h := range f.Hosts {
		if h.Result != nil {
			for _, finding := range h.Result.Findings {
				add(Check{ID: finding.ID, Title: finding.Title, Group: "other"})
			}
		}
	}
	return places
}

func outcomes(r *Result, places map[string]int) (string, map[int]string) {
	letters := []byte(strings.Repeat("-", len(places)))
	notes := map[int]string{}
	for _, check := range r.Checks {
		place := places[check.ID]
		if check.Status != "" {
			letters[place] = check.Status[0]
		}
		if check.Note != "" {
			notes[place] = check.Note
		}
	}
	for _, finding := range r.Findings {
		letters[places[finding.ID]] = 'f'
	}
	return string(letters), notes
}

// escape makes text that HTML and XML show as it is. What XML cannot have at
// all, and would make the file unreadable, becomes the replacement character.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text { // an invalid byte is U+FFFD already
		switch {
		case r == '&':
			b.WriteString("&amp;")
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '"':
			b.WriteString("&quot;")
		case r == '\t' || r == '\n':
			b.WriteRune(r)
		case r < ' ' || r >= 0x7f && r <= 0x9f || r == 0xfffe || r == 0xffff:
			b.WriteRune('\ufffd')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
