// SPDX-License-Identifier: GPL-3.0-or-later

package dockerapi

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// Image is an entry of the list of images.
type Image struct {
	ID          string `json:"Id"`
	RepoTags    []string
	RepoDigests []string
	Size        int64 // with the layers that it shares with others
}

// Images lists all images, those between the steps of a build included. Engines
// before 24 call what has no name <none>.
func (c *Client) Images(ctx context.Context) ([]Image, error) {
	var list []Image
	if err := c.ask(ctx, "/images/json?all=1", &list); err != nil {
		return nil, err
	}
	nameless := func(name string) bool { return strings.HasPrefix(name, "<none>") }
	for i := range list {
		list[i].RepoTags = slices.DeleteFunc(list[i].RepoTags, nameless)
		list[i].RepoDigests = slices.DeleteFunc(list[i].RepoDigests, nameless)
	}
	return list, nil
}

// Usage returns what the layers of all images take, in bytes, and what all
// containers wrote beside them. Engines before 23 count volumes, too, to answer
// that.
func (c *Client) Usage(ctx context.Context) (layers, written int64, err error) {
	var usage struct {
		LayersSize int64
		Containers []struct{ SizeRw int64 }
	}
	err = c.ask(ctx, "/system/df?type=image&type=container", &usage)
	for _, one := range usage.Containers {
		written += one.SizeRw
	}
	return usage.LayersSize, written, err
}

// Volumes lists the names of the volumes.
func (c *Client) Volumes(ctx context.Context) ([]string, error) {
	var answer struct{ Volumes []struct{ Name string } }
	err := c.ask(ctx, "/volumes", &answer)
	names := make([]string, 0, len(answer.Volumes))
	for _, v := range answer.Volumes {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return names, err
}

// Inspect returns all that the daemon says of a container, as it says it.
func (c *Client) Inspect(ctx context.Context, id string) (json.RawMessage, error) {
	var text json.RawMessage
	err := c.ask(ctx, "/containers/"+escape(id)+"/json", &text)
	return text, err
}

// Changes counts the files and directories that a container has changed, added
// and removed beside those of its image, outside of volumes.
func (c *Client) Changes(ctx context.Context, id string) (int, error) {
	var list []struct{ Path string }
	err := c.ask(ctx, "/containers/"+escape(id)+"/changes", &list)
	return len(list), err
}

// Stop stops a container, which has its own time to end. One that does not run
// is no error.
func (c *Client) Stop(ctx context.Context, id string) error {
	return c.change(ctx, "POST", "/containers/"+escape(id)+"/stop", 304)
}

// Commit makes an image out of a container and returns its ID.
func (c *Client) Commit(ctx context.Context, id, repository, tag string) (string, error) {
	answer, err := c.request(ctx, "POST", "/commit?container="+escape(id)+"&repo="+escape(repository)+"&tag="+escape(tag))
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"Id"`
	}
	if err := json.Unmarshal(answer.body, &made); err != nil {
		return "", c.notJSON("/commit", answer.body, err)
	}
	return made.ID, nil
}
