"""A sweep in a TOML file: axes multiply, mistakes are named."""

import pytest

from singularity_lab.calibration.sweep_file import arms_of_table, read_sweep, sweep_plans
from singularity_lab.errors import BadInput


@pytest.mark.parametrize(
    ("table", "labels"),
    [
        ({"name": "hessian"}, ["hessian"]),
        ({"name": "llc", "gamma": [1, 10], "chains": 8}, ["llc gamma=1", "llc gamma=10"]),
        ({"name": "llc", "gamma": [1, 2], "chains": [8, 16]}, 4),
    ],
)
def test_axes_multiply(table, labels):
    found = [a.label for a in arms_of_table(table)]
    assert len(set(found)) == len(found)
    assert found == labels if isinstance(labels, list) else len(found) == labels


def test_a_plan_for_each_budget_of_evaluations(tmp_path):
    document = {
        "rows": ["nc-1"],
        "seeds": 2,
        "evaluations": [100, 1000],
        "devices": [{"name": "hessian"}],
    }
    plans, name = sweep_plans(document, tmp_path)
    assert [p.budget.evaluations for p in plans] == [100, 1000]
    assert all(len(p.tasks()) == 2 for p in plans)
    assert isinstance(name, str)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("rows = [", "is not TOML"),
        ('rows = ["nc-1"]\nfoo = 1', "'foo'"),
        ("seeds = 1", "is missing from"),
    ],
)
def test_what_is_no_plan(text, match, tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=f"plan: .*{match}"):
        read_sweep(path)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"evaluations": []}, "evaluations: at least one"),
        ({"evaluations": [1e5, 100_000]}, "evaluations: budgets are needed that differ"),
        ({"evaluations": [1e6, 1_000_000.3]}, "evaluations: budgets are needed that differ"),
        ({"evaluations": ["many"]}, "evaluations: numbers"),
        ({"devices": [{"gamma": 1}]}, "devices: each needs a name"),
        ({"devices": [{"name": "llc", "gamma": []}]}, "at least one value"),
    ],
)
def test_values_that_make_no_sense(change, match, tmp_path):
    document = {"rows": ["nc-1"], "seeds": 1, "devices": [{"name": "hessian"}]}
    with pytest.raises(BadInput, match=match):
        sweep_plans({**document, **change}, tmp_path)
