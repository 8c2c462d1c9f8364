"""Execute every notebook and store its outputs; the tests compare them with fresh ones.

    python scripts/execute_notebooks.py [NOTEBOOK…]

Without names: all of them. Run it after a change of what is printed or measured.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def execute(notebook: Path, folder: str | Path) -> nbformat.NotebookNode:
    """The notebook with fresh outputs, run from top to bottom in ``folder``."""
    content = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        content,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return content


def main(names: list[str]) -> None:
    for notebook in map(Path, names) if names else sorted(NOTEBOOKS.glob("*.ipynb")):
        before = nbformat.read(notebook, as_version=4)
        with tempfile.TemporaryDirectory() as folder:
            content = execute(notebook, folder)
        content.metadata = before.metadata  # the version of the kernel is no business of ours
        nbformat.write(content, notebook)
        print(f"executed: {notebook.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
