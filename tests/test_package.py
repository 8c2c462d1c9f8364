"""The shape of the package: what imports what, what importing it costs, and what it offers."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

import pytest
from import_graph import (
    circles,
    forbidden,
    import_graph,
    out_of_order,
    private_crossings,
    reach,
    sources,
    under,
)
from mirror import unasked
from source_facts import COMPUTED, facts

import singularity_lab

PACKAGE = Path(singularity_lab.__file__).parent
LAB = "singularity_lab"
PROOF_SIDE = [
    f"{LAB}.{part}" for part in ("algebra", "exact", "models", "programs", "catalog", "pictures")
]
# The functions that load what is to their right, when they are asked to draw.
DRAWING = {"plot", "_repr_html_"}

# The order of import, folder by folder. `catalog` makes a Loss of a row, a polynomial or a network;
# `models` and `programs` hand losses to devices, so they know their type. `pictures` draws what it
# is given.
_BASE = {"errors", "algebra", "system"}
_LEFT = {*_BASE, "exact", "models", "programs", "spectroscopes"}
_ARMS = {*_LEFT, "catalog", "pictures", "trajectories"}
ORDER = {
    "errors": set(),
    "system": {"errors"},
    "algebra": _BASE,
    "exact": _BASE,
    "spectroscopes": {"errors", "system"},
    "trajectories": {"errors", "system", "spectroscopes"},
    "models": {*_BASE, "spectroscopes"},
    "programs": {*_BASE, "exact", "models", "spectroscopes"},
    "catalog": _LEFT,
    "pictures": {*_BASE, "exact"},
    "calibration": _ARMS,
    "dictionary": {*_ARMS, "calibration"},
    "atlas": {*_ARMS, "dictionary", ""},
    "cli": {*_ARMS, "calibration", "dictionary", "atlas", ""},
    "": {*_ARMS, "calibration", "dictionary"},  # the flat face, lazily
}
# Inside `exact`: proofs are checked on one side of a wall and found on the other.
_FOUND = {"proof", "zeros", "engine"}
ORDER_OF_EXACT = {
    "": set(),
    "proof": set(),
    "zeros": {"proof"},
    "engine": {"proof", "zeros"},
    "oracles": set(),
    "resolutions": _FOUND,
    "classification": _FOUND,
    "zeta_functions": {*_FOUND, "resolutions", "classification"},
    "arcs": {*_FOUND, "resolutions", "classification", "oracles"},
}


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return import_graph(sources(PACKAGE))


@pytest.fixture(scope="module")
def undrawn() -> dict[str, set[str]]:
    """The graph without what is loaded to draw."""
    return import_graph(sources(PACKAGE), lazy=DRAWING)


def test_the_measuring_arm_cannot_see_the_answer(graph):
    for part in (f"{LAB}.spectroscopes", f"{LAB}.trajectories"):
        assert any(under(module, part) for module in graph)
        assert not forbidden(graph, part, [*PROOF_SIDE, LAB])
    # The registry of devices, which also loads third-party ones, is the one place that imports by
    # computed names; its own names are texts, which the graph has read.
    computed = {m for m in graph if under(m, f"{LAB}.spectroscopes") and COMPUTED in graph[m]}
    lazy = {f"{LAB}.spectroscopes{name}" for name in ("", ".registry", ".reading")}
    assert computed <= lazy


def test_modules_import_only_what_is_to_their_left(undrawn):
    assert not out_of_order(undrawn, ORDER)


def test_folders_of_exact_import_only_what_is_to_their_left(undrawn):
    exact = f"{LAB}.exact"
    inside = {
        module: {target for target in targets if under(target, exact) and target != exact}
        for module, targets in undrawn.items()
        if under(module, exact)
    }
    assert not out_of_order(inside, ORDER_OF_EXACT)


def test_no_modules_import_one_another_in_a_circle():
    assert not circles(sources(PACKAGE), lazy=DRAWING)


def test_no_private_name_crosses_a_module():
    assert not private_crossings(sources(PACKAGE))


def ambiguous(modules: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """The names of public classes that are classes, or aliases of types, of other modules too."""
    homes: dict[str, list[str]] = {}
    known: set[str] = set()
    for module, text in modules.items():
        read = facts(text)
        known |= set(read.classes)
        for name in read.classes + read.aliases:
            homes.setdefault(name, []).append(module)
    return [(n, where) for n, where in sorted(homes.items()) if n in known and len(where) > 1]


def alike(modules: Iterable[str]) -> list[list[str]]:
    """Modules of one name that are about different things.

    A command, a picture or a page of the atlas has the name of what it shows, and what finds a step
    that of what checks it.
    """
    homes: dict[str, list[str]] = {}
    for module in modules:
        folder, _, name = module.rpartition(".")
        if name != "__init__" and folder.split(".")[1:2] not in (["cli"], ["pictures"], ["atlas"]):
            homes.setdefault(name, []).append(folder)
    pair = [f"{LAB}.exact.engine", f"{LAB}.exact.proof"]
    return [
        [f"{folder}.{name}" for folder in folders]
        for name, folders in sorted(homes.items())
        if len(folders) > 1 and sorted(folders) != pair
    ]


def test_a_name_means_one_thing():
    found = sources(PACKAGE)
    assert not ambiguous(found)
    assert not alike(found)


def test_a_planted_name_of_two_meanings_is_found():
    assert not ambiguous(CLEAN)
    twice = {**CLEAN, "lab.exact.newton": "class Chart: ...", "lab.helpers": "class Chart: ..."}
    assert ambiguous(twice) == [("Chart", ["lab.exact.newton", "lab.helpers"])]
    assert ambiguous({**twice, "lab.helpers": "Chart = dict[str, int]"})
    assert not ambiguous({**twice, "lab.helpers": "class _Chart: ..."})
    assert alike([*CLEAN, "lab.devices.newton"]) == [["lab.exact.newton", "lab.devices.newton"]]
    assert not alike([*CLEAN, "lab.cli.newton"])


def test_the_root_holds_the_face_and_the_errors_only():
    files = {file.name for file in PACKAGE.iterdir() if file.is_file()}
    assert files - {"__init__.pyi"} == {"__init__.py", "errors.py", "py.typed"}


def test_tests_mirror_the_package():
    """Each module with behaviour has a test file of its name, in the folder of its folder's name;
    further files of a folder ask about several of its modules at once."""
    here = Path(__file__).parent
    assert unasked(PACKAGE, here) == []
    folders = {test.parent.relative_to(here) for test in here.rglob("test_*.py")}
    assert Path("exact", "proof") in folders
    assert [folder for folder in sorted(folders) if not (PACKAGE / folder).is_dir()] == []
    # what is about the package, the pages or the notebooks as a whole stands at the top, and errors
    assert {file.stem for file in here.glob("test_*.py")} == {
        "test_citations",
        "test_dependencies",
        "test_errors",
        "test_family_pages",
        "test_measuring_page",
        "test_notebooks",
        "test_singularity_page",
        "test_offline_mathematics",
        "test_package",
        "test_prose",
        "test_readme",
        "test_reference_page",
    }


@pytest.mark.parametrize(
    ("source", "computes"),
    [
        ("A = {'a': 1}\n", False),
        ("class A:\n    x: int\n", False),
        ("def f():\n    'Nothing.'\n    ...\n", False),
        ("class A:\n    def f(self):\n        raise NotImplementedError\n", False),
        ("def f(x):\n    return x + 1\n", True),
        ("class A:\n    @property\n    def f(self):\n        return self.x\n", True),
    ],
)
def test_behaviour_is_read_off_the_source(source, computes):
    assert facts(source).computes is computes


def test_a_module_without_its_tests_is_found(tmp_path):
    package, tests = tmp_path / "lab", tmp_path / "tests"
    for folder in (package / "exact", tests / "exact"):
        folder.mkdir(parents=True)
    (package / "exact" / "newton.py").write_text("def f(x):\n    return x\n")
    (package / "exact" / "tables.py").write_text("A = 1\n")
    assert unasked(package, tests) == ["exact/newton.py"]
    namesake = tests / "exact" / "test_newton.py"
    namesake.write_text("A = 1\n")
    assert unasked(package, tests) == ["exact/newton.py"]  # no test in it
    namesake.write_text("def test_f():\n    assert f(1) == 1\n")
    assert unasked(package, tests) == []


def test_no_folder_has_the_name_of_a_function_beside_it():
    """Importing a submodule binds its name in its package, over a function of that name."""
    for file in PACKAGE.rglob("__init__.py"):
        folder = file.parent
        package = import_module(".".join((LAB, *folder.relative_to(PACKAGE).parts)))
        inner = {f.name for f in folder.iterdir() if f.is_dir() and f.name != "__pycache__"}
        assert inner.isdisjoint(getattr(package, "__all__", ())), package


def test_proofs_and_models_do_not_know_each_other(graph):
    assert not forbidden(graph, f"{LAB}.exact", [f"{LAB}.models"])
    assert not forbidden(graph, f"{LAB}.models", [f"{LAB}.exact"])


def test_the_verifier_stands_on_algebra_and_the_other_proofs_alone(undrawn):
    allowed = [f"{LAB}.{name}" for name in ("algebra", "exact.proof", "errors", "system")]
    inside = {t for t in reach(undrawn, f"{LAB}.exact.proof.verify") if under(t, LAB)}
    assert f"{LAB}.exact.proof.leaves" in inside  # it does import them
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


def test_a_planted_circle_is_found():
    assert not circles(CLEAN)
    there = {"lab.exact.newton": "from lab.devices.sgld import step"}
    for back in ("import lab.exact.newton", "def f():\n    from ..exact import newton"):
        planted = {**CLEAN, **there, "lab.devices.sgld": back}
        assert circles(planted) == [["lab.devices.sgld", "lab.exact.newton"]]
    drawn = {**CLEAN, **there, "lab.devices.sgld": "def plot():\n    import lab.exact.newton"}
    assert circles(drawn)
    assert not circles(drawn, lazy={"plot"})
    face = {**CLEAN, "lab.devices.__init__": "from lab.devices.base import Reading"}
    assert not circles(face)  # a package may offer the names of its modules
    asked = {**face, "lab.devices.base": "from lab.devices.sgld import step"}
    assert circles(asked) == [["lab.devices.base", "lab.devices.sgld"]]


def test_a_private_name_that_crosses_is_found():
    assert not private_crossings(CLEAN)
    taken = {**CLEAN, "lab.devices.sgld": "from lab.devices.base import _plain"}
    assert private_crossings(taken) == [("lab.devices.sgld", "lab.devices.base", "_plain")]
    asked = {**CLEAN, "lab.devices.sgld": "from lab.devices import base\nbase._plain()"}
    assert private_crossings(asked) == [("lab.devices.sgld", "lab.devices.base", "_plain")]


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
    own = {m for m in seen["modules"] if m.startswith(f"{LAB}.")}
    assert own <= {f"{LAB}.system", f"{LAB}.system.stubs"}  # where the names are read
    assert seen["seconds"] <= 0.3  # CPU seconds


def test_a_typed_germ_loads_no_catalog_and_no_arrays():
    """What a process for one question loads; the answer of a row needs its builder."""
    code = (
        "import json, sys; from singularity_lab import rlct; asked = {asked!r}; rlct(asked); "
        "print(json.dumps(sorted(sys.modules)))"
    )
    builders = f"{LAB}.models"
    typed = set(run_python(code.format(asked="x^2 + y^3")))
    assert f"{LAB}.exact.engine.solve" in typed
    rows = {f"{LAB}.catalog.load", f"{LAB}.programs", builders, "numpy", "scipy", "highspy"}
    assert not rows & typed
    assert builders in run_python(code.format(asked="nc-1-1"))


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


def test_the_face_is_what_its_stub_says():
    """Type checkers read the stub; a name that is added there is there at run time."""
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for node in ast.walk(stub)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    aliases = [a for node in stub.body if isinstance(node, ast.ImportFrom) for a in node.names]
    assert all(a.asname == a.name for a in aliases)  # so that type checkers re-export it
    assert len(aliases) == len(typed) >= 46
    assert sorted(typed) == list(singularity_lab.__all__)
    assert set(singularity_lab.__all__) <= set(dir(singularity_lab))
    for name, home in typed.items():
        own = vars(import_module(home))[name]
        value = getattr(singularity_lab, name)
        assert (inspect.unwrap(value) if inspect.isfunction(value) else value) is own, name


def test_everything_that_is_exported_is_there_without_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from singularity_lab import *\n"
        "assert rlct('x').value == lct('x').value / 2\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("name", singularity_lab.__all__)
def test_every_name_of_the_face_is_there(name):
    value = getattr(singularity_lab, name)
    assert callable(value)
    assert under(value.__module__, LAB)
    assert getattr(singularity_lab, name) is value


@pytest.mark.parametrize("name", singularity_lab.__all__)
def test_every_name_of_the_face_has_an_example(name):
    """Its own or one of its methods'; all examples run as doctests."""
    value = getattr(singularity_lab, name)
    own = vars(value).values() if inspect.isclass(value) else ()
    assert any(">>>" in (inspect.getdoc(part) or "") for part in (value, *own))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lambda_of'"):
        _ = singularity_lab.lambda_of


