"""Plans: their order, their keys, and what makes no sense."""

from __future__ import annotations

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import plan
from singularity_lab.catalog.load import load
from singularity_lab.errors import BadInput

LINE, CUSP = LocalProblem.build("x"), LocalProblem.build("x^2 - y^3")


def test_seeds_are_outermost_and_the_order_does_not_change():
    work = plan(["hessian", "llc"], [LINE, CUSP], [3, 1])
    order = [(t.seed, t.row.id, t.arm.label) for t in work.tasks()]
    assert order == [
        (s, r, a) for s in (3, 1) for r in ("(x)", "(-y^3 + x^2)") for a in ("hessian", "llc")
    ]
    assert [t.key for t in work.tasks()] == [t.key for t in work.tasks()]


def test_a_key_names_everything_that_a_reading_depends_on():
    def key(device="hessian", row=CUSP, seeds=(0,), **limits):
        return plan(device, row, seeds, **limits).tasks()[0].key

    moved = LocalProblem.build("x^2 - y^3", at={"x": 1, "y": 1})
    others = [
        key(device="llc"),
        key(device=("hessian", {"step": 1e-3})),
        key(row=moved),
        key(row=LocalProblem.build("x^2 - y^3", prior={"x": 1})),
        key(seeds=(1,)),
        key(budget=100),
        key(evaluations=100),
    ]
    assert len({key(), *others}) == 8


def test_claims_and_notes_do_not_change_a_key():
    import msgspec

    entry = load("nc-1-1")
    noted = msgspec.structs.replace(entry, note="a remark", claim=[])
    assert plan("hessian", entry, 1).tasks()[0].key == plan("hessian", noted, 1).tasks()[0].key


@pytest.mark.parametrize(
    ("devices", "rows", "seeds", "message"),
    [
        ([], [LINE], 1, "devices: at least one"),
        ("hessian", [], 1, "rows: at least one"),
        ("hessian", [LINE], 0, "seeds: at least one"),
        ("hessian", [LINE], [2**63], "seeds: integers below"),
        ("hessian", [LINE, LINE], 1, "rows: each may appear once"),
        (["hessian", ("hessian", {"step": 1e-3})], [LINE], 1, "different labels"),
        ("hessian", [LINE], [-1], "integers >= 0"),
        ("hessian", "no-such-row", 1, "no row"),
        (3, [LINE], 1, "devices"),
        (("hessian", {"step": object()}), [LINE], 1, "JSON values"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(devices, rows, seeds, message):
    with pytest.raises(BadInput, match=message):
        plan(devices, rows, seeds)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"rows": None}, "rows: "),
        ({"rows": [3]}, "rows: "),
        ({"seeds": 1.5}, "seeds: "),
        ({"seeds": None}, "seeds: "),
        ({"seeds": True}, "seeds: "),
        ({"seeds": "12"}, "seeds: "),
        ({"seeds": -1}, "seeds: .* received -1"),
        ({"budget": "long"}, "budget: "),
        ({"evaluations": [1e5]}, "evaluations: "),
        ({"evaluations": False}, "evaluations: "),
        ({"devices": ("hessian", {"stpe": 1e-3})}, "'stpe'; did you mean step"),
        ({"devices": ("volume", {"particles": 7})}, "particles: "),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line_before_anything_is_measured(given, named):
    arguments = {"devices": "hessian", "rows": "nc-1-1", "seeds": 1} | given
    with pytest.raises(BadInput, match=named) as raised:
        plan(**arguments)
    assert "\n" not in str(raised.value)
