"""Anybody's estimator: its answers are checked, its cost is counted, its loss has no name, and what
it does wrong is a row with the reason."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np
import pytest
import torch

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.estimators import answer, torch_estimator
from singularity_lab.calibration.probes import DECOY, SCALED, SPHERE, probes
from singularity_lab.calibration.row_sets import NAMES, row_set
from singularity_lab.calibration.run import calibrate
from singularity_lab.calibration.twins import twin
from singularity_lab.catalog.load import load
from singularity_lab.catalog.loss import loss as loss_of
from singularity_lab.errors import BadInput

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
        (np.zeros(3), "a number | "),
        (math.nan, "finite estimate"),
        ((0.5, -0.1), "standard error >= 0"),
        ((0.5, 0.9, 0.2), "low <= high"),
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
    assert found[0].reason.endswith("mine failed: ZeroDivisionError: two lines")


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


def test_honest_imports_and_files_are_no_peeking(tmp_path):
    (tmp_path / "notes").write_text("0.5")

    def mine(loss, seed, budget):
        import collections
        import email.charset  # noqa: F401 - a module that is not loaded yet, perhaps

        from singularity_lab.spectroscopes import measure

        collections.namedtuple("Point", "x y")  # the library looks at frames
        return measure("hessian", loss, seed=seed)

    (found,) = read(mine, [LocalProblem.build(["x", "y"])])
    assert (found.value, found.outcome) == (1.0, "ok")
    assert found.reported is not None
    assert load("nc-1-1").id == "nc-1-1"  # and everything is in its place again


# -- modules with data -----------------------------------------------------------------------------


@pytest.mark.parametrize("row", ["rrr-2-2-1-r0-a0b1", "deep-2-1-1-1-r0", "bp-2-3", "edge-path-4"])
def test_the_twin_of_a_row_has_its_loss(row):
    entry = load(row)
    problem = entry.problem()
    model, x, y = twin(problem, entry)
    flat = torch.cat([p.detach().reshape(-1) for p in model.parameters()])
    assert flat.tolist() == [float(c) for c in problem.point]
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        w = torch.randn(len(flat), generator=generator)
        torch.nn.utils.vector_to_parameters(w, model.parameters())
        mean = float(((model(x) - y) ** 2).sum(1).mean().detach())
        exact = float(loss_of(problem).value(w.unsqueeze(0).double())[0])
        assert mean == pytest.approx(exact, rel=1e-4)


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


def test_sets_have_a_name_and_a_hash_and_refuse_another():
    assert len(row_set("quick").rows) == 12
    assert len(row_set("quick").digest) == 16
    for wrong in ("slow", "quick:3", "hidden:x", "hidden:99999999999"):
        with pytest.raises(BadInput, match="rows: "):
            row_set(wrong)
    assert set(NAMES) == {"quick", "standard", "deep-linear", "hidden"}


def test_a_set_of_other_problems_is_refused(monkeypatch):
    from singularity_lab.calibration import row_sets

    changed = {"quick": {"digest": "0" * 16, "ids": ["nc-1-1"]}}
    monkeypatch.setattr(row_sets, "_written", lambda: changed)
    with pytest.raises(BadInput, match="made of other problems"):
        row_set("quick")


@pytest.mark.slow
def test_standard_is_as_wide_as_it_says():
    from singularity_lab.catalog.consistency import listing

    rows = row_set("standard").rows
    assert len(rows) == 100
    lines = listing([r.entry for r in rows])
    assert sum(line["multiplicity"] >= 2 for line in lines) >= 35
    assert len({r.family for r in rows}) >= 25
    assert max(r.dimension for r in rows) <= 30
    assert all(line["status"] == "proved" for line in lines)


def test_local_truth_of_random_layers_and_the_global_one_beside_it():
    from singularity_lab.calibration.measurement import Truth
    from singularity_lab.calibration.row_sets import deep_linear_row

    row = deep_linear_row(0)
    assert Truth.of(row).value >= Fraction(row.beside[0][1])
    assert deep_linear_row(0) == row


def test_hidden_rows_are_drawn_again_by_their_seed():
    assert row_set("hidden:3").digest == row_set("hidden:3").digest


@pytest.mark.slow
def test_local_truth_of_random_layers_is_never_below_the_global_one():
    """λ at a point of the model is at least its least value; on a third of the draws it is
    larger."""
    from singularity_lab.calibration.measurement import Truth

    assert len(row_set("deep-linear").rows) == 24
    above = 0
    for row in row_set("deep-linear").rows:
        local, overall = Truth.of(row).value, Fraction(row.beside[0][1])
        assert local >= overall
        above += local > overall
    assert above >= 4


def test_the_probes_of_a_set_are_proved_and_hidden():
    rows = row_set("quick").rows
    found = {row.id: row for row in probes(rows, 5)}
    assert list(found) == [SPHERE, SCALED, DECOY]
    assert found[DECOY].shown in {r.id for r in rows}
    base = next(r for r in rows if r.id == found[SCALED].probe)
    ratio = loss_of(found[SCALED].problem).value(torch.full((1, base.dimension), 2.0).double())
    plain = loss_of(base.problem).value(torch.full((1, base.dimension), 2.0).double())
    assert float(plain[0]) > 0
    assert float(ratio[0] / plain[0]) != pytest.approx(1.0, abs=0.1)
    others = [r.id for r in probes(rows, 6)]
    assert others == list(found)
    assert any(probes(rows, k)[2].shown != found[DECOY].shown for k in range(6, 12))


def test_a_name_is_a_trap_for_who_looks_it_up():
    table = {"nc-1-1": 0.5, "bp-2-3": 5 / 12}

    def mine(loss, seed, budget):
        return table.get(loss.loss_id, 0.7)

    rows = [*map(probe_of, ("nc-1-1", "bp-2-3")), *probes(map(probe_of, table), 1)]
    found = calibrate(mine, rows, workers=0)
    from singularity_lab.calibration.flags import flags

    assert "peeks" in {f.name for f in flags(found)}
    honest = calibrate(lambda loss, seed, budget: 0.7, rows, workers=0)
    assert "peeks" not in {f.name for f in flags(honest)}


@pytest.mark.parametrize("value", [5 / 12, 0.5])
def test_a_number_for_everything_is_no_peeping(value):
    """The λ of the decoy's name, but also of every other germ."""
    from singularity_lab.calibration.flags import flags

    rows = [*map(probe_of, ("nc-1-1", "bp-2-3", "ade-d4", "rrr-2-2-1-r0"))]
    for secret in range(2):
        found = calibrate(
            lambda loss, seed, budget: value, [*rows, *probes(rows, secret)], workers=0
        )
        assert {f.name for f in flags(found)} >= {"reads a constant", "wrong on the sphere"}
        assert "peeks" not in {f.name for f in flags(found)}


