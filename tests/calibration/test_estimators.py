"""Anybody's estimator: its answers are checked, its cost is counted, its loss has no name, and what
it does wrong is a row with the reason."""

from __future__ import annotations

import math
import os
import random
import time
from fractions import Fraction

import numpy as np
import pytest
import torch

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.estimators import answer, torch_estimator
from singularity_lab.calibration.run import calibrate
from singularity_lab.catalog.load import load
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.meter import BudgetSpent

CUSP, CROSS = LocalProblem.build("x^2 - y^3"), LocalProblem.build("x*y")


def read(function, rows=(CUSP,), **options):
    return calibrate(function, rows, workers=0, **options).measurements


def test_the_forms_of_an_answer():
    half = 1.6448536269514722 * 0.1
    for given, interval in [
        (0.5, (-math.inf, math.inf)),
        (np.float32(0.5), (-math.inf, math.inf)),
        (torch.tensor(0.5), (-math.inf, math.inf)),
        ((0.5, 0.1), (0.5 - half, 0.5 + half)),
        ([0.5, 0.2, 0.9], (0.2, 0.9)),
        (np.array([0.5, 0.2, 0.9]), (0.2, 0.9)),
        (torch.tensor([0.5, 0.2, 0.9], dtype=torch.float64), (0.2, 0.9)),
    ]:
        found = answer(given, "mine")
        assert found.value == 0.5
        assert (found.low, found.high) == pytest.approx(interval)
        assert found.level == 0.9


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("0.5", "a number | (estimate, standard error) | (estimate, low, high) | a Reading"),
        (None, "it returned NoneType None"),
        (True, "it returned bool"),
        ((1.0, 2.0, 3.0, 4.0), "a number | "),
        ({"lambda": 1.0}, "a number | "),
        (np.zeros((3, 1)), "a number | "),
        (math.nan, "finite estimate"),
        ((0.5, -0.1), "standard error >= 0"),
        ((0.5, 0.9, 0.2), "low <= estimate <= high"),
        ((0.5, 0.6, 0.7), "low <= estimate <= high"),
    ],
)
def test_another_answer_is_a_row_with_the_reason(given, message):
    (found,) = read(lambda loss, seed, budget: given)
    assert (found.outcome, found.value) == ("failed", None)
    assert message in found.reason


def test_whatever_an_estimator_raises_is_a_row_with_the_reason():
    def mine(loss, seed, budget):
        if loss.dim == 2:
            raise ZeroDivisionError("two\nlines")
        return 0.5

    found = read(mine, [CUSP, LocalProblem.build("x")])
    assert [m.outcome for m in found] == ["failed", "ok"]
    assert found[0].reason.startswith("mine failed: ZeroDivisionError: two lines (")
    with open(__file__) as file:
        line = 1 + next(n for n, text in enumerate(file) if "raise ZeroDivisionError(" in text)
    assert found[0].reason.endswith(f"(test_estimators.py, line {line})")
    assert found[0].evaluations == 0
    assert found[0].cpu_seconds is not None


def test_evaluations_are_counted_in_points_whatever_is_reported():
    def mine(loss, seed, budget):
        w = np.zeros((7, loss.dim))
        assert loss.value(w).shape == (7,)
        k, grad = loss.value_and_grad(torch.ones(5, loss.dim))
        assert grad.shape == (5, loss.dim)
        assert isinstance(k, torch.Tensor)
        loss.local_value(torch.zeros(2, loss.dim, dtype=torch.float64))
        return 0.5

    (found,) = read(mine)
    assert (found.evaluations, found.gradients) == (9, 5)


def test_a_budget_of_evaluations_holds():
    def mine(loss, seed, budget):
        while True:
            loss.value(np.zeros((10, loss.dim)))

    (found,) = read(mine, evaluations=100)
    assert "budget of evaluations was spent" in found.reason
    assert found.points == 100  # what it spent is kept


def catches(loss, seed, budget):
    """Answers all the same when its evaluations are spent."""
    try:
        while True:
            loss.value(np.zeros((10, loss.dim)))
    except BudgetSpent:
        return 0.5, 0.1


def burns(loss, seed, budget):
    """Asks the loss nothing and takes its time."""
    end = time.process_time() + 3 * budget.cpu_seconds
    while time.process_time() < end:
        pass
    return 0.5, 0.1


@pytest.mark.parametrize(
    ("mine", "limits", "why"),
    [
        (catches, {"evaluations": 100}, "budget of evaluations was spent"),
        (burns, {"budget": 0.01}, "CPU seconds, the budget is 0.01"),
    ],
)
def test_an_answer_that_comes_after_the_budget_says_so(mine, limits, why):
    (found,) = read(mine, **limits)
    assert (found.value, found.outcome) == (0.5, "budget")
    assert why in found.reason
    (kept,) = read(lambda loss, seed, budget: (0.5, 0.1), evaluations=100, budget=20)
    assert kept.ok


