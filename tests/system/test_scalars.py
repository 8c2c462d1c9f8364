"""Numbers of Python, of NumPy and of torch are one number."""

import numpy as np
import pytest

from singularity_lab.system.scalars import integer, real

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("x", [3, np.int64(3), np.uint8(3), np.array(3), torch.tensor(3)])
def test_an_integer_is_one_whoever_made_it(x):
    assert integer(x) == 3
    assert type(integer(x)) is int
    assert real(x) == 3.0
    assert type(real(x)) is float


@pytest.mark.parametrize("x", [0.5, np.float32(0.5), np.array(0.5), torch.tensor(0.5)])
def test_a_real_number_is_one_and_no_integer(x):
    assert integer(x) is None
    assert real(x) == 0.5


@pytest.mark.parametrize(
    "x", [True, np.bool_(True), "3", None, 1j, [3], np.array([3, 4]), torch.tensor(True)]
)
def test_what_is_no_number(x):
    assert integer(x) is None
    assert real(x) is None
