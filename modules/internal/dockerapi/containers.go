// SPDX-License-Identifier: GPL-3.0-or-later

package dockerapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Finished asks when a container ended for the last time. It is zero for one
// that never ran.
func (c *Client) Finished(ctx context.Context, id string) (time.Time, error) {
	path := "/containers/" + escape(id) + "/json"
	var answer struct{ State struct{ FinishedAt string } }
	if err := c.ask(ctx, path, &answer); err != nil {
		return time.Time{}, err
	}
	t, err := moment(answer.State.FinishedAt)
	if err != nil {
		return t, &Error{Socket: c.socket, Path: path, Err: fmt.Errorf("%w: %w", ErrNotDocker, err)}
	}
	return t, nil
}

// RemovesItself asks whether the daemon removes a container, with its anonymous
// volumes, as soon as it ends (docker run --rm).
func (c *Client) RemovesItself(ctx context.Context, id string) (bool, error) {
	var answer struct{ HostConfig struct{ AutoRemove bool } }
	err := c.ask(ctx, "/containers/"+escape(id)+"/json", &answer)
	return answer.HostConfig.AutoRemove, err
}

// moment reads the API's times, "2026-11-22T20:35:26.123456789Z", which are in
// UTC. Year 1 stands for never.
func moment(text string) (time.Time, error) {
	var n [6]int
	const form = "0000-00-00T00:00:00"
	if len(text) < len(form) {
		return time.Time{}, fmt.Errorf("invalid time %q", text)
	}
	for i, at := range []int{0, 5, 8, 11, 14, 17} {
		end := at + 2
		if i == 0 {
			end = 4
		}
		value, err := strconv.Atoi(text[at:end])
		if err != nil || strings.ContainsAny(text[at:end], "+-") {
			return time.Time{}, fmt.Errorf("invalid time %q", text)
		}
		n[i] = value
	}
	if n[0] <= 1 {
		return time.Time{}, nil
	}
	return time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC), nil
}

// Start starts a container. One that runs already is no error.
func (c *Client) Start(ctx context.Context, id string) error {
	return c.change(ctx, "POST", "/containers/"+escape(id)+"/start", 304)
}

// Flush makes the daemon write a container's files as it has them in
// memory: an update that changes nothing does (moby daemon/update.go,
// CheckpointTo). The restart policy is the part that every engine can update.
func (c *Client) Flush(ctx context.Context, id string) error {
	path := "/containers/" + escape(id)
	var now struct {
		HostConfig struct {
			RestartPolicy struct {
				Name              string
				MaximumRetryCount int
			}
		}
	}
	if err := c.ask(ctx, path+"/json", &now); err != nil {
		return err
	}
	if now.HostConfig.RestartPolicy.Name == "" {
		now.HostConfig.RestartPolicy.Name = "no"
	}
	body, err := json.Marshal(now.HostConfig)
	if err != nil {
		return err
	}
	_, err = c.send(ctx, "POST", path+"/update", string(body))
	return err
}

// Remove removes a container that does not run, with its anonymous volumes if
// volumes is set. One that is not there any more is no error.
func (c *Client) Remove(ctx context.Context, id string, volumes bool) error {
	path := "/containers/" + escape(id)
	if volumes {
		path += "?v=1"
	}
	return c.change(ctx, "DELETE", path, 404)
}

// change sends a request that changes something; done is the status of an
// answer that says that it is so already.
func (c *Client) change(ctx context.Context, method, path string, done int) error {
	_, err := c.request(ctx, method, path)
	if e, ok := err.(*Error); ok {
		if status, ok := e.Err.(*StatusError); ok && status.Code == done {
			return nil
		}
	}
	return err
}
