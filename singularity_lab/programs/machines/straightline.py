"""Programs over the reals: straight-line programs, and probabilistic targets with cancellation.

A *straight-line program* assigns polynomials in parameters and inputs, one after the other
(Bürgisser, Clausen and Shokrollahi 1997, §4.1). It solves its task where the output is the target
polynomial in the inputs; the loss Σ_x q(x)(y − target)² has the λ of the ideal of the coefficients
of the difference, for a law q of full support.

A *probabilistic program* draws coins whose probabilities are polynomials in real parameters; its
loss is the divergence from a target law. At a law with full support KL ≍ Σ (f_y(w) − f_y(w₀))²
(Watanabe 2009, Theorem 7.2), so λ is that of the ideal (f_y(w) − f_y(w₀)). Parameters are free near
an interior point: terms cancel, and no linear program decides; these are problems for the engine.

Both are written as text, one statement a line, ``#`` opens a comment (:func:`parse_real_program`):

    straight-line slp-reuse                  probabilistic coin-xor-2
    parameters u1 u2 v1 v2                   parameters x1 x2
    inputs x                                 outcome 0: 1/2*x1*x2 + 1/2
    t = u1*x + u2                            outcome 1: -1/2*x1*x2 + 1/2
    y = v1*t + v2*x                          at x2 = 1/4
    output y
    target x
    at v2 = 1
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from math import comb

from singularity_lab.algebra.names import check_names
from singularity_lab.algebra.polynomial import Ideal, Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.errors import BadInput
from singularity_lab.programs import program_limits
from singularity_lab.programs.machines.machines import check_name, check_word
from singularity_lab.programs.machines.text import NumberedLine, on_line, statements
from singularity_lab.programs.uncertainty.semirings import Numbers


@dataclass(frozen=True)
class StraightLine:
    """parameters and inputs: names. statements: (name, polynomial in what stands before it).
    output: a name. target: a polynomial in the inputs. at: parameters where the target is met.

    Raises BadInput for a name used before its statement, for two statements of one name, and where
    ``at`` does not meet the target.

    >>> p = StraightLine.parse('''
    ... t = u1*x + u2
    ... y = v1*t + v2*x
    ... ''', parameters="u1 u2 v1 v2", inputs="x", output="y", target="x", at={"v2": 1})
    >>> print(p.ideal)
    (u2*v1, u1*v1 + v2 - 1) in Q[u1, u2, v1, v2]
    """

    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    statements: tuple[tuple[str, Polynomial], ...]
    output: str
    target: Polynomial
    at: Mapping[str, Fraction] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        seen = {*self.parameters, *self.inputs}
        for name, expression in self.statements:
            if name in seen:
                raise BadInput(f"statement {name} = …: the name is taken")
            used = {
                v
                for a, _ in expression.terms()
                for v, e in zip(expression.variables, a, strict=True)
                if e
            }
            if not used <= seen:
                raise BadInput(f"statement {name} = …: {sorted(used - seen)[0]!r} is not known yet")
            seen.add(name)
        if self.output not in seen:
            raise BadInput(f"output: no name {self.output!r}")
        for name in self.at:
            if name not in self.parameters:
                raise BadInput(f"at: {name!r} is no parameter")
        if any(g(self.point) for g in self.ideal.generators):
            raise BadInput("at: the program does not compute the target at these parameters")

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        parameters: str | Sequence[str],
        inputs: str | Sequence[str],
        output: str,
        target: str,
        at: Mapping[str, Rational | str] | None = None,
        name: str = "",
    ) -> StraightLine:
        """Statements ``name = polynomial``, one a line; ``#`` opens a comment."""
        parameters, inputs = check_names(parameters), check_names(inputs)
        known = [*parameters, *inputs]
        statements = []
        for number, raw in enumerate(text.splitlines(), start=1):
            line = raw.partition("#")[0].strip()
            if not line:
                continue
            left, sign, right = line.partition("=")
            if not sign:
                raise BadInput(f"line {number}: 'name = polynomial' is needed, received {line!r}")
            (assigned,) = check_names([left.strip()])
            if assigned in known:
                raise BadInput(f"line {number}: the name {assigned!r} is taken")
            statements.append((assigned, parse(right, known)))
            known.append(assigned)
        return cls(
            parameters,
            inputs,
            tuple(statements),
            output,
            parse(target, inputs),
            {k: fraction(v, f"at[{k}]") for k, v in (at or {}).items()},
            name,
        )

    @property
    def point(self) -> tuple[Fraction, ...]:
        """The values of the parameters at the solution."""
        return tuple(Fraction(self.at.get(n, 0)) for n in self.parameters)

    @property
    def function(self) -> Polynomial:
        """The output as a polynomial in parameters and inputs."""
        names = (*self.parameters, *self.inputs)
        values = {n: Polynomial.from_terms({_unit(i, len(names)): 1}, names)
                  for i, n in enumerate(names)}  # fmt: skip
        degrees = dict.fromkeys(names, 1)
        for name, expression in self.statements:
            total, degrees[name] = Polynomial.constant(0, names), 0
            for exponent, c in expression.terms():
                term = Polynomial.constant(c, names)
                powers = [(v, e) for v, e in zip(expression.variables, exponent, strict=True) if e]
                degree = sum(degrees[v] * e for v, e in powers)
                program_limits.at_most(_DEGREE, degree, f"statement {name} = …: degree")
                degrees[name] = max(degrees[name], degree)
                for v, e in powers:
                    for _ in range(e):
                        size = len(term.flint) * len(values[v].flint)
                        program_limits.at_most(
                            _PRODUCTS, size, f"statement {name} = …: products of terms"
                        )
                        term = term * values[v]
                total = total + term
            values[name] = total
        return values[self.output]

    @property
    def ideal(self) -> Ideal:
        """The coefficients, in the inputs, of output − target: an ideal in the parameters."""
        difference = self.function - self.target.in_ring((*self.parameters, *self.inputs))
        n = len(self.parameters)
        parts: dict[tuple[int, ...], dict[tuple[int, ...], Fraction]] = {}
        for exponent, c in difference.terms():
            parts.setdefault(exponent[n:], {})[exponent[:n]] = c
        found = [Polynomial.from_terms(p, self.parameters) for _, p in sorted(parts.items())]
        return Ideal(self.parameters, tuple(found) or (Polynomial.constant(0, self.parameters),))

    def problem(self) -> LocalProblem:
        """The germ at ``at``."""
        return LocalProblem.build(self.ideal, at=self.point)

    @property
    def kind(self) -> str:
        """The kind of machine, as files name it."""
        return "straight-line"

    @property
    def computes(self) -> str:
        """What is asked for, in words."""
        return f"the polynomial {self.target}"

    def to_text(self) -> str:
        """The text that :func:`parse_real_program` reads."""
        lines = [f"{self.kind} {self.name or 'program'}", _words("parameters", self.parameters)]
        lines.append(_words("inputs", self.inputs))
        lines += [f"{name} = {expression}" for name, expression in self.statements]
        lines += [f"output {self.output}", f"target {self.target}", *_at_lines(self.at)]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class ProbabilisticTarget:
    """A law f(w) of finitely many outputs, polynomial in parameters w, and a point w₀ whose law is
    the target.

    >>> print(coin_xor(2).ideal)
    (1/2*x1*x2, -1/2*x1*x2) in Q[x1, x2]
    """

    name: str
    parameters: tuple[str, ...]
    law: Mapping[str, Polynomial]
    at: Mapping[str, Fraction] = field(default_factory=dict)
    summary: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        one = Polynomial.constant(0, self.parameters)
        for p in self.law.values():
            one = one + p
        if one != 1:
            raise BadInput(f"law: the probabilities sum to {one}, not 1")

    @property
    def point(self) -> tuple[Fraction, ...]:
        """The values of the parameters at the solution."""
        return tuple(Fraction(self.at.get(n, 0)) for n in self.parameters)

    @property
    def ideal(self) -> Ideal:
        """f_y(w) − f_y(w₀) for each output y, zeros left out."""
        found = [p - p(self.point) for p in self.law.values()]
        kept = tuple(g for g in found if not g.is_zero)
        return Ideal(self.parameters, kept or (Polynomial.constant(0, self.parameters),))

    def problem(self) -> LocalProblem:
        """The germ at w₀. Raises BadInput where the target law has a zero: there KL is not of the
        order of the squares."""
        for y, p in self.law.items():
            if p(self.point) <= 0:
                raise BadInput(
                    f"law: the target gives {y!r} probability 0; KL is no sum of squares there"
                )
        return LocalProblem.build(self.ideal, at=self.point)

    @property
    def kind(self) -> str:
        """The kind of machine, as files name it."""
        return "probabilistic"

    @property
    def computes(self) -> str:
        """What is asked for, in words."""
        law = ", ".join(f"{y}: {p(self.point)}" for y, p in self.law.items())
        return f"the law {law}" if len(self.law) <= 4 else f"a law of {len(self.law)} outputs"

    def to_text(self) -> str:
        """The text that :func:`parse_real_program` reads."""
        lines = [f"{self.kind} {self.name}", _words("parameters", self.parameters)]
        lines += [f"outcome {y}: {p}" for y, p in self.law.items()]
        return "\n".join([*lines, *_at_lines(self.at)]) + "\n"


