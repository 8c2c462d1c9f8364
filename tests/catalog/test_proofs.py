"""No certificate contradicts a claim: every row of a family, with a small budget. Slow: about 15
CPU minutes in all."""

from __future__ import annotations

import pytest

from singularity_lab.catalog import families
from singularity_lab.truth import ground_truth


@pytest.mark.slow
@pytest.mark.parametrize("family", sorted(families()))
def test_certificates_agree_with_claims(family, tmp_path):
    for entry in families()[family].rows:
        truth = ground_truth(entry, 4, cache=tmp_path)
        assert not truth.contradictions, str(truth)
        assert truth.status in ("proved", "bracketed"), str(truth)
