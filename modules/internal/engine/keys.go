// SPDX-License-Identifier: GPL-3.0-or-later

package engine

// Key is what is known about one key of daemon.json.
type Key struct {
	Name  string // as the file spells it
	Kind  Kind
	Flag  string // long name of the dockerd flag with the same meaning, without dashes; "" if there is none
	Short string // one-letter form of that flag, without dash

	// FlagSince is the first series with the flag, where that is later than
	// the key's own.
	FlagSince Version

	// Since is the first series that accepts the key in the file (the zero
	// Version: 18.09 or earlier); Until the first that calls it unknown (the
	// zero Version: none so far).
	Since, Until Version

	// Dead is the first series that knows the key and refuses every value but
	// the empty one; Ignored the first that accepts it without effect.
	Dead, Ignored Version

	// Live are the engines in which a SIGHUP reads the key.
	Live Span

	// Reset is true where a SIGHUP also returns the key to its default when
	// it is gone from the file. Without it the old value stays in force until
	// the next restart.
	Reset bool

	// Hazard says what a change of the key hides or loses; "" is harmless.
	Hazard string

	// Instead is what to write where the key is gone.
	Instead string
}

// Span is a range of series: from From up to but not including Until. The
// zero value of each bound leaves that side open; None empties the range.
type Span struct {
	From, Until Version
	None        bool
}

func (s Span) contains(v Version) bool {
	if s.None || s.From.Known() && v.Compare(s.From) < 0 {
		return false
	}
	return !s.Until.Known() || v.Compare(s.Until) < 0
}

// accepted reports whether an engine v accepts the key in the file.
func (k Key) accepted(v Version) bool { return Span{From: k.Since, Until: k.Until}.contains(v) }

// hasFlag reports whether an engine v has the key's flag. A file may then
// also hold the flag's own spelling, which the engine accepts and ignores.
func (k Key) hasFlag(v Version) bool {
	from := k.Since
	if k.FlagSince.Known() {
		from = k.FlagSince
	}
	return k.Flag != "" && Span{From: from, Until: k.Until}.contains(v)
}

// Lookup returns the knowledge about a key by its name in the file.
func Lookup(name string) (Key, bool) {
	for _, key := range keys {
		if key.Name == name {
			return key, true
		}
	}
	return Key{}, false
}

// Keys returns every key of every engine, sorted by name.
func Keys() []Key { return append([]Key(nil), keys[:]...) }

const (
	hidesRoot   = "all containers, images and volumes below the old directory disappear from Docker until the old value is back"
	hidesDriver = "containers and images belong to one storage driver: those of the old one disappear until it is back"
	hidesUserns = "the engine keeps a separate directory for each mapping: earlier containers, images and volumes disappear until the old value is back"
	hidesStore  = "the classic image store and the containerd image store do not see each other's images and containers"
	hidesC8d    = "the engine loses sight of tasks and, with the containerd image store, of images that the other containerd or namespace holds"
)

