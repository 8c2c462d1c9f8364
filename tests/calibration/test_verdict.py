"""A calibration in words."""

from __future__ import annotations

import re


def test_five_lines_print_a_verdict_for_each_class():
    from singularity_lab import calibrate as face

    def mine(loss, seed, budget):
        return 0.5, 0.02

    text = str(face(mine, rows="quick"))
    assert "rows: quick (12 rows, " in text
    for line in (
        "mine, m = 1 (5 rows): wrong: 0 of 5 rows within tolerance, median error 50.0 % of λ",
        "mine, m = 2 (4 rows): wrong: 1 of 4 rows",
        "mine, m ≥ 3 (3 rows): wrong: 1 of 3 rows",
        "! mine: wrong on the sphere: it reads 0.5 on x² + y² + z², where λ = 3/2",
        "! mine: intervals do not cover: ",
    ):
        assert line in text
    # the scaled row is drawn: two rows of twelve have λ = 1/2, and one of them may be it
    assert re.search(r"[23] of all 15 intervals, 3 of them of probes, given at 90% contain λ", text)
