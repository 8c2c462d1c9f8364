"""What a shell is offered when it asks for completion."""

from __future__ import annotations

import pytest

from singularity_lab.cli import app


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("singlab dicti", {"dictionary"}),
        ("singlab dictionary sh", {"show"}),
        ("singlab dictionary show ade-a1", {"ade-a1-minus", "ade-a10"}),
        ("singlab measure vol", {"volume"}),
        ("singlab devices llc", {"llc", "llc-hmc", "llc-mala"}),
    ],
)
def test_bash_is_offered(words, offered, monkeypatch, capsys):
    monkeypatch.setenv("_SINGLAB_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    with pytest.raises(SystemExit):
        app(args=[], prog_name="singlab", standalone_mode=False)
    assert offered <= set(capsys.readouterr().out.split())


def test_the_script_of_a_shell_is_shown(monkeypatch):
    from typer.testing import CliRunner

    monkeypatch.setattr("shellingham.detect_shell", lambda *_: ("bash", "/bin/bash"))
    shown = CliRunner().invoke(app, ["--show-completion"], prog_name="singlab")
    assert shown.exit_code == 0
    assert "_SINGLAB_COMPLETE=complete_bash" in shown.output
