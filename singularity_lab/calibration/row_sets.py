"""Sets of rows by name: ``quick``, ``standard``, ``deep-linear``, and ``hidden``.

The first three are fixed in ``row_sets.toml``, each with a hash over its problems: a result that
names set and hash is about these rows and no others. ``hidden`` is drawn from families by a seed
after the estimator has been named (``hidden:SEED`` draws the same rows again), and proved on the
spot.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import random
import secrets
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from singularity_lab.algebra.polynomial import Ideal, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.errors import BadInput, quoted
from singularity_lab.system.counting import counted

__all__ = ["NAMES", "RowSet", "digest", "layers_problem", "row_set"]

NAMES = ("quick", "standard", "deep-linear", "hidden")
HIDDEN = 20  # germs of the hidden set
LARGEST = 4 * 10**9  # seeds of the hidden set lie below
Matrix = list[list[int]]


@dataclass(frozen=True)
class RowSet:
    """Rows under one name. digest: of their problems, 16 hexadecimal digits. seed: of a draw."""

    name: str
    rows: tuple[CalibrationRow, ...]
    digest: str
    seed: int | None = None

    def __str__(self) -> str:
        """How a result names it, for example ``quick (12 rows, 0123456789abcdef)``."""
        name = self.name if self.seed is None else f"{self.name}:{self.seed}"
        return f"{name} ({counted(len(self.rows), 'row')}, {self.digest})"


def row_set(name: str) -> RowSet:
    """Return the set of that name; ``hidden`` draws a new one, ``hidden:SEED`` that of the seed.

    Raises BadInput for an unknown name, and where the catalog's rows are not those that the set was
    made of.

    >>> str(row_set("quick")).startswith("quick (12 rows, ")
    True
    """
    base, colon, seed = name.partition(":")
    if base not in NAMES or (colon and base != "hidden"):
        raise BadInput(f"rows: a set is one of {', '.join(NAMES)}, received {name!r}")
    if base == "hidden":
        if colon and not (seed.isdecimal() and int(seed) < LARGEST):
            raise BadInput(f"rows: hidden:SEED with an integer below {LARGEST}, received {name!r}")
        number = int(seed) if colon else secrets.randbelow(LARGEST)
        rows = tuple(_hidden(number))
        return RowSet(base, rows, digest(rows), number)
    given = _written()[base]
    rows = tuple(_fixed(given))
    found = digest(rows)
    if found != given["digest"]:
        raise BadInput(
            f"rows: the set {base} was made of other problems (hash {given['digest']}, "
            f"now {found}); results under its name would not compare"
        )
    return RowSet(base, rows, found)


def is_name(text: str) -> bool:
    """True if a text names a set rather than a row of the catalog.

    Raises BadInput for what is neither and nearly the name of a set.

    >>> is_name("quick"), is_name("nc-1-1")
    (True, False)
    >>> is_name("quik")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: rows: neither a set (quick, standard, deep-linear, hidden) \
