// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Key is an OpenPGP certificate, public key and what belongs to it, as
// repositories publish it.
type Key struct {
	Armored      string   // the text with one armored block per key, lines ended by \n
	Binary       []byte   // the same packets without armor
	Fingerprints []string // of the primary keys, in upper case
}

const (
	blockBegin = "-----BEGIN PGP "
	blockEnd   = "-----END PGP "
	blockTail  = "-----"
)

// ParseKey reads ASCII-armored public keys (RFC 9580, section 6). It checks
// the armor, its checksum where there is one, and the packets' structure: what
// it accepts is a public key and no secret one. Whether a repository is signed
// by it, and whether it has expired, is apt's to say.
func ParseKey(text string) (Key, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if strings.TrimSpace(text) == "" {
		return Key{}, errors.New("invalid key: it is empty")
	}
	var key Key
	var armored strings.Builder
	rest := text
	for {
		_, from, ok := strings.Cut(rest, blockBegin)
		if !ok {
			break
		}
		kind, body, ok := strings.Cut(from, blockTail+"\n")
		switch {
		case !ok:
			return Key{}, errors.New("invalid key: its first line does not end as that of an armored block does")
		case strings.HasPrefix(kind, "PRIVATE KEY"):
			return Key{}, errSecret
		case kind != "PUBLIC KEY BLOCK":
			return Key{}, fmt.Errorf("invalid key: it is a PGP %s, not a PUBLIC KEY BLOCK", strings.ToLower(firstLine(kind)))
		}
		var found bool
		body, rest, found = strings.Cut(body, blockEnd+kind+blockTail)
		if !found {
			return Key{}, errors.New("invalid key: its end is missing: it was cut off")
		}
		data, err := dearmor(body)
		if err != nil {
			return Key{}, err
		}
		prints, err := packets(data)
		if err != nil {
			return Key{}, err
		}
		key.Binary = append(key.Binary, data...)
		key.Fingerprints = append(key.Fingerprints, prints...)
		armored.WriteString(blockBegin + kind + blockTail + "\n" + body + blockEnd + kind + blockTail + "\n")
	}
	if len(key.Fingerprints) == 0 {
		return Key{}, fmt.Errorf("invalid key: it has no armored block (%sPUBLIC KEY BLOCK%s ...)", blockBegin, blockTail)
	}
	key.Armored = armored.String()
	return key, nil
}

var errSecret = errors.New("invalid key: it is a PRIVATE key: whoever has it can sign packages in the repository's name; it must not leave the place where the repository is signed, so give the public key, and consider this one compromised")

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	const most = 60
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// dearmor decodes the inside of an armored block: headers, an empty line,
// base64, and "=" with a checksum.
func dearmor(body string) ([]byte, error) {
	lines := strings.Split(body, "\n")
	i := 0
	for i < len(lines) && strings.Contains(lines[i], ": ") {
		i++
	}
	var encoded strings.Builder
	checksum := ""
	for ; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		switch {
		case checksum != "" && line != "":
			return nil, errors.New("invalid key: it has text after its checksum")
		case len(line) == 5 && line[0] == '=':
			checksum = line[1:]
		default:
			encoded.WriteString(line)
		}
	}
	data, err := base64.StdEncoding.Strict().DecodeString(encoded.String())
	if err != nil {
		return nil, fmt.Errorf("invalid key: its text is not base64: %w", err)
	}
	if checksum == "" {
		return data, nil // RFC 9580 lets it go
	}
	want, err := base64.StdEncoding.DecodeString(checksum)
	if err != nil || !bytes.Equal(want, crc24(data)) {
		return nil, errors.New("invalid key: its checksum is wrong: a part of it was changed or lost")
	}
	return data, nil
}

// crc24 is the checksum of RFC 9580, section 6.1.
func crc24(data []byte) []byte {
	crc := uint32(0xB704CE)
	for _, b := range data {
		crc ^= uint32(b) << 16
		for range 8 {
			crc <<= 1
			if crc&0x1000000 != 0 {
				crc ^= 0x1864CFB
			}
		}
	}
	return []byte{byte(crc >> 16), byte(crc >> 8), byte(crc)}
}

// Packet types of RFC 9580, section 5.
const (
	packetSecretKey    = 5
	packetPublicKey    = 6
	packetSecretSubkey = 7
)

// packets walks the packets of a certificate and returns the fingerprints of
// its primary keys.
func packets(data []byte) ([]string, error) {
	var prints []string
	for first := true; len(data) > 0; first = false {
		kind, body, rest, err := packet(data)
		if err != nil {
			return nil, err
		}
		switch {
		case kind == packetSecretKey, kind == packetSecretSubkey:
			return nil, errSecret
		case first && kind != packetPublicKey:
			return nil, fmt.Errorf("invalid key: it is not a key: its first packet is of type %d", kind)
		case kind == packetPublicKey:
			p, err := fingerprint(body)
			if err != nil {
				return nil, err
			}
			prints = append(prints, p)
		}
		data = rest
	}
	return prints, nil
}

var errPackets = errors.New("invalid key: its packets are cut off")

// packet reads one packet's header (RFC 9580, section 4.2). Keys have no
// packets of partial or indeterminate length.
func packet(data []byte) (kind int, body, rest []byte, err error) {
	tag := data[0]
	data = data[1:]
	if tag&0x80 == 0 {
		return 0, nil, nil, errors.New("invalid key: it is not OpenPGP data")
	}
	var size int
	length := 0 // bytes of the length field
	if tag&0x40 != 0 {
		kind = int(tag & 0x3f)
		if len(data) == 0 {
			return 0, nil, nil, errPackets
		}
		switch l := int(data[0]); {
		case l < 192:
			size, length = l, 1
		case l < 224 && len(data) > 1:
			size, length = (l-192)<<8+int(data[1])+192, 2
		case l == 255 && len(data) > 4:
			size, length = int(binary.BigEndian.Uint32(data[1:])), 5
		default:
			return 0, nil, nil, errPackets
		}
	} else {
		kind = int(tag>>2) & 0xf
		length = 1 << (tag & 3)
		if length == 8 || len(data) < length {
			return 0, nil, nil, errPackets
		}
		for _, b := range data[:length] {
			size = size<<8 | int(b)
		}
	}
	data = data[length:]
	if size > len(data) {
		return 0, nil, nil, errPackets
	}
	return kind, data[:size], data[size:], nil
}
