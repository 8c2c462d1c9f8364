"""Batches laid out by parameters: the same numbers, whatever the layout."""

import pytest
import torch

from singularity_lab.spectroscopes.kernels import layout


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_columns_are_contiguous(dtype):
    u = layout.zeros(5, 3, dtype)
    assert u.shape == (5, 3)
    assert u.dtype == dtype
    assert u.t().is_contiguous()
    assert not u.any()


def test_normal_numbers_have_the_shape_and_the_law():
    u = layout.zeros(4000, 2)
    z = layout.normal(u, torch.Generator().manual_seed(0))
    assert z.shape == u.shape
    assert abs(float(z.mean())) < 0.06
    assert abs(float(z.std()) - 1) < 0.04
    assert abs(float((z[:, 0] * z[:, 1]).mean())) < 0.06
    again = layout.normal(u, torch.Generator().manual_seed(0))
    assert torch.equal(z, again)
