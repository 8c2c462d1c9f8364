"""The page in a browser: `make atlas-test`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import singularity_lab
from singularity_lab.atlas import build

SOURCES = Path(singularity_lab.__file__).parents[1] / "atlas"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
LARGEST = 12_000_000  # bytes of the whole atlas


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
@pytest.mark.skipif(not (SOURCES / "node_modules").is_dir(), reason="npm ci was not run in atlas/")
@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_a_reader_can_do_what_the_atlas_is_for(tmp_path):
    files = build(tmp_path / "atlas")
    assert sum(files.values()) <= LARGEST
    done = subprocess.run(
        ["node", "test/drive.mjs", str(tmp_path / "atlas")],
        cwd=SOURCES,
        env={**os.environ, "CHROMIUM": CHROMIUM},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
