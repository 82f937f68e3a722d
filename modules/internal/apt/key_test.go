// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/mutate"
)

func readKey(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// armor makes an armored block of data, with a checksum.
func armor(kind string, data []byte) string {
	encoded := base64.StdEncoding.EncodeToString(data)
	sum := base64.StdEncoding.EncodeToString(crc24(data))
	return blockBegin + kind + blockTail + "\n\n" + encoded + "\n=" + sum + "\n" + blockEnd + kind + blockTail + "\n"
}

func TestParseKey(t *testing.T) {
	const (
		ed25519 = "182B0A12E05078310E53025C516D7E5A7D289DAE"
		rsa     = "7B5C0D4A3DCACB33AA532AC11D00541205CFC430"
	)
	one, two := readKey(t, "ed25519.asc"), readKey(t, "rsa.asc")
	withoutSum := one[:strings.LastIndex(one, "\n=")] + "\n" + one[strings.Index(one, blockEnd):]
	tests := []struct {
		name, text string
		want       []string
	}{
		{"new packets", one, []string{ed25519}},
		{"subkeys and headers", two, []string{rsa}},
		{"two blocks", one + two, []string{ed25519, rsa}},
		{"windows line ends", strings.ReplaceAll(two, "\n", "\r\n"), []string{rsa}},
		{"text around", "the key:\n" + one + "the end\n", []string{ed25519}},
		{"without checksum", withoutSum, []string{ed25519}},
		{"no newline at the end", strings.TrimSpace(one), []string{ed25519}},
	}
	for _, test := range tests {
		key, err := ParseKey(test.text)
		if err != nil {
			t.Errorf("%s: ParseKey = %v; want %v", test.name, err, test.want)
			continue
		}
		if diff := cmp.Diff(test.want, key.Fingerprints); diff != "" {
			t.Errorf("%s: ParseKey: fingerprints (-want +got)\n%s", test.name, diff)
		}
		again, err := ParseKey(key.Armored)
		if err != nil || again.Armored != key.Armored {
			t.Errorf("%s: ParseKey(ParseKey(x).Armored) = %q, %v; want the same text", test.name, again.Armored, err)
		}
	}
	key, err := ParseKey("mail:\n" + strings.ReplaceAll(one, "\n", "\r\n") + "signature\n")
	if err != nil || key.Armored != one {
		t.Errorf("ParseKey.Armored = %q, %v; want the block alone", key.Armored, err)
	}
}

func TestParseKeyRefuses(t *testing.T) {
	one := readKey(t, "ed25519.asc")
	key, err := ParseKey(one)
	if err != nil {
		t.Fatal(err)
	}
	public := key.Binary
	secret := append([]byte{public[0]&^0x3c | packetSecretKey<<2}, public[1:]...)
	tests := []struct{ name, text, want string }{
		{"empty", " \n", "it is empty"},
		{"prose", "404 Not Found", "it has no armored block"},
		{"html", "<html>\n<head>", "it has no armored block"},
		{"private block", armor("PRIVATE KEY BLOCK", secret), "it is a PRIVATE key"},
		{"secret packet in a public block", armor("PUBLIC KEY BLOCK", secret), "it is a PRIVATE key"},
		{"secret packet after a public one", armor("PUBLIC KEY BLOCK", append(append([]byte{}, public...), secret...)), "it is a PRIVATE key"},
		{"private after public", one + armor("PRIVATE KEY BLOCK", secret), "it is a PRIVATE key"},
		{"signature", armor("SIGNATURE", public), "it is a PGP signature"},
		{"message", armor("MESSAGE", public), "it is a PGP message"},
		{"not a key inside", armor("PUBLIC KEY BLOCK", public[2+int(public[1]):]), "its first packet is of type 13"},
		{"cut", one[:len(one)/2], "its end is missing"},
		{"changed", strings.Replace(one, "mDME", "mDMF", 1), "its checksum is wrong"},
		{"text after the checksum", strings.Replace(one, "\n"+blockEnd, "\nAAAA\n"+blockEnd, 1), "it has text after its checksum"},
		{"folded by YAML", strings.ReplaceAll(one, "\n", " "), "its first line does not end"},
		{"not base64", strings.Replace(one, "mDME", "mD?E", 1), "its text is not base64"},
		{"packets cut", armor("PUBLIC KEY BLOCK", public[:40]), "its packets are cut off"},
		{"nothing inside", armor("PUBLIC KEY BLOCK", nil), "it has no armored block"},
		{"not OpenPGP", armor("PUBLIC KEY BLOCK", []byte("hello")), "it is not OpenPGP data"},
	}
	for _, test := range tests {
		got, err := ParseKey(test.text)
		if err == nil || !strings.HasPrefix(err.Error(), "invalid key: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: ParseKey = %v, %v; want an error with %q", test.name, got.Fingerprints, err, test.want)
		}
	}
}

// Each byte that is changed or lost must be noticed: the checksum is there
// for that.
func TestParseKeyNoticesDamage(t *testing.T) {
	one := readKey(t, "ed25519.asc")
	start, end := strings.Index(one, "\n\n")+2, strings.LastIndex(one, "\n=")
	for i := start; i < end; i++ {
		if one[i] == '\n' {
			continue
		}
		damaged := one[:i] + string(one[i]^1) + one[i+1:]
		if _, err := ParseKey(damaged); err == nil {
			t.Errorf("ParseKey accepts the key with byte %d changed from %q", i, one[i])
		}
		if _, err := ParseKey(one[:i] + one[i+1:]); err == nil {
			t.Errorf("ParseKey accepts the key without byte %d", i)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, name := range []string{"ed25519.asc", "rsa.asc"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(armor("PUBLIC KEY BLOCK", []byte{0xff, 0xff, 0, 0, 0, 0}))
	mutate.Fuzz(f, func(t *testing.T, text string) {
		key, err := ParseKey(text)
		if err == nil && len(key.Fingerprints) == 0 {
			t.Errorf("ParseKey(%q) has no key and no error", text)
		}
	})
}
