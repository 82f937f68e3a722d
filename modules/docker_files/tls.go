// SPDX-License-Identifier: GPL-3.0-or-later

package docker_files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"hardened.docker/modules/internal/host"
	"hardened.docker/modules/internal/unitfile"
)

// listener is what is known of the daemon's TCP sockets.
type listener struct {
	addresses []string
	verified  bool // both sides prove who they are
	expires   string
	warnings  []string
}

func (l listener) result() map[string]any {
	return map[string]any{"addresses": nonNil(l.addresses), "verified": l.verified, "expires": l.expires}
}

// pair are the files of the daemon's TLS.
type pair struct{ ca, cert, key string }

// tlsFiles returns the files that the daemon's TLS uses, and whether it has
// any. Without settings dockerd looks into root's home (cmd/dockerd/options.go).
func tlsFiles(config map[string]any) (pair, bool) {
	get := func(key, name string) string {
		if value, _ := config[key].(string); value != "" {
			return value
		}
		return path.Join("/root/.docker", name)
	}
	files := pair{get("tlscacert", "ca.pem"), get("tlscert", "cert.pem"), get("tlskey", "key.pem")}
	named := config["tlscacert"] != nil || config["tlscert"] != nil || config["tlskey"] != nil
	return files, named || flagTrue(config, "tls") || flagTrue(config, "tlsverify")
}

// checkTCP refuses a TCP socket that lets in who does not prove to be allowed,
// and one whose certificates do not work.
func checkTCP(ctx context.Context, h *host.Host, p Params, config map[string]any) (listener, error) {
	l := listener{addresses: tcpAddresses(h, config), verified: flagTrue(config, "tlsverify")}
	if len(l.addresses) == 0 || p.TCP == "any" {
		return l, nil
	}
	where := strings.Join(l.addresses, ", ")
	if !l.verified {
		return l, fmt.Errorf("cannot accept the daemon's TCP socket %s: without tlsverify whoever reaches it is root on this host, on 127.0.0.1 each local user; set tlsverify, tlscacert, tlscert and tlskey with docker_daemon_json, take the address out of hosts and use ssh:// contexts, or set tcp: any", where)
	}
	files, _ := tlsFiles(config)
	for _, name := range []string{files.ca, files.cert, files.key} {
		if _, err := h.Stat(name); err != nil {
			return l, fmt.Errorf("cannot accept the daemon's TCP socket %s: %w", where, err)
		}
	}
	if err := l.certificates(ctx, h, p, files); err != nil {
		if errors.Is(err, host.ErrNotFound) {
			l.warnings = append(l.warnings, fmt.Sprintf("cannot check the certificates of the daemon's TCP socket %s: openssl is not installed on this host", where))
			return l, nil
		}
		return l, fmt.Errorf("cannot accept the certificates of the daemon's TCP socket %s: %w", where, err)
	}
	return l, nil
}

// tcpAddresses are those of the daemon, and of docker.socket, which gives it to
// a daemon that listens on fd://.
func tcpAddresses(h *host.Host, config map[string]any) []string {
	var all []string
	for _, name := range hosts(config) {
		if !strings.HasPrefix(name, "unix://") && !strings.HasPrefix(name, "fd://") {
			all = append(all, name)
		}
	}
	unit, err := unitfile.Load(h, "docker.socket")
	if err != nil || unit.Masked {
		return all
	}
	for _, s := range unit.All("Socket", "ListenStream") {
		if !strings.HasPrefix(s.Value, "/") && !strings.HasPrefix(s.Value, "%t/") && !slices.Contains(all, s.Value) {
			all = append(all, s.Value)
		}
	}
	return all
}

// openssl runs openssl, which is on most hosts: crypto/x509 would add more
// than half a megabyte to the binary (docs/design/tls-check.md).
func openssl(ctx context.Context, h *host.Host, args ...string) (host.Output, error) {
	return h.Run(ctx, host.Command{Argv: append([]string{"openssl"}, args...), Limit: 30 * time.Second})
}

// certificates checks that the certificate is signed by the authority, is for
// servers, belongs to the key, has not expired and is for the wanted names.
func (l *listener) certificates(ctx context.Context, h *host.Host, p Params, files pair) error {
	ca, cert, key := h.Path(files.ca), h.Path(files.cert), h.Path(files.key)
	end, err := openssl(ctx, h, "x509", "-noout", "-enddate", "-in", cert)
	if err != nil {
		return fmt.Errorf("invalid certificate %s: %w", files.cert, err)
	}
	_, l.expires, _ = strings.Cut(strings.TrimSpace(string(end.Stdout)), "=")
	// Intermediate certificates stand in the same file, behind the first.
	if _, err := openssl(ctx, h, "verify", "-purpose", "sslserver", "-CAfile", ca, "-untrusted", cert, cert); err != nil {
		return fmt.Errorf("invalid certificate %s (it ends at %s) for the authority %s: %w", files.cert, l.expires, files.ca, err)
	}
	for _, name := range p.TLSNames {
		option := "-verify_hostname"
		if strings.Trim(name, "0123456789.") == "" || strings.Contains(name, ":") {
			option = "-verify_ip"
		}
		if _, err := openssl(ctx, h, "verify", option, name, "-CAfile", ca, "-untrusted", cert, cert); err != nil {
			return fmt.Errorf("invalid certificate %s for the name %s: %w", files.cert, name, err)
		}
	}
	public, err := openssl(ctx, h, "x509", "-noout", "-pubkey", "-in", cert)
	if err != nil {
		return fmt.Errorf("invalid certificate %s: %w", files.cert, err)
	}
	own, err := openssl(ctx, h, "pkey", "-pubout", "-passin", "pass:", "-in", key)
	if err != nil {
		return fmt.Errorf("invalid key %s: %w", files.key, err)
	}
	if !bytes.Equal(bytes.TrimSpace(public.Stdout), bytes.TrimSpace(own.Stdout)) {
		return fmt.Errorf("invalid key %s: it is not that of the certificate %s", files.key, files.cert)
	}
	if _, err := openssl(ctx, h, "x509", "-noout", "-checkend", strconv.Itoa(p.TLSDays*24*60*60), "-in", cert); err != nil {
		l.warnings = append(l.warnings, fmt.Sprintf("cannot rely on the certificate %s for long: it ends at %s, within %d days; renew it", files.cert, l.expires, p.TLSDays))
	}
	return nil
}
