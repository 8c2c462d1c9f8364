"""The checks of the verifier, one by one, and verifiers that lack one of them.

A check is a call of ``need``, ``_require`` or ``_need``, a call of another checker, a guard that
raises, or a part of an ``and`` that a bound rests on. It goes by the name of its function and its
own text, so that a table of checks outlives moves of code between files.
"""

# ruff: noqa: SIM102

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

import random_scripts

# The modules of the verifier that check; each imports only those before it, besides ARITHMETIC.
ORDER = (
    "algebra.hypotheses",
    "algebra.number_field",
    "algebra.face_lattice",
    "algebra.tower",
    "algebra.constants",
    "algebra.elementary",
    "exact.proof.covering",
    "exact.proof.evidence",
    "exact.proof.charts",
    "exact.proof.matrices",
    "exact.proof.faces",
    "exact.proof.family",
    "exact.proof.step",
    "exact.proof.moves",
    "exact.proof.slices",
    "exact.proof.branches",
    "exact.proof.everywhere",
    "exact.proof.leaves",
    "exact.proof.reductions",
    "exact.proof.truncation",
    "exact.proof.analytic",
    "exact.proof.verify",
)
MODULES = tuple(f"singularity_lab.{name}" for name in ORDER)
# What else a replay imports, and why no check of a proof is in it.
ARITHMETIC = {
    "algebra.algebraic": "values of algebraic numbers, for the point of a problem",
    "algebra.analytic_problem": "the expressions as they are stated: what is refused is no problem",
    "system.counting": "nouns in sentences",
    "algebra.factoring": "factors as they are typed; a replay reads expanded polynomials",
    "algebra.inequalities": "the problem in coordinates: what has none is refused, as no problem",
    "algebra.invariants": "the order of pairs (λ, m)",
    "algebra.jacobians": "derivatives and determinants",
    "algebra.input_limits": "sizes: what is too large is refused, whether it is true or not",
    "algebra.maps": "substitutions, contents, supports",
    "algebra.names": "names of variables: what is refused is no polynomial ring",
    "algebra.parsing": "text to polynomials",
    "algebra.point_texts": "text to the coordinates of a point",
    "algebra.polyhedra": "faces, which algebra.face_lattice checks by a second enumeration",
    "algebra.polynomial": "arithmetic",
    "algebra.problem": "the problem as it is stated: what is refused is no problem",
    "algebra.rings": "rationals and polynomial rings",
    "algebra.simplex": "ranks; the optimum is checked by exact.proof.covering",
    "algebra.univariate": "numbers of roots by Sturm's theorem; refuses sizes only",
    "errors": "errors",
    "exact.proof.certificate": "the document: what is refused is no certificate",
    "system.deadline": "time",
    "system.stopwatch": "time",
    "system.files": "files",
    "system.stubs": "where public names are",
}
# calls that check one thing and give nothing back; those of them that name what they check
CHECKERS = {"need", "hold", "_require", "_need", "_unit_block", "_own", "_keeps"}
CHECKERS |= {"check_zero", "check_no_zero", "check_same", "check_faces"}
NAMED = {"hold", "lacks"}
# their definitions
INSIDE = {"need", "hold", "lacks", "under", "_require", "_named"}
# modules that do more than check: only these functions of theirs are part of the verifier
ONLY = {"singularity_lab.algebra.number_field": {"check_roots", "build"}}
# what a function decides by a condition and not by a refusal
DECISIONS = {"charts": {"two_sided"}, "has_point": {"bad"}}


