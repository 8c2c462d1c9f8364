"""The tables of steps in engine.md, made of the records of the theorems.

    python docs/step_tables.py

writes them between the marks; a test says when they are out of date.
"""

from __future__ import annotations

import re
from pathlib import Path

from singularity_lab.exact.proof.branches import See
from singularity_lab.exact.proof.step import Branch, Leaf, Move, Step
from singularity_lab.exact.proof.verify import STEPS

PAGE = Path(__file__).with_name("engine.md")
START, END = "<!-- STEPS -->", "<!-- end STEPS -->"
KINDS: dict[str, tuple[type[Step], ...]] = {
    "Moves: one family, described otherwise": (Move,),
    "Branches: several families that combine": (Branch, See),
    "Leaves": (Leaf,),
}


def theorem(record: type[Step]) -> str:
    """The theorem of a record on one line, without the marks of reStructuredText."""
    text = " ".join((record.__doc__ or "").split())
    return re.sub(r":\w+:`singularity_lab\.([\w.]+)`", r"`\1`", text).replace("``", "`")


def tables() -> str:
    """A table for each kind of step: name, theorem, hypotheses."""
    text = []
    for title, kinds in KINDS.items():
        text += [
            f"### {title}",
            "",
            "| step | theorem | what is checked, by name |",
            "|---|---|---|",
        ]
        for op, record in STEPS.items():
            if issubclass(record, kinds):
                stated = "; ".join(f"*{name}*: {said}" for name, said in record.assumes().items())
                cells = (
                    f"`{op}`",
                    theorem(record),
                    stated.replace("``", "`") or "nothing is claimed",
                )
                text.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        text.append("")
    return "\n".join(text)


def page(text: str) -> str:
    """The page with the tables as they are now."""
    before, _, rest = text.partition(START)
    return f"{before}{START}\n\n{tables()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
