"""The file of a trajectory under way."""

from __future__ import annotations

import pytest

from singularity_lab import track
from singularity_lab.errors import BadInput
from tests.trajectories.states import given, states


def test_a_store_of_another_measurement_is_refused(tmp_path):
    store = tmp_path / "run.jsonl"
    track(states(1), **given(store=store))
    with pytest.raises(BadInput, match="seed differ"):
        track(states(1), **given(store=store, seed=1))
    other = given(store=store)
    other["data"] = (other["data"][0], other["data"][1] + 1)
    with pytest.raises(BadInput, match="data differ"):
        track(states(1), **other)
    store.write_text("not a store\n")
    with pytest.raises(BadInput, match="no file of a trajectory"):
        track(states(1), **given(store=store))
