#!/usr/bin/env bash
# golang.org/x/mod v0.43.0 (sumdb/tlog) and github.com/transparency-dev/merkle v0.0.2, with Go 1.26, seen 2026-12-01.
#
# Who begins to watch a log may hold the checkpoint that it had while it was empty, and then gets the first of a longer tree. That the
# longer one goes on from the empty one takes a proof of no hashes. The two Go libraries that log tools are built of do not agree that one
# may ask:
# - merkle's `VerifyConsistency` takes the size 0 and an empty proof, and refuses one with a hash in it;
# - tlog's `CheckTree` and `ProveTree` refuse the size 0 as invalid, though its own `TreeHash` gives the root of the empty tree.
# From size 1 on, and for one size twice, both say the same of the same proofs. So a watcher built on tlog that has kept the checkpoint of a
# young log stops at the second one, and its error looks like that of a log that has forked.
#
# Seen: as asserted below. Hold the root of size 0 against the hash of nothing oneself, and ask for proofs from 1 on.
set -euo pipefail
place=$(mktemp -d); trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
cd "$place"
cat > go.mod <<'MOD'
module finding

go 1.26.0

require (
	github.com/transparency-dev/merkle v0.0.2
	golang.org/x/mod v0.43.0
)
MOD
cat > main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
)

const size = 7

func expect(what string, said error, words string) {
	fmt.Println(what+":", said)
	if (said == nil) != (words == "") || said != nil && said.Error() != words {
		fmt.Println("expected:", words)
		os.Exit(1)
	}
}

func main() {
	stored := map[int64]tlog.Hash{}
	reader := tlog.HashReaderFunc(func(places []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, place := range places {
			found = append(found, stored[place])
		}
		return found, nil
	})
	roots := map[int64]tlog.Hash{}
	for n := int64(0); n <= size; n++ {
		root, err := tlog.TreeHash(n, reader)
		expect(fmt.Sprintf("tlog, root of %d", n), err, "")
		roots[n] = root
		hashes, _ := tlog.StoredHashes(n, []byte{byte(n)}, reader)
		for i, hash := range hashes {
			stored[tlog.StoredHashIndex(0, n)+int64(i)] = hash
		}
	}
	hasher := rfc6962.DefaultHasher
	merkle := func(from uint64, old tlog.Hash, hashes ...[]byte) error {
		root := roots[size]
		return proof.VerifyConsistency(hasher, from, size, hashes, old[:], root[:])
	}
	for from := int64(1); from <= size; from++ {
		made, err := tlog.ProveTree(size, from, reader)
		expect("tlog proves", err, "")
		var raw [][]byte
		for _, hash := range made {
			raw = append(raw, append([]byte{}, hash[:]...))
		}
		expect(fmt.Sprintf("tlog from %d", from), tlog.CheckTree(made, size, roots[size], from, roots[from]), "")
		expect(fmt.Sprintf("merkle from %d", from), merkle(uint64(from), roots[from], raw...), "")
	}
	_, err := tlog.ProveTree(size, 0, reader)
	expect("tlog proves from nothing", err, "tlog: invalid inputs in ProveTree")
	expect("tlog from nothing", tlog.CheckTree(nil, size, roots[size], 0, roots[0]), "tlog: invalid inputs in CheckTree")
	expect("merkle from nothing", merkle(0, roots[0]), "")
	other := roots[3]
	expect("merkle from nothing, with a hash", merkle(0, roots[0], other[:]), "expected empty proof, but got 1 components")
}
GO
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOPATH="$place/go"
go run .
