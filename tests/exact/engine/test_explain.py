"""What explain says of a proof, and of the rules that failed."""

from __future__ import annotations

import html

import pytest

import singularity_lab as sl
from singularity_lab.exact.engine.explain import explain
from singularity_lab.exact.engine.rules import RESOLVING


def test_explain_names_the_rules_that_fail():
    """An open chart says why it is open, and which rules had no outcome for it."""
    told = sl.explain(["a*b + c*d", "a*b^3 + c*d^3", "a*b^5 + c*d^5"], nodes=3)
    assert not told.result.exact
    assert told.result.open_charts
    for chart in told.result.open_charts:
        assert "monomial ideal" in chart.failed
        assert str(chart) in str(told)
    assert "ended by: nodes" in str(told)
    late = [c for c in told.result.open_charts if "blow up" in c.failed]
    assert all(len(c.failed) == len(RESOLVING.direct + RESOLVING.branching) for c in late)


def test_a_notebook_shows_every_line():
    found = explain("x^2 - y^3")
    shown = found._repr_html_()
    assert "5/12" in shown
    assert all(html.escape(line) in shown for line in found.lines)
    assert found.plot() is not None


def test_an_answer_has_no_open_chart():
    assert sl.rlct("x^2 - y^3").open_charts == ()


@pytest.mark.parametrize(
    ("text", "steps", "source"),
    [
        ("x^2 - y^3", {"newton"}, "Varchenko"),
        ("x^2*y^4", {"monomial"}, ""),
        ("(x + y^2)^2*(x - y)", {"functions"}, "Inverse function"),
        ("(x^2 + y^3)^2 - x*y^5", {"blowup"}, ""),
    ],
)
def test_the_theorems_of_a_proof_are_named_with_their_sources(text, steps, source):
    told = sl.explain(text)
    named = [t.split(":")[0] for t in told.theorems]
    assert steps <= set(named)
    assert len(named) == len(set(named))
    assert set(named) == {s["op"] for s in told.result.certificate.steps()}
    assert source in " ".join(told.theorems)
    assert all(t in str(told) for t in told.theorems)