RealProgram = StraightLine | ProbabilisticTarget
REAL_KINDS = ("straight-line", "probabilistic")
_RATIONAL = re.compile(r"-?[0-9]{1,40}(/[0-9]{1,40}|\.[0-9]{1,40})?")
_DEGREE, _PRODUCTS = 200, 4_000_000  # of the output of a straight-line program, as it is expanded


def _words(key: str, names: Sequence[str]) -> str:
    return " ".join([key, *names])


def _at_lines(at: Mapping[str, Fraction]) -> list[str]:
    return [f"at {name} = {value}" for name, value in at.items() if value]


def is_real_program(text: str) -> bool:
    """True if the text opens with ``straight-line`` or ``probabilistic``."""
    stripped = (line.partition("#")[0].split() for line in text.splitlines())
    return next((words[0] for words in stripped if words), "") in REAL_KINDS


def parse_real_program(text: str) -> RealProgram:
    """Read a straight-line or probabilistic program (the module's text shows both forms).

    Raises BadInput with the line that does not fit.

    >>> p = parse_real_program(coin_xor(2).to_text())
    >>> p == coin_xor(2), parse_real_program(reuse().to_text()) == reuse()
    (True, True)
    """
    kind = name = ""
    opens = 1
    single: dict[str, NumberedLine] = {}
    body: list[NumberedLine] = []
    for number, line in statements(text):
        word, *tail = line.split(None, 1)
        rest = tail[0] if tail else ""
        if not kind:
            if word not in REAL_KINDS or not rest:
                raise BadInput(
                    f"line {number}: one of {', '.join(REAL_KINDS)} and a name is needed, "
                    f"received {line[:80]!r}"
                )
            kind, name, opens = word, rest, number
            with on_line(number):
                check_name(name)
            continue
        known = ("parameters", "inputs", "output", "target")[: 4 if kind == REAL_KINDS[0] else 1]
        if word in known and "=" not in line:
            if word in single:
                raise BadInput(f"line {number}: '{word}' is given twice")
            single[word] = (number, rest)
        elif word in ("at", "outcome" if kind == REAL_KINDS[1] else "at") or (
            kind == REAL_KINDS[0] and "=" in line
        ):
            body.append((number, line))
        else:
            raise BadInput(f"line {number}: {line[:80]!r} does not belong into a {kind} program")
    if not kind:
        raise BadInput("line 1: program: the text is empty; a law needs outcomes")
    for key in ("parameters", "output", "target") if kind == REAL_KINDS[0] else ("parameters",):
        if key not in single:
            raise BadInput(f"line {opens}: {kind} {name}: a line '{key} …' is needed")
    with on_line(single["parameters"][0]):
        parameters = check_names(single["parameters"][1])
        program_limits.at_most(program_limits.NAMES, len(parameters), "parameters")
    at = _read_point(body, parameters)
    if kind == REAL_KINDS[0]:
        return _read_straight_line(name, parameters, single, body, at, opens)
    law: dict[str, Polynomial] = {}
    for number, line in body:
        if line.split()[0] == "at":
            continue
        y, colon, expression = line.removeprefix("outcome").partition(":")
        y = y.strip()
        with on_line(number):
            if not colon or not y or y in law:
                raise BadInput(
                    f"'outcome NAME: polynomial', each once, is needed, received {line!r}"
                )
            law[check_word(y, "outcome")] = parse(expression, parameters)
    with on_line(opens):
        if not law:
            raise BadInput("a law needs outcomes: a line 'outcome NAME: polynomial'")
        return ProbabilisticTarget(name, parameters, law, at)


