"""Proofs as the page unfolds them."""

from __future__ import annotations

from atlas_pages import IDS, put, shards

from singularity_lab import ground_truth, verify


def test_each_proof_on_file_can_be_unfolded_and_decides_its_claim(folder):
    _, meta = put(folder / "data" / "meta.js")
    proofs = shards(folder / "data", "proofs")
    for row in IDS[:5]:
        for certificate in ground_truth(row, 0).certificates:
            verify(certificate)
            tree = proofs[certificate.digest()]
            assert meta["proofs"][certificate.digest()]["nodes"] == len(tree["nodes"])
            root = tree["nodes"][0]
            assert root[0] is None
            assert str(certificate.claim.value) in root[6]
            assert all(n[0] < i for i, n in enumerate(tree["nodes"]) if i)
            assert {n[4] for n in tree["nodes"]} <= meta["theorems"].keys()
