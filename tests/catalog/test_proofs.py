"""No certificate contradicts a claim: every row of a family, with a small budget. Slow: about 15
CPU minutes in all."""

from __future__ import annotations

import pytest

from singularity_lab.catalog.load import families
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.errors import OutOfScope


def is_polynomial(entry):
    """Networks with transcendental losses are in the catalog to be measured: no germ, no proof."""
    try:
        entry.problem()
    except OutOfScope:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(families()))
def test_certificates_agree_with_claims(family, tmp_path):
    for entry in families()[family].rows:
        truth = ground_truth(entry, 4, cache=tmp_path)
        assert not truth.contradictions, str(truth)
        wanted = {"proved", "bracketed"} if is_polynomial(entry) else {"unknown"}
        assert truth.status in wanted, str(truth)
