"""The ``singlab`` command as tests call it: in this process, or in one of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from optional import MISSING
from typer.testing import CliRunner

from singularity_lab.cli import app

ROOT = Path(__file__).parents[1]


def run(*words, stdin=None):
    """(exit code, stdout, stderr); whatever is not an exit is raised."""
    result = CliRunner().invoke(app, [str(w) for w in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    skip_without(result.stderr)
    return result.exit_code, result.stdout, result.stderr


def skip_without(said):
    """Skip the test where a command says that an optional library is missing, and it is."""
    told = re.search(r"(\w+) is needed and not installed", said or "")
    if told and told[1] in MISSING:
        pytest.skip(f"{told[1]} is not installed")


def environment(**more):
    """The environment of a process that imports this checkout, wherever it runs."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **more}


def shell(*words, cwd=ROOT, env=None, without=(), **more):
    """A finished process of the command, as the installed script runs it: its own folder is on the
    import path, and the current one is not.

    without: modules that cannot be imported there.
    """
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({list(without)!r}))\n"
        "from singularity_lab.cli import main\nsys.argv[0] = 'singlab'\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *map(str, words)],
        text=True,
        cwd=cwd,
        env=environment(**(env or {})),
        timeout=300,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more},
    )
    skip_without(done.stderr)
    return done


def answer(*words):
    code, out, _ = run(*words, "--json")
    return code, json.loads(out)