def _read_point(body: Sequence[NumberedLine], parameters: Sequence[str]) -> dict[str, Fraction]:
    """The lines ``at NAME = VALUE``."""
    at: dict[str, Fraction] = {}
    for number, line in body:
        words = line.split()
        if words[0] != "at" or words[1:2] == ["="]:
            continue
        left, _, right = (part.strip() for part in line.removeprefix("at").partition("="))
        if not right or not _RATIONAL.fullmatch(right):
            raise BadInput(f"line {number}: 'at NAME = RATIONAL' is needed, received {line[:80]!r}")
        if left not in parameters:
            raise BadInput(f"line {number}: at: {left!r} is no parameter")
        if left in at:
            raise BadInput(f"line {number}: at {left} is given twice")
        with on_line(number):
            at[left] = fraction(right, f"at[{left}]")
    return at


def _read_straight_line(
    name: str,
    parameters: tuple[str, ...],
    single: Mapping[str, NumberedLine],
    body: Sequence[NumberedLine],
    at: Mapping[str, Fraction],
    opens: int,
) -> StraightLine:
    inputs: tuple[str, ...] = ()
    if "inputs" in single:
        with on_line(single["inputs"][0]):
            inputs = check_names(single["inputs"][1])
            for x in inputs:
                if x in parameters:
                    raise BadInput(f"inputs: {x!r} is a parameter")
    known, assigned = [*parameters, *inputs], list[tuple[str, Polynomial]]()
    for number, line in body:
        words = line.split()
        if words[0] == "at" and words[1:2] != ["="]:
            continue
        left, _, right = line.partition("=")
        with on_line(number):
            (new,) = check_names([left.strip()])
            if new in known:
                raise BadInput(f"the name {new!r} is taken")
            assigned.append((new, parse(right, known)))
        known.append(new)
    with on_line(single["target"][0]):
        target = parse(single["target"][1], inputs)
    place = single["output"][0] if single["output"][1] not in known else opens
    with on_line(place):
        return StraightLine(
            parameters, inputs, tuple(assigned), single["output"][1], target, at, name
        )