def test_a_reading_that_is_missing_says_why_where_it_is_printed():
    found = calibrate(lambda loss, seed, budget: "0.5", ["bp-2-3", "nc-1-1"], workers=0)
    line = str(found).splitlines()[-1]
    assert line.startswith("<lambda> on bp-2-3, nc-1-1: ")
    assert "number" in line
    assert "'0.5'" in line
    assert "number" in found._repr_html_()


def test_a_decoy_has_the_name_of_a_row_with_another_value():
    """1/3 is read for 71/210 by who rounds to small fractions: it is never the name's."""
    rows = [*map(probe_of, ("ade-d4", "bp-2-3"))]
    assert {probes(rows, secret)[2].shown for secret in range(8)} == {"bp-2-3"}
    assert [r.id for r in probes(rows[:1], 0)] == [SPHERE, SCALED]


def probe_of(id):
    from singularity_lab.calibration.design import CalibrationRow

    return CalibrationRow.of(id)


def test_five_lines_print_a_verdict_for_each_class():
    from singularity_lab import calibrate as face

    def mine(loss, seed, budget):
        return 0.5, 0.02

    text = str(face(mine, rows="quick"))
    assert "rows: quick (12 rows, " in text
    for line in (
        "mine, m = 1 (5 rows): wrong: 0 of 5 rows within tolerance, median error 50.0 % of λ",
        "mine, m = 2 (4 rows): wrong: 1 of 4 rows",
        "mine, m ≥ 3 (3 rows): wrong: 1 of 3 rows",
        "! mine: wrong on the sphere: it reads 0.5 on x² + y² + z², where λ = 3/2",
        "! mine: intervals do not cover: ",
    ):
        assert line in text
    # the scaled row is drawn: two rows of twelve have λ = 1/2, and one of them may be it
    assert re.search(r"[23] of all 15 intervals given at 90% contain λ", text)
