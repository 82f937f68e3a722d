// SPDX-License-Identifier: GPL-3.0-or-later

// Package blockdev finds out whether a disk is free to be taken, from what
// wipefs reads on it and from what lsblk knows the kernel does with it. It is
// asked before a disk is overwritten, so where it cannot tell it is an error.
package blockdev

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/host"
)

// Limit is how long a question about a disk may take. A disk that is ill can
// keep its reader waiting for long.
const Limit = time.Minute

// Device is a block device as it was found.
type Device struct {
	Path     string // as the user wrote it
	Kernel   string // as the kernel names it: /dev/vdb
	Type     string // disk, part, loop, lvm, ...
	Size     int64  // bytes
	ReadOnly bool
	// Signatures are what is on it: file systems, partition tables, members of
	// something, such as "ext4 (label data)".
	Signatures []string
	// Uses are what the kernel does with it now, such as "/dev/vdb1 is mounted
	// on /srv". Partitions that nothing uses are none.
	Uses []string
	// Member is true if LVM has it as a physical volume and nothing else is on it.
	Member bool
}

// Read looks at a device.
func Read(ctx context.Context, h *host.Host, name string) (Device, error) {
	if !path.IsAbs(name) {
		return Device{}, fmt.Errorf("invalid device %q: write its absolute path, such as /dev/vdb", name)
	}
	name = path.Clean(name)
	out, err := h.Run(ctx, host.Command{Argv: []string{"lsblk", "-P", "-b", "-p", "-o", "NAME,KNAME,TYPE,SIZE,RO,MOUNTPOINT", "--", name}, Limit: Limit})
	if err != nil {
		return Device{}, fmt.Errorf("cannot look at the device %s: %w", name, told(err, out))
	}
	d, err := parseTree(string(out.Stdout))
	if err != nil {
		return Device{}, fmt.Errorf("cannot look at the device %s: %w", name, err)
	}
	d.Path = name
	// -p only prints. Without it wipefs prints too, in another form.
	if out, err = h.Run(ctx, host.Command{Argv: []string{"wipefs", "-p", "--", d.Kernel}, Limit: Limit}); err != nil {
		return d, fmt.Errorf("cannot tell what is on the device %s: %w", name, told(err, out))
	}
	d.Signatures, d.Member, err = parseSignatures(string(out.Stdout))
	if err != nil {
		return d, fmt.Errorf("cannot tell what is on the device %s: %w", name, err)
	}
	return d, nil
}

// told shortens the error of a program to what it said.
func told(err error, out host.Output) error {
	if text := strings.TrimSpace(string(out.Stderr)); text != "" && out.Code > 0 {
		return errors.New(strings.ReplaceAll(text, "\n", "; "))
	}
	return err
}

// parseTree reads lsblk -P: a line of NAME="value" pairs for the device and for
// each that stands on it.
func parseTree(text string) (Device, error) {
	var d Device
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		row, err := pairs(line)
		if err != nil {
			return d, err
		}
		name, kind := row["KNAME"], row["TYPE"]
		if name == "" || kind == "" {
			return d, fmt.Errorf("missing name or type in what lsblk says: %q", line)
		}
		if i == 0 {
			d.Kernel, d.Type, d.ReadOnly = name, kind, row["RO"] == "1"
			if d.Size, err = strconv.ParseInt(row["SIZE"], 10, 64); err != nil {
				return d, fmt.Errorf("invalid size in what lsblk says: %q", line)
			}
		} else if kind != "part" {
			d.Uses = append(d.Uses, row["NAME"]+" ("+kind+") stands on it")
		}
		switch at := row["MOUNTPOINT"]; at {
		case "":
		case "[SWAP]":
			d.Uses = append(d.Uses, name+" is swap space")
		default:
			d.Uses = append(d.Uses, name+" is mounted on "+at)
		}
	}
	return d, nil
}

// pairs reads a line of lsblk -P. Characters that are not plain are \x20.
func pairs(line string) (map[string]string, error) {
	row := map[string]string{}
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimSpace(rest) {
		name, after, found := strings.Cut(rest, `="`)
		if !found {
			return nil, fmt.Errorf("invalid line of lsblk: %q", line)
		}
		value, after, found := strings.Cut(after, `"`)
		if !found {
			return nil, fmt.Errorf("invalid line of lsblk: %q", line)
		}
		row[name], rest = unescape(value), after
	}
	return row, nil
}

func unescape(text string) string {
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(text, `\x`)
		b.WriteString(plain)
		if !found {
			return b.String()
		}
		if len(rest) < 2 {
			return b.String() + `\x` + rest
		}
		n, err := strconv.ParseUint(rest[:2], 16, 8)
		if err != nil {
			b.WriteString(`\x`)
			text = rest
			continue
		}
		b.WriteByte(byte(n))
		text = rest[2:]
	}
}

// parseSignatures reads wipefs -p: lines of offset,uuid,label,type, with blanks
// and commas in labels written as \x20. Old versions begin with a comment.
func parseSignatures(text string) (found []string, member bool, err error) {
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, ",")
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "0x") {
			return nil, false, fmt.Errorf("invalid line of wipefs: %q", line)
		}
		name := fields[len(fields)-1]
		if label := unescape(strings.Join(fields[2:len(fields)-1], ",")); label != "" {
			name += " (label " + label + ")"
		}
		found = append(found, name)
	}
	return found, len(found) == 1 && found[0] == "LVM2_member", nil
}
