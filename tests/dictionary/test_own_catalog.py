"""A catalog of one's own, with no other rows: proved, built to the end, looked up, as a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from terminal import run as command

ROWS = """
family = "mine"
title = "Rows of my own"

[[entry]]
id = "my-curve"
vars = ["x", "y"]
ideal = ["x^2 - y^5"]
tags = ["curve"]

[[entry]]
id = "my-network"
model = "reduced_rank_regression"
parameters = { inputs = 2, outputs = 1, hidden = 2, rank = 1 }
tags = ["network"]

[[entry]]
id = "my-program"
title = "a step that fails, and one that is tried again"
vars = ["e1", "e2", "e3"]
ideal = ["e1 + e2^2*e3 + e2*e3^2"]
nonnegative = ["e1", "e2", "e3"]
convention = "loss"
tags = ["program"]
"""


@pytest.fixture(scope="module")
def singlab(tmp_path_factory):
    """The command line with a catalog of three rows, run in a folder."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "catalog").mkdir()
    (folder / "catalog" / "mine.toml").write_text(ROWS, encoding="utf-8")

    patch = pytest.MonkeyPatch()
    patch.setenv("SINGLAB_CATALOG", str(folder / "catalog"))
    patch.chdir(folder)

    def run(*words):
        code, out, err = command(*words)
        assert code == 0, err
        return out

    run("catalog", "prove", "--jobs", "1")
    built = run("dictionary", "build", "--limit", "1", "--jobs", "1", "--out", "mine",
                "--journal", "journal.jsonl")  # fmt: skip
    assert "3 rows" in built
    run.folder = folder
    yield run
    patch.undo()


def test_the_rows_are_proved_and_looked_up(singlab):
    assert "all pass" in singlab("catalog", "check")
    shown = json.loads(singlab("dictionary", "show", "my-program", "--from", "mine", "--json"))
    assert shown["stratum"]["lambda"]["value"] == "5/3"  # e2 and e3 have order 1/3
    assert "my-curve" in singlab("find", "u^5 + v^2", "--from", "mine")
    assert "7/20" in singlab("find", "my-curve", "--from", "mine")
    assert "differs" in singlab("dictionary", "compare", "my-curve", "my-network", "--from", "mine")


def test_a_network_passes_through_functions(singlab):
    found = json.loads(singlab("dictionary", "phases", "my-network", "--kind", "functions",
                               "--singular-values", "1/2", "--from", "mine", "--json"))  # fmt: skip
    assert [p["L"] for p in found["phases"]] == ["1/4", "0"]
    assert [p["lower"] for p in found["phases"]] == [
        {"lambda": "1", "m": 2},
        {"lambda": "1", "m": 1},
    ]


def test_a_second_build_keeps_readings_and_asks_nothing(singlab):
    short = ("--set", "particles=64", "--set", "replicates=8", "--set", "depth=60")
    singlab("dictionary", "measure", "my-curve", *short, "--out", "mine")
    first = (singlab.folder / "mine" / "strata.jsonl.gz").read_bytes()
    size = (singlab.folder / "journal.jsonl").stat().st_size
    singlab("dictionary", "build", "--limit", "1", "--jobs", "1", "--out", "mine", "--journal",
            "journal.jsonl")  # fmt: skip
    assert (singlab.folder / "mine" / "strata.jsonl.gz").read_bytes() == first
    assert (singlab.folder / "journal.jsonl").stat().st_size == size
    page = json.loads(singlab("dictionary", "show", "my-curve", "--from", "mine", "--json"))
    assert page["stratum"]["reading"]["value"]["inside"] is True


@pytest.mark.slow
def test_the_page_of_the_rows(singlab):
    assert "3 rows" in singlab("atlas", "build", "--from", "mine", "--out", "page")
    index = (singlab.folder / "page" / "data" / "index.js").read_text(encoding="utf-8")
    assert '"my-curve","my-network","my-program"' in index
    assert (singlab.folder / "page" / "index.html").is_file()


def test_a_folder_that_is_no_catalog_is_named(singlab):
    empty = singlab.folder / "empty"
    empty.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "singularity_lab.cli", "catalog", "list"],
        env=os.environ | {"SINGLAB_CATALOG": str(empty)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "SINGLAB_CATALOG: a folder with a TOML file" in done.stderr
    assert str(empty) in done.stderr
