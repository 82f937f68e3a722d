// SPDX-License-Identifier: GPL-3.0-or-later

package fleet

// Trend is how a report differs from an older one. The zero value is that of a
// report that has nothing older to compare with.
type Trend struct {
	Since string // when the older one was made; empty without one
	// New are the findings that the older one did not have, of hosts that it
	// examined: about a host that is new nothing can be said.
	New   map[Key]bool
	Gone  []Gone
	Worst map[string]string // of each host that the older one examined
}

// Key is what a finding is recognized by.
type Key struct{ Host, ID, Subject string }

// Gone is a finding that only the older report has, of a host that both examined.
type Gone struct {
	Host     string `json:"host"`
	ID       string `json:"id"`
	Subject  string `json:"subject"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
}

// Since compares the report with an older one. What was not looked for on one
// of the two occasions, or could not be judged, is neither new nor gone.
func (f Fleet) Since(old Fleet) Trend {
	t := Trend{Since: old.MadeAt, New: map[Key]bool{}, Worst: map[string]string{}}
	before := map[string]*Result{}
	for _, h := range old.Hosts {
		if h.Result != nil {
			before[h.Name] = h.Result
			t.Worst[h.Name] = h.Result.Worst
		}
	}
	for _, h := range f.Hosts {
		was := before[h.Name]
		if h.Result == nil || was == nil {
			continue
		}
		had, judged := was.keys(h.Name), was.judged()
		for _, finding := range h.Result.Findings {
			key := Key{h.Name, finding.ID, finding.Subject}
			if !had[key] && judged[finding.ID] {
				t.New[key] = true
			}
		}
		has, judged := h.Result.keys(h.Name), h.Result.judged()
		for _, finding := range was.Findings {
			if !has[Key{h.Name, finding.ID, finding.Subject}] && judged[finding.ID] {
				t.Gone = append(t.Gone, Gone{h.Name, finding.ID, finding.Subject, finding.Severity, finding.Title})
			}
		}
	}
	return t
}

func (r *Result) keys(host string) map[Key]bool {
	keys := make(map[Key]bool, len(r.Findings))
	for _, finding := range r.Findings {
		keys[Key{host, finding.ID, finding.Subject}] = true
	}
	return keys
}

// judged returns the checks that came to a result. One that does not apply any
// more has come to one too: what it found is gone.
func (r *Result) judged() map[string]bool {
	judged := make(map[string]bool, len(r.Checks))
	for _, check := range r.Checks {
		judged[check.ID] = check.Status != "unknown"
	}
	return judged
}
