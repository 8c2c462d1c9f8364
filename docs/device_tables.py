"""Tables of the devices for the pages of the site, made of their records when the site is built.

    ```{devices} summaries
    ```

stands for a table in Markdown, ``settings`` for a section on each device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_tables import markdown

from singularity_lab.spectroscopes.registry import find_device, known

if TYPE_CHECKING:
    from sphinx.application import Sphinx

OURS = "singularity_lab.spectroscopes.devices."


def summaries() -> list[str]:
    """A line on each device of the package, from the texts in its file."""
    ours = (one for one in known().values() if one.home.startswith(OURS))
    return markdown(("device", "what it is"), ((f"`{d.name}`", plain(d.summary)) for d in ours))


def settings() -> list[str]:
    """Of each device of the package what it says and does not say, and its settings."""
    lines: list[str] = []
    for name, one in known().items():
        if not one.home.startswith(OURS):
            continue
        lines += ["", f"**`{name}`**: {plain(one.scope)}"]
        lines += [f"It fails: {plain(one.fails)}."] if one.fails else []
        rows = (
            (f"`{s.name}`", "" if s.default is None else f"`{s.default}`", plain(s.meaning))
            for s in find_device(name).settings()
        )
        lines += ["", *markdown(("setting", "default", "meaning"), rows)]
    return lines


def plain(text: str) -> str:
    """A text in which no star or underscore is read as emphasis."""
    return text.replace("*", "\\*").replace("_", "\\_")


TABLES = {"summaries": summaries, "settings": settings}


def setup(app: Sphinx) -> dict[str, bool]:
    from table_directive import add_tables  # here, so that the tables themselves need no Sphinx

    add_tables(app, "devices", TABLES)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
