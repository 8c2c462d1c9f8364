"""The engine against the truth tables: exact answers equal the table, bounds bracket it.

The tables lie outside the repository (``SINGLAB_TRUTH``); where they are absent these tests are
skipped. Every answer comes with certificates, which are verified again here. The default run keeps
to the rows that take well under a second each; the rest is marked ``slow``.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.verify import verify

TABLES = ("exact", "engine", "literature")
FOLDER = Path(
    os.environ.get("SINGLAB_TRUTH", Path(__file__).resolve().parents[4] / "shared" / "truth")
)

# Minutes, or not decided yet: bounds are enough, and they must bracket the table.
OPEN: frozenset[str] = frozenset()
# Exact, but more than a second or so of search.
LONG = frozenset(
    {
        "engine-deep33333_r0",
        "engine-deep4444_r0",
        "engine-motzkin",
        "engine-rrr555_r0",
        "literature-signed_locmix_H4",
    }
)


@dataclass(frozen=True)
class Case:
    table: str
    row: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.table}-{self.row['id']}"

    @property
    def expected(self) -> RLCT:
        return RLCT(Fraction(self.row.get("rlct") or self.row["lambda"]), self.row["m"])

    @property
    def problem(self) -> LocalProblem:
        """vars, generators (with ** for powers), point, nonnegative, domain, prior exponents."""
        row = self.row
        names = row["vars"]
        point = row.get("point") or {}
        domain = row.get("domain") or {}
        walls = [n for n, (low, _) in domain.items() if Fraction(str(low)) == 0]
        prior = (row.get("params") or {}).get("prior_exponents")
        return LocalProblem.build(
            [g.replace("**", "^") for g in row["generators"]],
            names,
            at=point if isinstance(point, dict) else dict(zip(names, point, strict=True)),
            nonnegative=[*row.get("nonnegative", ()), *walls],
            prior=dict(zip(names, prior, strict=True)) if prior else None,
        )


def cases() -> list[Case]:
    found = []
    for table in TABLES:
        file = FOLDER / f"{table}.json"
        if file.is_file():
            rows = json.loads(file.read_text())
            found += [Case(table, row) for row in rows if row.get("generators")]
    return found


CASES = cases()
FAST = [c for c in CASES if c.name not in LONG | OPEN]
LATER = [c for c in CASES if c.name in LONG]
UNDECIDED = [c for c in CASES if c.name in OPEN]


def by_name(case: Case) -> str:
    return case.name


def check(case: Case, budget: float) -> bool:
    """Verify every certificate from its text; compare; is the answer exact?"""
    result = rlct(case.problem, budget=budget)
    for certificate in result.certificates:
        again = Certificate.from_json(json.dumps(certificate.to_json()))
        assert again.problem == case.problem
        verify(again)
    low, high = result.bounds.lower, result.bounds.upper
    if result.exact:
        assert result.rlct == case.expected, f"{case.name}: {result}"
    else:
        assert low is None or low <= case.expected, f"{case.name}: {result}"
        assert high is None or case.expected <= high, f"{case.name}: {result}"
    return result.exact


def test_the_tables_are_here(truth_tables):
    """All rows with generators are in the tests below."""
    assert len(CASES) >= 170
    assert {c.table for c in CASES} == set(TABLES)
    assert {c.name for c in CASES} >= LONG | OPEN
    assert sum(c.table == "exact" for c in CASES) == 30


@pytest.mark.parametrize("case", FAST, ids=by_name)
def test_exact_answers_equal_the_table(case):
    assert check(case, budget=20), f"{case.name} is not decided"


@pytest.mark.slow
@pytest.mark.parametrize("case", LATER, ids=by_name)
def test_exact_answers_equal_the_table_after_a_search(case):
    assert check(case, budget=150), f"{case.name} is not decided"


@pytest.mark.slow
@pytest.mark.parametrize("case", UNDECIDED, ids=by_name)
def test_bounds_bracket_the_table(case):
    check(case, budget=20)


@pytest.mark.parametrize("seconds", [0.001, 0.02])
@pytest.mark.parametrize("case", FAST[::9], ids=by_name)
def test_an_early_end_leaves_true_bounds(case, seconds):
    """Interrupted at any time the engine still tells the truth."""
    check(case, budget=seconds)


def test_the_comparison_can_fail():
    """Negative control: a wrong row is noticed, for an exact answer and for bounds."""
    row = {
        "id": "cusp",
        "vars": ["x", "y"],
        "generators": ["x**2 - y**3"],
        "lambda": "5/12",
        "m": 1,
    }
    assert check(Case("made", row), budget=5)
    with pytest.raises(AssertionError, match="cusp"):
        check(Case("made", {**row, "lambda": "1/2"}), budget=5)
    with pytest.raises(AssertionError, match="cusp"):
        check(Case("made", {**row, "m": 2}), budget=5)
