"""Every notebook runs from top to bottom, in an empty folder, without an error."""

from __future__ import annotations

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.notebook


def execute(notebook: Path, folder: Path) -> None:
    """Run all cells with a fresh kernel in ``folder``; the executed copy is written there."""
    import nbformat
    from nbclient import NotebookClient

    content = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        content, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    nbformat.write(content, folder / notebook.name)


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs(notebook, tmp_path):
    execute(notebook, tmp_path)


def test_a_failing_notebook_is_noticed(tmp_path):
    import nbformat
    from nbclient.exceptions import CellExecutionError

    cells = [
        nbformat.v4.new_code_cell("from fractions import Fraction\nassert Fraction(1, 2) == 1")
    ]
    bad = tmp_path / "bad.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), bad)
    with pytest.raises(CellExecutionError, match="AssertionError"):
        execute(bad, tmp_path)
