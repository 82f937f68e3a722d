// SPDX-License-Identifier: GPL-3.0-or-later

package docker_files

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"hardened.docker/modules/internal/moduletest"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a := authority{t: t, key: newKey(t)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = encode("CERTIFICATE", der)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// server returns a certificate for docker.example.com, and its key.
func (a authority) server(until time.Time, usage x509.ExtKeyUsage) (cert, key string) {
	a.t.Helper()
	private := newKey(a.t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
		DNSNames: []string{"docker.example.com"}, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", text)
}

func TestCertificates(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	ours, theirs := newAuthority(t, "ours"), newAuthority(t, "theirs")
	year := time.Now().Add(365 * 24 * time.Hour)
	good, goodKey := ours.server(year, x509.ExtKeyUsageServerAuth)
	soon, soonKey := ours.server(time.Now().Add(48*time.Hour), x509.ExtKeyUsageServerAuth)
	past, pastKey := ours.server(time.Now().Add(-time.Hour), x509.ExtKeyUsageServerAuth)
	client, clientKey := ours.server(year, x509.ExtKeyUsageClientAuth)
	for _, test := range []struct {
		name, ca, cert, key, args string
		want                      string // in the error, or in a warning after "warning: "
	}{
		{"good", ours.pem, good, goodKey, `{}`, ""},
		{"its name", ours.pem, good, goodKey, `{"tls_names": ["docker.example.com"]}`, ""},
		{"another name", ours.pem, good, goodKey, `{"tls_names": ["other.example.com"]}`, "for the name other.example.com"},
		{"another address", ours.pem, good, goodKey, `{"tls_names": ["192.0.2.1"]}`, "for the name 192.0.2.1"},
		{"another authority", theirs.pem, good, goodKey, `{}`, "for the authority /etc/docker/tls/ca.pem"},
		{"another key", ours.pem, good, pastKey, `{}`, "it is not that of the certificate"},
		{"ended", ours.pem, past, pastKey, `{}`, "expired"},
		{"ends soon", ours.pem, soon, soonKey, `{}`, "warning: within 30 days"},
		{"ends soon enough", ours.pem, soon, soonKey, `{"tls_days": 1}`, ""},
		{"for clients", ours.pem, client, clientKey, `{}`, "unsuitable certificate purpose"},
		{"no certificate", ours.pem, "text", goodKey, `{}`, "invalid certificate /etc/docker/tls/cert.pem"},
		{"no key", ours.pem, good, "text", `{}`, "invalid key /etc/docker/tls/key.pem"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			write(t, root, "etc/docker/daemon.json", `{"hosts": ["tcp://0.0.0.0:2376", "fd://"], "tlsverify": true, "tlscacert": "/etc/docker/tls/ca.pem", "tlscert": "/etc/docker/tls/cert.pem", "tlskey": "/etc/docker/tls/key.pem"}`, 0o644)
			write(t, root, "etc/docker/tls/ca.pem", test.ca, 0o644)
			write(t, root, "etc/docker/tls/cert.pem", test.cert, 0o644)
			write(t, root, "etc/docker/tls/key.pem", test.key, 0o640)
			result := moduletest.Run(t, Module, root, test.args)
			message, _ := result["msg"].(string)
			warning, isWarning := strings.CutPrefix(test.want, "warning: ")
			switch {
			case (test.want == "" || isWarning) && result["failed"] == true:
				t.Fatalf("failed: %s", message)
			case test.want != "" && !isWarning && !strings.Contains(message, test.want):
				t.Fatalf("msg = %q; want ...%s...", message, test.want)
			case strings.Contains(message, goodKey):
				t.Fatalf("the message has the key in it")
			}
			warnings, _ := result["warnings"].([]any)
			if isWarning && (len(warnings) != 1 || !strings.Contains(warnings[0].(string), warning)) {
				t.Errorf("warnings = %v; want one with %q", warnings, warning)
			}
			if result["failed"] == true {
				return
			}
			info, err := os.Stat(root + "/etc/docker/tls/key.pem")
			if err != nil || info.Mode().Perm() != 0o400 {
				t.Errorf("the key has mode %v, %v; want 0400", info.Mode(), err)
			}
		})
	}
}