def coin_xor(coins: int) -> ProbabilisticTarget:
    """The XOR of independent coins with P(1) = (1 − xᵢ)/2 against a fair coin, at x = 0.

    1 − 2 P(XOR = 1) = ∏ xᵢ.
    """
    if coins < 1:
        raise BadInput(f"coins: an integer >= 1 is needed, received {coins}")
    names = tuple(f"x{i + 1}" for i in range(coins))
    numbers = Numbers(Polynomial.constant(0, names), Polynomial.constant(1, names))
    law = {"0": numbers.one, "1": numbers.zero}
    for i in range(coins):
        x = Polynomial.from_terms({_unit(i, coins): 1}, names)
        heads, tails = (1 - x) / 2, (1 + x) / 2
        law = {
            y: numbers.add(numbers.mul(law[y], tails), numbers.mul(law["10"[int(y)]], heads))
            for y in "01"
        }
    return ProbabilisticTarget(f"coin-xor-{coins}", names, law, summary="XOR of coins, fair.")


def binomial_mixture(trials: int, offset: Rational = 0) -> ProbabilisticTarget:
    """Mixture (1/2 + a)·Bin(n, 1/2 + p) + (1/2 − a)·Bin(n, 1/2 + q), target Bin(n, 1/2), at 0.

    offset: the value of a at the point.
    """
    if trials < 1:
        raise BadInput(f"trials: an integer >= 1 is needed, received {trials}")
    names = ("a", "p", "q")
    a, p, q = (Polynomial.from_terms({_unit(i, 3): 1}, names) for i in range(3))
    half = Fraction(1, 2)
    law = {}
    for k in range(trials + 1):
        one = (half + p) ** k * (half - p) ** (trials - k)
        two = (half + q) ** k * (half - q) ** (trials - k)
        law[str(k)] = ((half + a) * one + (half - a) * two) * comb(trials, k)
    return ProbabilisticTarget(
        f"binomial-mixture-{trials}",
        names,
        law,
        {"a": Fraction(offset)},
        "Two binomials, one true component.",
    )


