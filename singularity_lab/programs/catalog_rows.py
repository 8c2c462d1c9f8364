"""Programs as rows of the catalog: the builder ``program``, and the text of catalog/programs*.toml.

A row's germ is the loss Σ ε^μ over the minimal syndromes μ of a program at a code or a face, on the
orthant ε ≥ 0 (docs/programs.md, Theorem): it has the λ_E and m of the NLL loss. Rows of one
function carry one tag ``computes-…``, for the function does not decide λ. The files are written by

    python -c "from singularity_lab.programs.catalog_rows import write; write('catalog')"

and a test compares them with what this module derives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.errors import Undecided
from singularity_lab.models.model import Model, builder, origin, polynomial_twin
from singularity_lab.programs.library import program as find
from singularity_lab.programs.library import program_names
from singularity_lab.programs.machines.machines import Program, Support
from singularity_lab.programs.machines.straightline import (
    ProbabilisticTarget,
    StraightLine,
    binomial_mixture,
    coin_xor,
    hidden_markov,
    horner,
    reuse,
    square,
)
from singularity_lab.programs.syndromes import ProgramChart, SyndromeProgram
from singularity_lab.programs.uncertainty.noisy import coordinates, expected_error, wrong_runs
from singularity_lab.programs.uncertainty.semirings import Numbers
from singularity_lab.programs.zeroset import zero_set
from singularity_lab.system.files import write_text

if TYPE_CHECKING:
    from torch import Tensor

EXPLICIT_NODES = 400  # formulas up to this size are expanded: the row's loss is E itself
LONGEST = 45  # syndromes of a row on file
_LONGER = ("detectA-2", "parityCheck-copy-2")  # programs of the library that it does not list
_COMPONENTS = 9  # more than any row's zero set has


@builder
def program(
    name: str, steps: int | None = None, semantics: str = "exact", chart: str = "corner"
) -> Model:
    """A program of the library at its code, in the corner chart: the NLL loss near a vertex of W.

    The ideal is that of Σ ε^μ over the minimal syndromes; the loss is E, exactly, where its formula
    is small, and Σ ε^μ otherwise; ``analytic`` is −Σ q log(1 − e_x) in torch.

    >>> m = program("xor-4nand-shared")
    >>> print(m.ideal.generators[0])
    eps_N_00^2 + eps_N_01 + eps_N_10 + eps_N_11
    """
    p = find(name)
    steps = p.steps if steps is None else steps
    sp = SyndromeProgram(p, steps, semantics, chart=ProgramChart.parse(chart))
    germ = Polynomial.from_terms({s.exponent: 1 for s in sp.syndromes()}, sp.variables)
    small = len(sp.formula.nodes) <= EXPLICIT_NODES and p.dimension <= 16
    loss = expected_error(p, steps, semantics) if small else germ
    squares = ((Fraction(1), loss),)
    side = Fraction(1, 2 * max(len(c.options) for c in p.free))
    what = "E" if small else "the sum of its syndromes, of the order of E"
    return Model(
        name="program",
        parameters={"name": name, "steps": steps, "semantics": semantics, "chart": chart},
        ideal=Ideal(sp.variables, (germ,)),
        squares=squares,
        strata=(origin(sp.variables, "the code"),),
        twin=_error_twin(p, steps, semantics)
        if small
        else polynomial_twin(squares, len(sp.variables), "loss"),
        statement=f"{p.name} ({p.machine.kind}) at T = {steps}, {semantics} semantics: {what}",
        prior={v: sp.chart.alpha - 1 for v in sp.variables if sp.chart.alpha != 1},
        box={v: (Fraction(0), side) for v in sp.variables},
        analytic=_error_twin(p, steps, semantics, nll=True),
        convention="loss",
    )


def _error_twin(p: Program, steps: int, semantics: str, nll: bool = False) -> Any:
    """E, or the NLL loss, by propagating tensors."""
    names = coordinates(p)
    formula = wrong_runs(p, steps, semantics)
    mass = sum(c.weight for c in p.cases)
    weights = [float(c.weight / mass) for c in p.cases]

    def twin(w: Tensor) -> Tensor:
        values = {leaf: w[:, i] for i, leaf in enumerate(names.values())}
        for c in p.free:
            rest = [values[c.name, o] for o in c.options if (c.name, o) in values]
            values[c.name, p.code[c.name]] = 1 - sum(rest, w.new_zeros(w.shape[0]))
        zero, one = w.new_zeros(w.shape[0]), w.new_ones(w.shape[0])
        total = zero
        for q, e in zip(weights, formula.evaluate(Numbers(zero, one), values), strict=True):
            total = total + q * (-(1 - e).log() if nll else e)
        return total

    return twin


_AT_A_WALL = (
    "the transition 1 -> 2 has probability x = 0 at this point, and a chain has x >= 0; the row "
    "takes x on both sides: with x >= 0 the value is the same"
)


# -- the files ----------------------------------------------------------------------------------


def germ_rows() -> Iterator[dict[str, Any]]:
    """The rows of catalog/programs.toml: codes, semantics, charts, components."""
    for name in program_names():
        p = find(name)
        several = p.machine.kind == "turing" and p.dimension <= 30
        for semantics in p.machine.semantics if several else ("exact",):
            yield from _row(p, p.steps, semantics)
    for name in ("detectA-mini", "detectA-mini-retry", "detectA-mini-overwrite"):
        yield from _row(find(name), 2, "exact", "corner:1/2")
    for name in _LONGER:
        yield from _row(find(name), 2, "exact")
    mini = find("detectA-mini")
    for steps in (2, 3):
        seen: set[object] = set()
        for c in zero_set(mini, steps).components:
            if (c.rlct, c.dimension) not in seen:
                support = {n: frozenset(o) for n, o in c.support.items()}
                title = f"-component-{len(seen) + 1}"
                yield from _row(mini, steps, "exact", "corner", support, title)
            seen.add((c.rlct, c.dimension))


def _row(
    p: Program,
    steps: int,
    semantics: str,
    chart: str = "corner",
    support: Support | None = None,
    suffix: str = "",
) -> Iterator[dict[str, Any]]:
    sp = SyndromeProgram(p, steps, semantics, support, chart)
    try:
        syndromes = sp.syndromes(limit=3000)
    except Undecided:
        return
    if len(syndromes) > LONGEST:
        return
    used = [i for i in range(len(sp.variables)) if any(s.exponent[i] for s in syndromes)]
    names = [sp.variables[i] for i in used]
    time = f" at T = {steps}" if _clocked(p) else ""
    place = f"component {suffix[-1]} of the zero set of {p.name}" if suffix else p.name
    yield {
        "id": row_id(p, steps, semantics, chart, suffix),
        "title": f"{place}{time}, {semantics} semantics, chart {chart}"
        + (f": {p.summary}" if p.summary and not suffix else ""),
        "vars": names,
        "ideal": [" + ".join(sp.text(s) for s in syndromes)],
        "prior": {n: str(sp.chart.alpha - 1) for n in names} if sp.chart.alpha != 1 else {},
        "nonnegative": names,
        "convention": "loss",
        "tags": ["program", p.machine.kind, semantics, "computes-" + _slug(p.function)],
    }


def _clocked(p: Program) -> bool:
    return p.machine.kind in ("turing", "register")


def row_id(p: Program, steps: int, semantics: str, chart: str = "corner", suffix: str = "") -> str:
    """The id of a program's row; suffix: of a component of its zero set.

    >>> row_id(find("detectA-mini"), 2, "exact", suffix="-component-1")
    'program-detecta-mini-t2-exact-component-1'
    """
    time = f"t{steps}-" if _clocked(p) else ""
    half = "-half" if ProgramChart.parse(chart).alpha == Fraction(1, 2) else ""
    return f"program-{p.name}-{time}{semantics}{half}{suffix}".lower()


@dataclass(frozen=True)
class Declared:
    """What the row of a program says of it: λ depends on all of these.

    program: its name in the library; component: its number among the rows that are components of
    the zero set, 0 for the row at the code. function: what it computes. inputs: those that it is
    judged on, with the wanted outputs, as ``input → output``.
    """

    program: str
    steps: int
    semantics: str
    chart: str
    component: int
    function: str
    inputs: tuple[str, ...]


@lru_cache(maxsize=1)
def declared() -> dict[str, Declared]:
    """Row id → its program, for all rows of catalog/programs.toml (and some ids that have none).

    >>> declared()["program-xor-lookup-exact"].function
    'XOR of two bits'
    """
    found: dict[str, Declared] = {}
    for name in (*program_names(), *_LONGER):
        p = find(name)
        inputs = tuple(f"{c.value} → {c.target}" for c in p.cases)
        for steps in sorted({p.steps, 2, 3}):
            for semantics in p.machine.semantics:
                for chart in ("corner", "corner:1/2"):
                    for k in range(_COMPONENTS + 1):
                        suffix = f"-component-{k}" if k else ""
                        key = row_id(p, steps, semantics, chart, suffix)
                        said = Declared(p.name, steps, semantics, chart, k, p.function, inputs)
                        found.setdefault(key, said)
    return found


def cancellation_rows() -> Iterator[dict[str, Any]]:
    """The rows of catalog/programs_cancellation.toml: laws and straight lines at inner points."""
    things: list[ProbabilisticTarget | StraightLine] = [
        *(coin_xor(n) for n in (2, 3, 4)),
        *(binomial_mixture(n) for n in (1, 2, 3)),
        binomial_mixture(2, Fraction(1, 4)),
        *(hidden_markov(n) for n in (1, 2, 3)),
        reuse(),
        square(),
        *(horner(n) for n in (2, 3)),
    ]
    for thing in things:
        generators = [g for g in thing.ideal.generators if not g.is_zero]
        kind = "straight-line" if isinstance(thing, StraightLine) else "probabilistic"
        at = {n: str(x) for n, x in thing.at.items() if x}
        name = thing.name + ("-" + "-".join(f"{k}{v.replace('/', '_')}" for k, v in at.items())
                             if at and kind == "probabilistic" else "")  # fmt: skip
        yield {
            "id": f"program-{name}".lower().replace("_", "-"),
            "title": f"{kind} program {thing.name}",
            "vars": list(thing.parameters),
            "ideal": [str(g.flint) for g in generators],
            "at": at,
            "tags": ["program", kind],
            "note": _AT_A_WALL if thing.name.startswith("hmm2-") else "",
        }


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


_ALIASES = ["program", "computation", "Turing machine", "program synthesis", "algorithm"]
_TAG_ALIASES = {
    "automaton": ["finite automaton", "state machine", "DFA"],
    "branching": ["branching program", "decision diagram"],
    "circuit": ["boolean circuit", "logic gates"],
    "computes-parity": ["XOR", "modular addition", "addition modulo 2", "sum of bits"],
    "computes-xor": ["parity", "modular addition", "addition modulo 2", "exclusive or"],
    "register": ["register machine", "counter machine"],
    "turing": ["noisy Turing machine"],
}


def toml(
    family: str,
    title: str,
    comment: str,
    rows: Iterator[dict[str, Any]],
    aliases: list[str],
    tag_aliases: Mapping[str, list[str]],
) -> str:
    """A file of the catalog."""
    lines = [*(f"# {line}" for line in comment.splitlines()), ""]
    lines += [f'family = "{family}"', f'title = "{title}"', f"aliases = {_value(aliases)}"]
    if tag_aliases:
        lines += ["", "[tag_aliases]"]
        lines += [f"{tag} = {_value(words)}" for tag, words in tag_aliases.items()]
    for row in rows:
        lines += ["", "[[entry]]"]
        lines += [f"{key} = {_value(value)}" for key, value in row.items() if value]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return '"' + str(value).replace('"', "'") + '"'


def files() -> dict[str, str]:
    """Name of each catalog file → its text."""
    return {
        "programs.toml": toml(
            "programs",
            "Programs as singularities: the order of their error",
            "K = the sum of the minimal error syndromes of a program, on errors >= 0: of the\n"
            "order of its NLL loss (docs/programs.md).\n"
            "Written by singularity_lab.programs.catalog_rows.",
            germ_rows(),
            _ALIASES,
            _TAG_ALIASES,
        ),
        "programs_cancellation.toml": toml(
            "programs_cancellation",
            "Probabilistic and straight-line programs",
            "K = the sum of squares of f_y(w) - f_y(w0), or of coefficients of output - target\n"
            "(docs/programs.md). Written by singularity_lab.programs.catalog_rows.",
            cancellation_rows(),
            [*_ALIASES, "straight-line program", "probabilistic program"],
            {},
        ),
    }


def write(folder: str | Path) -> None:
    """Write the files into a folder."""
    for name, text in files().items():
        write_text(Path(folder) / name, text)
