// SPDX-License-Identifier: GPL-3.0-or-later

package imagearchive

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// sum is SHA-256 (FIPS 180-4, section 6.2), of what is written to it. It is
// here because crypto/sha256 adds 170 KB to the binary.
type sum struct {
	state [8]uint32
	left  []byte // less than a block
	size  uint64
}

func newSum() *sum {
	return &sum{state: [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}}
}

// Write implements io.Writer. It does not fail.
func (s *sum) Write(data []byte) (int, error) {
	n := len(data)
	s.size += uint64(n)
	if len(s.left) > 0 {
		take := min(64-len(s.left), len(data))
		s.left = append(s.left, data[:take]...)
		data = data[take:]
		if len(s.left) < 64 {
			return n, nil
		}
		s.blocks(s.left)
		s.left = s.left[:0]
	}
	whole := len(data) / 64 * 64
	s.blocks(data[:whole])
	s.left = append(s.left, data[whole:]...)
	return n, nil
}

// String ends the sum and returns it in hexadecimal digits.
func (s *sum) String() string {
	size := s.size * 8
	end := append(s.left, 0x80)
	for len(end)%64 != 56 {
		end = append(end, 0)
	}
	s.blocks(binary.BigEndian.AppendUint64(end, size))
	var out []byte
	for _, word := range s.state {
		out = binary.BigEndian.AppendUint32(out, word)
	}
	return hex.EncodeToString(out)
}

// blocks takes whole blocks into the sum. Images are gigabytes, so eight turns
// are written out, each with the registers one further: moving them takes half as
// long again.
func (s *sum) blocks(data []byte) {
	k := constants()
	var w [64]uint32
	for ; len(data) >= 64; data = data[64:] {
		for i := range 16 {
			w[i] = binary.BigEndian.Uint32(data[4*i:])
		}
		for i := 16; i < 64; i++ {
			x, y := w[i-15], w[i-2]
			w[i] = w[i-16] + w[i-7] + (bits.RotateLeft32(x, -7) ^ bits.RotateLeft32(x, -18) ^ x>>3) + (bits.RotateLeft32(y, -17) ^ bits.RotateLeft32(y, -19) ^ y>>10)
		}
		a, b, c, d, e, f, g, h := s.state[0], s.state[1], s.state[2], s.state[3], s.state[4], s.state[5], s.state[6], s.state[7]
		for i := 0; i < 64; i += 8 {
			h += (bits.RotateLeft32(e, -6) ^ bits.RotateLeft32(e, -11) ^ bits.RotateLeft32(e, -25)) + (g ^ e&(f^g)) + k[i] + w[i]
			d += h
			h += (bits.RotateLeft32(a, -2) ^ bits.RotateLeft32(a, -13) ^ bits.RotateLeft32(a, -22)) + (a&b | c&(a|b))
			g += (bits.RotateLeft32(d, -6) ^ bits.RotateLeft32(d, -11) ^ bits.RotateLeft32(d, -25)) + (f ^ d&(e^f)) + k[i+1] + w[i+1]
			c += g
			g += (bits.RotateLeft32(h, -2) ^ bits.RotateLeft32(h, -13) ^ bits.RotateLeft32(h, -22)) + (h&a | b&(h|a))
			f += (bits.RotateLeft32(c, -6) ^ bits.RotateLeft32(c, -11) ^ bits.RotateLeft32(c, -25)) + (e ^ c&(d^e)) + k[i+2] + w[i+2]
			b += f
			f += (bits.RotateLeft32(g, -2) ^ bits.RotateLeft32(g, -13) ^ bits.RotateLeft32(g, -22)) + (g&h | a&(g|h))
			e += (bits.RotateLeft32(b, -6) ^ bits.RotateLeft32(b, -11) ^ bits.RotateLeft32(b, -25)) + (d ^ b&(c^d)) + k[i+3] + w[i+3]
			a += e
			e += (bits.RotateLeft32(f, -2) ^ bits.RotateLeft32(f, -13) ^ bits.RotateLeft32(f, -22)) + (f&g | h&(f|g))
			d += (bits.RotateLeft32(a, -6) ^ bits.RotateLeft32(a, -11) ^ bits.RotateLeft32(a, -25)) + (c ^ a&(b^c)) + k[i+4] + w[i+4]
			h += d
			d += (bits.RotateLeft32(e, -2) ^ bits.RotateLeft32(e, -13) ^ bits.RotateLeft32(e, -22)) + (e&f | g&(e|f))
			c += (bits.RotateLeft32(h, -6) ^ bits.RotateLeft32(h, -11) ^ bits.RotateLeft32(h, -25)) + (b ^ h&(a^b)) + k[i+5] + w[i+5]
			g += c
			c += (bits.RotateLeft32(d, -2) ^ bits.RotateLeft32(d, -13) ^ bits.RotateLeft32(d, -22)) + (d&e | f&(d|e))
			b += (bits.RotateLeft32(g, -6) ^ bits.RotateLeft32(g, -11) ^ bits.RotateLeft32(g, -25)) + (a ^ g&(h^a)) + k[i+6] + w[i+6]
			f += b
			b += (bits.RotateLeft32(c, -2) ^ bits.RotateLeft32(c, -13) ^ bits.RotateLeft32(c, -22)) + (c&d | e&(c|d))
			a += (bits.RotateLeft32(f, -6) ^ bits.RotateLeft32(f, -11) ^ bits.RotateLeft32(f, -25)) + (h ^ f&(g^h)) + k[i+7] + w[i+7]
			e += a
			a += (bits.RotateLeft32(b, -2) ^ bits.RotateLeft32(b, -13) ^ bits.RotateLeft32(b, -22)) + (b&c | d&(b|c))
		}
		for i, word := range [8]uint32{a, b, c, d, e, f, g, h} {
			s.state[i] += word
		}
	}
}

// constants are the first 32 bits of the fractional parts of the cube roots of
// the first 64 primes.
func constants() [64]uint32 {
	return [64]uint32{
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
		0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
		0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
		0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
		0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
		0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
		0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
	}
}
