"""Trained networks: a minimum that is found again, its reference, and what is none."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.catalog.checks import twin_error
from singularity_lab.catalog.loss import loss
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.models import build
from singularity_lab.models.trained import parameter_names, reference, train

DATA = dict(inputs=[["-1"], ["0"], ["1"], ["2"]], targets=[["0"], ["1"], ["1"], ["1/2"]])


@pytest.fixture(scope="module")
def trained():
    sizes = dict(widths=[1, 1, 1], activation="tanh", seed=0)
    found = train(**sizes, **DATA)
    return build("trained_network", **sizes, **DATA, minimum=found)


def test_training_finds_a_minimum_and_the_same_one_again(trained):
    again = train([1, 1, 1], "tanh", seed=0, **DATA)
    assert again == list(trained.parameters["minimum"])
    value, slopes = trained.exact(trained.strata[0].point)
    assert value == 0
    assert max(map(abs, slopes)) < 1e-10


def test_the_twin_of_a_trained_network_and_its_reference(trained):
    assert max(twin_error(trained, points=5)) < 1e-12
    # the reference's slopes are the differences of its values
    at = [Fraction(1, 3), Fraction(-1, 5), Fraction(2, 3)]
    step = Fraction(1, 10**12)
    for i, slope in enumerate(trained.exact(at)[1]):
        up, down = ([x + s * step * (j == i) for j, x in enumerate(at)] for s in (1, -1))
        central = (trained.exact(up)[0] - trained.exact(down)[0]) / (2 * step)
        assert abs(central - slope) < 1e-20


def test_a_deep_network_by_hand():
    """Two hidden ReLU layers: 3·relu(2·relu(x + 1/2) − 1) at x = 1 is 6."""
    at = [Fraction(x) for x in ("1", "1/2", "2", "-1", "3")]
    assert len(parameter_names([1, 1, 1, 1])) == 5
    value, slopes = reference([1, 1, 1, 1], "relu", [[Fraction(1)]], [[Fraction(5)]], at)
    assert value == 1
    assert slopes == (12, 12, 9, 6, 4)


def test_a_trained_network_has_no_germ_and_its_loss_can_be_measured(trained):
    with pytest.raises(OutOfScope, match="no polynomial"):
        trained.problem()
    K = loss(trained)
    assert K.value(K.center[None]).abs().item() < 1e-12
    assert K.domain is not None
    with pytest.raises(BadInput, match="has no ideal"):
        loss(trained, form="ideal")


def test_what_is_no_minimum_is_refused():
    with pytest.raises(BadInput, match="minimum: not stationary"):
        build(
            "trained_network",
            widths=[1, 1, 1],
            activation="tanh",
            seed=0,
            minimum=["1", "0", "1"],
            **DATA,
        )
