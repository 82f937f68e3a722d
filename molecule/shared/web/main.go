// SPDX-License-Identifier: GPL-3.0-or-later

// Command web answers every request with one line. It is all that is in the
// image hardened-docker/web, which tests and the demo run as a container: it
// proves that a published port reaches a process, with no registry to ask.
//
// It listens on the address in its first argument, or on port 8080.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	address := ":8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	if err := serve(address); err != nil {
		fmt.Fprintf(os.Stderr, "web: %v\n", err)
		os.Exit(1)
	}
}

func serve(address string) error {
	name, err := os.Hostname()
	if err != nil {
		name = "unknown"
	}
	server := &http.Server{
		Addr:              address,
		Handler:           answer(name),
		ReadHeaderTimeout: 10 * time.Second,
	}
	return server.ListenAndServe()
}

// answer greets with the container's name, so that a caller can tell which one
// of several replied.
func answer(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "hello from %s\n", name)
	})
}