def checks(source: str, module: str) -> Iterator[tuple[str, ast.AST, str]]:
    """Each check of a module: its key, the node, and how it is switched off."""
    counted: dict[str, int] = {}

    def key(function: str, text: str) -> str:
        name = f"{function}: {' '.join(text.split())}"
        counted[name] = counted.get(name, 0) + 1
        return name if counted[name] == 1 else f"{name} #{counted[name]}"

    def of_call(call: ast.Call) -> str:
        named = _called(call) in NAMED and isinstance(call.args[0], ast.Constant)
        return str(call.args[0].value) if named else ast.unparse(call)  # type: ignore[attr-defined]

    def walk(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST, str]]:
        for child in ast.iter_child_nodes(node):
            inside = child.name if isinstance(child, ast.FunctionDef) else function
            if inside == "replay" and isinstance(node, ast.ClassDef):
                inside = f"_{node.name.lower()}"  # the record of a theorem, by the step's name
            if inside in INSIDE and function == "module":
                continue
            wanted = module not in ONLY or inside in ONLY[module]
            if wanted and isinstance(child, ast.Expr) and isinstance(child.value, ast.Call):
                if _called(child.value) in CHECKERS:
                    yield key(inside, of_call(child.value)), child, "pass"
            if wanted and isinstance(child, ast.Call) and _called(child) == "lacks":
                yield key(inside, of_call(child)), child, "silent"
            if wanted and isinstance(child, ast.If) and isinstance(child.body[-1], ast.Raise):
                text = ast.unparse(child.test)
                # not the raising itself, an error's place, what is counted as a call
                if text not in ("not condition", "error.where") and "lacks(" not in text:
                    yield key(inside, f"if {ast.unparse(child.test)}: raise"), child, "else"
            if wanted and isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
                target, value = child.targets[0].id, child.value
                if target in DECISIONS.get(inside, ()) and isinstance(value, ast.BoolOp):
                    for part in value.values:
                        text = f"{target} without {ast.unparse(part)}"
                        if text != f"{target} without {target}":
                            yield key(inside, text), part, str(isinstance(value.op, ast.And))
            yield from walk(child, inside)

    yield from walk(ast.parse(source), "module")


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


@cache
def _source(module: str) -> str:
    path = importlib.import_module(module).__file__
    assert path is not None
    with open(path, encoding="utf-8") as file:
        return file.read()


def imported() -> set[str]:
    """The modules of the package that a replay imports."""
    shown = "import sys, singularity_lab.exact.proof.verify; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", shown], capture_output=True, check=True)
    names = found.stdout.decode().split()
    return {n for n in names if n.startswith("singularity_lab.") and not _is_package(n)}


def _is_package(name: str) -> bool:
    return hasattr(importlib.import_module(name), "__path__")


@cache
def listed() -> dict[str, str]:
    """{check: module} of all checks."""
    found: dict[str, str] = {}
    for module in MODULES:
        for name, _, _ in checks(_source(module), module):
            assert name not in found, name
            found[name] = module
    return found


@cache
def _compiled(source: str, name: str) -> Any:
    return compile(source, f"<{name}>", "exec")


class _Off(ast.NodeTransformer):
    def __init__(self, place: tuple[int, int, int, int], how: str) -> None:
        self.place, self.how = place, how

    def visit(self, node: ast.AST) -> ast.AST | list[ast.stmt]:
        at = (getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        end = (getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0))
        if (*at, *end) == self.place:
            if self.how == "pass" and isinstance(node, ast.Expr):
                return ast.copy_location(ast.Pass(), node)
            if self.how == "silent":  # "" says that a hypothesis holds
                return ast.copy_location(ast.Constant(""), node)
            if self.how == "else" and isinstance(node, ast.If):
                # the condition is still evaluated: it may name what is used below (:=)
                return [ast.copy_location(ast.Expr(node.test), node), *node.orelse]
            if self.how in ("True", "False") and isinstance(node, ast.expr):
                return ast.copy_location(ast.Constant(self.how == "True"), node)
        return self.generic_visit(node)


def without(check: str | None = None, **replaced: str) -> SimpleNamespace:
    """The modules of a verifier that lacks one check (None: of the verifier as it is), as a
    namespace by their last names; nothing else is changed, and other importers see the real ones.

    replaced: {module's last name: another source of it}.
    """
    module = None if check is None else listed()[check]
    kept = {name: sys.modules.pop(name) for name in MODULES if name in sys.modules}
    made: dict[str, ModuleType] = {}
    try:
        for name in MODULES:
            package, _, last = name.rpartition(".")
            source = replaced.get(last) or _source(name)
            code: Any = _compiled(source, name)
            if name == module:
                tree: ast.AST = ast.parse(source)
                ((node, how),) = [(n, h) for k, n, h in checks(source, name) if k == check]
                where = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
                tree = ast.fix_missing_locations(_Off(where, how).visit(tree))
                code = compile(tree, f"<{last} without {check}>", "exec")
            new = ModuleType(name)
            new.__package__ = package
            sys.modules[name] = made[name] = new
            setattr(sys.modules[package], last, new)
            exec(code, new.__dict__)
    finally:
        for name in MODULES:
            sys.modules.pop(name, None)
            package, _, last = name.rpartition(".")
            if name in kept:
                sys.modules[name] = kept[name]
                setattr(sys.modules[package], last, kept[name])
    return SimpleNamespace(**{name.rpartition(".")[2]: new for name, new in made.items()})


# -- what a lack of a check is looked for with ------------------------------------------------

