"""Looking rows up by what one has: a word, an id, λ, a reading with its error, or polynomials.

A query is a list of terms, all of which must hold; the terms that are understood:

- a word, or a phrase in quotes: in the id, title, aliases, family, tags and note; rows that are
  called so come first (:mod:`singularity_lab.dictionary.words`)
- ``λ=5/12`` (or ``lambda=``), ``λ<1``, ``λ≥1/2`` (or ``>=``), ``λ:1/2..1``, ``m=2``, ``m>1``,
  ``d:2..4``, ``d=6``; rows with bounds only where the whole interval fits
- ``5/12`` alone: λ is exactly this; ``5.9±0.3`` (or ``5.9+-0.3``): λ within this interval
- ``family:tanh`` (a part of the name), ``tag:demo``, ``status:proved``, ``model:…``,
  ``class:6f7a…`` or ``class:ID``, that of a row
- ids of rows with blanks or commas between: these rows; a comma between comparisons is a blank
- polynomials ``x^2 - y^3``, ``x*y, z`` or ``(x*y, z)``: the germ at 0, up to renaming, signs and
  proved moves; single letters alone, as ``x, y``, are polynomials where a comma is between them

The page of the atlas takes a query apart by the same rules (``atlas/src/search.ts``); one table of
queries holds both to them (``atlas/test/queries.json``).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from singularity_lab.algebra.doubtful_names import doubts_of
from singularity_lab.algebra.polynomial import Ideal
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.dictionary.columns import sides
from singularity_lab.dictionary.schema import Row, StratumLine, Tables
from singularity_lab.dictionary.words import names_of, near_words, plain
from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.exact.engine.forms import plain_form, reduced_form
from singularity_lab.exact.proof.certificate import polynomial_problem_from_json

_NUM = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:/[0-9]+)?"
_COMPARE = re.compile(
    rf"(λ|lambda|rlct|l|m|d)(<=|>=|≤|≥|=|<|>|:)({_NUM})?((?:\.\.|-)({_NUM})?)?$", re.IGNORECASE
)
_FIELD = re.compile(r"(family|tag|status|class|model):(.+)$", re.IGNORECASE)
_FRACTION = re.compile(r"[0-9]+/[0-9]+$")
_READING = re.compile(rf"({_NUM})(?:±|\+-|\+/-)({_NUM})$")
_SPACED = re.compile(r"(?<![\w\"])(λ|lambda|rlct|l|m|d)\s*(<=|>=|≤|≥|=|<|>)\s*", re.IGNORECASE)
_POWER = re.compile(r"[\^*]")
_SUM = re.compile(r"[^\W\d_]\w*\s*[-+]\s*[^\W\d_(]")  # of names; `1-d` is none
_LONG = re.compile(r"[^\W\d_]{3}")
_LETTER = re.compile(r"[a-z]")
_SIGNS = str.maketrans({"²": "^2", "³": "^3", "·": "*", "−": "-"})


@dataclass(frozen=True)
class Hit:
    """A row that was found. distance: from the reading that was asked for, 0 else. why: how it
    answers, where that is not plain."""

    row: Row
    stratum: StratumLine
    distance: float = 0.0
    why: str = ""

    def __repr__(self) -> str:
        why = f", {self.why}" if self.why else ""
        return (
            f"<{self.row.id}: {self.row.title}; λ = {self.stratum.lam}, m = {self.stratum.m}{why}>"
        )


Test = Callable[[Row, StratumLine], bool]


def find(query: str, tables: Tables | str | Path | None = None) -> list[Hit]:
    """Return the rows that answer a query, the nearest first.

    tables: a dictionary; the shipped one if absent. Raises BadInput for an empty query and for a
    term that begins like a comparison and is none.

    >>> [hit.row.id for hit in find("u^3 + v^2")][:1]
    ['ade-a2']
    >>> all("attention" in hit.row.family for hit in find("transformer"))
    True
    """
    from singularity_lab.dictionary.tables import chosen

    tables = chosen(tables)
    query = query.strip()
    if not query:
        raise BadInput("query: a word, an id, λ, a reading or polynomials are needed")
    lines = {line.row_id: line for line in tables.strata if line.on_file}
    pairs = [(row, lines[row.id]) for row in tables.rows]
    named = [name for name in re.split(r"[\s,;]+", query) if name]
    by_id = {row.id: Hit(row, line) for row, line in pairs}
    if all(name in by_id for name in named):
        return [by_id[name] for name in dict.fromkeys(named)]
    germ = _germ(query)
    if germ is not None:
        return _same_germ(germ, pairs)
    asked = _asked(query, lines)
    centre, names = asked.centre, names_of(tables.rows if asked.words else ())
    words = [plain(word) for word in asked.words]
    hits = [
        Hit(row, line, 0.0 if centre is None else _distance(line, centre))
        for row, line in pairs
        if all(test(row, line) for test in asked.tests)
        and all(names[row.id].mentions(word) for word in words)
    ]
    if not words:
        return sorted(hits, key=lambda h: (h.distance, 0 if centre is not None else h.row.d))
    return sorted(hits, key=lambda h: (h.distance, names[h.row.id].closeness(asked.words)))


def unknown_words(query: str, tables: Tables | str | Path | None = None) -> dict[str, list[str]]:
    """The words of a query that no row has, each with names that are spelled nearly so.

    >>> unknown_words("tansformer d=6")
    {'tansformer': ['transformer']}
    """
    from singularity_lab.dictionary.tables import chosen

    rows = chosen(tables).rows
    names = names_of(rows).values()
    return {
        word: near_words(word, rows)
        for word in _asked(query, {}).words
        if not any(n.mentions(plain(word)) for n in names)
    }


def why_none(query: str, tables: Tables | str | Path | None = None) -> list[str]:
    """Sentences that tell why no row answers a query that has none, and what to do; empty where
    words alone are not found (:func:`unknown_words`).

    >>> why_none("a*b^2 - c^3, a*c")[0]
    'no row has these generators up to renaming and signs, or proved moves'
    >>> why_none("λ=7/12")
    ['no row has λ=7/12; the nearest values are 13/24 and 3/5']
    """
    from singularity_lab.dictionary.tables import chosen

    tables = chosen(tables)
    query = query.strip()
    generators = _generators(query)
    if generators is not None:
        typed = shlex.join(generators)
        return [
            "no row has these generators up to renaming and signs, or proved moves",
            f"singlab rlct {typed} proves λ and m; then singlab find 'λ=… m=…' has the rows "
            "that share them",
            *_by_type(generators, typed),
        ]
    lines = {line.row_id: line for line in tables.strata if line.on_file}
    pairs = [(row, lines[row.id]) for row in tables.rows]
    asked = _asked(query, lines)
    told = []
    for term, test in asked.terms.items():
        if not any(test(*pair) for pair in pairs):
            told.append(f"no row has {term}{_nearest(term, lines.values())}")
    if not told and len(asked.terms) > 1 and not asked.words:
        told = [f"rows have each of {', '.join(asked.terms)}, and none has all"]
    return told


def _by_type(generators: Sequence[str], typed: str) -> list[str]:
    """That the type of one f of at most three variables tells rows, in a sentence."""
    germ = _read(generators)
    if germ is None or len(generators) > 1 or not 2 <= len(germ.variables) <= 3:
        return []
    return [
        f"singlab singularity {typed} classifies f where its critical point is isolated; then "
        "singlab find E6 has the rows of a type"
    ]


def _nearest(term: str, lines: Iterable[StratumLine]) -> str:
    """The values of λ on file next below and above one that a term asks for."""
    match = re.fullmatch(rf"(?:λ|lambda|rlct|l)[=:]({_NUM})", term, re.IGNORECASE)
    if match is None:
        return ""
    wanted = _fraction(match[1])
    known = {low for low, high in (sides(line.lam) for line in lines) if low and low == high}
    near = [
        *([max(below)] if (below := [v for v in known if v < wanted]) else []),
        *([min(above)] if (above := [v for v in known if v > wanted]) else []),
    ]
    which = "values are" if len(near) > 1 else "value is"
    return f"; the nearest {which} {' and '.join(map(str, near))}" if near else ""


@dataclass(frozen=True)
class _Asked:
    """A query taken apart. terms: its tests, by their texts; centre: of the reading that it has;
    words: those that are no test."""

    terms: Mapping[str, Test]
    words: tuple[str, ...]
    centre: Fraction | None

    @property
    def tests(self) -> tuple[Test, ...]:
        """The tests without their texts."""
        return tuple(self.terms.values())


def _terms(query: str) -> list[str]:
    try:
        found = shlex.split(_SPACED.sub(r"\1\2", query))
    except ValueError:
        raise BadInput(f"query: a quote is not closed: {query[:80]!r}") from None
    return [part for term in found for part in _parts(term)]


def _parts(term: str) -> list[str]:
    """A term, or the comparisons in it that have commas after or between them."""
    parts = [part for part in re.split(r"[,;]", term) if part]
    return parts if parts and all(map(_is_test, parts)) else [term]


def _is_test(term: str) -> bool:
    return any(kind.match(term) for kind in (_COMPARE, _FIELD, _FRACTION, _READING))


def _asked(query: str, lines: Mapping[str, StratumLine]) -> _Asked:
    tests: dict[str, Test] = {}
    words: list[str] = []
    centre: Fraction | None = None
    for term in _terms(query):
        match = _COMPARE.match(term)
        if match and (match[3] or match[5]):
            tests[term] = _compared(*match.groups())
        elif match := _FIELD.match(term):
            tests[term] = _field(match[1].lower(), match[2], lines)
        elif _FRACTION.match(term):
            tests[f"λ={term}"] = _compare("λ", "=", _fraction(term))
        elif match := _READING.match(term):
            centre, error = _fraction(match[1]), _fraction(match[2])
            tests[f"λ={term}"] = _interval(centre - error, centre + error)
        elif re.match(r"(λ|lambda|rlct|m|d)\s*[<>=≤≥]", term):
            raise BadInput(f"query: a number is needed after the sign, received {term[:40]!r}")
        else:
            words.append(term)
    return _Asked(tests, tuple(words), centre)


def _fraction(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise BadInput(f"query: a fraction is needed, received {text[:40]!r}") from None


def _holds(sign: str, a: Fraction | int, b: Fraction) -> bool:
    return {"=": a == b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[sign]


def _compared(name: str, sign: str, first: str | None, rest: str | None, last: str | None) -> Test:
    """The test of a term as ``λ<1`` or ``d:2..4``, either end of which may be open."""
    name = name.lower()
    if rest is None:
        sign = {"≤": "<=", "≥": ">=", ":": "="}.get(sign, sign)
        return _compare(name, sign, _fraction(str(first)))
    ends: list[Test] = []
    if first:
        ends.append(_compare(name, ">=", _fraction(first)))
    if last:
        ends.append(_compare(name, "<=", _fraction(last)))
    return lambda row, line: all(test(row, line) for test in ends)


def _compare(name: str, sign: str, wanted: Fraction) -> Test:
    def test(row: Row, line: StratumLine) -> bool:
        if name == "d":
            return _holds(sign, row.d, wanted)
        if name == "m":
            return line.m.status == "value" and _holds(sign, int(line.m.value), wanted)
        low, high = sides(line.lam)
        if sign == "=":
            return low is not None and low == high == wanted
        end = high if sign in ("<", "<=") else low
        return end is not None and _holds(sign, end, wanted)

    return test


def _field(name: str, wanted: str, lines: Mapping[str, StratumLine]) -> Test:
    if name == "class" and wanted in lines:
        wanted = str(lines[wanted].class_id.value)

    def test(row: Row, line: StratumLine) -> bool:
        if name == "tag":
            return wanted.lower() in map(str.lower, row.tags)
        if name == "model":
            return row.model_id == wanted
        if name == "family":
            return wanted.lower() in row.family
        if name == "class":
            return line.class_id.status == "value" and line.class_id.value.startswith(wanted)
        return row.status == wanted.lower()

    return test


def _interval(low: Fraction, high: Fraction) -> Test:
    def test(row: Row, line: StratumLine) -> bool:
        a, b = sides(line.lam)
        return a is not None and b is not None and a <= high and b >= low

    return test


def _distance(line: StratumLine, centre: Fraction) -> float:
    low, high = sides(line.lam)
    if low is None or high is None:
        return float("inf")
    return float(max(low - centre, centre - high, Fraction(0)))


# -- germs -----------------------------------------------------------------------------------------


def _generators(query: str) -> list[str] | None:
    """The polynomials that a query lists, or None for words and comparisons.

    >>> _generators("(x*y, (x + 1)*z)"), _generators("x, y"), _generators("reduced-rank, cusp")
    (['x*y', '(x + 1)*z'], ['x', 'y'], None)
    """
    text = query.strip().translate(_SIGNS)
    if re.search(r"[:=<>±\"]", text):
        return None
    parts = _split(_unwrapped(text))
    if len(parts) == 1 and _POWER.search(text):  # generators with blanks between
        words = text.split()
        if len(words) > 1 and all(map(_POWER.search, words)) and _read(words) is not None:
            return words
    powers = _POWER.search(text) is not None
    letters = len(parts) > 1 and all(map(_LETTER.fullmatch, parts))
    sums = _SUM.search(text) is not None and not _LONG.search(text)
    if not (powers or letters or sums) or any(map(_is_test, parts)) or _read(parts) is None:
        return None
    return parts


def _unwrapped(text: str) -> str:
    """A text without a pair of brackets around the whole."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return text[1:-1] if at and at == len(text) - 1 and sign == ")" else text
    return text


