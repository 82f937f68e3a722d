// SPDX-License-Identifier: GPL-3.0-or-later

// Package dockerapi asks a Docker daemon over its unix socket, without package
// net or net/http, which would double the size of the binary.
//
// A tour. [Client] has one method for each question that modules ask; each
// sends one request on a connection of its own (http.go) and decodes the
// answer. What changes something is in containers.go. Every question has a deadline, also the connecting: a dockerd that
// crashes in a loop under socket activation lets clients in and never answers.
// Errors tell apart what a module must tell apart (errors.go): nobody listens,
// permission, no answer in time, an answer that is not the API's.
//
// Requests carry no API version, so the daemon answers in its newest one. The
// types have the fields that modules use, under names that all engines from
// 18.09 to 29 have.
package dockerapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DefaultSocket is where dockerd listens unless it is told otherwise.
const DefaultSocket = "/var/run/docker.sock"

// Client asks the daemon behind one socket.
type Client struct {
	socket string        // as the host's users know it, for messages
	path   string        // as this process finds it
	limit  time.Duration // for one question
}

// New returns a client of the daemon that listens on the socket, which this
// process finds under path. Each question may take as long as limit.
func New(socket, path string, limit time.Duration) *Client {
	return &Client{socket: socket, path: path, limit: limit}
}

// Socket returns the socket's path as the host's users know it.
func (c *Client) Socket() string { return c.socket }

// Version is the answer to /version, shortened.
type Version struct {
	Version       string
	APIVersion    string `json:"ApiVersion"`
	MinAPIVersion string
	GitCommit     string
	GoVersion     string
	Os            string
	Arch          string
	KernelVersion string
	Components    []Component
}

// Component is a part of the engine: Engine, containerd, runc, docker-init.
type Component struct {
	Name    string
	Version string
}

// Info is the answer to /info, shortened.
type Info struct {
	ID                  string
	ServerVersion       string
	Containers          int
	ContainersRunning   int
	ContainersPaused    int
	ContainersStopped   int
	Images              int
	Driver              string
	DriverStatus        [][2]string
	DockerRootDir       string
	LoggingDriver       string
	CgroupDriver        string
	CgroupVersion       string
	Debug               bool
	ExperimentalBuild   bool
	LiveRestoreEnabled  bool
	Labels              []string
	SecurityOptions     []string
	DefaultRuntime      string
	Runtimes            map[string]json.RawMessage
	InitBinary          string
	RegistryConfig      *RegistryConfig
	DefaultAddressPools []AddressPool
	HTTPProxy           string `json:"HttpProxy"`
	HTTPSProxy          string `json:"HttpsProxy"`
	NoProxy             string
	KernelVersion       string
	OperatingSystem     string
	OSType              string
	Architecture        string
	NCPU                int
	MemTotal            int64
	Name                string
	Swarm               struct{ LocalNodeState string }
	// FirewallBackend is nil before engine 28.
	FirewallBackend *struct{ Driver string }
	Warnings        []string
}

// RegistryConfig is how the daemon treats registries.
type RegistryConfig struct {
	Mirrors               []string
	InsecureRegistryCIDRs []string
	IndexConfigs          map[string]IndexConfig
}

// IndexConfig is how the daemon treats one registry.
type IndexConfig struct {
	Name   string
	Secure bool
}

// AddressPool is a range that networks are cut from.
type AddressPool struct {
	Base string
	Size int
}

// Container is an entry of the list of containers.
type Container struct {
	ID     string `json:"Id"`
	Names  []string
	Image  string
	State  string
	Status string
	Ports  []Port
	Labels map[string]string
	// Created is when it was made, in seconds since 1970.
	Created int64
}

// Port is a port of a running container. PublicPort is 0 if it is not
// published.
type Port struct {
	IP          string
	PrivatePort int
	PublicPort  int
	Type        string
}

// Runs reports whether the container runs, also one that is paused or about to be
// restarted.
func (c Container) Runs() bool {
	return c.State == "running" || c.State == "paused" || c.State == "restarting"
}

// Name returns the container's own name, without the slash that the API puts
// before it and without the names that links give it.
func (c Container) Name() string {
	for _, name := range c.Names {
		if own := strings.TrimPrefix(name, "/"); !strings.Contains(own, "/") {
			return own
		}
	}
	return ""
}