# function: (the step that is drawn more often, the kinds of families)
_MATRICES = ("schur", ("matrices",))
AIMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "check_covering": ("covering", ("monomials",)),
    "_check": ("evidence", ("any",)),
    "_check_torus": ("evidence", ("any",)),
    "_pick": ("evidence", ("any",)),
    "check_zero": ("newton", ("quadric", "walls")),
    "check_newton": ("newton", ("quadric", "walls", "germ")),
    "check": ("newton", ("quadric", "walls", "germ")),
    "_newton": ("newton", ("any", "graded")),
    "charts": ("blowup", ("walls", "quadric")),
    "_blowup": ("blowup", ("walls", "any", "germ")),
    "representatives": ("blowup", ("symmetric",)),
    "check_roots": ("roots", ("roots",)),
    "_roots": ("roots", ("roots", "any")),
    "check_same": ("see", ("symmetric", "walls", "any", "graded")),
    "see": ("see", ("symmetric", "any")),
    "of_lemma": ("see", ("symmetric", "any")),
    "grading": ("contract", ("graded",)),
    "_contract": ("contract", ("graded", "any")),
    "_dehomogenise": ("dehomogenise", ("graded", "any")),
    "_sum": ("sum", ("separate",)),
    "combine": ("both", ("any", "graded")),
    "has_point": ("relax", ("signed", "graded")),
    "no_witness": ("relax", ("signed", "graded")),
    "_locus": ("locus", ("bound", "any")),
    "_no_point": ("locus", ("bound", "graded", "signed", "roots")),
    "_monomial": ("monomial", ("any", "graded", "bound")),
    "_threshold": ("covering", ("monomials", "any")),
    "_generators": ("generators", ("any", "walls", "monomials")),
    "_nakayama": ("nakayama", ("any", "separate", "symmetric", "graded")),
    **dict.fromkeys(
        ("_dominant", "monomial", "check_lead", "small", "sign_of_unit"),
        ("dominant", ("any", "walls", "monomials", "bound", "separate")),
    ),
    "_coordinate": ("coordinate", ("any", "walls", "separate")),
    "_change": ("change", ("any", "walls", "bound", "signed")),
    "_relax": ("relax", ("any", "walls")),
    "_order": ("order", ("any", "graded")),
    "_empty": ("empty", ("signed",)),
    "_split": ("split", ("any", "graded")),
    **dict.fromkeys(("_saddle", "check_arc"), ("saddle", ("any",))),
    "_subideal": ("subideal", ("separate", "any")),
    "_nonvanishing": ("nonvanishing", ("any", "graded")),
    "check_no_zero": ("nonvanishing", ("any", "graded")),
    "index": ("generators", ("separate", "symmetric")),
    "integer": ("blowup", ("walls", "symmetric")),
    **dict.fromkeys(
        ("coordinates", "_schur", "schur", "_stratum", "_own", "_unit_block", "_through"), _MATRICES
    ),
    **dict.fromkeys(("_pivot", "_keeps", "_inner", "_need"), _MATRICES),
}


def hunt(check: str, seconds: float, seed: int = 1, size: int = 60) -> tuple[str | None, int]:
    """What a verifier without this check accepts that is false, None if nothing was found in this
    CPU time, and how many scripts (or claims about zeros) it was asked."""
    verifier = without(check)
    function = check.partition(":")[0]
    focus, kinds = AIMS.get(function, ("", ()))
    roots = random_scripts.pool(size, 1, kinds)
    for root in roots:
        assert root.least is None or root.least.multiplicity  # not counted as time of the hunt
    started = time.process_time()

    def late() -> bool:
        return time.process_time() - started > seconds

    asked = 0
    if listed()[check].endswith(".matrices"):
        half = time.process_time() + seconds / 2
        asked, claims = random_scripts.attack_schur(
            verifier, 10**9, seed, lambda: time.process_time() > half
        )
        if claims:
            return claims[0], asked
    if focus == "evidence" or function == "check_zero":
        half = time.process_time() + seconds / 2
        asked, claims = random_scripts.attack_zeros(
            verifier, 10**9, seed, lambda: time.process_time() > half
        )
        if claims:
            return str(claims[0][0]), asked
    if function == "verify":
        asked, false = random_scripts.attack_claims(verifier, 10**9, seed, late)
        return (false[0] if false else None), asked
    found = random_scripts.attack(verifier, roots, 10**9, seed, focus=focus, late=late)
    return (found.false[0][2] if found.false else None), asked + found.scripts
