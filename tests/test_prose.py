"""The first lines of docstrings: each public object has one, a sentence that says what it is."""

from __future__ import annotations

from pathlib import Path

from source_facts import facts, facts_of

import singularity_lab

PACKAGE = Path(singularity_lab.__file__).parent
RIDDLES = ("?", "speaks of", "speak of", "as ever", "looks on")
LONGEST = 120  # characters of a line


def fault(text: str) -> str:
    """What is wrong with the first sentence of a docstring; "" if nothing is."""
    sentence = text.split("\n\n")[0]
    first = " ".join(sentence.split())
    if not first.endswith((".", ":", ")", "…")):
        return "does not end with a period"
    if any(len(line) > LONGEST for line in sentence.splitlines()):
        return "has a long line"
    return next((f"says {r!r}" for r in RIDDLES if r in first), "")


def faults(docstrings: dict[str, list[tuple[str, str | None]]]) -> list[str]:
    """The faults of all docstrings. A method needs none where one of its name has one: it does the
    same for its class."""
    found = [(module, name, text) for module, listed in docstrings.items() for name, text in listed]
    told = {name.rpartition(".")[2] for _, name, text in found if "." in name and text}
    lines = []
    for module, name, text in found:
        inherited = "." in name and name.rpartition(".")[2] in told
        wrong = fault(text) if text else ("" if inherited else "has no docstring")
        if wrong:
            lines.append(f"{module}: {name or 'the module'} {wrong}")
    return lines


def test_first_lines_are_sentences():
    listed = {name: read.docstrings for name, read in facts_of(PACKAGE).items()}
    assert len(listed) > 200
    assert sum(map(len, listed.values())) > 2_000
    assert faults(listed) == []


def test_faults_are_seen():
    source = '''"""A module."""
def f():
    """Has it a zero?"""
def g():
    """The zeros"""
def h(): ...
def _private(): ...
class A:
    """A class."""
    def told(self):
        """The zeros."""
    def untold(self): ...
class B:
    """Another one."""
    def told(self): ...
'''
    assert faults({"m": facts(source).docstrings}) == [
        "m: f does not end with a period",
        "m: g does not end with a period",
        "m: h has no docstring",
        "m: A.untold has no docstring",
    ]
    assert fault("Whether a step speaks of it.") == "says 'speaks of'"
