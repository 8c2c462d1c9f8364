"""The table of the twenty ideas, made of the words and counts that the atlas shows too.

    python docs/idea_tables.py

writes it between the marks of twenty-ideas.md; a test says when it is out of date.
"""

from __future__ import annotations

from pathlib import Path

from singularity_lab.dictionary.ideas import ideas

PAGE = Path(__file__).with_name("twenty-ideas.md")
START, END = "<!-- IDEAS -->", "<!-- end IDEAS -->"


def table() -> str:
    """One line an idea."""
    lines = [
        "| idea | strength | claimed | figure | command | fails | open |",
        "|---|---|---|---|---|---|---|",
    ]
    for idea in ideas():
        cells = (
            f"{idea.number}. {idea.title}",
            idea.strength,
            idea.claim,
            idea.figure,
            f"`{idea.command}`",
            idea.fails,
            idea.open,
        )
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(lines)


def page(text: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = text.partition(START)
    return f"{before}{START}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
