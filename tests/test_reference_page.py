"""What the reference page does to docstrings."""

from __future__ import annotations

import importlib.util
import inspect

import pytest

import singularity_lab


@pytest.fixture(scope="module")
def escaped(repository):
    spec = importlib.util.spec_from_file_location(
        "plain_mathematics", repository / "docs" / "plain_mathematics.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.escaped


def test_products_are_escaped_and_emphasis_is_not(escaped):
    assert escaped(["|w|^t of x*y*z, *Algebra* and **bold**, ``a*b``"]) == [
        r"\|w\|^t of x\*y\*z, *Algebra* and **bold**, ``a*b``"
    ]


def test_examples_and_literal_blocks_stand_as_they_are(escaped):
    lines = [">>> print(f)", "x*y", "  |w|", "", "a*b::", "", "    c*d", "", "e*f"]
    assert escaped(lines) == [*lines[:4], r"a\*b::", *lines[5:8], r"e\*f"]


def test_outputs_of_all_examples_are_printed_as_they_are(escaped):
    """Every line of an example in the public docstrings is one of the page."""
    outputs = 0
    for name in singularity_lab.__all__:
        thing = getattr(singularity_lab, name)
        members = [thing, *(vars(thing).values() if inspect.isclass(thing) else ())]
        for text in filter(None, map(inspect.getdoc, members)):
            inside = False
            lines = text.splitlines()
            for line, printed in zip(lines, escaped(lines), strict=True):
                inside = bool(line.strip()) and (inside or line.lstrip().startswith(">>>"))
                if inside:
                    outputs += "*" in line and not line.lstrip().startswith(">>>")
                    assert printed == line
    assert outputs > 3
