"""The schema of a row: what is accepted, and what each error names. Every case is one mistake in a
good file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from singularity_lab.catalog.entry import Claim, Entry, decode, to_toml
from singularity_lab.catalog.load import read_catalog, read_family
from singularity_lab.errors import BadInput

GOOD = """\
family = "cusps"
title = "Cusps"

[[entry]]
id = "cusp-3"
vars = ["x", "y"]
ideal = ["x^2 - y^3"]
prior = { x = "1/2" }
nonnegative = ["y"]
tags = ["curve"]
[[entry.claim]]
quantity = "rlct"
value = "5/12"
multiplicity = 1
source = "varchenko1976"

[[entry]]
id = "rrr"
model = "reduced_rank_regression"
parameters = { inputs = 1, outputs = 1, hidden = 1, rank = 0 }
at = "a1b0"
"""


def write(folder: Path, text: str, name: str = "cusps.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file(tmp_path):
    family = read_family(write(tmp_path, GOOD))
    cusp, rrr = family.rows
    assert (family.name, cusp.family, cusp.dimension) == ("cusps", "cusps", 2)
    assert cusp.problem().prior == (Fraction("1/2"), 0)
    assert cusp.problem().box[1][0] == 0
    assert str(cusp.claims[0]) == "rlct = 5/12, m = 1 (varchenko1976)"
    assert rrr.problem().point == (1, 0)
    assert rrr.stratum().name == "a1b0"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('tags = ["curve"]', 'tag = ["curve"]', "cusps.toml: entry 'cusp-3': unknown field 'tag'"),
        ('tags = ["curve"]', 'tags = "curve"', "entry 'cusp-3': field tags: Expected `array`"),
        ('tags = ["curve"]', 'tags = ["Curve"]', "field tags: lower-case"),
        ('id = "cusp-3"\n', "", r"entry '\(no id\)': missing field 'id'"),
        ('id = "cusp-3"', 'id = "Cusp 3"', "field id: lower-case"),
        ('quantity = "rlct"', 'quantity = "lambda"', r"field claim\[0\].quantity: Invalid enum"),
        ('value = "5/12"', "value = 0.4167", r"field claim\[0\].value: Expected `str`"),
        ('value = "5/12"', 'value = "five"', r"field claim\[0\].value: a fraction"),
        ('value = "5/12"', 'value = "-5/12"', r"field claim\[0\].value: a positive"),
        ("multiplicity = 1", "multiplicity = 0", r"field claim\[0\].multiplicity"),
        ("multiplicity = 1", "m = 1", r"field claim\[0\]: unknown field 'm'"),
        ('source = "varchenko1976"\n', "", r"field claim\[0\]: missing field 'source'"),
        ('ideal = ["x^2 - y^3"]', "", "exactly one of them is needed"),
        ('ideal = ["x^2 - y^3"]', 'ideal = ["x"]\nmodel = "ade"', "exactly one of them"),
        ('at = "a1b0"', 'prior = { a11 = "1/2" }', "field prior: for inline ideals only"),
        ('at = "a1b0"', 'convention = "loss"', "field convention: for inline ideals only"),
        ('vars = ["x", "y"]', 'vars = ["x", "y"]\nat = "cusp"', "no stratum 'cusp'"),
        ('vars = ["x", "y"]', 'vars = ["x", "y"]\nparameters = { k = 1 }', "for builders only"),
        ('family = "cusps"', 'family = "cusp"', "field family: 'cusps' is needed"),
        ('title = "Cusps"', 'titel = "Cusps"', "unknown top-level field 'titel'"),
        ('title = "Cusps"', 'model = "cusp"', "no builder 'cusp'"),
        ("[[entry]]\nid", "[[entry]\nid", "not TOML"),
    ],
)
def test_mistakes_are_named(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(BadInput, match=message):
        read_family(write(tmp_path, GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('at = "a1b0"', 'at = "a9b9"', "no stratum 'a9b9'; it has a0b0, a0b1, a1b0"),
        ('at = "a1b0"', "at = { a11 = 1, b11 = 1 }", "does not vanish"),
        ("hidden = 1", "hiden = 1", "unknown parameter 'hiden'"),
        ("hidden = 1", "hidden = 0", "hidden: an integer >= 1"),
    ],
)
def test_mistakes_in_a_model_appear_when_it_is_built(tmp_path, old, new, message):
    row = read_family(write(tmp_path, GOOD.replace(old, new, 1))).rows[1]
    with pytest.raises(BadInput, match=message):
        row.problem()


def test_an_id_belongs_to_one_row(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace('"cusps"', '"more"', 1), "more.toml")
    with pytest.raises(BadInput, match=r"more.toml: entry 'cusp-3': field id: also used in cusps"):
        read_catalog(tmp_path)


def test_an_empty_family_is_refused(tmp_path):
    with pytest.raises(BadInput, match="at least one"):
        read_family(write(tmp_path, 'family = "cusps"\n'))


def test_writing_and_reading_a_row_gives_the_row():
    import tomllib

    from singularity_lab.catalog.load import entries

    for entry in entries():
        text = to_toml(entry)
        assert decode(tomllib.loads(text)["entry"][0], entry.family, "text") == entry


def test_a_row_cannot_be_changed():
    entry = Entry(id="a", ideal=["x"])
    with pytest.raises(AttributeError):
        entry.id = "b"
    with pytest.raises(AttributeError):
        Claim("rlct", "1/2", "someone").value = "1"


def test_text_of_a_loss_row():
    entry = Entry(id="a", ideal=["x + y"], nonnegative=["x", "y"], convention="loss")
    assert entry.problem().convention == "loss"
    assert entry.model().value([1, 2]) == 3


def test_the_example_of_the_readme_is_a_family(repository, tmp_path):
    import re

    text = (repository / "catalog" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.S)
    family = read_family(write(tmp_path, example, "example.toml"))
    network, cusp = family.rows
    assert network.problem().ideal.variables[0] == "a11"
    assert cusp.problem().point == (1, 1)
    assert cusp.problem().box == ((-1, 1), (0, None))