nor a row is called 'quik'; did you mean quick?
    """
    base = text.partition(":")[0]
    if base in NAMES:
        return True
    near = difflib.get_close_matches(base, NAMES, n=1, cutoff=0.75)
    if near and not _is_row(text):
        raise BadInput(
            f"rows: neither a set ({', '.join(NAMES)}) nor a row is called {quoted(text)}; "
            f"did you mean {near[0]}?"
        )
    return False


def _is_row(text: str) -> bool:
    from singularity_lab.catalog.load import load

    try:
        load(text)
    except BadInput:
        return False
    return True


def digest(rows: Sequence[CalibrationRow]) -> str:
    """The hash of a set: over ids and problems, in any order; titles, notes and tags do not
    count."""
    said = sorted(json.dumps(_content(row), sort_keys=True) for row in rows)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _content(row: CalibrationRow) -> Any:
    source = row.source()
    return [source["id"], source["problem"]] if source["problem"] else source


@cache
def _written() -> dict[str, Any]:
    text = files(__package__).joinpath("row_sets.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _fixed(given: dict[str, Any]) -> Iterator[CalibrationRow]:
    for id in given.get("ids", ()):
        yield CalibrationRow.of(id)
    for draw in given.get("draws", ()):
        yield deep_linear_row(draw)


# -- random deep linear networks -------------------------------------------------------------------


def deep_linear_row(seed: int) -> CalibrationRow:
    """A linear network x ↦ W_L ⋯ W_1 x at random layers, as the field's public benchmark draws
    them.

    2 to 4 layers of widths 1 to 6, W_k* a product of Gaussian-rounded integer matrices, each with
    probability 1/2 of reduced rank; the truth is the network itself at w*. The λ of w* is the
    *local* one; ``beside`` has the global one of the model (Aoyagi 2024), which a draw does not
    have in general. Lau, Furman, Wang, Murfet and Wei 2023, appendix, for the generator.
    """
    from singularity_lab.catalog.formulas import aoyagi_2024

    generator = random.Random(f"deep-linear {seed}")
    widths = [generator.randint(1, 6) for _ in range(generator.choice((3, 3, 4, 5)))]
    layers = []
    for n_in, n_out in pairwise(widths):
        rank = min(n_in, n_out)
        if generator.random() < 0.5:
            rank = generator.randint(0, rank)
        layers.append(_random_matrix(generator, n_out, n_in, rank))
    problem, rank = layers_problem(layers)
    overall = aoyagi_2024(widths, rank)
    return CalibrationRow(
        f"layers-{'-'.join(map(str, widths))}-{seed}",
        "deep_linear_draws",
        len(problem.variables),
        problem,
        ("network", "linear"),
        beside=(("global λ", str(Fraction(overall.value))),),
    )


def _random_matrix(generator: random.Random, rows: int, columns: int, rank: int) -> Matrix:
    """A matrix of rank at most ``rank``, a product of two integer matrices."""

    def draw(a: int, b: int) -> Matrix:
        return [[round(generator.gauss(0, 1.5)) for _ in range(b)] for _ in range(a)]

    if rank == min(rows, columns):
        return draw(rows, columns)
    return _product(draw(rows, rank), draw(rank, columns), rows, columns)


def _product(a: Matrix, b: Matrix, rows: int, columns: int) -> Matrix:
    return [
        [sum(a[i][k] * b[k][j] for k in range(len(b))) for j in range(columns)] for i in range(rows)
    ]


def layers_problem(layers: Sequence[Matrix]) -> tuple[LocalProblem, int]:
    """The germ of Σ (entries of W_L ⋯ W_1 − W_L* ⋯ W_1*)² at the given layers W_1*, …, W_L*, and
    the rank of their product.

    >>> problem, rank = layers_problem([[[1]], [[2]]])
    >>> print(problem.ideal.generators[0].flint, rank)
    a11*b11 - 2 1
    """
    names: list[list[list[str]]] = []
    values = []
    at: dict[str, int] = {}
    for letter, layer in zip("abcdefgh", layers, strict=False):
        names.append([
            [f"{letter}{i + 1}{j + 1}" for j in range(len(row))] for i, row in enumerate(layer)
        ])  # fmt: skip
        at |= {
            name: x
            for row, line in zip(names[-1], layer, strict=True)
            for name, x in zip(row, line, strict=True)
        }
        values.append(layer)
    symbols: Any = names[0]
    target = values[0]
    for name, value in zip(names[1:], values[1:], strict=True):
        symbols = [
            [
                "(" + " + ".join(f"{row[k]}*{symbols[k][j]}" for k in range(len(row))) + ")"
                for j in range(len(symbols[0]))
            ]
            for row in name
        ]
        target = _product(value, target, len(value), len(target[0]))
    generators = [
        f"{symbols[i][j]} - ({target[i][j]})"
        for i in range(len(target))
        for j in range(len(target[0]))
    ]
    return LocalProblem.build(generators, list(at), at=at), _rank(target)


def _rank(matrix: Matrix) -> int:
    from flint import fmpz_mat

    return int(fmpz_mat(matrix).rank())


# -- hidden rows -----------------------------------------------------------------------------------


def _hidden(seed: int) -> Iterator[CalibrationRow]:
    """Germs of several kinds, each moved away from the origin and turned by a shear, so that
    neither its form nor its place is one of the catalog's; those that the engine does not prove at
    once, and those that repeat one up to names and signs, are drawn again."""
    from singularity_lab.catalog.repeats import same_germ
    from singularity_lab.exact.engine.solve import rlct

    generator = random.Random(f"hidden {seed}")
    drawn: list[LocalProblem] = []
    while (count := len(drawn)) < HIDDEN:
        kind = _KINDS[count % len(_KINDS)]
        generators = kind(generator)
        problem, plain = _moved(generator, generators), LocalProblem.build(generators)
        if any(same_germ(plain, other) for other in drawn):
            continue
        if rlct(problem, budget=1.0).exact:
            drawn.append(plain)
            count += 1
            yield CalibrationRow(
                f"hidden-{count:02}", kind.__name__[1:], len(problem.variables), problem
            )


def _normal_crossing(generator: random.Random) -> list[str]:
    powers = [generator.randint(1, 3) for _ in range(generator.randint(2, 3))]
    return ["*".join(f"x{i}^{p}" for i, p in enumerate(powers))]


def _diagonal(generator: random.Random) -> list[str]:
    powers = [generator.randint(1, 4) for _ in range(generator.randint(2, 4))]
    return [f"x{i}^{p}" for i, p in enumerate(powers)]


def _monomials(generator: random.Random) -> list[str]:
    d = generator.randint(2, 3)
    drawn = set()
    for _ in range(generator.randint(2, 3)):
        powers = [generator.randint(0, 3) for _ in range(d)]
        powers[generator.randrange(d)] += 1
        drawn.add(tuple(powers))
    least = [a for a in drawn if not any(b != a and all(map(int.__le__, b, a)) for b in drawn)]
    return sorted("*".join(f"x{i}^{p}" for i, p in enumerate(a) if p) for a in least)


def _curve(generator: random.Random) -> list[str]:
    a, b = generator.choice([(2, 3), (2, 5), (3, 4), (3, 5), (2, 7)])
    return [f"x0^{a} - x1^{b}"]


def _products(generator: random.Random) -> list[str]:
    pairs = generator.randint(1, 2)
    found = [f"x{2 * i}*x{2 * i + 1}" for i in range(pairs)]
    if generator.random() < 0.5:
        found.append(f"x{2 * pairs}^{generator.randint(1, 3)}")
    return found


_KINDS: tuple[Callable[[random.Random], list[str]], ...] = (
    _normal_crossing,
    _diagonal,
    _monomials,
    _curve,
    _products,
)


def _moved(generator: random.Random, generators: list[str]) -> LocalProblem:
    """The same germ at a random rational point, its last variable sheared by a square of the
    first."""
    ideal = Ideal.parse(generators)
    used = ideal.variables
    variables = {v: parse(v, used) for v in used}
    at = {v: Fraction(generator.randint(-8, 8), generator.choice((1, 2, 4))) for v in used}
    moved: dict[str, Any] = {v: x - at[v] for v, x in variables.items()}
    moved[used[-1]] = moved[used[-1]] + generator.choice((-1, 0, 1)) * moved[used[0]] ** 2
    return LocalProblem.build([g.substitute(moved) for g in ideal.generators], used, at=at)
