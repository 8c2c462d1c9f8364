"""What people write after an option."""

from __future__ import annotations

import pytest
from terminal import run

from singularity_lab.calibration.run import calibrate
from singularity_lab.errors import BadInput


@pytest.mark.parametrize("seeds", ["0:100000000000", "0:" + "9" * 5000, "5:2", "x"])
def test_seeds_are_so_many_that_they_can_be_counted(seeds, tmp_path):
    words = ("calibrate", "--device", "hessian", "--rows", "nc-1", "--out", tmp_path / "o")
    code, out, err = run(*words, "--seeds", seeds)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert len(err) < 200
    with pytest.raises(BadInput, match="seeds: at most"):
        calibrate("hessian", "nc-1", 10**11)


def test_rows_are_split_outside_of_brackets(tmp_path):
    words = ("calibrate", "--device", "hessian", "--workers", "0", "--out", tmp_path, "--json")
    rows = "nc-1-1,deep_linear:widths=[1,1,7,1],rank=0,bp-2-3"
    code, out, _ = run(*words, "--rows", rows)
    assert code == 0
    for name in ("nc-1-1", "deep_linear:widths=[1,1,7,1],rank=0", "bp-2-3"):
        assert f'"id": "{name}"' in out
