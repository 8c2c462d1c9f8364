"""The worked examples of docs/add-a-row.md work as they are printed."""

from __future__ import annotations

import re

import pytest

from singularity_lab.catalog.checks import bibliography, check_entry
from singularity_lab.catalog.load import entries, read_family
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.errors import BadInput
from singularity_lab.models import model as registry


@pytest.fixture
def blocks(repository):
    """The fenced blocks of the page, by language."""
    text = (repository / "docs" / "add-a-row.md").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for indent, language, body in re.findall(r"^( *)```(\w+)\n(.*?)^ *```", text, re.S | re.M):
        body = re.sub(rf"^{indent}", "", body, flags=re.M)
        found.setdefault(language, []).append(body)
    return found


def test_the_row(blocks, tmp_path):
    row, _, claim, *_ = blocks["toml"]
    path = tmp_path / "linear_attention.toml"
    path.write_text('family = "linear_attention"\n' + row)
    (entry,) = read_family(path).rows
    assert entry.dimension == 16
    truth = ground_truth(entry, 20, cache=tmp_path)
    assert (truth.status, str(truth.rlct)) == ("proved", "(1/2, 1)")  # as the page says
    assert entry.id not in {e.id for e in entries("linear_attention")}
    path.write_text('family = "linear_attention"\n' + row + claim)
    (entry,) = read_family(path).rows
    assert entry.claim[0].theorem == "main theorem, case 3"
    assert check_entry(entry, bibliography(), twin=False).problems == ()
    path.write_text('family = "linear_attention"\n' + row.replace("heads", "head"))
    with pytest.raises(BadInput, match="unknown parameter 'head'; known: dimension, key, value"):
        read_family(path).rows[0].model()
    path.write_text('family = "linear_attention"\n' + row + claim.replace('"3/2"', '"one"'))
    with pytest.raises(BadInput, match=r"attention-d1-k1-v1-h4': field claim\[0\].value"):
        read_family(path)


def test_a_loss_itself(blocks, tmp_path):
    """x² + y⁴ as K: 1/2 + 1/4; its square would have half of it."""
    path = tmp_path / "mine.toml"
    path.write_text('family = "mine"\n' + blocks["toml"][1])
    (entry,) = read_family(path).rows
    assert str(ground_truth(entry, 10, cache=tmp_path).rlct) == "(3/4, 1)"


def test_the_inline_family(blocks, tmp_path):
    path = tmp_path / "folds.toml"
    path.write_text(blocks["toml"][3])
    (entry,) = read_family(path).rows
    assert check_entry(entry, bibliography()).problems == ()
    assert str(ground_truth(entry, 10, cache=tmp_path).rlct) == "(7/20, 1)"


def test_the_builder(blocks, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_BUILDERS", dict(registry._BUILDERS))
    code = compile(blocks["python"][0], "page", "exec")
    exec(code, {"__name__": "page"})
    path = tmp_path / "gated_units.toml"
    path.write_text(blocks["toml"][4])
    (entry,) = read_family(path).rows
    assert check_entry(entry, bibliography()).problems == ()
    assert str(ground_truth(entry, 10, cache=tmp_path).rlct) == "(1, 3)"
