"""Every requirement is used or has a reason, what is imported is required, and none is GPL."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from source_facts import facts_of

from singularity_lab.system.extras import EXTRA_OF

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = {
    name: [r for r in listed if not r.startswith(PROJECT["name"])]
    for name, listed in PROJECT["optional-dependencies"].items()
}
# Distributions whose module has another name.
MODULE = {"arviz-stats": "arviz_stats", "python-flint": "flint"}
# Distributions that no module imports, and why they are required.
REASON = {
    "furo": "the theme that docs/conf.py names",
    "ipykernel": "the kernel in which notebooks run",
    "mypy": "make types",
    "myst-nb": "an extension that docs/conf.py names",
    "pytest-xdist": "make test, on two processes",
    "ruff": "make lint",
}


def name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower()


def module(requirement: str) -> str:
    return MODULE.get(name(requirement), name(requirement))


@cache
def imported(*folders: str) -> set[str]:
    """The top modules that the files of folders import, by a statement or by importorskip."""
    return {
        one.base.partition(".")[0]
        for folder in folders
        for file, read in facts_of(ROOT / folder).items()
        if ".venv" not in file
        for one in read.imports
        if one.how in ("import", "from", "skip") and one.level == 0
    }


def package() -> set[str]:
    return imported("singularity_lab")


def used_by(extra: str) -> set[str]:
    """What is imported where an extra may be asked for."""
    if extra not in ("dev", "frames", "docs", "notebook"):
        return package()
    around = imported("tests", "docs", "scripts", "benchmarks")
    return package() | around if extra == "notebook" else around


@pytest.mark.parametrize(
    ("extra", "requirement"),
    [("", r) for r in PROJECT["dependencies"]] + [(e, r) for e, rs in EXTRAS.items() for r in rs],
)
def test_every_requirement_is_imported_or_has_a_reason(extra, requirement):
    used = module(requirement) in used_by(extra)
    assert used != (name(requirement) in REASON)  # and a reason is needed
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith(f"{name(requirement)}==") for line in pinned)


def test_the_reasons_hold():
    conf = (ROOT / "docs" / "conf.py").read_text(encoding="utf-8")
    assert 'html_theme = "furo"' in conf
    assert '"myst_nb"' in conf
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in ("-m pytest -n 2", "-m ruff", "-m mypy"):
        assert command in makefile
    assert set(REASON) <= {name(r) for listed in EXTRAS.values() for r in listed}


def test_what_the_package_imports_is_required():
    own = {"singularity_lab", "__future__", *sys.stdlib_module_names}
    core = {module(r) for r in PROJECT["dependencies"]}
    assert {m for m in package() - own - core if m not in EXTRA_OF} == set()
    for extra in set(EXTRA_OF.values()):
        assert extra in EXTRAS


@pytest.mark.parametrize("file", ["requirements-cas.txt", "requirements-oracles.txt"])
def test_binaries_are_those_of_systems_that_the_package_runs(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    wheels = {name(line) for line in lines if not line.startswith("#")}
    systems = ROOT / "singularity_lab" / "exact" / "oracles"
    assert wheels
    for wheel in wheels:
        assert (systems / f"{wheel.removeprefix('passagemath-')}.py").is_file(), wheel


# -- licences --------------------------------------------------------------------------------


def brought(requirements: Iterable[str], seen: set[str]) -> Iterator[str]:
    """The installed distributions that requirements bring, without those of their extras."""
    for requirement in requirements:
        one = name(requirement)
        if one in seen or re.search(r";.*\bextra\b", requirement):
            continue
        seen.add(one)
        try:
            needed = metadata.requires(one) or []
        except metadata.PackageNotFoundError:  # of another system or version of Python
            continue
        yield one
        yield from brought(needed, seen)


def is_gpl(distribution: str) -> bool:
    """True for a licence that is the GPL, or the AGPL, and gives no other choice."""
    told = metadata.metadata(distribution)
    said = [told.get("License-Expression") or ""]
    said += [c for c in told.get_all("Classifier") or [] if c.startswith("License ::")]
    if not any(said):
        said = [(told.get("License") or "").partition("\n")[0]]
    if not any(said):  # then the first lines of the licence itself
        files = metadata.files(distribution) or []
        texts = [f for f in files if f.name.startswith(("COPYING", "LICENSE"))]
        said = [f.read_text(encoding="utf-8")[:800] for f in texts]
    return means_gpl(said)


def means_gpl(said: Iterable[str]) -> bool:
    strong = [s for s in said if re.search(r"(?i)(?<!l)gpl|(?<!lesser )general public", s)]
    return bool(strong) and not any(re.search(r"\bOR\b|Apache|BSD|MIT", s) for s in said)


def test_the_gpl_is_told_from_others():
    for said in ("GPL-3.0-or-later", "GNU GENERAL PUBLIC LICENSE\n Version 2", "AGPL-3.0-only"):
        assert means_gpl([said]), said
    for said in ("LGPL-3.0-or-later", "GNU LESSER GENERAL PUBLIC LICENSE", "MIT OR GPL-2.0", "MIT"):
        assert not means_gpl([said]), said


def test_what_the_package_and_all_its_extras_bring_is_not_gpl():
    users = [r for extra, listed in EXTRAS.items() if extra not in ("dev", "docs") for r in listed]
    all_ = list(brought([*PROJECT["dependencies"], *users], set()))
    assert {"highspy", "scipy", "rich"} <= set(all_)
    assert [d for d in all_ if is_gpl(d)] == []
