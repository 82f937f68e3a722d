// SPDX-License-Identifier: GPL-3.0-or-later

package engine

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Kind is the JSON type that the engine wants for a key.
type Kind int

// The kinds; those after Size are objects and lists of objects of one key.
const (
	Bool       Kind = iota
	String          // any string
	Int             // an integer without fraction or exponent
	Strings         // a list of strings
	StringMap       // an object whose values are strings
	BoolMap         // an object whose values are booleans
	StringMaps      // an object of objects of strings
	IP              // a string holding an IP address
	IPs             // a list of them
	Size            // a string such as "64M"; the one kind that may not be null
	Pools           // a list of {"base": CIDR, "size": int}
	Ulimits         // {"nofile": {"Name": "nofile", "Soft": int, "Hard": int}}
	Runtimes        // {"name": {"path": string, "runtimeArgs": [strings]}}
	Builder         // {"gc": {...}, "entitlements": {...}}
	Proxies         // {"http-proxy": string, ...}
	NRI             // {"enable": bool, ...}
)

// String names the kind as error messages do.
func (k Kind) String() string {
	return [...]string{
		"a boolean", "a string", "an integer", "a list of strings",
		"an object with string values", "an object with boolean values",
		"an object of objects with string values", "an IP address in quotes",
		"a list of IP addresses", `a size in quotes such as "64M"`,
		`a list of objects such as {"base": "172.30.0.0/16", "size": 24}`,
		`an object such as {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}}`,
		`an object such as {"name": {"path": "/usr/bin/runtime"}}`,
		`an object such as {"gc": {"enabled": true}}`,
		`an object with http-proxy, https-proxy and no-proxy`,
		`an object such as {"enable": true}`,
	}[k]
}

// kind of a nested field; extra kinds that only occur inside objects.
const (
	anyValue  Kind = -1
	builderGC Kind = 100 + iota
	builderEntitlements
	gcRules
	gcFilter
)

// fieldsOf returns the known fields of a struct kind. The engine matches them
// without regard to case and ignores the others.
func fieldsOf(kind Kind, v Version) map[string]Kind {
	switch kind {
	case Pools:
		return map[string]Kind{"base": String, "size": Int}
	case Ulimits:
		return map[string]Kind{"Name": String, "Soft": Int, "Hard": Int}
	case Runtimes:
		fields := map[string]Kind{"path": String, "runtimeArgs": Strings}
		if v.since(24, 0) {
			fields["runtimeType"], fields["options"] = String, anyObject
		} else {
			fields["runtimeType"], fields["options"] = anyValue, anyValue
		}
		return fields
	case Builder:
		return map[string]Kind{"gc": builderGC, "entitlements": builderEntitlements}
	case builderGC:
		return map[string]Kind{"enabled": Bool, "policy": gcRules, "defaultKeepStorage": String,
			"defaultReservedSpace": String, "defaultMaxUsedSpace": String, "defaultMinFreeSpace": String}
	case builderEntitlements:
		return map[string]Kind{"network-host": Bool, "security-insecure": Bool, "device": anyValue}
	case gcRules:
		return map[string]Kind{"all": Bool, "filter": gcFilter, "keepStorage": String,
			"reservedSpace": String, "maxUsedSpace": String, "minFreeSpace": String}
	case Proxies:
		return map[string]Kind{"http-proxy": String, "https-proxy": String, "no-proxy": String}
	case NRI:
		return map[string]Kind{"enable": Bool, "plugin-path": String, "plugin-config-path": String, "socket-path": String}
	}
	return nil
}

// anyObject is an object of anything.
const anyObject Kind = -2

// checkKind reports what in value is not of the kind, with its path.
func (c *checker) checkKind(path string, value any, kind Kind) bool {
	if value == nil && kind != Size || kind == anyValue {
		return true
	}
	ok := true
	switch kind {
	case Bool:
		_, ok = value.(bool)
	case String, IP, Size:
		_, ok = value.(string)
	case Int:
		_, ok = asInt(value)
	case anyObject:
		_, ok = value.(map[string]any)
	case Strings, IPs:
		return c.checkList(path, value, kind, String)
	case StringMap:
		return c.checkMap(path, value, kind, String)
	case BoolMap:
		return c.checkMap(path, value, kind, Bool)
	case StringMaps:
		return c.checkMap(path, value, kind, StringMap)
	case Ulimits, Runtimes:
		return c.checkMapOfObjects(path, value, kind)
	case Pools, gcRules:
		return c.checkListOfObjects(path, value, kind)
	case gcFilter:
		return c.checkFilter(path, value)
	default:
		return c.checkObject(path, value, kind)
	}
	if !ok {
		c.wrongKind(path, value, kind)
	}
	return ok
}

