"""Formulas of the site as MathML, written when it is built: read without a network or scripts.

Sphinx's own renderers load MathJax from a server. A formula with a command that is not known stops
the build.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.errors import ExtensionError

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator


def mathml(formula: str, display: str) -> str:
    """A formula in TeX as MathML; display: inline or block. Raises ExtensionError for a command
    that is not known, and where text between two formulas was taken for one."""
    if not formula.strip() or formula.startswith("\n"):
        raise ExtensionError(
            f"formula: {formula[:60]!r}: $$ needs a blank line before and after it"
        )
    # the converter knows no size of a brace; a browser stretches it with what stands inside
    braces = re.sub(r"\\[bB]ig[lr]?(?=\\[{}])", "", formula)
    text = convert(braces, display=display)
    if "\\" in text:
        unknown = text[text.index("\\") :][:30]
        raise ExtensionError(f"formula: {unknown!r} is no command that is known: {formula!r}")
    return text


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_displaymath(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math">{mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_displaymath, None))
    return {"parallel_read_safe": True}