// Network is a network of the daemon.
type Network struct {
	Name    string
	ID      string `json:"Id"`
	Driver  string
	Scope   string
	IPAM    struct{ Config []Pool }
	Options map[string]string
	// Internal networks have no way out.
	Internal   bool
	EnableIPv6 bool
}

// Pool is a range of addresses of a network.
type Pool struct {
	Subnet  string
	Gateway string
}

// Event is something that happened in the daemon.
type Event struct {
	Type   string
	Action string
	Actor  struct {
		ID         string
		Attributes map[string]string
	}
	TimeNano int64 `json:"timeNano"`
}

// Ping returns nil if the daemon answers.
func (c *Client) Ping(ctx context.Context) error {
	body, err := c.get(ctx, "/_ping")
	if err == nil && strings.TrimSpace(string(body)) != "OK" {
		return &Error{Socket: c.socket, Path: "/_ping", Err: fmt.Errorf("%w: %q", ErrNotDocker, head(body))}
	}
	return err
}

// ServerVersion asks for the version of the daemon alone, such as
// 20.10.24+dfsg1. To answer /version, engines run runc and docker-init for
// their versions, which takes ten times as long as everything else a module
// with nothing to do does; each answer's head names the engine's own
// (moby api/server/middleware/version.go, since 1.12).
func (c *Client) ServerVersion(ctx context.Context) (string, error) {
	answer, err := c.request(ctx, "GET", "/_ping")
	if err != nil {
		return "", err
	}
	product, _, _ := strings.Cut(answer.server, " ")
	if version, ok := strings.CutPrefix(product, "Docker/"); ok && version != "" {
		return version, nil
	}
	// Something between, such as a proxy of the socket, may drop the head.
	v, err := c.Version(ctx)
	return v.Version, err
}

// Version asks for the versions of the daemon and its parts.
func (c *Client) Version(ctx context.Context) (Version, error) {
	var v Version
	return v, c.ask(ctx, "/version", &v)
}

// Info asks for the daemon's state and settings.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var info Info
	return info, c.ask(ctx, "/info", &info)
}

// Containers lists the running containers or, with all, every container.
func (c *Client) Containers(ctx context.Context, all bool) ([]Container, error) {
	path := "/containers/json"
	if all {
		path += "?all=1"
	}
	var list []Container
	return list, c.ask(ctx, path, &list)
}

// Networks lists the networks.
func (c *Client) Networks(ctx context.Context) ([]Network, error) {
	var list []Network
	return list, c.ask(ctx, "/networks", &list)
}

// Network asks for one network by name or ID.
func (c *Client) Network(ctx context.Context, name string) (Network, error) {
	var n Network
	return n, c.ask(ctx, "/networks/"+escape(name), &n)
}

// DaemonEvents lists what happened to the daemon itself, such as a reload of
// its configuration, between two moments of the past.
func (c *Client) DaemonEvents(ctx context.Context, since, until time.Time) ([]Event, error) {
	// The filter is {"type":["daemon"]}; the braces and quotes are escaped as
	// a query needs it.
	path := "/events?since=" + stamp(since) + "&until=" + stamp(until) + "&filters=%7B%22type%22%3A%5B%22daemon%22%5D%7D"
	body, err := c.get(ctx, path)
	if err != nil {
		return nil, err
	}
	var events []Event
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	for decoder.More() {
		var e Event
		if err := decoder.Decode(&e); err != nil {
			return events, c.notJSON("/events", body, err)
		}
		events = append(events, e)
	}
	return events, nil
}

// stamp is a moment as the API takes it: seconds and nanoseconds.
func stamp(t time.Time) string {
	nano := strconv.FormatInt(int64(t.Nanosecond()), 10)
	return strconv.FormatInt(t.Unix(), 10) + "." + strings.Repeat("0", 9-len(nano)) + nano
}

func (c *Client) ask(ctx context.Context, path string, into any) error {
	body, err := c.get(ctx, path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return c.notJSON(path, body, err)
	}
	return nil
}

func (c *Client) notJSON(path string, body []byte, err error) error {
	return &Error{Socket: c.socket, Path: path, Err: fmt.Errorf("%w: %w; it begins with %q", ErrNotDocker, err, head(body))}
}

// head is the beginning of an answer, for a message.
func head(body []byte) string {
	const limit = 80
	if len(body) > limit {
		return string(body[:limit]) + "..."
	}
	return string(body)
}