func (c *checker) checkList(path string, value any, kind, element Kind) bool {
	list, ok := value.([]any)
	if !ok {
		c.wrongKind(path, value, kind)
		return false
	}
	for i, v := range list {
		ok = c.checkKind(index(path, i), v, element) && ok
	}
	return ok
}

func (c *checker) checkMap(path string, value any, kind, element Kind) bool {
	object, ok := value.(map[string]any)
	if !ok {
		c.wrongKind(path, value, kind)
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		ok = c.checkKind(path+"."+name, object[name], element) && ok
	}
	return ok
}

func (c *checker) checkMapOfObjects(path string, value any, kind Kind) bool {
	object, ok := value.(map[string]any)
	if !ok {
		c.wrongKind(path, value, kind)
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		ok = c.checkObject(path+"."+name, object[name], kind) && ok
	}
	return ok
}

func (c *checker) checkListOfObjects(path string, value any, kind Kind) bool {
	list, ok := value.([]any)
	if !ok {
		c.wrongKind(path, value, kind)
		return false
	}
	for i, v := range list {
		ok = c.checkObject(index(path, i), v, kind) && ok
	}
	return ok
}

// checkObject checks the fields of a struct. Fields that it does not have are
// accepted by the engine and have no effect.
func (c *checker) checkObject(path string, value any, kind Kind) bool {
	if value == nil {
		return true
	}
	object, ok := value.(map[string]any)
	if !ok {
		c.wrongKind(path, value, kind)
		return false
	}
	fields := fieldsOf(kind, c.version)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		field, known := fieldNamed(fields, name)
		if !known {
			c.add(path+"."+name, Dangerous, Warn, "unknown name %q in %q: %s ignores it%s", name, path, c.name(),
				nearest(name, slices.Sorted(maps.Keys(fields))))
			continue
		}
		ok = c.checkKind(path+"."+name, object[name], field) && ok
	}
	return ok
}

// checkFilter accepts both ways to write a filter: ["unused-for=24h"] and
// {"unused-for": {"24h": true}}.
func (c *checker) checkFilter(path string, value any) bool {
	if list, isList := value.([]any); isList {
		for i, v := range list {
			if !c.checkKind(index(path, i), v, String) {
				return false
			}
			if text, _ := v.(string); !strings.Contains(text, "=") {
				// 20.10 dies of this with a panic, newer engines take it.
				stage := Dangerous
				if !c.version.since(23, 0) {
					stage = Rejected
				}
				c.add(index(path, i), stage, Refuse, "invalid %s: %q is no filter such as unused-for=24h", path, text)
			}
		}
		return true
	}
	return c.checkMap(path, value, Strings, BoolMap)
}

// fieldNamed finds a field as encoding/json does: exactly, or in another case.
func fieldNamed(fields map[string]Kind, name string) (Kind, bool) {
	if kind, ok := fields[name]; ok {
		return kind, true
	}
	for field, kind := range fields {
		if strings.EqualFold(field, name) {
			return kind, true
		}
	}
	return 0, false
}

func index(path string, i int) string { return path + "." + strconv.Itoa(i) }

func isNumber(value any) bool {
	switch value.(type) {
	case json.Number, float64, int, int64:
		return true
	}
	return false
}

func isBool(value any) bool { _, ok := value.(bool); return ok }

// asInt returns an integer as the engine's decoder would: 1500.0 and 1e3 are
// none.
func asInt(value any) (int64, bool) {
	switch n := value.(type) {
	case json.Number:
		i, err := strconv.ParseInt(n.String(), 10, 64)
		return i, err == nil
	case int:
		return int64(n), true
	case int64:
		return n, true
	case float64:
		return int64(n), n == float64(int64(n))
	}
	return 0, false
}
