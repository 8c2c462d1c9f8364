"""Long runs: an interrupted measurement goes on from its checkpoint to the same reading, bit for
bit; progress; refusal of a foreign checkpoint."""

from __future__ import annotations

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Outcome, measure
from singularity_lab.spectroscopes.long_run import LongRun, drive, running
from tests.spectroscopes.germs import crossing, cusp

QUICK = {
    "llc": {"burn_in": 150, "draws": 400, "epsilon": 1e-3},
    "llc, rmsprop": {"burn_in": 150, "draws": 400, "sampler": "rmsprop"},
    "llc, sgnht": {"burn_in": 150, "draws": 400, "sampler": "sgnht"},
    "llc, own step": {"burn_in": 150, "draws": 300, "epsilon": None},
    "llc-mala": {"burn_in": 100, "draws": 200},
    "llc-hmc": {"burn_in": 60, "draws": 100},
    "wbic": {"burn_in": 100, "draws": 200},
    "fluctuation": {"burn_in": 100, "draws": 300, "realisations": 8},
    "volume": {"particles": 64, "depth": 20.0, "max_sweeps": 20},
    "anneal": {"particles": 16, "span": 8.0, "replicates": 4},
    "anneal, chains": {"particles": 1, "span": 8.0, "replicates": 4},
}


class Sum:
    """1 + 2 + … + n, which has neither a clock nor a file."""

    def __init__(self, n):
        self.n, self.t, self.total = n, 0, 0

    def step(self):
        self.t += 1
        self.total += self.t

    def why_stop(self):
        return f"{self.n} steps" if self.t == self.n else None

    def told(self):
        return (self.t / self.n, str(self.t)) if self.t % 2 == 0 else None

    def state(self):
        return {"t": self.t, "total": self.total}

    def resume(self, saved):
        self.t, self.total = saved["t"], saved["total"]


def test_the_driver_steps_tells_and_resumes(tmp_path):
    words = []
    file = tmp_path / "sum.pt"
    with running(LongRun(file, every=0.0, progress=lambda share, word: words.append(word))):
        first, again, done = Sum(5), Sum(7), Sum(4)
        assert (drive(first), first.total) == ("5 steps", 15)
        assert words == ["0", "2", "4"]  # at 4 it was kept
        assert (drive(again), again.total) == ("7 steps", 28)
        assert words == ["0", "2", "4", "4", "6"]
        done.t = 4
        file.unlink()
        assert (drive(done), done.total) == ("4 steps", 0)  # asked before it steps


class Stopped(Exception):
    """Raised by the progress function, as Ctrl-C would be."""


@pytest.mark.parametrize("name", sorted(QUICK))
def test_a_run_goes_on_from_its_checkpoint_bit_for_bit(name, tmp_path):
    device = name.partition(",")[0]
    file = tmp_path / "run.pt"
    whole = measure(device, cusp(), seed=4, **QUICK[name])
    shares = []

    def stop(share, word):
        shares.append(share)
        if share > 0.55:
            raise Stopped

    with pytest.raises(Stopped):
        measure(
            device, cusp(), seed=4, checkpoint=file, checkpoint_every=0.0, progress=stop,
            **QUICK[name],
        )  # fmt: skip
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert file.exists()
    told = []
    again = measure(
        device, cusp(), seed=4, checkpoint=file, progress=lambda s, w: told.append(s),
        **QUICK[name],
    )  # fmt: skip
    assert told[0] > 0.2  # it did not begin anew
    assert again.fingerprint() == whole.fingerprint()


@pytest.mark.parametrize("device", ["llc-mala", "volume"])
def test_a_budget_that_was_spent_can_be_raised(device, tmp_path):
    file = tmp_path / "run.pt"
    whole = measure(device, crossing(1, 1), seed=4, **QUICK[device])
    spent = (whole.cost.evaluations + whole.cost.gradients) // 2
    long = {"checkpoint": file, "checkpoint_every": 0.0, **QUICK[device]}
    part = measure(device, crossing(1, 1), seed=4, evaluations=spent, **long)
    assert part.outcome is Outcome.BUDGET
    again = measure(device, crossing(1, 1), seed=4, **long)
    assert again.fingerprint() == whole.fingerprint()


def test_the_checkpoint_of_another_measurement_is_refused(tmp_path):
    file = tmp_path / "run.pt"
    long = {"checkpoint": file, "checkpoint_every": 0.0, **QUICK["llc-hmc"]}
    measure("llc-hmc", crossing(1, 1), seed=4, **long)
    with pytest.raises(BadInput, match="another device, loss, settings or seed"):
        measure("llc-hmc", crossing(1, 1), seed=5, **long)
    file.write_bytes(b"no checkpoint")
    with pytest.raises(BadInput, match="cannot be read"):
        measure("llc-hmc", crossing(1, 1), seed=4, **long)
    with pytest.raises(BadInput, match="checkpoint_every"):
        measure("llc-hmc", crossing(1, 1), seed=4, checkpoint_every=-1.0)
