"""Results show themselves in notebooks: a heading, a table, everything escaped."""

from __future__ import annotations

import re

import pytest

from singularity_lab import (
    contact_loci,
    explain,
    jets,
    newton_polyhedron,
    rlct,
    singularity,
    toric_resolution,
    verify,
    zeta,
)
from singularity_lab.system.notebooks import LINES, table

CUSP = "x^2 - y^3"
SHOWN = {
    "jets": (lambda: jets(CUSP, 6), "<td>5</td><td>7</td><td>5</td><td>1</td>"),
    "contact loci": (lambda: contact_loci(CUSP, 3), "ord ≥ 4"),
    "zeta": (lambda: zeta(CUSP), "-5/6"),
    "singularity": (lambda: singularity(CUSP), "Milnor number μ</td><td>2</td>"),
    "toric resolution": (lambda: toric_resolution(CUSP), "smooth, transversal"),
    "polyhedron": (lambda: newton_polyhedron(CUSP), "<td>(3, 2)</td><td>6</td>"),
    "explanation": (lambda: explain(CUSP), "<summary>the proof</summary>"),
    "verdict": (lambda: verify(rlct(CUSP).certificate), "(λ, m) = (5/12, 1)"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_result_is_shown(name):
    make, part = SHOWN[name]
    page = make()._repr_html_()
    assert part in page
    assert page.startswith("<div>")
    opened = re.findall(r"<(\w+)[^>]*>", page)
    closed = re.findall(r"</(\w+)>", page)
    assert sorted(t for t in opened if t != "br") == sorted(closed)


def test_texts_are_escaped_and_long_tables_cut():
    page = table("a < b", ["<i>"], [["x & y"]] * (LINES + 3), ["1 < 2"])
    assert "a &lt; b" in page
    assert "&lt;i&gt;" in page
    assert "x &amp; y" in page
    assert "3 more lines" in page
    assert page.count("<tr>") == LINES + 1
