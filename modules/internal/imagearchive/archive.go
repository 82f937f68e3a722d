// SPDX-License-Identifier: GPL-3.0-or-later

// Package imagearchive reads what docker save wrote, and proves that it is
// whole: an image's ID is the sum of its configuration, which names the sum of
// each layer, so an archive whose sums agree can be trusted with the images.
//
// A tour. [Read] is all that others call. tar.go reads the archive and sha256.go
// sums it up; the standard library has both, with packages that the binary is
// to be without (TestDeps).
//
// Both layouts are read, that of engines before 25 (ID.json, DIR/layer.tar, one
// layer for several images as a link) and that of today (blobs/sha256/ID).
// What they share is manifest.json (moby image/tarexport, 17.06 to 29).
package imagearchive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Image is an image in an archive.
type Image struct {
	ID   string // sha256: and 64 digits
	Tags []string
}

// maxText is how large a configuration or the manifest may be. Those of images
// have some kilobytes; the manifest has a line for each image.
const maxText = 16 << 20

// Read reads an archive to its end and returns the images in it. An error is
// an archive that is damaged, cut off, or of another layout.
func Read(r io.Reader) ([]Image, error) {
	c := contents{sums: map[string]string{}, texts: map[string][]byte{}, links: map[string]string{}}
	if err := walk(r, c.add); err != nil {
		return nil, err
	}
	text, found := c.texts["manifest.json"]
	if !found {
		return nil, errors.New("it has no manifest.json, so it is no archive of images")
	}
	var manifest []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("invalid manifest.json in it: %w", err)
	}
	var images []Image
	for _, one := range manifest {
		id, err := c.prove(one.Config, one.Layers)
		if err != nil {
			return nil, err
		}
		images = append(images, Image{id, one.RepoTags})
	}
	return images, nil
}

// contents is what is known of an archive's files.
type contents struct {
	sums  map[string]string // of each file
	texts map[string][]byte // of those that can be JSON
	links map[string]string // where each link leads
}

func (c contents) add(e entry, content io.Reader) error {
	name := path.Clean(e.name)
	switch e.kind {
	case symlink:
		c.links[name] = path.Join(path.Dir(name), e.link)
	case hardlink:
		c.links[name] = path.Clean(e.link)
	case regular:
		sum := newSum()
		var text bytes.Buffer
		into := io.Writer(sum)
		if e.size <= maxText && (strings.HasSuffix(name, ".json") || strings.HasPrefix(name, "blobs/")) {
			into = io.MultiWriter(sum, &text)
		}
		if _, err := io.Copy(into, content); err != nil {
			return err
		}
		c.sums[name] = sum.String()
		// Small layers are among the blobs, too.
		if bytes.HasPrefix(text.Bytes(), []byte("{")) || bytes.HasPrefix(text.Bytes(), []byte("[")) {
			c.texts[name] = text.Bytes()
		}
	}
	return nil
}

// file follows links to the name of a file.
func (c contents) file(name string) string {
	name = path.Clean(name)
	for range 8 {
		next, linked := c.links[name]
		if !linked {
			break
		}
		name = next
	}
	return name
}

// prove returns the ID of an image whose configuration and layers have the sums
// that they should have.
func (c contents) prove(config string, layers []string) (string, error) {
	name := c.file(config)
	text, found := c.texts[name]
	if !found {
		return "", fmt.Errorf("it lacks the configuration %s of an image", config)
	}
	sum := c.sums[name]
	if wanted := strings.TrimSuffix(path.Base(config), ".json"); wanted != sum {
		return "", fmt.Errorf("invalid configuration of the image %s: it is damaged, its sum is %s", short(wanted), short(sum))
	}
	var image struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(text, &image); err != nil {
		return "", fmt.Errorf("invalid configuration of the image %s: %w", short(sum), err)
	}
	if len(layers) != len(image.RootFS.DiffIDs) {
		return "", fmt.Errorf("it has %d of the %d layers of the image %s", len(layers), len(image.RootFS.DiffIDs), short(sum))
	}
	for i, layer := range layers {
		switch got, found := c.sums[c.file(layer)]; {
		case !found:
			return "", fmt.Errorf("it lacks the layer %s of the image %s", layer, short(sum))
		case "sha256:"+got != image.RootFS.DiffIDs[i]:
			return "", fmt.Errorf("invalid layer %s of the image %s: it is damaged, its sum is %s", layer, short(sum), short(got))
		}
	}
	return "sha256:" + sum, nil
}

func short(sum string) string { return sum[:min(len(sum), 12)] }
