"""Random changes of program certificates, of answers and of texts: nothing false is accepted, only
the package's own errors come out, and nothing hangs.

The truth of an accepted document is the full enumeration of syndromes, of which the check knows
nothing. The slow test runs 100,000 documents; the default ones a short form of it.
"""

from __future__ import annotations

import copy
import json
import random
from functools import cache

import pytest

from singularity_lab.errors import BadInput, CertificateError
from singularity_lab.programs import SyndromeProgram, parse_program
from singularity_lab.programs.answers import program_rlct
from singularity_lab.programs.check import check_program, replay_program
from singularity_lab.programs.machines.straightline import is_real_program, parse_real_program
from singularity_lab.programs.program_certificate import Asked, digest, open_problem
from singularity_lab.system.deadline import TimeLimit

QUESTIONS = [
    ("xor-lookup", None, "exact", "corner"),
    ("xor-4nand-shared", None, "naive", "corner"),
    ("xor-two-minterms", None, "exact", "corner"),  # m = 2
    ("identity-tmr", None, "exact", "corner:1/2"),
    ("detectA-mini", 2, "exact", "amplitude"),
    ("detectA-mini-retry", 2, "staged", "corner"),  # m = 2
    ("detectA-mini", 2, "exact", "open"),
    ("parity-automaton-2", None, "exact", "corner"),
    ("shift-transducer-2", None, "exact", "corner"),
    ("parity2-branching", None, "exact", "corner"),
    ("register-copy", None, "exact", "corner"),
    ("slp-reuse", None, "exact", "open"),
    ("coin-xor-2", None, "exact", "open"),
]
VALUES = [
    None, True, False, 0, 1, 2, -1, 10**9, 10**30, 2.5, float("nan"), float("inf"), 1e308, "", "0",
    "1", "2", "7/2", "10/2", " 2.5 ", "2.5", "1e999999999", "1/0", "-1", "٣", "1_0", "\ud800", "∞",
    [], {}, [[]], ["a", "b"], {"a": 1}, "corner", "corner:", "corner: 1", "corner:2/2",
    "corner:1/3", "amplitude", "open", "exact", "naive", "staged", "x" * 5000, "9" * 5000, 127,
    128, 2**31,
]  # fmt: skip
ODD = ("10000000000", "-1", "²", "all", "code", "()", "set", "input")


@cache
def seeds():
    documents = []
    for name, steps, semantics, chart in QUESTIONS:
        result = program_rlct(name, steps, semantics, chart)
        documents.append(json.dumps(result.program_certificate))
        documents.append(json.dumps(result.to_json()))
    face = {"w_Ba": frozenset("AB"), "d_Ba": frozenset("SR")}
    result = program_rlct("detectA-mini", 2, support=face)
    documents.append(json.dumps(result.program_certificate))
    return documents


def change(document, draw):
    """One random change, in place; the path is drawn by descent, so that outer fields are met."""
    node, parent, key = document, None, None
    while isinstance(node, (dict, list)) and node and (parent is None or draw.random() < 0.75):
        parent = node
        key = draw.choice(list(node)) if isinstance(node, dict) else draw.randrange(len(node))
        node = node[key]
    kind = draw.randrange(7)
    if kind == 0:
        parent[key] = copy.deepcopy(draw.choice(VALUES))
    elif kind == 1:
        del parent[key]
    elif kind == 2 and isinstance(parent, dict):
        parent[draw.choice(["verified", "kind", "lambda", "x", "steps", "m", str(key) + " "])] = (
            node
        )
    elif kind == 2:
        parent.insert(key, copy.deepcopy(node))
    elif kind == 3 and type(node) is int:
        parent[key] = node + draw.choice([-1, 1, 10**6])
    elif kind == 3 and isinstance(node, str) and node:
        i = draw.randrange(len(node))
        parent[key] = (
            node[:i] + draw.choice("0123456789/ .-abBAr_\n#:>") + node[i + draw.randrange(2) :]
        )
    elif kind == 4 and isinstance(node, list) and len(node) > 1:
        draw.shuffle(node)
    elif kind == 5 and isinstance(node, str):
        lines = node.split("\n")
        i, j = draw.randrange(len(lines)), draw.randrange(len(lines))
        lines.insert(i, lines[j])
        if draw.random() < 0.5:
            del lines[draw.randrange(len(lines))]
        parent[key] = "\n".join(lines)
    else:
        other = json.loads(draw.choice(seeds()))
        parent[key] = copy.deepcopy(
            other.get(key, draw.choice(VALUES)) if isinstance(key, str) else 0
        )
    return document


