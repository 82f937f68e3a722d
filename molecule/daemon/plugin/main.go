// SPDX-License-Identifier: GPL-3.0-or-later

// Command plugin is an authorization plugin that allows everything, as small
// as one can be: it shows whether the daemon takes authorization-plugins into
// use. It listens where the daemon looks for plugins, until it is ended.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
)

const socket = "/run/docker/plugins/allow.sock"

func main() {
	answers := map[string]string{
		"/Plugin.Activate":      `{"Implements":["authz"]}`,
		"/AuthZPlugin.AuthZReq": `{"Allow":true}`,
		"/AuthZPlugin.AuthZRes": `{"Allow":true}`,
	}
	if err := serve(answers); err != nil {
		fmt.Fprintln(os.Stderr, "plugin:", err)
		os.Exit(1)
	}
}

func serve(answers map[string]string) error {
	if err := os.MkdirAll("/run/docker/plugins", 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(socket); err != nil {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.docker.plugins.v1.1+json")
		fmt.Fprintln(w, answers[r.URL.Path])
		fmt.Println(r.URL.Path) // for the journal
	}))
}
