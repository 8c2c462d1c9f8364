"""The page of a row, its class and its neighbours."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from singularity_lab import lookup
from singularity_lab.cli import app
from singularity_lab.dictionary.look import PageDocument, compare, germ_words
from singularity_lab.dictionary.tables import shipped
from singularity_lab.errors import BadInput
from singularity_lab.system.documents import converted, decoded


def test_the_page_of_a_row_and_the_command_line():
    page = lookup("ade-a2")
    assert page.commands("jets")["shell"] == "singlab jets ade-a2 --order 6 --near"
    assert page.commands("where") == {}
    assert "<table>" in page._repr_html_()
    assert "5/12" in str(page)
    runner = CliRunner()
    shown = runner.invoke(app, ["dictionary", "show", "ade-a2", "--json"])
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["stratum"]["lambda"]["value"] == "5/12"
    found = runner.invoke(app, ["find", "transformer", "--json"])
    families = {h["family"] for h in json.loads(found.stdout)}
    assert families >= {"linear_attention", "softmax_attention", "token_attention"}
    assert all("attention" in family for family in families)
    counted = runner.invoke(app, ["dictionary", "list", "--json"])
    assert "strata" in json.loads(counted.stdout)
    phases = runner.invoke(
        app,
        ["dictionary", "phases", "rrr-4-4-3-r3", "--kind", "functions", "--reading", "5.9±0.3"],
    )
    assert "meets rank 1" in phases.stdout


def test_two_rows_side_by_side():
    """E6 and A2 in the plane: λ of the deeper germ is the smaller; of one class nothing differs
    that is a matter of the germ."""
    found = compare("ade-e6", "ade-a2")
    columns = {c.column: c for c in found.columns}
    assert "ade-e6 is the more singular" in found.verdict
    assert columns["milnor"].differs
    assert (columns["milnor"].first.value, columns["milnor"].second.value) == (6, 2)
    assert columns["m"].differs is False
    one = compare("ade-a2", "branch-3over2")
    assert one.same_class
    told = {c.column: c.differs for c in one.columns if c.differs is not None}
    assert not any(told[c] for c in ("lambda", "m", "jets", "zeta", "type", "milnor", "volume"))
    apart = compare("gelu-1in-1out-2", "tanh-2")
    assert apart.same_class is False
    assert "tanh-2 is the more singular" in apart.verdict
    assert compare("rbm-3-3", "ade-a2").verdict == "(λ, m) is not decided of both"
    runner = CliRunner()
    shown = runner.invoke(app, ["dictionary", "compare", "ade-e6", "ade-a2", "--json"])
    assert json.loads(shown.stdout) == found.to_json()
    assert (
        "milnor: differs: 6 | 2"
        in runner.invoke(app, ["dictionary", "compare", "ade-e6", "ade-a2"]).stdout
    )


@pytest.mark.parametrize("id", ["ade-a2", "nc-1-2"])
def test_the_document_of_a_page_is_read_as_it_was_written(id):
    written = json.dumps(lookup(id).to_json())
    record = decoded(written, PageDocument, "page")
    assert json.dumps(record.plain()) == written
    assert (record.row, record.readings) == (lookup(id).row, lookup(id).readings)


def test_a_page_without_its_row_names_it():
    written = lookup("ade-a2").to_json()
    del written["row"]
    with pytest.raises(BadInput, match="page: missing field 'row'"):
        converted(written, PageDocument, "page")


@pytest.mark.parametrize(
    ("id", "loss", "where"),
    [
        ("rrr-1-1-1-r1", "K = (a11*b11 - 1)^2", "at a11 = 1, b11 = 1"),
        ("nc-1-1-prior-0-1", "K = (w1*w2)^2", "at 0; prior |w2|"),
        ("loss-x2-y4", "K = y^4 + x^2", "at 0"),
        ("gauss-2-1d", "K = (-a2*b11", "at 0; on 0 ≤ a2 ≤ 1"),
        ("nc-1-1-prior-minus1over2-0", "K = ", "at 0; prior |w1|^(-1/2)"),
    ],
)
def test_a_page_says_what_k_is_and_where(id, loss, where):
    page = lookup(id)
    k, at = germ_words(page.row)
    assert k.startswith(loss)
    assert at == where
    assert k in str(page)
    assert at in str(page)


def test_a_loss_without_polynomials_has_no_germ_to_say():
    row = next(r for r in shipped().rows if not r.generators)
    assert germ_words(row) == []
    assert "K = (" not in str(lookup(row.id))


def test_columns_without_sense_are_told_together():
    text = str(lookup("rrr-2-2-2-r1"))
    assert text.count("the row is no program") == 1
    for name, cell in lookup("rrr-2-2-2-r1").cells.items():
        assert name in text, cell


def test_a_row_is_found_by_the_name_that_it_alone_has_and_a_shared_one_lists_its_rows():
    from singularity_lab import find, neighbours, same_class
    from singularity_lab.errors import BadInput

    title = lookup("ade-e8").row.title
    assert lookup(title).id == "ade-e8"
    assert same_class(title) == same_class("ade-e8")
    assert neighbours(title) == neighbours("ade-e8")
    with pytest.raises(BadInput, match=r"rows are called 'cusp': ade-a2, .*; give one id"):
        lookup("cusp")
    with pytest.raises(BadInput, match="perhaps ade-a2"):
        lookup("x^2 - y^3")
    with pytest.raises(BadInput, match=r"no row 'xyzzy'$"):
        lookup("xyzzy")
    assert repr(find("ade-a2")) == (
        "[<ade-a2: simple plane curve singularity A_2; λ = 5/12, m = 1>]"
    )
