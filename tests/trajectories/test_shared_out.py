"""Checkpoints shared out to other processes: the readings of one process, in their order."""

from __future__ import annotations

import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.trajectories import track

SHORT = {"device": "llc-hmc", "gamma": 1.0, "burn_in": 30, "draws": 60, "progress": False}
SIZES = (1000, 100)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A model, its data, and a folder of four checkpoints, of which one is no file of torch."""
    folder = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    for step in (0, 10, 20):
        torch.save(torch.nn.Linear(2, 1).state_dict(), folder / f"net-{step}.pt")
    (folder / "net-15.pt").write_bytes(b"no checkpoint")
    x = torch.randn(40, 2)
    return folder, model, (x, x[:, :1])


def table(path):
    return [(r.step, r.n, r.outcome, r.value, r.key) for r in path.rows]


@pytest.mark.parametrize("cluster", ["", pytest.param("local:2", marks=pytest.mark.slow)])
def test_two_processes_read_what_one_reads_and_the_store_goes_on(run, cluster, tmp_path):
    folder, model, data = run
    alone = track(folder, model=model, data=data, n=SIZES, **SHORT)
    file = tmp_path / "kept.jsonl"
    where = {"cluster": cluster} if cluster else {"jobs": 2}
    shared = track(folder, model=model, data=data, n=SIZES, store=file, **where, **SHORT)
    assert table(shared) == table(alone)
    assert sum(r.outcome == "failed" for r in shared.rows) == 2  # net-15 at both n
    lines = file.read_text().splitlines()
    assert len(lines) == 1 + 6
    file.write_text("\n".join(lines[:4]) + "\n")  # as after a kill
    again = track(folder, model=model, data=data, n=SIZES, store=file, **SHORT)
    assert sorted(table(again)) == sorted(table(alone))
    assert len(file.read_text().splitlines()) == 1 + 6


def test_what_cannot_be_sent_is_refused_in_one_line(run):
    folder, model, data = run
    probes = {"sum": lambda net: float(net.weight.sum())}
    with pytest.raises(BadInput, match="sent to other processes"):
        track(folder, model=model, data=data, jobs=2, probes=probes, n=100, **SHORT)
    for jobs in (0, True, "2"):
        with pytest.raises(BadInput, match="jobs: "):
            track(folder, model=model, data=data, jobs=jobs, n=100, **SHORT)


def test_a_wrong_argument_is_an_error_and_no_table(run):
    folder, model, data = run
    with pytest.raises(BadInput, match="draws"):
        track(folder, model=model, data=data, jobs=2, n=100, **SHORT | {"draws": 2})