// keys is the table: moby daemon/config and cmd/dockerd at their tags from
// 18.09 to 29.7, tried on the engines named in testdata/engine-keys.tsv.
// Nothing writes to it.
var keys = [...]Key{
	{Name: "allow-direct-routing", Kind: Bool, Flag: "allow-direct-routing", Since: series(28, 2), Live: never},
	{Name: "allow-nondistributable-artifacts", Kind: Strings, Flag: "allow-nondistributable-artifacts", Ignored: Version{28, 1, 0}, Live: Span{Until: series(28, 0)}},
	{Name: "api-cors-header", Kind: String, Flag: "api-cors-header", Until: series(29, 0), Dead: series(28, 0), Live: never, Instead: "put a reverse proxy that sets the header before the API, or drop it"},
	{Name: "authorization-plugins", Kind: Strings, Flag: "authorization-plugin", Live: always, Reset: true},
	{Name: "bip", Kind: String, Flag: "bip", Live: never},
	{Name: "bip6", Kind: String, Flag: "bip6", Since: series(28, 0), Live: never},
	{Name: "bridge", Kind: String, Flag: "bridge", Short: "b", Live: never},
	{Name: "bridge-accept-fwmark", Kind: String, Flag: "bridge-accept-fwmark", Since: series(29, 0), Live: never},
	{Name: "builder", Kind: Builder, Live: never},
	{Name: "cdi-spec-dirs", Kind: Strings, Flag: "cdi-spec-dir", Since: series(25, 0), Live: never},
	{Name: "cgroup-parent", Kind: String, Flag: "cgroup-parent", Live: never},
	{Name: "cluster-advertise", Kind: String, Flag: "cluster-advertise", Until: series(24, 0), Dead: series(23, 0), Live: Span{Until: series(23, 0)}, Instead: "use swarm mode"},
	{Name: "cluster-store", Kind: String, Flag: "cluster-store", Until: series(24, 0), Dead: series(23, 0), Live: Span{Until: series(23, 0)}, Instead: "use swarm mode"},
	{Name: "cluster-store-opts", Kind: StringMap, Flag: "cluster-store-opt", Until: series(24, 0), Dead: series(23, 0), Live: never, Instead: "use swarm mode"},
	{Name: "containerd", Kind: String, Flag: "containerd", Live: never, Hazard: hidesC8d},
	{Name: "containerd-namespace", Kind: String, Flag: "containerd-namespace", Since: series(19, 3), Live: never, Hazard: hidesC8d},
	{Name: "cpu-rt-period", Kind: Int, Flag: "cpu-rt-period", Live: never},
	{Name: "cpu-rt-runtime", Kind: Int, Flag: "cpu-rt-runtime", Live: never},
	{Name: "cri-containerd", Kind: Bool, Flag: "cri-containerd", Live: never},
	{Name: "data-root", Kind: String, Flag: "data-root", Live: never, Hazard: hidesRoot},
	{Name: "debug", Kind: Bool, Flag: "debug", Short: "D", Live: always},
	{Name: "default-address-pools", Kind: Pools, Flag: "default-address-pool", Live: never},
	{Name: "default-cgroupns-mode", Kind: String, Flag: "default-cgroupns-mode", Since: series(20, 10), Live: always},
	{Name: "default-gateway", Kind: IP, Flag: "default-gateway", Live: never},
	{Name: "default-gateway-v6", Kind: IP, Flag: "default-gateway-v6", Live: never},
	{Name: "default-ipc-mode", Kind: String, Flag: "default-ipc-mode", Live: always},
	{Name: "default-network-opts", Kind: StringMaps, Flag: "default-network-opt", Since: series(24, 0), Live: never},
	{Name: "default-runtime", Kind: String, Flag: "default-runtime", Live: always},
	{Name: "default-shm-size", Kind: Size, Flag: "default-shm-size", Live: always},
	{Name: "default-stop-timeout", Kind: Int, Flag: "default-stop-timeout", Since: series(29, 7), Live: always},
	{Name: "default-ulimits", Kind: Ulimits, Flag: "default-ulimit", Live: never},
	{Name: "deprecated-key-path", Kind: String, Ignored: series(24, 0), Live: never},
	{Name: "disable-legacy-registry", Kind: Bool, Flag: "disable-legacy-registry", Until: series(19, 3), Live: never, Instead: "drop it: engines since 17.12 never talk to v1 registries"},
	{Name: "dns", Kind: IPs, Flag: "dns", Live: never},
	{Name: "dns-opts", Kind: Strings, Flag: "dns-opt", Live: never},
	{Name: "dns-search", Kind: Strings, Flag: "dns-search", Live: never},
	{Name: "exec-opts", Kind: Strings, Flag: "exec-opt", Live: never},
	{Name: "exec-root", Kind: String, Flag: "exec-root", Live: never},
	{Name: "experimental", Kind: Bool, Flag: "experimental", Live: never},
	{Name: "features", Kind: BoolMap, Flag: "feature", FlagSince: series(28, 0), Live: always, Reset: true, Hazard: hidesStore},
	{Name: "firewall-backend", Kind: String, Flag: "firewall-backend", Since: series(29, 0), Live: never},
	{Name: "fixed-cidr", Kind: String, Flag: "fixed-cidr", Live: never},
	{Name: "fixed-cidr-v6", Kind: String, Flag: "fixed-cidr-v6", Live: never},
	{Name: "graph", Kind: String, Flag: "graph", Short: "g", Until: series(24, 0), Dead: series(23, 0), Live: never, Hazard: hidesRoot, Instead: "write data-root with the same directory"},
	{Name: "group", Kind: String, Flag: "group", Short: "G", Live: never},
	{Name: "host-gateway-ip", Kind: IP, Flag: "host-gateway-ip", Since: series(20, 10), Live: never},
	{Name: "host-gateway-ips", Kind: IPs, Flag: "host-gateway-ip", Since: series(28, 0), Live: never},
	{Name: "hosts", Kind: Strings, Flag: "host", Short: "H", Live: never},
	{Name: "http-proxy", Kind: String, Flag: "http-proxy", Since: series(23, 0), Live: never, Instead: "set HTTP_PROXY in the unit with docker_unit: environment"},
	{Name: "https-proxy", Kind: String, Flag: "https-proxy", Since: series(23, 0), Live: never, Instead: "set HTTPS_PROXY in the unit with docker_unit: environment"},
	{Name: "icc", Kind: Bool, Flag: "icc", Live: never},
	{Name: "init", Kind: Bool, Flag: "init", Live: never},
	{Name: "init-path", Kind: String, Flag: "init-path", Live: never},
	{Name: "insecure-registries", Kind: Strings, Flag: "insecure-registry", Live: always},
	{Name: "ip", Kind: IP, Flag: "ip", Live: never},
	{Name: "ip-forward", Kind: Bool, Flag: "ip-forward", Live: never},
	{Name: "ip-forward-no-drop", Kind: Bool, Flag: "ip-forward-no-drop", Since: series(28, 0), Live: never},
	{Name: "ip-masq", Kind: Bool, Flag: "ip-masq", Live: never},
	{Name: "ip6tables", Kind: Bool, Flag: "ip6tables", Since: series(20, 10), Live: never},
	{Name: "iptables", Kind: Bool, Flag: "iptables", Live: never},
	{Name: "ipv6", Kind: Bool, Flag: "ipv6", Live: never},
	{Name: "labels", Kind: Strings, Flag: "label", Live: always},
	{Name: "live-restore", Kind: Bool, Flag: "live-restore", Live: always},
	{Name: "log-driver", Kind: String, Flag: "log-driver", Live: never},
	{Name: "log-format", Kind: String, Flag: "log-format", Since: series(25, 0), Live: never},
	{Name: "log-level", Kind: String, Flag: "log-level", Short: "l", Live: never},
	{Name: "log-opts", Kind: StringMap, Flag: "log-opt", Live: never},
	{Name: "max-concurrent-downloads", Kind: Int, Flag: "max-concurrent-downloads", Live: always, Reset: true},
	{Name: "max-concurrent-uploads", Kind: Int, Flag: "max-concurrent-uploads", Live: always, Reset: true},
	{Name: "max-download-attempts", Kind: Int, Flag: "max-download-attempts", Since: series(20, 10), Live: always, Reset: true},
	{Name: "metrics-addr", Kind: String, Flag: "metrics-addr", Live: never},
	{Name: "min-api-version", Kind: String, Since: series(29, 0), Live: never, Instead: "nothing: this engine serves old clients without it"},
	{Name: "mtu", Kind: Int, Flag: "mtu", Live: never},
	{Name: "network-control-plane-mtu", Kind: Int, Flag: "network-control-plane-mtu", Live: never},
	{Name: "network-diagnostic-port", Kind: Int, Flag: "network-diagnostic-port", Live: always, Reset: true},
	{Name: "no-new-privileges", Kind: Bool, Flag: "no-new-privileges", Live: never},
	{Name: "no-proxy", Kind: String, Flag: "no-proxy", Since: series(23, 0), Live: never, Instead: "set NO_PROXY in the unit with docker_unit: environment"},
	{Name: "node-generic-resources", Kind: Strings, Flag: "node-generic-resource", Live: never},
	{Name: "nri-opts", Kind: NRI, Flag: "nri-opts", Since: series(29, 2), Live: always, Reset: true},
	{Name: "oom-score-adjust", Kind: Int, Flag: "oom-score-adjust", Until: series(26, 0), Dead: series(25, 0), Live: never, Instead: "set OOMScoreAdjust= in the unit"},
	{Name: "pidfile", Kind: String, Flag: "pidfile", Short: "p", Live: never},
	{Name: "proxies", Kind: Proxies, Since: series(23, 0), Live: never, Instead: "set HTTP_PROXY, HTTPS_PROXY and NO_PROXY in the unit with docker_unit: environment"},
	{Name: "raw-logs", Kind: Bool, Flag: "raw-logs", Live: never},
	{Name: "registry-mirrors", Kind: Strings, Flag: "registry-mirror", Live: always},
	{Name: "rootless", Kind: Bool, Flag: "rootless", Since: series(19, 3), Live: never},
	{Name: "runtimes", Kind: Runtimes, Flag: "add-runtime", Live: always},
	{Name: "seccomp-profile", Kind: String, Flag: "seccomp-profile", Live: never},
	{Name: "selinux-enabled", Kind: Bool, Flag: "selinux-enabled", Live: never},
	{Name: "shutdown-timeout", Kind: Int, Flag: "shutdown-timeout", Live: always},
	{Name: "storage-driver", Kind: String, Flag: "storage-driver", Short: "s", Live: never, Hazard: hidesDriver},
	{Name: "storage-opts", Kind: Strings, Flag: "storage-opt", Live: never},
	{Name: "swarm-default-advertise-addr", Kind: String, Flag: "swarm-default-advertise-addr", Live: never},
	{Name: "tls", Kind: Bool, Flag: "tls", Live: never},
	{Name: "tlscacert", Kind: String, Flag: "tlscacert", Live: never},
	{Name: "tlscert", Kind: String, Flag: "tlscert", Live: never},
	{Name: "tlskey", Kind: String, Flag: "tlskey", Live: never},
	{Name: "tlsverify", Kind: Bool, Flag: "tlsverify", Live: never},
	{Name: "userland-proxy", Kind: Bool, Flag: "userland-proxy", Live: never},
	{Name: "userland-proxy-path", Kind: String, Flag: "userland-proxy-path", Live: never},
	{Name: "userns-remap", Kind: String, Flag: "userns-remap", Live: never, Hazard: hidesUserns},
}

