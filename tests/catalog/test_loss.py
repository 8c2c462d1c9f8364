"""The border: what a device receives is the exact loss, at the right centre, in the right
domain."""

from __future__ import annotations

import pytest
import sympy
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import dyadic_points, ideals

from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.load import entries, load
from singularity_lab.catalog.loss import loss, takes_germs
from singularity_lab.errors import BadInput
from singularity_lab.models import build

DEMO = [e.id for e in entries(tags="demo")]


@pytest.mark.parametrize("id", DEMO)
def test_loss_of_a_row_is_its_exact_loss(id):
    import random

    from singularity_lab.catalog.checks import random_point

    entry = load(id)
    model = entry.model()
    K = loss(entry)
    assert K.loss_id == id
    assert K.center.tolist() == [float(x) for x in entry.problem().point]
    source = random.Random(1)
    at = [random_point(model, source) for _ in range(4)]
    w = torch.tensor([[float(x) for x in p] for p in at], dtype=torch.float64)
    value, gradient = K.value_and_grad(w)
    for i, p in enumerate(at):
        assert value[i].item() == pytest.approx(float(model.value(p)), rel=1e-11)
        exact = torch.tensor([float(g) for g in model.gradient(p)], dtype=torch.float64)
        assert (gradient[i] - exact).abs().max() <= 1e-11 * exact.abs().max()


@given(ideals(), dyadic_points(2))
def test_loss_of_an_ideal(ideal, point):
    if all(g.is_zero for g in ideal.generators):
        return
    K = loss(ideal)
    w = torch.tensor([[float(x) for x in point]], dtype=torch.float64)
    exact = ideal.sum_of_squares()(point)
    assert K.value(w).item() == pytest.approx(float(exact), rel=1e-9, abs=1e-9)


def test_forms_of_a_model_agree_where_they_should():
    model = build("gaussian_mixture", components=2, dimension=1)
    w = torch.tensor([[0.25, 0.1, -0.3], [0.5, 0.2, 0.1]], dtype=torch.float64)
    polynomial = loss(model).value(w)
    assert torch.allclose(polynomial, loss(model, form="twin").value(w), rtol=1e-12, atol=0)
    analytic = loss(model, form="analytic").value(w)
    assert bool((analytic >= polynomial).all())
    ideal = loss(model, form="ideal").value(w)
    assert bool((ideal > polynomial).all())  # weights 1 instead of 1/k!


def test_domain_prior_and_centre_come_along():
    K = loss(load("known-gauss-far"))
    assert K.center.tolist() == [0.0, 1.0]
    assert K.domain.lower == (0.0, float("-inf"))
    assert K.domain.upper == (1.0, float("inf"))
    assert loss(load("nc-2-2-prior-0-1")).prior_exponents == (0.0, 1.0)


def test_a_loss_row_is_not_squared():
    K = loss(load("loss-orthant-linear"))
    assert K.value(torch.tensor([[0.25, 0.5]])).tolist() == [0.75]
    K = loss("x^2 + y^4", convention="loss")
    assert K.value(torch.tensor([[2.0, 1.0]])).tolist() == [5.0]


def test_a_problem_keeps_its_point_and_box():
    problem = LocalProblem.build(["x*y - 1"], at=[1, 1], nonnegative=["x"], prior={"y": 1})
    K = loss(problem)
    assert K.value(K.center[None]).item() == 0
    assert K.domain.lower == (0.0, float("-inf"))
    assert K.prior_exponents == (0.0, 1.0)


@given(st.integers(0, 30))
def test_values_near_a_point_of_the_zero_set_are_not_rounding_noise(k):
    """At w* = (1, 1) of (ab − 1)², displacements (t, 0) give t² down to t = 2^−300."""
    K = loss(build("reduced_rank_regression", inputs=1, outputs=1, hidden=1, rank=1))
    t = 2.0 ** (-10 * k)
    assert K.local_value(torch.tensor([[t, 0.0]], dtype=torch.float64)).item() == t * t


def test_a_module_on_data():
    net = torch.nn.Linear(2, 1, bias=False)
    x = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    K = loss(net, x, torch.zeros(2, 1), batch_size=1)
    assert K.value(torch.tensor([[3.0, 1.0]])).tolist() == [(9 + 4) / 2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(source="x", form="twin"), "form: 'twin' is for entries"),
        (dict(source="x", inputs=torch.zeros(1)), "inputs: for torch modules"),
        (dict(source="x", at="origin"), "at: coordinates are needed"),
        (dict(source="0*x"), "all of them are 0"),
        (dict(source=3), "received int"),
        (dict(source=torch.nn.Linear(1, 1)), "a torch module needs both"),
        (dict(source=torch.nn.Linear(1, 1), at=[0]), "at: for polynomials"),
    ],
)
def test_bad_sources(arguments, message):
    with pytest.raises(BadInput, match=message):
        loss(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(form="analytic"), "no analytic form"),
        (dict(form="exact"), "form: 'polynomial', 'ideal', 'twin' or 'analytic'"),
        (dict(at="b2a2"), "no stratum 'b2a2'"),
        (dict(prior={"a11": 1}), "prior: given by the model"),
        (dict(nonnegative="a11"), "nonnegative: given by the model"),
    ],
)
def test_bad_arguments_for_a_row(arguments, message):
    with pytest.raises(BadInput, match=message):
        loss(load("rrr-2-2-2-r0"), **arguments)


def test_no_answer_crosses_the_border():
    """What a device receives has no λ: neither among its attributes nor in its printed form."""
    K = loss(load("rrr-2-2-2-r0"))
    assert not any("rlct" in a or "lambda" in a or "claim" in a for a in dir(K))
    assert "3/2" not in repr(K)


