// SPDX-License-Identifier: GPL-3.0-or-later

// Package mutate runs fuzz targets on mutations of their seeds without the
// coverage's instrumentation: many times more executions in the same time, of
// inputs that are chosen blindly. Tests use it and nothing else does.
//
// FUZZ_MUTATIONS says how many mutations of each seed are tried (20), FUZZ_SEED
// which ones (1), FUZZ_LIMIT how long one seed may take (no limit). A test of one
// target with -v says how many there were.
package mutate

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	byDefault = 20
	// longest keeps inputs that grow on themselves at the size of a
	// configuration file.
	longest = 8 << 10
	// tokens are what the formats that are parsed here have a meaning for.
	tokens = "\n|\r\n|\t| |\x00|\xff|\"|'|\\|{|}|[|]|:|,|=|#|;|%|$|/|//|..|-|--|-1|0|9223372036854775808|1e999|1.5|null|true|\\u0000|\\ud800|\u2028|é|\\x2d|\\040|\\x|${|${A}|{}|[]|\"\"|''|key|=\n|[Service]\n|\n\n|@|*|?|~|:1|k|GB"
)

// Fuzz is f.Fuzz(body), which after each seed also has mutations of it. body has
// the form that f.Fuzz wants.
func Fuzz(f *testing.F, body any) {
	mutations, seed, limit := byDefault, 1, time.Duration(0)
	number(f, "FUZZ_MUTATIONS", &mutations)
	number(f, "FUZZ_SEED", &seed)
	if text := os.Getenv("FUZZ_LIMIT"); text != "" {
		var err error
		if limit, err = time.ParseDuration(text); err != nil {
			f.Fatalf("FUZZ_LIMIT: %v", err)
		}
	}
	function := reflect.ValueOf(body)
	m := mutator{Rand: rand.New(rand.NewPCG(uint64(seed), 0)), words: strings.Split(tokens, "|")}
	executions := 0
	again := func(in []reflect.Value) []reflect.Value {
		t := in[0].Interface().(*testing.T)
		seeds := in[1:]
		now := in
		defer func() {
			if problem := recover(); problem != nil || t.Failed() {
				t.Logf("with the input %s", shown(now[1:]))
				if problem != nil {
					panic(problem)
				}
			}
		}()
		function.Call(in)
		executions++
		for _, value := range seeds {
			m.pieces = append(m.pieces, fmt.Sprint(fuzzed(value)))
		}
		began := time.Now()
		for n := range mutations {
			// Half of them go on from the last one.
			from := seeds
			if n%32 != 0 && m.IntN(2) == 0 {
				from = now[1:]
			}
			next := []reflect.Value{in[0]}
			for _, value := range from {
				next = append(next, m.value(value))
			}
			now = next
			function.Call(now)
			executions++
			if t.Failed() || limit > 0 && n%64 == 0 && time.Since(began) > limit {
				return nil
			}
		}
		return nil
	}
	f.Fuzz(reflect.MakeFunc(function.Type(), again).Interface())
	f.Logf("%s: %d executions", f.Name(), executions)
}

// number reads an environment variable into n, if it is set.
func number(f *testing.F, name string, n *int) {
	text := os.Getenv(name)
	if text == "" {
		return
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		f.Fatalf("%s: %v", name, err)
	}
	*n = value
}

// shown is the input as a call of f.Add would have it.
func shown(values []reflect.Value) string {
	all := make([]string, 0, len(values))
	for _, v := range values {
		all = append(all, fmt.Sprintf("%#v", fuzzed(v)))
	}
	return strings.Join(all, ", ")
}

// fuzzed is a value as a test's source would have it: bytes as text.
func fuzzed(v reflect.Value) any {
	if isBytes(v) {
		return string(v.Bytes())
	}
	return v.Interface()
}

func isBytes(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8
}

// mutator makes inputs of others.
type mutator struct {
	*rand.Rand
	words  []string
	pieces []string // what earlier seeds were
}

// value is another value of the same type.
func (m *mutator) value(value reflect.Value) reflect.Value {
	result := reflect.New(value.Type()).Elem()
	switch {
	case value.Kind() == reflect.String:
		result.SetString(string(m.text([]byte(value.String()))))
	case isBytes(value):
		result.SetBytes(m.text(value.Bytes()))
	case value.Kind() == reflect.Bool:
		result.SetBool(m.IntN(2) == 0)
	case value.CanInt():
		result.SetInt(int64(m.Uint64() >> m.IntN(64)))
		if m.IntN(2) == 0 {
			result.SetInt(-result.Int())
		}
	case value.CanUint():
		result.SetUint(m.Uint64() >> m.IntN(64))
	default:
		panic("cannot mutate a " + value.Type().String())
	}
	return result
}

// text changes a text, or leaves it, in one to four steps.
func (m *mutator) text(in []byte) []byte {
	out := append([]byte{}, in...)
	for range m.IntN(5) {
		from := m.IntN(len(out) + 1)
		to := min(len(out), from+1+m.IntN(1+m.IntN(16)))
		var with []byte
		switch m.IntN(6) {
		case 0: // Take something away.
		case 1: // One byte is another.
			with, to = []byte{byte(m.IntN(256))}, min(len(out), from+1)
		case 2: // A word comes in.
			with, to = []byte(m.words[m.IntN(len(m.words))]), from
		case 3: // A word instead of what was there.
			with = []byte(m.words[m.IntN(len(m.words))])
		case 4: // Something twice.
			with = append(append(with, out[from:to]...), out[from:to]...)
		case 5: // A piece of another seed.
			piece := m.pieces[m.IntN(len(m.pieces))]
			start := m.IntN(len(piece) + 1)
			with, to = []byte(piece[start:start+m.IntN(len(piece)-start+1)]), from
		}
		out = append(append(append([]byte{}, out[:from]...), with...), out[to:]...)
	}
	return out[:min(len(out), longest)]
}