def hidden_markov(length: int) -> ProbabilisticTarget:
    """A hidden Markov chain on states 1, 2 that starts in 1 and emits ``length`` bits; target: fair
    coins, at x = β = γ = 0 with y arbitrary (0 here).

    x = P(1 → 2), 1/2 + y = P(2 → 1); state 1 emits 1 with 1/2 + β, state 2 with 1/2 + γ.
    """
    if length < 1:
        raise BadInput(f"length: an integer >= 1 is needed, received {length}")
    names = ("x", "y", "beta", "gamma")
    x, y, beta, gamma = (Polynomial.from_terms({_unit(i, 4): 1}, names) for i in range(4))
    half = Fraction(1, 2)
    emit = {
        ("1", "1"): half + beta,
        ("1", "0"): half - beta,
        ("2", "1"): half + gamma,
        ("2", "0"): half - gamma,
    }
    go = {
        ("1", "1"): 1 - x,
        ("1", "2"): x,
        ("2", "1"): half + y,
        ("2", "2"): half - y,
    }
    zero, one = Polynomial.constant(0, names), Polynomial.constant(1, names)
    law = {}
    for word in product("01", repeat=length):
        weight = {"1": one, "2": zero}
        for t, letter in enumerate(word):
            weight = {q: weight[q] * emit[q, letter] for q in "12"}
            if t + 1 < length:
                weight = {q: weight["1"] * go["1", q] + weight["2"] * go["2", q] for q in "12"}
        law["".join(word)] = weight["1"] + weight["2"]
    return ProbabilisticTarget(
        f"hmm2-{length}", names, law, summary="A two-state hidden Markov chain, fair target."
    )


def noisy_channel(stages: int) -> ProbabilisticTarget:
    """A fair bit sent through binary channels in series, against a received bit that is fair and
    independent of it, at 0. Stage i turns 0 into 1 with 1/2 + aᵢ and 1 into 1 with 1/2 + bᵢ.

    After k stages P(1 | x) − 1/2 is rₖ + (x − 1/2) ∏ (bᵢ − aᵢ), with rₖ = (aₖ + bₖ)/2 +
    (bₖ − aₖ) rₖ₋₁: the ideal is (rₖ, ∏ (bᵢ − aᵢ)), so λ = 1 and m = k.
    """
    if stages < 1:
        raise BadInput(f"stages: an integer >= 1 is needed, received {stages}")
    names = tuple(f"{letter}{i + 1}" for i in range(stages) for letter in "ab")
    half, law = Fraction(1, 2), dict[str, Polynomial]()
    for sent in "01":
        one = Polynomial.constant(int(sent), names)
        for i in range(stages):
            a, b = (Polynomial.from_terms({_unit(2 * i + j, len(names)): 1}, names)
                    for j in (0, 1))  # fmt: skip
            one = (1 - one) * (half + a) + one * (half + b)
        law |= {f"{sent}0": (1 - one) / 2, f"{sent}1": one / 2}
    return ProbabilisticTarget(
        f"noisy-channel-{stages}", names, law, summary="A bit through noisy channels in series."
    )


