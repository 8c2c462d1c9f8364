"""The shape of the package: what imports what, what importing it costs, and what it offers."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from import_graph import COMPUTED, forbidden, import_graph, out_of_order, reach, sources, under

import singularity_lab

PACKAGE = Path(singularity_lab.__file__).parent
LAB = "singularity_lab"
PROOF_SIDE = [f"{LAB}.{part}" for part in ("algebra", "exact", "models", "catalog", "truth")]

# The order of import. `losses` is the border: it makes a Loss of a catalog row, a polynomial or a
# network; `models` hands losses to devices, so it knows their type. `plots` draws what it is given.
_BASE = {"errors", "algebra"}
_TRUTH = {*_BASE, "exact", "models", "catalog", "spectroscopes"}
_ARMS = {*_TRUTH, "truth", "losses", "plots", "trajectories"}
ORDER = {
    "errors": set(),
    "plots": {"errors"},
    "algebra": {"errors"},
    "exact": {*_BASE, "plots"},
    "spectroscopes": {"errors"},
    "trajectories": {"errors", "spectroscopes"},
    "models": {*_BASE, "spectroscopes"},
    "catalog": {*_BASE, "exact", "models", "spectroscopes"},
    "truth": _TRUTH,
    "losses": _TRUTH,
    "calibration": _ARMS,
    "dictionary": {*_ARMS, "calibration"},
    "programs": {*_BASE, "exact", "models", "catalog"},
    "cli": {*_ARMS, "programs", "calibration", "dictionary", ""},
    "": {*_ARMS, "programs", "calibration", "dictionary"},  # the flat face, lazily
}


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return import_graph(sources(PACKAGE))


def test_the_measuring_arm_cannot_see_the_answer(graph):
    for part in (f"{LAB}.spectroscopes", f"{LAB}.trajectories"):
        assert any(under(module, part) for module in graph)
        assert not forbidden(graph, part, [*PROOF_SIDE, LAB])
    # The registry of devices, which also loads third-party ones, is the one place that imports by
    # computed names; its own names are texts, which the graph has read.
    computed = {m for m in graph if under(m, f"{LAB}.spectroscopes") and COMPUTED in graph[m]}
    assert computed <= {f"{LAB}.spectroscopes.base"}


def test_modules_import_only_what_is_to_their_left(graph):
    assert not out_of_order(graph, ORDER)


def test_proofs_and_models_do_not_know_each_other(graph):
    assert not forbidden(graph, f"{LAB}.exact", [f"{LAB}.models"])
    assert not forbidden(graph, f"{LAB}.models", [f"{LAB}.exact"])


def test_the_verifier_stands_on_algebra_and_the_certificate_alone(graph):
    own = [f"{LAB}.exact.certificate", f"{LAB}.exact.family"]
    allowed = [f"{LAB}.algebra", *own, f"{LAB}.errors"]
    inside = {target for target in reach(graph, f"{LAB}.exact.verify") if under(target, LAB)}
    assert inside  # it does import them
    assert {
        target
        for target in inside - {f"{LAB}.exact"}  # the package that it lives in
        if not any(under(target, one) for one in allowed)
    } == set()


def test_every_import_within_the_package_names_a_module_that_exists(graph):
    targets = {t for edges in graph.values() for t in edges if under(t, LAB)}
    assert targets - set(graph) == set()


# A law that nothing can break is no law: the checker on small packages with a planted import.

CLEAN = {
    "lab.__init__": "__version__ = '1'",
    "lab.errors": "class BadInput(ValueError): ...",
    "lab.exact.__init__": "",
    "lab.exact.newton": "from lab.errors import BadInput",
    "lab.devices.__init__": "",
    "lab.devices.base": "import torch\nfrom ..errors import BadInput",
    "lab.devices.sgld": "from .base import Reading",
    "lab.helpers": "import numpy",
}


def test_a_clean_package_passes():
    graph = import_graph(CLEAN)
    assert graph["lab.devices.base"] == {"torch", "lab.errors"}
    assert graph["lab.devices.sgld"] == {"lab.devices.base", "lab.devices"}
    assert not forbidden(graph, "lab.devices", ["lab.exact", "lab", COMPUTED])


@pytest.mark.parametrize(
    ("planted", "path"),
    [
        ({"lab.devices.sgld": "import lab.exact.newton"}, ("lab.exact.newton",)),
        ({"lab.devices.sgld": "from lab.exact import newton as n"}, ("lab.exact.newton",)),
        ({"lab.devices.sgld": "from lab.exact.newton import rlct"}, ("lab.exact.newton",)),
        ({"lab.devices.sgld": "from ..exact.newton import rlct"}, ("lab.exact.newton",)),
        ({"lab.devices.sgld": "from .. import exact"}, ("lab.exact",)),
        (
            {"lab.devices.sgld": "def f():\n    from lab.exact.newton import g"},
            ("lab.exact.newton",),
        ),
        (
            {"lab.devices.sgld": "if TYPE_CHECKING:\n    from lab.exact.newton import g"},
            ("lab.exact.newton",),
        ),
        ({"lab.devices.sgld": "importlib.import_module('lab.exact')"}, ("lab.exact",)),
        ({"lab.devices.sgld": "__import__('lab.exact.newton')"}, ("lab.exact.newton",)),
        ({"lab.devices.sgld": "import_module(f'lab.{name}')"}, (COMPUTED,)),
        ({"lab.devices.sgld": "DEVICES = {'a': 'lab.exact.newton:rlct'}"}, ("lab.exact.newton",)),
        ({"lab.devices.sgld": "from lab import rlct"}, ("lab",)),
        (
            {
                "lab.devices.sgld": "import lab.helpers",
                "lab.helpers": "from lab.exact import newton",
            },
            ("lab.helpers", "lab.exact.newton"),
        ),
        (
            {"lab.devices.sgld": "import lab.kits.one", "lab.kits.__init__": "import lab.exact"},
            ("lab.kits", "lab.exact"),
        ),
    ],
)
def test_a_planted_import_is_found(planted, path):
    graph = import_graph({**CLEAN, "lab.kits.one": "", **planted})
    assert ("lab.devices.sgld", *path) in forbidden(
        graph, "lab.devices", ["lab.exact", "lab", COMPUTED]
    )


def test_an_import_against_the_order_is_found():
    order = {"": (), "errors": (), "exact": ("errors",), "devices": ("errors",), "helpers": ()}
    assert not out_of_order(import_graph(CLEAN), order)
    planted = {**CLEAN, "lab.errors": "from .exact import newton"}
    assert ("lab.errors", "lab.exact.newton") in out_of_order(import_graph(planted), order)
    with pytest.raises(KeyError, match="stranger"):
        out_of_order(import_graph({**CLEAN, "lab.stranger": "import lab.errors"}), order)


# Importing, in a process of its own.


def run_python(code: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_importing_the_package_is_quick_and_loads_no_library():
    code = (
        "import json, sys, time; start = time.process_time(); import singularity_lab; "
        "print(json.dumps({'seconds': time.process_time() - start, 'modules': list(sys.modules)}))"
    )
    seen = run_python(code)
    assert f"{LAB}" in seen["modules"]
    heavy = {"torch", "scipy", "numpy", "sympy", "flint", "matplotlib", "msgspec", "typer"}
    assert heavy.isdisjoint(seen["modules"])
    assert [m for m in seen["modules"] if m.startswith(f"{LAB}.")] == []
    assert seen["seconds"] <= 0.3  # CPU seconds


def test_loading_the_devices_loads_nothing_of_the_proof_arm():
    """The same law as the graph's, asked of the interpreter."""
    modules = sorted(m for m in import_graph(sources(PACKAGE)) if under(m, f"{LAB}.spectroscopes"))
    code = (
        f"import importlib, json, sys; [importlib.import_module(m) for m in {modules!r}]; "
        "print(json.dumps(sorted(sys.modules)))"
    )
    loaded = run_python(code)
    assert set(modules) <= set(loaded)
    assert [m for m in loaded if any(under(m, side) for side in PROOF_SIDE)] == []


# The flat face.


def test_the_face_and_its_types_agree():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module.removeprefix(f"{LAB}.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and under(node.module, LAB)
        for alias in node.names
    }
    assert typed == singularity_lab._HOME
    assert sorted(typed) == sorted(singularity_lab.__all__)
    assert set(singularity_lab.__all__) <= set(dir(singularity_lab))


@pytest.mark.parametrize("name", singularity_lab.__all__)
def test_every_name_of_the_face_is_there(name):
    value = getattr(singularity_lab, name)
    assert callable(value)
    assert value.__module__.startswith(f"{LAB}.")
    assert getattr(singularity_lab, name) is value


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lct'"):
        _ = singularity_lab.lct


def test_without_torch_the_message_says_what_to_install():
    code = (
        "import json, sys; sys.modules['torch'] = None; import singularity_lab\n"
        "try: singularity_lab.measure\n"
        "except ImportError as error: print(json.dumps({'says': str(error)}))"
    )
    assert "pip install 'singularity-lab[torch]'" in run_python(code)["says"]