TYPED = [
    "(x^3 - y^4)^2",
    "x^6 - 2*x^3*y^4 + y^8",
    "(x - y)^2 + (x*y)^4",
    "3*x^2*((x - y)^2 + y^4/2)^3*(1 + x^2)",
    "((x^2 - y^3)^2)^3",
]


@pytest.mark.parametrize("text", TYPED)
@pytest.mark.parametrize("at", [None, {"x": 1, "y": 1}])
def test_a_typed_loss_is_the_exact_one_near_its_zeros(text, at):
    """Where the expanded polynomial is rounding noise, at 10^-5 and less from {K = 0}."""
    from fractions import Fraction

    from singularity_lab.algebra.polynomial import parse

    exact = parse(text) + 0
    if at is not None and exact(at):
        return  # no zero there
    K = loss(text, at=at, convention="loss")
    points = [(1 + 2.0**-20, 1 + 2.0**-22), (2.0**-8, 2.0**-6), (0.5, 0.5 + 2.0**-30)]
    w = torch.tensor(points, dtype=torch.float64)
    value, gradient = K.value_and_grad(w)
    assert torch.equal(K.value(w), value)
    for p, v, g in zip(points, value, gradient, strict=True):
        at_p = [Fraction(c) for c in p]
        assert v.item() == pytest.approx(float(exact(at_p)), rel=1e-7)
        for name, slope in zip("xy", g, strict=True):
            assert slope.item() == pytest.approx(float(exact.derivative(name)(at_p)), rel=1e-7)


def test_the_expanded_sum_is_used_where_it_is_better():
    """(x + 1)^2 - 1 at 0 is 2x + x^2, and not the difference of two numbers near 1."""
    K = loss("((x + 1)^2 - 1)^2", convention="loss")
    small = torch.tensor([[1e-20]], dtype=torch.float64)
    assert K.value(small).item() == pytest.approx(4e-40, rel=1e-12)


def test_an_ideal_is_evaluated_in_its_factors():
    K = loss("(x^3 - y^4)^3*x")
    near = torch.tensor([[1 + 2.0**-30, 1.0]], dtype=torch.float64)
    assert K.value(near).item() == pytest.approx((3 * 2.0**-30) ** 6, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["(x^3-y^4)^2", "(x-y)^2 + (x*y)^4"])
def test_a_typed_loss_is_measured(text):
    from singularity_lab.exact.engine.solve import rlct
    from singularity_lab.spectroscopes import measure

    reading = measure("volume", loss(text, convention="loss"), seed=0)
    truth = float(rlct(text, convention="loss").value)
    assert reading.outcome == "ok"
    assert abs(reading.estimates["lambda"].value - truth) < 0.02


x, y = sympy.symbols("x y")
CUSPS = [
    "x^2 - y^3",
    ["x^2 - y^3"],
    x**2 - y**3,
    parse("x^2 - y^3"),
    LocalProblem.build("x^2 - y^3"),
    loss("x^2 - y^3"),
]


@pytest.mark.parametrize("source", CUSPS, ids=lambda s: type(s).__name__)
def test_a_device_reads_of_a_text_what_it_reads_of_its_loss(source):
    import singularity_lab

    asked = {"evaluations": 2e5, "particles": 64}
    here = singularity_lab.measure("volume", source, **asked)
    there = singularity_lab.spectroscopes.measure("volume", CUSPS[-1], seed=0, **asked)
    assert (here.loss_id, here.estimates) == (there.loss_id, there.estimates)


def test_the_command_and_the_function_read_the_same_of_the_same_words():
    from terminal import answer

    import singularity_lab

    _, told = answer("measure", "hessian", "x^2 + y^2 - 1", "--at", "x=1,y=0", "--as", "loss")
    found = singularity_lab.measure(
        "hessian", "x^2 + y^2 - 1", at={"x": 1, "y": 0}, convention="loss"
    )
    assert (told["loss_id"], told["outcome"]) == (found.loss_id, str(found.outcome))


def test_where_the_loss_stands_among_the_arguments_does_not_matter():
    def show(loss, data=None, *, more=0):
        return loss.dim, data, more

    def last(device, loss, /, **settings):
        return loss.dim, device, settings

    assert takes_germs(show)("x*y*z", 3) == (3, 3, 0)
    assert takes_germs(show)(loss="x*y", more=1, variables="x y z w") == (4, None, 1)
    assert takes_germs(last)("d", "x*y", chains=2, at={"x": 1}) == (2, "d", {"chains": 2})
    with pytest.raises(TypeError, match="loss"):
        takes_germs(show)()


@pytest.mark.parametrize("call", ["measure", "sweep"])
@pytest.mark.parametrize("bad", [None, 3, float("nan"), {}, abs, object])
def test_what_is_no_loss_is_told_what_makes_one(call, bad):
    import singularity_lab

    arguments = ("hessian", bad) if call == "measure" else (bad,)
    with pytest.raises(BadInput, match=r"^loss: a Loss.* is needed, received .*FunctionLoss\("):
        getattr(singularity_lab, call)(*arguments)


@pytest.mark.parametrize(
    ("bad", "word"),
    [("", "expression is needed"), ([], "generators: at least one"), ([None], "received None"),
     ("x^2+", "position 4"), (sympy.nan, "nan"), (x + sympy.I, "I"), (sympy.sin(x), "sin")],
)  # fmt: skip
def test_what_is_no_polynomial_is_one_line(bad, word):
    import singularity_lab

    with pytest.raises(BadInput, match=word) as caught:
        singularity_lab.measure("hessian", bad)
    assert "\n" not in str(caught.value)
