"""How well the words of a query fit a row: what is called so comes before what mentions it.

A row is called by its id, title, family and aliases; its note and tags mention things. The atlas
ranks by the same rule (``atlas/src/words.ts``), and one table of queries holds both to it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from singularity_lab.dictionary.schema import Row

_INSIDE = 4  # letters from which a word is also looked for inside of others
_SPELLED = ((r"iz(?=e|ation|ing)", "is"), (r"neighbor", "neighbour"), (r"center", "centre"))
_KEPT = ("ss", "us", "is", "as")  # ends in s that are no plural


@lru_cache(maxsize=1 << 16)
def plain(text: str) -> str:
    """Words in one spelling: small letters, no hyphens, British, singular, ``D_4`` as ``d4``.

    >>> plain("Reduced-rank regressions"), plain("matrix factorization"), plain("D_4")
    ('reduced rank regression', 'matrix factorisation', 'd4')
    """
    text = re.sub(r"(?<=[a-z])_\{?(?=[0-9])", "", text.lower())
    text = re.sub(r"[^\w.×/+*^=<>]+|_", " ", text)
    for american, british in _SPELLED:
        text = re.sub(american, british, text)
    return " ".join(_singular(word) for word in text.split())


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(_KEPT):
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


@dataclass(frozen=True)
class Names:
    """What a row is called, in plain words, each name with its place: 0 for its titles, 1 for the
    aliases that are its own, and 1, 2, … for those of its family, the most fitting first.

    titles: title, title of the family, its name. all: these and what the row mentions, with a blank
    before every word.
    """

    id: str
    titles: tuple[str, ...]
    aliases: tuple[tuple[int, str], ...]
    all: str

    @classmethod
    def of(cls, row: Row, family: Sequence[str] = ()) -> Names:
        """The names of a row. family: the aliases that all rows of its family have, in order."""
        titles = tuple(plain(t) for t in (row.title, row.family_title, row.family))
        place = {alias: k for k, alias in enumerate(family, 1)}
        aliases = tuple((place.get(alias, 1), plain(alias)) for alias in row.aliases)
        told = [plain(t) for t in (row.id, row.note, *row.tags)]
        words = [*titles, *(name for _, name in aliases), *told]
        return cls(row.id.lower(), titles, aliases, " " + " ".join(words))

    def mentions(self, word: str) -> bool:
        """Whether a plain word begins a word of the row, or is inside of one where it is long."""
        return f" {word}" in self.all or (len(word) >= _INSIDE and word in self.all)

    def closeness(self, words: Sequence[str]) -> tuple[int, int]:
        """How well the words fit, least first: 0 the id; 1 a name; 2 what a name begins with;
        3 in a title; 4 in an alias; 5 each word in the titles; 6 each begins a word of the row;
        7 else. Second, the place of the name.

        >>> from singularity_lab import lookup
        >>> row = lookup("rrr-1-1-1-r0").row
        >>> names = Names.of(row, row.aliases)
        >>> [names.closeness(q.split()) for q in ("LoRA", "rank", "reduced-rank regression")]
        [(1, 6), (3, 0), (1, 0)]
        """
        asked = [plain(word) for word in words]
        phrase = " ".join(asked)
        if " ".join(words).lower() == self.id:
            return 0, 0
        named = ((0, plain(self.id)), *((0, t) for t in self.titles), *self.aliases)
        equal = [place for place, name in named if name == phrase]
        if equal:
            return 1, min(equal)
        begun = [place for place, name in named if name.startswith(phrase)]
        if begun:
            return 2, min(begun)
        if any(f" {phrase}" in title for title in self.titles):
            return 3, 0
        inside = [place for place, alias in self.aliases if f" {phrase}" in alias]
        if inside:
            return 4, min(inside)
        titles = " " + " ".join(self.titles)
        if all(f" {word}" in titles for word in asked):
            return 5, 0
        return (6, 0) if all(f" {word}" in self.all for word in asked) else (7, 0)


def names_of(rows: Iterable[Row]) -> dict[str, Names]:
    """The names of all rows of a table, by id."""
    rows = list(rows)
    family: dict[str, list[str]] = {}
    for row in rows:
        known = family.setdefault(row.family, row.aliases)
        family[row.family] = [alias for alias in known if alias in row.aliases]
    return {row.id: Names.of(row, family[row.family]) for row in rows}


def near_words(word: str, rows: Iterable[Row]) -> list[str]:
    """Names of rows that are spelled nearly like a word that no row has.

    >>> from singularity_lab.dictionary.tables import shipped
    >>> near_words("tansformer", shipped().rows)
    ['transformer']
    """
    known = {plain(alias): alias for row in rows for alias in [row.family_title, *row.aliases]}
    close = difflib.get_close_matches(plain(word), known, n=3, cutoff=0.8)
    return [known[name] for name in close]
