"""Libraries that are not required: what installs them, and one line where they are missing."""

import sys

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.system.extras import hint, installed, plain, pyplot, require


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("torch", "torch"),
        ("matplotlib.pyplot", "report"),
        ("xarray", "draws"),
        ("duckdb", "report"),
    ],
)
def test_an_extra_brings_the_module(module, extra):
    assert hint(module) == f"pip install 'singularity-lab[{extra}]'"


def test_other_modules_are_installed_by_their_name():
    assert hint("nothing.at.all") == "pip install nothing"


def test_the_first_missing_module_is_named():
    require("json", "json", "math")
    assert installed("json")
    assert not installed("no_such_module_here")
    with pytest.raises(BadInput, match="drawing: no_such_module_here is needed and not installed"):
        require("drawing", "json", "no_such_module_here")


def test_a_picture_without_matplotlib_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"singularity-lab\[report\]") as caught:
        pyplot()
    assert caught.value.name == "matplotlib"


@pytest.mark.parametrize("text", ["costs $3", "a$b$c", "plain", ""])
def test_dollar_signs_are_printed_as_they_stand(text):
    assert plain(text).replace("\\$", "$") == text
    assert plain(text).count("\\$") == text.count("$")
