"""The page on singularity theory: its calls are there as they are printed."""

from __future__ import annotations

import re

import pytest


@pytest.fixture(scope="module")
def page(repository):
    return (repository / "docs" / "singularity-theory.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def names(page):
    found: dict[str, object] = {}
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(block, found)
    return found


def test_every_call_of_the_table_answers(page, names):
    cells = [line.split("|")[2] for line in page.splitlines() if line.startswith("| ")]
    calls = [c for cell in cells for c in re.findall(r"`([a-z_]+\(.*?\))`", cell)]
    assert len(calls) > 12
    for call in calls:
        assert eval(call, dict(names)) is not None, call


def test_every_call_of_the_text_begins_with_a_name_of_the_page(page, names):
    """Outside the table too: `jets(f, 3, check=20)`, `chart_graph(proof_tree(r))`."""
    calls = re.findall(r"`([a-z_.]+)\(", page)
    assert len(calls) > 20
    assert [c for c in calls if c not in names and not c.startswith("python")] == [".plot"]
