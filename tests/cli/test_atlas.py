"""The commands that build and serve the atlas."""

from __future__ import annotations

import json

from atlas_pages import IDS, small_tables

from singularity_lab.cli import app
from singularity_lab.dictionary.tables import write_tables


def test_the_command_builds_from_tables_in_a_folder(tmp_path, capsys):
    tables = small_tables(IDS[:2])
    write_tables(tables, tmp_path / "tables")
    page = tmp_path / "page"
    given = ["--out", str(page), "--tables", str(tmp_path / "tables")]
    code = app(
        ["atlas", "build", *given, "--machine", "xor-4nand-shared", "--json"],
        standalone_mode=False,
    )
    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert answer["bytes"] == sum(p.stat().st_size for p in page.rglob("*") if p.is_file())