// always and never are the two common answers to "does SIGHUP read it".
var (
	always = Span{}
	never  = Span{None: true}
)

// flagOnly are the flags without a key: the engine accepts their names in the
// file and ignores them, but for config-file and validate.
var flagOnly = [...]Key{
	{Name: "config-file", Kind: String, Flag: "config-file"},
	{Name: "containerd-plugins-namespace", Kind: String, Flag: "containerd-plugins-namespace", Since: series(19, 3)},
	{Name: "help", Kind: Bool, Flag: "help"},
	{Name: "restart", Kind: Bool, Flag: "restart", Short: "r"},
	{Name: "validate", Kind: Bool, Flag: "validate", Since: series(23, 0)},
	{Name: "version", Kind: Bool, Flag: "version", Short: "v"},
}

// nearMisses are names that users write and no engine knows, or that belong
// to another program, with what to write instead.
var nearMisses = [...]struct{ Name, Instead string }{
	{"api-enable-cors", "drop it: engines since 17.09 do not have it"},
	{"containerd-plugin-namespace", "it can only be set as the flag --containerd-plugins-namespace"},
	{"containerd-snapshotter", "write it inside features: {\"features\": {\"containerd-snapshotter\": true}}"},
	{"cgroup-driver", "write \"exec-opts\": [\"native.cgroupdriver=systemd\"]"},
	{"cgroupdriver", "write \"exec-opts\": [\"native.cgroupdriver=systemd\"]"},
	{"native.cgroupdriver", "write \"exec-opts\": [\"native.cgroupdriver=systemd\"]"},
	{"native.umask", "it is an exec-opts entry of openEuler's docker-engine (\"exec-opts\": [\"native.umask=normal\"]); as a key of its own it belongs to iSulad"},
	{"umask", "it is an exec-opts entry of openEuler's docker-engine: \"exec-opts\": [\"native.umask=normal\"]"},
	{"buildkit", "write it inside features: {\"features\": {\"buildkit\": true}}"},
	{"default-init", "write init"},
	{"default-ulimit", "write default-ulimits"},
	{"hook-spec", "it is an option of docker run on openEuler, and a key of iSulad, not of dockerd"},
	{"image-layer-check", "it is a key of iSulad, not of dockerd"},
	{"insecure-skip-verify-enforce", "it is a key of iSulad, not of dockerd"},
	{"max-file", "write it inside log-opts"},
	{"max-size", "write it inside log-opts"},
	{"mirrors", "write registry-mirrors"},
	{"network-plugin", "it is a key of iSulad, not of dockerd"},
	{"pod-sandbox-image", "it is a key of iSulad, not of dockerd"},
	{"resolv-conf", "write dns, dns-search and dns-opts"},
	{"root", "write data-root"},
	{"start-timeout", "set the unit's TimeoutStartSec with docker_unit: start_timeout"},
	{"swarm-raft-election-tick", "it exists only inside the engine"},
	{"swarm-raft-heartbeat-tick", "it exists only inside the engine"},
	{"ulimits", "write default-ulimits"},
	{"$comment", "JSON for dockerd cannot hold comments: drop it"},
	{"_comment", "JSON for dockerd cannot hold comments: drop it"},
	{"//", "JSON for dockerd cannot hold comments: drop it"},
}
