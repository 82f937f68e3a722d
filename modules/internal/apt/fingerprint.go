// SPDX-License-Identifier: GPL-3.0-or-later

package apt

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// fingerprint of a public key packet: RFC 9580, section 5.5.4. For a key of
// version 4 it is a SHA-1 sum.
func fingerprint(body []byte) (string, error) {
	if len(body) < 6 {
		return "", errPackets
	}
	if body[0] != 4 {
		return fmt.Sprintf("(a key of version %d)", body[0]), nil
	}
	return fmt.Sprintf("%X", sha1(append([]byte{0x99, byte(len(body) >> 8), byte(len(body))}, body...))), nil
}

// sha1 is the sum that OpenPGP names keys by (FIPS 180-4, section 6.1).
// Nothing is trusted for it: apt verifies signatures. It is here because
// crypto/sha1 adds 176 KB to the binary.
func sha1(data []byte) [20]byte {
	size := uint64(len(data)) * 8
	data = append(append([]byte{}, data...), 0x80)
	for len(data)%64 != 56 {
		data = append(data, 0)
	}
	data = binary.BigEndian.AppendUint64(data, size)

	h := [5]uint32{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0}
	for ; len(data) > 0; data = data[64:] {
		var w [80]uint32
		for i := range w {
			if i < 16 {
				w[i] = binary.BigEndian.Uint32(data[4*i:])
			} else {
				w[i] = bits.RotateLeft32(w[i-3]^w[i-8]^w[i-14]^w[i-16], 1)
			}
		}
		a, b, c, d, e := h[0], h[1], h[2], h[3], h[4]
		for i, word := range w {
			var f, k uint32
			switch {
			case i < 20:
				f, k = b&c|^b&d, 0x5A827999
			case i < 40:
				f, k = b^c^d, 0x6ED9EBA1
			case i < 60:
				f, k = b&c|b&d|c&d, 0x8F1BBCDC
			default:
				f, k = b^c^d, 0xCA62C1D6
			}
			a, b, c, d, e = bits.RotateLeft32(a, 5)+f+e+k+word, a, bits.RotateLeft32(b, 30), c, d
		}
		h[0], h[1], h[2], h[3], h[4] = h[0]+a, h[1]+b, h[2]+c, h[3]+d, h[4]+e
	}
	var sum [20]byte
	for i, v := range h {
		binary.BigEndian.PutUint32(sum[4*i:], v)
	}
	return sum
}
