// SPDX-License-Identifier: GPL-3.0-or-later

// Package docker_files gives Docker's files, directories and sockets the owners
// and modes that the CIS Docker Benchmark wants, says who may use the daemon's
// socket, and accepts a TCP socket only with TLS that proves both sides.
//
// A tour. paths.go knows which files there are and how open each may be; a mode
// is only ever made stricter. access.go has the act. group.go is about the
// members of the group that owns the socket, tls.go about the TCP socket and
// its certificates.
package docker_files

import (
	"context"
	"fmt"

	"hardened.docker/modules/internal/ansible"
	"hardened.docker/modules/internal/dockerd"
	"hardened.docker/modules/internal/host"
)

// Module is docker_files.
var Module = ansible.Module[Params]{Plan: plan}

// Params are the module's options.
type Params struct {
	Modes        bool      `arg:"modes" default:"true"`
	GroupMembers *[]string `arg:"group_members"`
	TCP          string    `arg:"tcp" choices:"tls,any" default:"tls"`
	TLSNames     []string  `arg:"tls_names" default:"[]"`
	TLSDays      int       `arg:"tls_days" default:"30"`
	State        string    `arg:"state" choices:"enforced,checked" default:"enforced"`
}

func plan(ctx context.Context, h *host.Host, p Params) (*ansible.Plan, error) {
	if p.TLSDays < 0 || p.TLSDays > 36500 {
		return nil, fmt.Errorf("invalid value of option \"tls_days\": %d: write a number of days from 0 to 36500", p.TLSDays)
	}
	config, err := dockerd.Configured(h)
	if err != nil {
		return nil, err
	}
	out := &ansible.Plan{}
	members, err := groupOf(h, config)
	if err != nil {
		return nil, err
	}
	tcp, err := checkTCP(ctx, h, p, config)
	if err != nil {
		return nil, err
	}
	out.Warnings = append(out.Warnings, tcp.warnings...)
	gid := members.gid
	if !members.found {
		// A directory service can have the group; systemd asks that too.
		gid = anyGroup
	}
	var rules []rule
	if p.Modes {
		if rules, err = rulesFor(h, config, gid); err != nil {
			return nil, err
		}
	}
	files, wrong, acts, err := compare(h, rules)
	if err != nil {
		return nil, err
	}
	changes, surplus, err := members.changes(ctx, h, p)
	if err != nil {
		return nil, err
	}
	if p.Modes {
		out.Warnings = append(out.Warnings, socketWarnings(h, members.name)...)
	}
	listed := members.all()
	for _, name := range surplus {
		wrong = append(wrong, "member "+name+" of the group "+members.name)
	}
	if p.State == "enforced" {
		out.Acts = append(acts, changes...)
		if len(changes) > 0 {
			listed = sorted(*p.GroupMembers)
		}
	}
	out.Result = map[string]any{
		"files": files, "wrong": wrong, "group": members.name, "group_members": listed, "tcp": tcp.result(),
	}
	return out, nil
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
