// SPDX-License-Identifier: GPL-3.0-or-later

package imagearchive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hardened.docker/modules/internal/mutate"
)

// file is an entry of an archive in a test; one with a link is a symbolic link.
type file struct{ name, content, link string }

// archive writes files as dockerd does, with the times that make it use
// extended heads.
func archive(t testing.TB, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		head := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content)), PAXRecords: map[string]string{"mtime": "1.5"}, Format: tar.FormatPAX}
		if f.link != "" {
			head.Typeflag, head.Linkname, head.Size = tar.TypeSymlink, f.link, 0
		}
		if err := w.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil && f.link == "" {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// config is an image's configuration with these layers.
func config(layers ...string) string {
	ids := []string{}
	for _, layer := range layers {
		ids = append(ids, "sha256:"+digest(layer))
	}
	text, _ := json.Marshal(map[string]any{"rootfs": map[string]any{"diff_ids": ids}})
	return string(text)
}

func TestRead(t *testing.T) {
	base, top := strings.Repeat("base ", 1000), "top"
	one, two := config(base, top), config(base)
	id1, id2 := digest(one), digest(two)
	want := []Image{{"sha256:" + id1, []string{"a:1", "a:2"}}, {"sha256:" + id2, nil}}
	deep := strings.Repeat("deep/", 40)
	tests := []struct {
		name  string
		files []file
	}{
		{"before 25, a shared layer as a link", []file{
			{"x/layer.tar", base, ""}, {"y/layer.tar", top, ""}, {"z/layer.tar", "", "../x/layer.tar"},
			{id1 + ".json", one, ""}, {id2 + ".json", two, ""}, {"repositories", "{}", ""},
			{"manifest.json", `[{"Config":"` + id1 + `.json","RepoTags":["a:1","a:2"],"Layers":["x/layer.tar","y/layer.tar"]},{"Config":"` + id2 + `.json","RepoTags":null,"Layers":["z/layer.tar"]}]`, ""},
		}},
		{"since 25, the manifest first", []file{
			{"manifest.json", `[{"Config":"blobs/sha256/` + id1 + `","RepoTags":["a:1","a:2"],"Layers":["blobs/sha256/` + digest(base) + `","blobs/sha256/` + digest(top) + `"]},{"Config":"blobs/sha256/` + id2 + `","Layers":["blobs/sha256/` + digest(base) + `"]}]`, ""},
			{"blobs/sha256/" + digest(base), base, ""}, {"blobs/sha256/" + digest(top), top, ""},
			{"blobs/sha256/" + id1, one, ""}, {"blobs/sha256/" + id2, two, ""},
		}},
		{"long names", []file{
			{deep + "layer.tar", base, ""}, {"y/layer.tar", top, ""}, {"z/layer.tar", "", "../" + deep + "layer.tar"},
			{id1 + ".json", one, ""}, {id2 + ".json", two, ""},
			{"manifest.json", `[{"Config":"` + id1 + `.json","RepoTags":["a:1","a:2"],"Layers":["` + deep + `layer.tar","y/layer.tar"]},{"Config":"` + id2 + `.json","Layers":["z/layer.tar"]}]`, ""},
		}},
	}
	for _, test := range tests {
		got, err := Read(bytes.NewReader(archive(t, test.files...)))
		if err != nil {
			t.Errorf("%s: Read() = %v", test.name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: Read() (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	layer := "layer"
	text := config(layer)
	id := digest(text)
	manifest := file{"manifest.json", `[{"Config":"` + id + `.json","Layers":["x/layer.tar"]}]`, ""}
	whole := archive(t, file{"x/layer.tar", layer, ""}, file{id + ".json", text, ""}, manifest)
	tests := []struct {
		name    string
		archive []byte
		want    string
	}{
		{"nothing", nil, "ends too early"},
		{"cut off in a file", whole[:700], "ends too early"},
		{"cut off before its end", whole[:len(whole)-1024], "ends too early"},
		{"no archive", bytes.Repeat([]byte("x"), 2048), "no tar archive"},
		{"a damaged head", append([]byte("A"), whole[1:]...), "a head in it has another sum"},
		{"another archive", archive(t, file{"a", "b", ""}), "no manifest.json"},
		{"a manifest that is none", archive(t, file{"manifest.json", `{"a":1}`, ""}), "invalid manifest.json"},
		{"a damaged layer", archive(t, file{"x/layer.tar", "Layer", ""}, file{id + ".json", text, ""}, manifest), "invalid layer x/layer.tar of the image " + id[:12]},
		{"a damaged configuration", archive(t, file{"x/layer.tar", layer, ""}, file{id + ".json", text + " ", ""}, manifest), "invalid configuration of the image " + id[:12]},
		{"no layer", archive(t, file{id + ".json", text, ""}, manifest), "it lacks the layer x/layer.tar"},
		{"no configuration", archive(t, file{"x/layer.tar", layer, ""}, manifest), "it lacks the configuration"},
		{"a link to itself", archive(t, file{"x/layer.tar", "", "layer.tar"}, file{id + ".json", text, ""}, manifest), "it lacks the layer"},
		{"a layer less", archive(t, file{id + ".json", text, ""}, file{"manifest.json", `[{"Config":"` + id + `.json","Layers":[]}]`, ""}), "it has 0 of the 1 layers"},
	}
	for _, test := range tests {
		got, err := Read(bytes.NewReader(test.archive))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Read() = %v, %v; want an error with %q", test.name, got, err, test.want)
		}
	}
}

// TestSum compares with the standard library, in parts of all lengths.
func TestSum(t *testing.T) {
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for length := range 300 {
		for _, part := range []int{1, 13, 64, 1000} {
			s := newSum()
			for at := 0; at < length; at += part {
				_, _ = s.Write(data[at:min(at+part, length)])
			}
			want := sha256.Sum256(data[:length])
			if got := s.String(); got != hex.EncodeToString(want[:]) {
				t.Fatalf("sum of %d bytes in parts of %d = %s; want %x", length, part, got, want)
			}
		}
	}
}

func TestNumber(t *testing.T) {
	tests := []struct {
		field string
		want  int64
		fails bool
	}{
		{"0000644\x00", 0o644, false},
		{"     17 ", 0o17, false},
		{"\x00\x00\x00", 0, false},
		{"\x80\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00", 0, true},
		{"\x80\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00", 3 << 32, false},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 0, true},
		{"-1", 0, true},
		{"9", 0, true},
	}
	for _, test := range tests {
		got, err := number([]byte(test.field))
		if (err != nil) != test.fails || err == nil && got != test.want {
			t.Errorf("number(%q) = %d, %v; want %d, error %t", test.field, got, err, test.want, test.fails)
		}
	}
}

// FuzzRead: whatever the archive, it is read or refused.
func FuzzRead(f *testing.F) {
	text := config("layer")
	id := digest(text)
	f.Add(archive(f, file{"x/layer.tar", "layer", ""}, file{id + ".json", text, ""}, file{"manifest.json", `[{"Config":"` + id + `.json","Layers":["x/layer.tar"]}]`, ""}))
	f.Add([]byte{})
	mutate.Fuzz(f, func(_ *testing.T, data []byte) {
		_, _ = Read(bytes.NewReader(data))
	})
}

func BenchmarkSum(b *testing.B) {
	data := make([]byte, 1<<20)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		s := newSum()
		_, _ = s.Write(data)
		_ = s.String()
	}
}
