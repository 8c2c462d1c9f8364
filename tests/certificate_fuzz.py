"""A fuzzer of certificates: changed documents end in a true claim or in CertificateError.

A document is changed in one to four places: a value by another of its kind, by one of another kind,
by a part of this or another document; keys and items go, come twice or change places. The fuzzer is
guided by outcomes: a document that is refused in a way that was not seen before joins those that
are changed further, so that it goes deeper than single changes do.
"""

# ruff: noqa: E501

from __future__ import annotations

import copy
import json
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.errors import CertificateError, SingularityLabError
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate, problem_from_json
from singularity_lab.exact.proof.step import STEPS
from singularity_lab.exact.proof.verify import verify

ODD = (
    None, True, False, 0, 1, -1, 2, 3, 10**6, -(10**30), 0.5, float("nan"), float("inf"), "", "0",
    "1", "-1", "1/2", "1/0", "2/3", "x", "y", "x - 1", "x^2 + 1", "x^60", "1/x", "(", "x +", "√2",
    "sqrt(2)", "None", "\ud800", "-1/2", "0/1", [], {}, [[]], [0], [[0, 1]], {"x": 1}, {"op": "open"},
    {"op": "order"}, {"kind": "sign", "index": 0}, [["x", 1]], [["x", "1/2"]], "ideal", "loss",
)  # fmt: skip
OPS = tuple(STEPS)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from places(item, (*path, i))


def at(document: Any, path: Sequence[Any]) -> Any:
    for key in path:
        document = document[key]
    return document


def changed(dice: random.Random, document: Any, others: Sequence[Any]) -> Any:
    """The document, changed in a few places."""
    document = copy.deepcopy(document)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 4))):
        part = dice.choice(("claim", "problem")) if dice.random() < 0.15 else ""
        inside = isinstance(document, dict) and isinstance(document.get(part), dict)
        found = list(places(document[part], (part,)) if inside else places(document))
        if not found:
            break
        path = dice.choice(found)
        holder, key = at(document, path[:-1]), path[-1]
        value = holder[key]
        how = dice.random()
        if how < 0.35:
            holder[key] = other_of_its_kind(dice, value, key)
        elif how < 0.5:
            holder[key] = copy.deepcopy(dice.choice(ODD))
        elif how < 0.62:
            source = dice.choice((document, dice.choice(others)))
            part = at(source, dice.choice(list(places(source))))
            holder[key] = copy.deepcopy(part)
        elif how < 0.72:
            del holder[key]
        elif how < 0.82 and isinstance(holder, list):
            holder.insert(dice.randrange(len(holder) + 1), copy.deepcopy(value))
        elif how < 0.92:
            other = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            holder[key], holder[other] = holder[other], holder[key]
        elif isinstance(holder, dict):
            del holder[key]
            holder[dice.choice(("x", "op", "then", "id", str(key) + "s"))] = value
    return document


def other_of_its_kind(dice: random.Random, value: Any, key: Any) -> Any:
    if key == "op":
        return dice.choice(OPS)
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return dice.choice((value + 1, value - 1, -value, 2 * value, 0, 7))
    if isinstance(value, str):
        if re.fullmatch(r"-?\d+(/0*[1-9]\d*)?", value):
            number = Fraction(value)
            return str(dice.choice((number + 1, -number, number / 2, 2 * number, 1 - number)))
        i = dice.randrange(len(value) + 1)
        return dice.choice(
            (
                f"-({value})",
                f"({value})^2",
                f"{value} + 1",
                value[:i],
                value[:i] + dice.choice("xy+-*^(2/") + value[i:],
            )
        )
    if isinstance(value, list):
        new = list(value)
        dice.shuffle(new)
        return new
    if isinstance(value, float):
        return dice.choice((-value, 2 * value, 1))
    return {k: v for k, v in value.items() if dice.random() < 0.8}


@dataclass
class Fuzzed:
    """What a run found: documents that end in another way than they may, with what happened."""

    executions: int = 0
    accepted: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[Any, str]] = field(default_factory=list)


class TooLong(BaseException):
    """A replay takes more than its time; no handler of exceptions stops it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    try:
        try:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    finally:  # also where the one tick comes in the lines above
        signal.signal(signal.SIGPROF, before)


def fuzz(
    documents: Sequence[dict[str, Any]],
    executions: int,
    seed: int,
    seconds: float = 5.0,
    late: Callable[[], bool] = lambda: False,
) -> Fuzzed:
    """Change documents and verify what comes of it. documents: certificates of true exact claims.

    A changed document may be accepted with the claim that it had or a weaker one, if its problem is
    the same; with another problem, if the engine agrees.
    """
    dice = random.Random(seed)
    found = Fuzzed()
    corpus: list[tuple[Any, int]] = [(d, i) for i, d in enumerate(documents)]
    truths = [_claim(d["claim"]) for d in documents]
    seen: set[str] = set()
    while found.executions < executions and not (found.executions % 100 == 0 and late()):
        document, origin = dice.choice(corpus if dice.random() < 0.5 else corpus[: len(documents)])
        new = changed(dice, document, documents)
        found.executions += 1
        try:
            text = json.dumps(new) if dice.random() < 0.1 else new
            with limited(seconds):
                verify(text)
        except CertificateError as error:
            outcome = re.sub(r"[^a-z_ :.]+", "#", f"{error}"[:70])
        except TooLong:
            found.findings.append((new, f"more than {seconds} s"))
            continue
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            found.findings.append((new, f"{type(error).__name__}: {error}"))
            continue
        else:
            found.accepted += 1
            outcome = "accepted"
            why = wrong(new, documents[origin], truths[origin])
            if why:
                found.findings.append((new, why))
        found.outcomes[outcome] += 1
        if outcome not in seen:
            seen.add(outcome)
            if len(json.dumps(new)) < 20_000:
                corpus.append((new, origin))
    return found


def _claim(claim: Any) -> RLCT:
    return RLCT(Fraction(claim["lambda"]), claim["multiplicity"])


def wrong(new: Any, old: Any, truth: RLCT) -> str:
    """Why an accepted claim is not true, "" where it is."""
    claim = Certificate.from_json(new).claim
    kind = new["claim"]["kind"]
    if problem_from_json(new["problem"]) != problem_from_json(old["problem"]):
        # a loss stands for K = f, two-sided for K = |f|: twice the λ of f²
        problem = problem_from_json({**new["problem"], "convention": "ideal"})
        twice = 2 if problem_from_json(new["problem"]).is_power_one else 1
        claim = RLCT(claim.value / twice, claim.multiplicity)
        try:
            answer = rlct(problem, budget=10)
        except SingularityLabError as error:
            return f"the engine: {error}"
        if not answer.exact:
            lower, upper = answer.lower, answer.upper
            if kind != "upper" and upper is not None and claim > upper:
                return f"{kind} {claim}, but <= {upper}"
            if kind != "lower" and lower is not None and claim < lower:
                return f"{kind} {claim}, but >= {lower}"
            return ""
        truth = answer.rlct
    ok = {"exact": claim == truth, "lower": claim <= truth, "upper": claim >= truth}[kind]
    return "" if ok else f"{kind} {claim}, truth {truth}"


def timed(seconds: float) -> Callable[[], bool]:
    """Whether this CPU time is over."""
    end = time.process_time() + seconds
    return lambda: time.process_time() > end