def test_global_generators_begin_at_the_seed_and_nothing_of_the_process_is_changed(tmp_path):
    """The same seed, the same reading, whatever was drawn before."""
    drawn = []

    def mine(loss, seed, budget):
        torch.set_default_dtype(torch.float64)
        os.chdir(tmp_path)
        old = float(np.random.rand())  # noqa: NPY002 - as estimators do
        drawn.append((random.random(), old, float(torch.rand(()))))
        return sum(drawn[-1])

    random.seed(5)
    before = random.getstate(), torch.get_rng_state(), os.getcwd()
    first, again = (calibrate(mine, [germ], 2, workers=0) for germ in ("nc-1-1", "nc-1-1"))
    assert [m.value for m in first.measurements] == [m.value for m in again.measurements]
    assert drawn[0] != drawn[1]
    assert random.getstate() == before[0]
    assert bool((torch.get_rng_state() == before[1]).all())
    assert os.getcwd() == before[2]
    assert torch.get_default_dtype() == torch.float32


def test_one_point_and_lists_are_points_too():
    """Whatever holds the numbers, one point is counted as one and read as in a batch."""
    seen = []

    def mine(loss, seed, budget):
        w = [2.0, 3.0]
        many, slopes = loss.value_and_grad(np.array([w, w, [1.0, 1.0]]))
        assert (many[2], slopes.shape) == (0.0, (3, 2))
        for one in (w, tuple(w), np.array(w), torch.tensor(w), [2, Fraction(3)]):
            value, slope = loss.value_and_grad(one)
            assert (float(value), list(slope)) == (many[0], list(slopes[0]))
            assert float(loss.value(one)) == float(loss.local_value(one)) == many[0]
            assert np.shape(loss.value(one)) == ()
        assert loss.value([w, w]).shape == (2,)
        seen.append(type(loss.value(np.array(w))))
        return 0.5

    (found,) = read(mine)
    assert (found.outcome, found.evaluations, found.gradients) == ("ok", 18, 8), found.reason
    assert issubclass(seen[0], float)


@pytest.mark.parametrize(
    ("bad", "received"),
    [
        (None, "NoneType None"),
        ("w", "str 'w'"),
        (["1", "2"], r"list \['1', '2'\]"),
        ([1.0, None], "list"),
        ([[1.0], [1.0, 2.0]], "list"),
        ([1j, 2.0], "list"),
        (torch.ones(2, dtype=torch.complex128), "Tensor"),
        (0.5, r"the shape \(\)"),
        ([], r"the shape \(0,\)"),
        (np.ones((3, 3)), r"the shape \(3, 3\)"),
        (torch.ones(1, 1, 2), r"the shape \(1, 1, 2\)"),
    ],
)
def test_what_is_no_point_is_told_with_the_rule(bad, received):
    seen = []

    def mine(loss, seed, budget):
        for method in (loss.value, loss.value_and_grad):
            with pytest.raises(BadInput, match=rf"^w: expected points of .*\(c, 2\).*{received}"):
                method(bad)
            seen.append(method)
        return 0.5

    (found,) = read(mine)
    assert (len(seen), found.points) == (2, 0), found.reason


@pytest.mark.parametrize(("wrap", "shape"), [(torch.vmap, (5, 2)), (torch.func.grad, (2,))])
def test_points_inside_of_torch_func_are_told_that_the_loss_takes_many(wrap, shape):
    def mine(loss, seed, budget):
        wrap(loss.value)(torch.ones(shape, dtype=torch.float64))

    (found,) = read(mine)
    assert "the loss takes many at once, (c, 2)" in found.reason
    assert found.points == 0


def test_points_that_ask_for_gradients_are_told_where_gradients_are():
    def mine(loss, seed, budget):
        w = torch.ones(1, loss.dim, dtype=torch.float64, requires_grad=True)
        loss.value(w).sum().backward()

    reason = calibrate(mine, ["nc-1-1"], workers=0).measurements[0].reason
    assert "loss.value_and_grad gives gradients" in reason


def test_a_function_of_modules_is_told_its_own_arguments():
    with pytest.raises(BadInput, match=r"\(model, loader, seed, budget\) is needed, two is none"):

        @torch_estimator
        def two(model, loader):
            return 0.5


def test_arguments_go_by_place_where_their_names_are_others():
    (found,) = read(lambda K, s, b: (K.dim + s, 0.1), seeds=[3])
    assert found.value == 5.0
    with pytest.raises(BadInput, match=r"a function \(loss, seed, budget\) is needed"):
        raise BadInput(read(lambda loss: 0.5)[0].reason)


