"""Formulas of the site are written as MathML, without a script or a server."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest


@pytest.fixture(scope="module")
def mathml(repository):
    pytest.importorskip("latex2mathml")
    pytest.importorskip("sphinx")
    path = repository / "docs" / "offline_mathematics.py"
    spec = importlib.util.spec_from_file_location("offline_mathematics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.mathml


def formulas(repository):
    pages = [p.read_text(encoding="utf-8") for p in (repository / "docs").glob("*.md")]
    for path in (repository / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                pages.append("".join(cell["source"]))
    for page in pages:
        text = re.sub(r"```.*?```|`[^`]*`", "", page, flags=re.DOTALL)
        for block, inline in re.findall(
            r"\$\$(.+?)\$\$|(?<![$\\])\$([^$\n][^$]*?)\$(?!\$)", text, flags=re.DOTALL
        ):
            yield block or inline


def test_every_formula_of_pages_and_notebooks_is_written(mathml, repository):
    found = [mathml(formula, "inline") for formula in formulas(repository)]
    assert len(found) > 1000
    assert all(text.startswith("<math") for text in found)


def test_a_command_that_is_not_known_is_named(mathml):
    from sphinx.errors import ExtensionError

    with pytest.raises(ExtensionError, match="no command that is known"):
        mathml(r"\foo x", "inline")


def test_the_site_takes_nothing_from_a_server(repository):
    conf = (repository / "docs" / "conf.py").read_text(encoding="utf-8")
    assert 'html_math_renderer = "mathml"' in conf
    assert "mathjax" not in conf.lower()
