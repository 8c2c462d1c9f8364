"""Every notebook runs from top to bottom, in an empty folder, and prints what it has on file."""

from __future__ import annotations

import importlib.util
import re
from itertools import groupby
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def execute():
    """The function that executes a notebook, of the script that stores the outputs."""
    script = ROOT / "scripts" / "execute_notebooks.py"
    spec = importlib.util.spec_from_file_location("execute_notebooks", script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.execute


# Words and signs have to agree, integers and fractions exactly. Seconds are the machine's. A
# decimal number is a measurement: the same seed gives it again up to the rounding of another
# machine, and counts of evaluations follow.
SECONDS = re.compile(r"\d[\d,.]*( CPU)? s\b")
DRAWS = re.compile(r"\d[\d,]* (effective draws|draws a chain)")  # measured, written as integers
NUMBER = re.compile(r"\d+(?:,\d{3})+|\d+\.\d+")
TOLERANCE, COUNTS = 0.02, 0.1


def texts(cell):
    """What a code cell shows: one (kind, text) for each output; of pictures the kind alone."""
    shown = []
    for output in cell.outputs:
        if output.output_type == "stream":
            shown.append((output.name, output.text))
        elif output.output_type in ("execute_result", "display_data"):
            data = output.data
            kind = next(k for k in ("image/png", "text/html", "text/plain") if k in data)
            shown.append((kind, "" if kind.startswith("image") else data[kind]))
    # a kernel may hand over what is printed in several pieces
    return [(k, "".join(t for _, t in part)) for k, part in groupby(shown, key=lambda x: x[0])]


def agree(stored, fresh):
    """True if two texts agree but for seconds and the last digits of what is measured."""
    stored, fresh = (DRAWS.sub("… draws", SECONDS.sub("… s", t)) for t in (stored, fresh))
    if NUMBER.split(stored) != NUMBER.split(fresh):
        return False
    for a, b in zip(NUMBER.findall(stored), NUMBER.findall(fresh), strict=True):
        share = COUNTS if "," in a or "," in b else TOLERANCE
        x, y = (float(n.replace(",", "")) for n in (a, b))
        unit = 0.0 if "," in a else 10.0 ** -len(a.partition(".")[2])
        if abs(x - y) > share * max(x, y) + unit:
            return False
    return True


@pytest.mark.parametrize(
    ("stored", "fresh", "same"),
    [
        ("λ = 0.3966 [0.38, 0.41], 1.65 CPU s", "λ = 0.3967 [0.38, 0.41], 9.99 CPU s", True),
        ("λ = 0.3966", "λ = 0.4366", False),
        ("lambda = 5/12, m = 1", "lambda = 5/11, m = 1", False),
        ("resolution, 3 blow-ups (0.01 s)", "Newton polyhedron (0.01 s)", False),
        ("60,956,673 K", "61,956,673 K", True),
        ("60,956,673 K", "6,956,673 K", False),
        ("R-hat 1.11, 152 effective draws", "R-hat 1.11, 144 effective draws", True),
    ],
)
def test_what_counts_as_the_same(stored, fresh, same):
    assert agree(stored, fresh) is same


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs_and_shows_what_it_has_on_file(notebook, execute, tmp_path, monkeypatch):
    import nbformat

    monkeypatch.delenv("MPLBACKEND", raising=False)  # figures are shown where they are drawn
    stored, fresh = nbformat.read(notebook, as_version=4), execute(notebook, tmp_path)
    for old, new in zip(stored.cells, fresh.cells, strict=True):
        if old.cell_type != "code":
            continue
        before, after = texts(old), texts(new)
        assert [k for k, _ in before] == [k for k, _ in after], old.source
        for (_, a), (_, b) in zip(before, after, strict=True):
            assert agree(a, b), f"{old.source}\n-- stored\n{a}\n-- fresh\n{b}"


def test_a_failing_notebook_is_noticed(execute, tmp_path):
    import nbformat
    from nbclient.exceptions import CellExecutionError

    cells = [
        nbformat.v4.new_code_cell("from fractions import Fraction\nassert Fraction(1, 2) == 1")
    ]
    bad = tmp_path / "bad.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), bad)
    with pytest.raises(CellExecutionError, match="AssertionError"):
        execute(bad, tmp_path)
