"""Certificates in a store, changed on disk."""

from __future__ import annotations

import gzip
import json

from singularity_lab.catalog.truth import ground_truth


def tamper(store, entry, change):
    ground_truth(entry, 30, cache=store)
    path = store.path(entry.problem())
    document = json.loads(gzip.decompress(path.read_bytes()))
    change(document)
    path.write_bytes(gzip.compress(json.dumps(document).encode()))
    return store.read(entry.problem())