def _split(text: str) -> list[str]:
    """The parts between commas and semicolons that are in no bracket."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign in ",;" and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _read(parts: Sequence[str]) -> LocalProblem | None:
    """The germ at 0 of polynomials; None where one of them is none."""
    try:
        return LocalProblem.of(Ideal.parse(parts))
    except SingularityLabError:
        return None


def doubts(query: str) -> str:
    """How the names of the polynomials of a query were read, where something else may be meant.

    >>> doubts("x2 - y3"), doubts("transformer")
    ('variables: x2, y3; if x^2, y^3 are meant, write so', '')
    """
    germ = _germ(query)
    return "" if germ is None else doubts_of(germ)


def _germ(query: str) -> LocalProblem | None:
    """The germ at 0 of the polynomials of a query, or None for words."""
    parts = _generators(query)
    return None if parts is None else _read(parts)


def _problem(row: Row) -> LocalProblem:
    """The germ that the columns of a row spell: a table may hold rows that the catalog has not."""
    names = ("variables", "generators", "convention", "point", "prior", "box")
    return polynomial_problem_from_json({name: getattr(row, name) for name in names})


def _same_germ(germ: LocalProblem, pairs: Sequence[tuple[Row, StratumLine]]) -> list[Hit]:
    """Rows with the germ, those up to renaming and signs before those up to proved moves.

    The first row of a class of the germ's name is built and compared; the others are taken with it.
    """
    from singularity_lab.dictionary import classes

    plain, reduced = plain_form(germ), reduced_form(germ)
    fine: dict[str, list[tuple[Row, StratumLine]]] = {}
    coarse: dict[str, list[tuple[Row, StratumLine]]] = {}
    for row, line in pairs:
        if line.class_id.status == "value":
            fine.setdefault(line.germ_id.value, []).append((row, line))
            coarse.setdefault(line.class_id.value, []).append((row, line))
    found: list[Hit] = []
    for name in classes.names_of(plain, fine):
        if plain_form(_problem(fine[name][0][0])).renaming(plain) is not None:
            found += [Hit(*pair, why="up to renaming and signs") for pair in fine[name]]
    known = {hit.row.id for hit in found}
    moved = "up to proved moves"
    names = {hit.stratum.class_id.value for hit in found} or {
        name
        for name in classes.names_of(reduced, coarse)
        if reduced_form(_problem(coarse[name][0][0])).renaming(reduced) is not None
    }
    more = [pair for name in names for pair in coarse[name]]
    return found + [Hit(*pair, why=moved) for pair in more if pair[0].id not in known]