def reuse() -> StraightLine:
    """t = u₁x + u₂, y = v₁t + v₂x, target x: the identity, directly or through t."""
    return StraightLine.parse(
        "t = u1*x + u2\ny = v1*t + v2*x",
        parameters="u1 u2 v1 v2",
        inputs="x",
        output="y",
        target="x",
        at={"v2": 1},
        name="slp-reuse",
    )


def square() -> StraightLine:
    """t = (ax + b)², y = ct + d, target 0."""
    return StraightLine.parse(
        "s = a*x + b\nt = s^2\ny = c*t + d",
        parameters="a b c d",
        inputs="x",
        output="y",
        target="0",
        name="slp-square",
    )


def horner(degree: int) -> StraightLine:
    """Horner's scheme h₁ = a₁x + a₂, hᵢ = hᵢ₋₁·a₁x + aᵢ₊₁, target 0: the first coefficient is
    used again at each step."""
    if degree < 1:
        raise BadInput(f"degree: an integer >= 1 is needed, received {degree}")
    names = [f"a{i}" for i in range(1, degree + 2)]
    lines = ["h1 = a1*x + a2"]
    lines += [f"h{i} = h{i - 1}*a1*x + a{i + 1}" for i in range(2, degree + 1)]
    return StraightLine.parse(
        "\n".join(lines),
        parameters=names,
        inputs="x",
        output=f"h{degree}",
        target="0",
        name=f"slp-horner-{degree}",
    )


def _unit(i: int, n: int) -> tuple[int, ...]:
    return tuple(int(i == j) for j in range(n))


_REAL: dict[str, Callable[[], RealProgram]] = {
    **{f"coin-xor-{n}": lambda n=n: coin_xor(n) for n in (2, 3, 4)},  # type: ignore[misc]
    **{f"binomial-mixture-{n}": lambda n=n: binomial_mixture(n)  # type: ignore[misc]
       for n in (1, 2, 3)},
    "binomial-mixture-2-a1-4": lambda: binomial_mixture(2, Fraction(1, 4)),
    **{f"hmm2-{n}": lambda n=n: hidden_markov(n) for n in (1, 2, 3)},  # type: ignore[misc]
    **{f"noisy-channel-{n}": lambda n=n: noisy_channel(n) for n in (1, 2, 3)},  # type: ignore[misc]
    "slp-reuse": reuse,
    "slp-square": square,
    "slp-horner-2": lambda: horner(2),
    "slp-horner-3": lambda: horner(3),
}  # fmt: skip


def real_program_names() -> tuple[str, ...]:
    """The names of the straight-line and probabilistic programs of the library."""
    return tuple(_REAL)


def real_program(name: str) -> RealProgram:
    """A straight-line or probabilistic program of the library.

    Raises BadInput for an unknown name.

    >>> print(real_program("coin-xor-2").to_text(), end="")
    probabilistic coin-xor-2
    parameters x1 x2
    outcome 0: 1/2*x1*x2 + 1/2
    outcome 1: -1/2*x1*x2 + 1/2
    """
    if name not in _REAL:
        raise BadInput(f"program: no program {name!r}; one of {', '.join(_REAL)}")
    return replace(_REAL[name](), name=name)
