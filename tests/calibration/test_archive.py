"""What a store knows of rows and certificates; names that no two problems share."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration import run
from singularity_lab.calibration.archive import certificate_name, open_store, plans
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.record_store import RecordStore
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import load
from singularity_lab.errors import BadInput


def test_files_of_rows_on_file_have_their_ids_and_impostors_have_not():
    assert certificate_name(CalibrationRow.of("nc-1-1")) == "nc-1-1"
    for entry in (
        Entry(id="nc-1-1", ideal=["x^2"]),
        Entry(id="nc-1-1.lower", ideal=["x"]),
        Entry(id="../nc-1-1", ideal=["x"]),
        load("deep_linear:widths=[1,1,7,1],rank=0"),
    ):
        name = certificate_name(CalibrationRow.of(entry))
        assert "_" in name
        assert "/" not in name


@settings(max_examples=20)
@given(st.lists(st.text(min_size=1, max_size=300), min_size=2, max_size=4, unique=True))
def test_certificate_names_are_injective_and_short(texts):
    square = LocalProblem.build("x^2")
    names = [certificate_name(CalibrationRow(t, "f", 1, square)).lower() for t in texts]
    assert len(set(names)) == len(texts)
    assert all(len(n) <= 80 and n.isascii() and "/" not in n for n in names)


def test_a_run_that_is_interrupted_while_it_proves_is_taken_up_from_its_store(
    tmp_path, monkeypatch
):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "prove_all", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.calibrate("hessian", ["nc-1"], out=tmp_path, workers=0)
    (work,) = plans(tmp_path)
    assert [t.row.id for t in work.tasks()] == ["nc-1"]
    assert open_store(tmp_path).measurements == ()
    assert open_store(tmp_path).truths["nc-1"].value is None
    found = run.run_plans(plans(tmp_path), tmp_path, 0)
    assert found.truths["nc-1"].value == open_store(tmp_path).truths["nc-1"].value is not None
    assert open_store(tmp_path).verdict == found.verdict != ""


def test_a_store_is_read_where_the_estimator_is_not(tmp_path):
    def mine(loss, seed, budget):
        return 0.5, 0.1

    run.calibrate(mine, ["nc-1"], out=tmp_path, workers=0)
    (work,) = plans(tmp_path, as_stored=True)
    assert [t.key for t in work.tasks()] == list(RecordStore(tmp_path).finished())
    with pytest.raises(BadInput, match="cannot be imported"):
        plans(tmp_path)[0].tasks()


def test_certificates_of_a_row_of_another_catalog_are_found_without_it(tmp_path, monkeypatch):
    folder = tmp_path / "catalog"
    folder.mkdir()
    (folder / "own.toml").write_text(
        'family = "own"\ntitle = "Own rows"\n[[entry]]\nid = "own-1"\ntitle = "a cusp"\n'
        'vars = ["x", "y"]\nideal = ["x^2 - y^5"]\ntags = ["polynomial"]\n'
    )
    with monkeypatch.context() as patch:
        patch.setenv("SINGLAB_CATALOG", str(folder))
        run.calibrate("hessian", ["own-1"], out=tmp_path / "store", workers=0)
    with monkeypatch.context() as patch:
        patch.delenv("SINGLAB_CATALOG", raising=False)
        (certificate,) = open_store(tmp_path / "store").truths["own-1"].certificates
    assert certificate.problem == LocalProblem.build("x^2 - y^5")
