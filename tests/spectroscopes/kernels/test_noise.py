"""Random numbers of several runs that go side by side are those of each alone."""

import pytest
import torch

from singularity_lab.spectroscopes.kernels import noise


def seeded(k):
    return torch.Generator().manual_seed(k)


@pytest.mark.parametrize("by_row", [True, False])
def test_rows_of_a_run_are_those_of_its_generator(by_row):
    together = noise.normal(6, 3, noise.SideBySide([seeded(4), seeded(9)]), "cpu", by_row)
    alone = torch.cat([noise.normal(3, 3, seeded(k), "cpu", by_row) for k in (4, 9)])
    assert torch.equal(together, alone)
    assert together.shape == (6, 3)


def test_uniform_numbers_and_lengths_too():
    both = noise.SideBySide([seeded(1), seeded(2)])
    u = noise.uniform(4, both, "cpu")
    assert torch.equal(u, torch.cat([noise.uniform(2, seeded(k), "cpu") for k in (1, 2)]))
    assert ((u >= 0) & (u < 1)).all()
    lengths = noise.length(7, 4, noise.SideBySide([seeded(1), seeded(2)]), "cpu")
    each = [noise.length(7, 2, seeded(k), "cpu") for k in (1, 2)]
    assert [int(x) for x in lengths.flatten()[::2]] == [int(x) for x in each]


def test_lengths_are_uniform():
    source = seeded(0)
    counts = torch.bincount(
        torch.tensor([int(noise.length(4, 1, source, "cpu")) for _ in range(800)])
    )
    assert counts[0] == 0
    assert (abs(counts[1:] - 200) < 60).all()
