// Checks a checkpoint and an inclusion proof of ours with golang.org/x/mod/sumdb alone.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Key        string
	Checkpoint string
	Index      int64
	Previous   string
	Entry      string
	Path       []string
	// Consistency with an older checkpoint's size and root.
	OldSize     int64
	OldRoot     string
	Consistency []string
}

func fail(format string, values ...any) {
	fmt.Printf(format+"\n", values...)
	os.Exit(1)
}

func bytesOf(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		fail("base64: %v", err)
	}
	return data
}

func hashOf(text string) (hash tlog.Hash) {
	copy(hash[:], bytesOf(text))
	return hash
}

func main() {
	var asked question
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fail("question: %v", err)
	}
	verifier, err := note.NewVerifier(asked.Key)
	if err != nil {
		fail("key: %v", err)
	}
	opened, err := note.Open([]byte(asked.Checkpoint), note.VerifierList(verifier))
	if err != nil {
		fail("note: %v", err)
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		fail("size: %v", err)
	}
	root := hashOf(lines[2])
	leaf := tlog.RecordHash(append(bytesOf(asked.Previous), bytesOf(asked.Entry)...))
	var path tlog.RecordProof
	for _, hash := range asked.Path {
		path = append(path, hashOf(hash))
	}
	if err := tlog.CheckRecord(path, size, root, asked.Index, leaf); err != nil {
		fail("inclusion: %v", err)
	}
	var tree tlog.TreeProof
	for _, hash := range asked.Consistency {
		tree = append(tree, hashOf(hash))
	}
	if err := tlog.CheckTree(tree, size, root, asked.OldSize, hashOf(asked.OldRoot)); err != nil {
		fail("consistency: %v", err)
	}
	fmt.Printf("%s %d of %d\n", lines[0], asked.Index, size)
}