@cache
def truth(question):
    """(λ, m) by full enumeration, or by the engine anew."""
    document = json.loads(question)
    asked = Asked.of(document)
    if asked.chart.kind == "open":
        from singularity_lab.exact.engine.solve import rlct

        p = asked.program
        germ = (
            p.problem()
            if is_real_program(document["program"])
            else open_problem(p, asked.number, asked.semantics, asked.code)
        )
        found = rlct(germ, budget=20).rlct
        return found.value, found.multiplicity
    found = SyndromeProgram(
        asked.program, asked.number, asked.semantics, asked.support, asked.chart
    ).enumerated()
    return found.value, found.multiplicity


def attack(rounds, seed):
    """How many documents were accepted, of ``rounds``."""
    draw, accepted = random.Random(seed), 0
    for _ in range(rounds):
        document = json.loads(draw.choice(seeds()))
        for _ in range(draw.choice([1, 1, 1, 2, 3, 5])):
            if document:
                change(document, draw)
        inner = document.get("program_certificate", document)
        if isinstance(inner, dict) and draw.random() < 0.8:  # so that it is not the digest alone
            try:
                inner["digest"] = digest(inner)
                if inner is not document and "digest" in document:
                    document["digest"] = inner["digest"]
            except (KeyError, TypeError, ValueError):
                pass
        try:
            with TimeLimit(120) as limit:
                claim, about = replay_program(document)
        except CertificateError:
            continue
        assert not limit.expired
        accepted += 1
        assert set(claim) == {"lambda_E", "lambda_H", "multiplicity"}
        question = {k: inner[k] for k in ("program", "steps", "semantics", "chart", "support")}
        assert digest(question) in about
        value, m = truth(json.dumps(question))
        engine = question["chart"] == "open"
        assert (claim["lambda_H" if engine else "lambda_E"], claim["multiplicity"]) == (
            str(value),
            m,
        )
        with TimeLimit(120) as limit:
            assert check_program(inner).value == value
        assert not limit.expired
    return accepted


def test_changed_documents_are_refused_or_true():
    assert attack(300, 1) > 2  # a method, a number of seconds, nothing at all


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_hundred_thousand_changed_documents(seed):
    assert attack(25_000, 100 + seed) > 200


def changed_text(text, draw):
    for _ in range(draw.choice([1, 1, 2, 4])):
        kind, i = draw.randrange(5), draw.randrange(len(text) + 1)
        if kind == 0:
            text = text[:i] + draw.choice("0123456789abcqrABS_#:->= \t\r\n²٣é∞") + text[i:]
        elif kind == 1:
            text = text[:i] + text[i + 1 :]
        else:
            lines = text.split("\n")
            k = draw.randrange(len(lines))
            if kind == 2:
                del lines[k]
            elif kind == 3:
                lines.insert(k, draw.choice(lines))
            else:
                words = lines[k].split()
                if words:
                    every = [*text.split(), *ODD]
                    words[draw.randrange(len(words))] = draw.choice(every)
                    lines[k] = " ".join(words)
            text = "\n".join(lines)
    return text


def read_texts(rounds, seed):
    draw, read = random.Random(seed), 0
    texts = sorted({json.loads(s).get("program", "") for s in seeds()})
    texts = [t for t in texts if "\n" in t]
    for _ in range(rounds):
        text = changed_text(draw.choice(texts), draw)
        parse = parse_real_program if is_real_program(text) else parse_program
        try:
            with TimeLimit(20) as limit:
                p = parse(text)
        except BadInput as error:
            refused = str(error)
        else:
            refused = ""
        assert not limit.expired, text
        if refused:
            assert refused.startswith("line "), (text, refused)
            continue
        read += 1
        again = parse(p.to_text())
        assert again.to_text() == p.to_text()
    return read


def test_changed_texts_are_read_or_refused_with_a_line():
    assert read_texts(3_000, 1) > 300


@pytest.mark.slow
def test_a_hundred_thousand_changed_texts():
    assert read_texts(100_000, 2) > 10_000