def test_the_loss_has_no_name_and_no_generators():
    seen = []

    def mine(loss, seed, budget):
        seen.append(loss)
        return 0.5

    read(mine, ["nc-1-1"])
    assert seen[0].loss_id == "hidden"
    assert "nc-1-1" not in str(vars(seen[0]))
    assert not hasattr(seen[0], "generators")


# -- who looks up the answer -----------------------------------------------------------------------


def by_import(loss, seed, budget):
    from singularity_lab.catalog.truth import ground_truth

    return float(ground_truth(load("nc-1-1")).value)


def by_catalog(loss, seed, budget):
    return float(load("nc-1-1").dimension)  # `load` was bound before


def by_frames(loss, seed, budget):
    import inspect

    frame = inspect.currentframe()
    while frame is not None and "message" not in frame.f_locals:
        frame = frame.f_back
    return float(len(frame.f_locals["message"]["row"]["id"]))


def by_traceback(loss, seed, budget):
    """No audit event tells of it; the stack of its thread leads nowhere."""
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
    seen = []
    while frame is not None:
        seen += [v for v in frame.f_locals.values() if "nc-1-1" in repr(v)]
        frame = frame.f_back
    return 100.0 if seen else 0.5


def hides_it(loss, seed, budget):
    try:
        return by_import(loss, seed, budget)
    except Exception:
        return 0.5


@pytest.mark.parametrize(
    ("peek", "what"),
    [
        (by_import, "imported singularity_lab.catalog.truth"),
        (hides_it, "imported singularity_lab.catalog.truth"),
        (by_catalog, "of the catalog"),
        (by_frames, "looked at the frames of the harness"),
    ],
)
def test_an_estimator_that_looks_up_the_answer_is_stopped_and_named(peek, what):
    (found,) = read(peek, ["nc-1-1"])
    assert found.value is None
    assert f"peeked: {peek.__name__} " in found.reason
    assert what in found.reason


def test_nothing_of_the_row_lies_on_the_stack():
    assert read(by_traceback, ["nc-1-1"])[0].value == 0.5


# -- modules with data -----------------------------------------------------------------------------


def test_an_estimator_of_modules_gets_one_and_its_passes_are_counted():
    @torch_estimator
    def mine(model, loader, seed, budget):
        for _ in range(3):
            for x, y in loader:
                ((model(x) - y) ** 2).sum(1).mean().backward()
        return sum(p.numel() for p in model.parameters()) / 2

    found = read(mine, ["rrr-2-2-1-r0", LocalProblem.build("x", nonnegative="x")])
    assert (found[0].value, found[0].evaluations, found[0].gradients) == (2.0, 0, 3)
    assert "no twin" in found[1].reason


# -- sets and probes -------------------------------------------------------------------------------


def test_a_reading_that_is_missing_says_why_where_it_is_printed():
    found = calibrate(lambda loss, seed, budget: "0.5", ["bp-2-3", "nc-1-1"], workers=0)
    line = str(found).splitlines()[-1]
    assert line.startswith("<lambda> on bp-2-3, nc-1-1: ")
    assert "number" in line
    assert "'0.5'" in line
    assert "number" in found._repr_html_()


def test_passes_of_many_parameters_at_once_are_counted_each():
    @torch_estimator
    def many(model, loader, seed, budget):
        x, y = loader.dataset.tensors
        w = {k: torch.stack([v.detach()] * 5) for k, v in model.named_parameters()}

        def slope(w):
            def loss(w):
                return ((torch.func.functional_call(model, w, (x,)) - y) ** 2).mean()

            return torch.func.grad(loss)(w)

        torch.vmap(slope)(w)
        return 0.5

    for row in ("nc-1-1", "deep-2-1-1-1-r0"):
        found = calibrate(many, [row], workers=0).measurements[0]
        assert (found.outcome, found.points) == ("ok", 5), found.reason


def test_a_model_that_is_pickled_is_no_look_at_the_answer():
    @torch_estimator
    def mine(model, loader, seed, budget):
        import pickle

        pickle.dumps(type(model))
        pickle.dumps(model)

    found = calibrate(mine, ["nc-1-1"], workers=0).measurements[0]
    assert "peeked" not in found.reason
    assert "pickle" in found.reason  # a copy would run uncounted


def test_tensors_that_want_gradients_are_numbers():
    t = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    assert answer((t, 0.1), "mine") == answer((0.5, 0.1), "mine")
    assert answer(torch.stack([t, t / 5]), "mine") == answer((0.5, 0.1), "mine")
    with pytest.raises(BadInput, match="is needed"):
        answer((t[None], 0.1), "mine")