def test_without_torch_the_message_says_what_to_install():
    code = (
        "import json, sys; sys.modules['torch'] = None; import singularity_lab\n"
        "try: singularity_lab.measure\n"
        "except ImportError as error: print(json.dumps({'says': str(error)}))"
    )
    assert "pip install 'singularity-lab[torch]'" in run_python(code)["says"]


# -- what architecture.md says of the imports ------------------------------------------------------

READING = 11_000


@pytest.fixture(scope="module")
def tables():
    docs = PACKAGE.parent / "docs"
    sys.path.insert(0, str(docs))
    try:
        return import_module("import_tables")
    finally:
        sys.path.remove(str(docs))


def test_the_page_lists_the_imports_as_they_are(tables):
    text = tables.PAGE.read_text(encoding="utf-8")
    assert tables.page(text) == text, "run python docs/import_tables.py"


def test_a_circle_of_folders_has_no_order(tables):
    assert [*tables.in_order({"b": {"a"}, "a": set()})] == ["a", "b"]
    with pytest.raises(ValueError, match="circle: a, b"):
        [*tables.in_order({"b": {"a"}, "a": {"b"}})]


def test_a_sceptic_reads_the_proofs_and_the_algebra_alone(tables):
    """What verify runs: nothing of the search, and not more than can be read."""
    modules = tables.reading(tables.graph())
    assert {tables.room(m) for m in modules} == {
        "algebra",
        "errors",
        "exact",
        "exact/proof",
        "system",
    }
    assert 1_000 < tables.lines_of(modules) <= READING
