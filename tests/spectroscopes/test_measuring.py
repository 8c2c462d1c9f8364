"""Measuring: by name or by function, with a seed, within a budget."""

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Outcome, measure, measure_each
from singularity_lab.spectroscopes.devices.hessian import hessian
from tests.spectroscopes.germs import brieskorn, crossing


def test_a_device_by_its_name_and_by_its_function_reads_the_same():
    loss = brieskorn(1, 1)
    one, other = measure("hessian", loss, seed=3), measure(hessian, loss, seed=3)
    assert one.estimate.value == other.estimate.value == 1.0
    assert one.seed == other.seed == 3


@pytest.mark.parametrize(
    ("device", "options", "match"),
    [
        ("hesian", {}, "device: none is called 'hesian'; did you mean hessian"),
        ("hessian", {"toleranc": 1}, "toleranc"),
        ("hessian", {"budget": -1}, "budget"),
    ],
)
def test_mistakes_name_the_argument(device, options, match):
    with pytest.raises(BadInput, match=match):
        measure(device, crossing(1), seed=0, **options)


def test_what_is_no_loss_is_refused():
    with pytest.raises(BadInput):
        measure("hessian", "w^2", seed=0)


def test_a_budget_is_kept():
    found = measure("hessian", brieskorn(1, 1, 1), seed=0, evaluations=3)
    assert found.outcome is Outcome.BUDGET
    assert not found.ok


def test_several_losses_in_their_order():
    losses = [brieskorn(1), brieskorn(1, 1), crossing(2)]
    found = measure_each("hessian", losses, seeds=[0, 1, 2], settings=[{}, {}, {}])
    assert [r.estimate.value for r in found] == [0.5, 1.0, 0.0]
    with pytest.raises(BadInput, match="lists of one length"):
        measure_each("hessian", losses, seeds=[0], settings=[{}])
