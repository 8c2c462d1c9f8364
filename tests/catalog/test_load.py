"""Loading rows, choosing them, and generating rows beyond those on file."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from singularity_lab.catalog.load import entries, families, load, read_catalog, read_family
from singularity_lab.errors import BadInput


def test_the_catalog_has_its_size():
    assert len(entries()) >= 400
    assert len(families()) >= 25


def test_demo_rows():
    rows = entries(tags="demo")
    assert len(rows) == 25
    assert len({e.family for e in rows}) >= 8
    assert max(e.dimension for e in rows) <= 8


def test_choice_by_family_tags_and_dimension():
    rows = entries("reduced_rank_regression", tags=["network", "homogeneous"], max_dimension=4)
    assert rows
    assert all(e.parameters["rank"] == 0 and e.dimension <= 4 for e in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(family="rrr"), "family: one of"),
        (dict(tags="networks"), "tags: no row has 'networks'"),
        (dict(widths=[2, 2, 2]), "only a family with a builder generates"),
        (dict(family="rules", hidden=1), "only a family with a builder generates"),
        (dict(family="deep_linear", width=[2, 2, 2]), "unknown parameter 'width'"),
        (dict(family="deep_linear", widths=2, rank=0), "no value of its type: 2"),
        (dict(family="deep_linear", widths=[2, 2, 2]), "parameter 'rank' is missing"),
        (dict(family="deep_linear", widths=[2, 2, 2], rank=0, at="top"), "no stratum 'top'"),
    ],
)
def test_bad_choices(arguments, message):
    with pytest.raises(BadInput, match=message):
        entries(**arguments)


def test_unknown_row_names_its_neighbours():
    with pytest.raises(BadInput, match="no row 'rrr-2-2-2'; perhaps rrr-2-2-2-r"):
        load("rrr-2-2-2")


def test_generated_rows_carry_the_claims_of_formulas():
    rows = entries("deep_linear", widths=[[2, 3, 4], [3, 3, 3, 3, 3]], rank=[0, 1])
    assert [e.parameters["rank"] for e in rows] == [0, 1, 0, 1]
    assert all(e.claims and e.claims[0].source == "aoyagi2024" for e in rows)
    assert rows[0].id == "deep_linear:widths=[2,3,4],rank=0"
    assert rows[0].scope == "global"


def test_generating_a_row_on_file_gives_that_row():
    (row,) = entries("reduced_rank_regression", inputs=2, outputs=2, hidden=2, rank=0)
    assert row is load("rrr-2-2-2-r0")
    (at,) = entries("reduced_rank_regression", inputs=2, outputs=2, hidden=2, rank=0, at="a1b0")
    assert at.id.endswith("@a1b0")
    assert at.claims == ()
    assert at.scope == "local"


@pytest.mark.parametrize(
    ("family", "parameters", "at"),
    [
        ("deep_linear", dict(widths=[2, 3, 4], rank=1), ""),
        ("reduced_rank_regression", dict(inputs=5, outputs=2, hidden=2, rank=0), "a1b0"),
        ("diagonal_linear", dict(depth=2, target=[0, "1/3"]), ""),
        ("gaussian_mixture", dict(components=2, dimension=2, signed=True), "interior"),
    ],
)
def test_the_id_of_a_generated_row_gives_it_again(family, parameters, at):
    (row,) = entries(family, at=at, **parameters)
    again = load(row.id)
    assert again == row
    assert again.problem() == row.problem()


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("deep_linear:widths", "not 'family:key=value"),
        ("deepest:widths=[2,2,2]", "family: one of"),
        ("deep_linear:widths=[[2,2,2]],rank=0", "no value of its type"),
        ("deep_linear:widths=[2,2,2],rank=0@top", "no stratum 'top'"),
    ],
)
def test_a_bad_id_of_a_generated_row(id, message):
    with pytest.raises(BadInput, match=message):
        load(id)


def test_a_star_gives_every_stratum():
    rows = entries("reduced_rank_regression", inputs=2, outputs=2, hidden=2, rank=1, at="*")
    assert [e.stratum().name for e in rows] == ["a1b1", "a1b2", "a2b1"]
    assert rows[0] is load("rrr-2-2-2-r1")
    assert [e.scope for e in rows] == ["global", "local", "local"]


def test_reading_the_catalog_imports_no_torch():
    code = (
        "import sys; from singularity_lab.catalog.load import entries; entries(); "
        "sys.exit(any(m in sys.modules for m in ('torch', 'sympy', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


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
        (
            'tags = ["curve"]',
            'tag = ["curve"]',
            "'cusp-3': unknown field 'tag'; known: id, title, model",
        ),
        ('tags = ["curve"]', 'tags = "curve"', "entry 'cusp-3': field tags: Expected `array`"),
        ('tags = ["curve"]', 'tags = ["Curve"]', "field tags: lower-case"),
        ('id = "cusp-3"\n', "", r"entry '\(no id\)': missing field 'id'"),
        ('id = "cusp-3"', 'id = "Cusp 3"', "field id: lower-case"),
        ('quantity = "rlct"', 'quantity = "lambda"', r"field claim\[0\].quantity: Invalid enum"),
        ('value = "5/12"', "value = 0.4167", r"field claim\[0\].value: Expected `str`"),
        ('value = "5/12"', 'value = "five"', r"field claim\[0\].value: a fraction"),
        ('value = "5/12"', 'value = "-5/12"', r"field claim\[0\].value: a positive"),
        ("multiplicity = 1", "multiplicity = 0", r"field claim\[0\].multiplicity"),
        (
            "multiplicity = 1",
            "m = 1",
            r"claim\[0\]: unknown field 'm'; known: quantity, v",
        ),
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


def test_the_example_of_the_readme_is_a_family(repository, tmp_path):
    import re

    text = (repository / "catalog" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.S)
    family = read_family(write(tmp_path, example, "example.toml"))
    network, cusp = family.rows
    assert network.problem().ideal.variables[0] == "a11"
    assert cusp.problem().point == (1, 1)
    assert cusp.problem().box == ((-1, 1), (0, None))


UNFINISHED = """
family = "more"
model = "no_builder_yet"
[[entry]]
id = "more-1"
vars = ["a", "b"]
ideal = ["a*c"]
[[entry]]
id = "more-2"
model = "no_builder_yet"
[[entry]]
id = "more-3"
ideal = ["a*b"]
"""


def test_unfinished_rows_are_nothing_to_the_others_and_are_named_where_they_are_asked_for(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, UNFINISHED, "more.toml")
    assert load("cusp-3", tmp_path).dimension == 2
    assert load("more-3", tmp_path).dimension == 2
    for row, message in [
        ("more-1", "more.toml: entry 'more-1': field ideal: unknown variable 'c'"),
        ("more-2", "more.toml: entry 'more-2': field model: no builder 'no_builder_yet'"),
    ]:
        for ask in (lambda e: e.dimension, lambda e: e.problem()):
            with pytest.raises(BadInput, match=message):
                ask(load(row, tmp_path))
    with pytest.raises(BadInput, match=r"more\.toml: field model: no builder 'no_builder_yet'"):
        load("more:k=2", tmp_path)
