"""The directive that puts a table, made when the site is built, into a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx


def add_tables(app: Sphinx, directive: str, tables: Mapping[str, Callable[[], list[str]]]) -> None:
    """Let ``{directive} NAME`` on a page stand for the Markdown that the table NAME returns."""

    class TableDirective(Directive):
        required_arguments: ClassVar[int] = 1

        def run(self) -> list[nodes.Node]:
            name = self.arguments[0]
            if name not in tables:
                raise self.error(f"{directive}: no table {name!r}; known: {', '.join(tables)}")
            holder = nodes.container()
            lines = StringList(tables[name](), source=f"{directive} {name}")
            self.state.nested_parse(lines, self.content_offset, holder)
            return list(holder.children)

    app.add_directive(directive, TableDirective)
