"""Reading the catalog: rows on file, and rows that a family generates beyond them."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from singularity_lab.algebra import input_limits
from singularity_lab.catalog.entry import Entry, decode, toml_value
from singularity_lab.catalog.formulas import claims_for
from singularity_lab.catalog.paths import catalog_path
from singularity_lab.errors import BadInput, quoted
from singularity_lab.models.model import build, signature
from singularity_lab.system.files import read_text

_FIELDS = ("family", "title", "model", "row_title", "aliases", "tag_aliases", "id_aliases")
_ID_LENGTH = 10_000
_ROWS = 100_000


@dataclass(frozen=True)
class CatalogFamily:
    """One file of the catalog: its name, title, the builder that generates further rows, and its
    rows.

    row_title: the title of a row that has none of its own, with the row's parameters in braces
    (:mod:`singularity_lab.catalog.titles`). aliases: words by which people look for these models;
    tag_aliases: further ones for rows with a tag that begins so; id_aliases: those of one row, or
    with a hyphen at the end of the rows whose ids begin so.
    """

    name: str
    title: str
    model: str
    rows: tuple[Entry, ...]
    row_title: str = ""
    aliases: tuple[str, ...] = ()
    tag_aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    id_aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_family(path: Path, *, builder: bool = True) -> CatalogFamily:
    """One TOML file, decoded strictly.

    builder: whether the family's builder has to be there. Raises BadInput with the file, the entry
    and the field for everything that does not fit.
    """
    data = _read_toml(read_text(path, path.name), path.name)
    unknown = set(data) - {*_FIELDS, "entry"}
    if unknown:
        raise BadInput(
            f"{path.name}: unknown top-level field {sorted(unknown)[0]!r}; "
            f"known: {', '.join(_FIELDS)}, entry"
        )
    family = data.get("family")
    if family != path.stem:
        raise BadInput(
            f"{path.name}: field family: {path.stem!r} is needed, received {quoted(family)}"
        )
    for name in ("title", "model", "row_title"):
        if not isinstance(data.get(name, ""), str):
            raise BadInput(f"{path.name}: field {name}: text is needed")
    words = data.get("aliases", [])
    if not isinstance(words, list) or not all(isinstance(w, str) and w for w in words):
        raise BadInput(f"{path.name}: field aliases: a list of texts is needed")
    further = {}
    for name, of in (("tag_aliases", "tag"), ("id_aliases", "id")):
        further[name] = data.get(name, {})
        if not isinstance(further[name], dict) or not _fits(further[name], dict[str, list[str]]):
            raise BadInput(f"{path.name}: field {name}: lists of texts by {of} are needed")
    if data.get("model") and builder:
        check_builder(family, data["model"])
    rows = data.get("entry", [])
    if not isinstance(rows, list) or not rows:
        raise BadInput(f"{path.name}: at least one [[entry]] is needed")
    if not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"{path.name}: at least one [[entry]] is needed, and nothing else as entry")
    return CatalogFamily(
        family,
        data.get("title", ""),
        data.get("model", ""),
        tuple(decode(row, family, path.name) for row in rows),
        data.get("row_title", ""),
        tuple(words),
        **further,
    )


def check_builder(family: str, name: str) -> None:
    """Raise BadInput, with the file and the field, for a family's builder that there is not."""
    try:
        signature(name)
    except BadInput as error:
        raise BadInput(f"{family}.toml: field {error}") from None


def _read_toml(text: str, where: str) -> dict[str, Any]:
    """A TOML document. Raises BadInput for what is none, and for numbers with too many digits."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BadInput(f"{where}: not TOML that can be read: it is nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, or Python's about the digits of an integer
        digits = "digits" in str(error) and not isinstance(error, tomllib.TOMLDecodeError)
        reason = f"an integer has at most {input_limits.DIGITS} digits" if digits else error
        raise BadInput(f"{where}: not TOML: {reason}") from None


def read_catalog(folder: Path) -> dict[str, CatalogFamily]:
    """All families of a folder by name; their builders may be missing until they are asked for.
    Raises BadInput for an id that two rows share."""
    found = {}
    owner: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        family = read_family(path, builder=False)
        found[family.name] = family
        for row in family.rows:
            if row.id in owner:
                raise BadInput(
                    f"{path.name}: entry {row.id!r}: field id: also used in {owner[row.id]}"
                )
            owner[row.id] = path.name
    return found


@lru_cache(maxsize=4)
def _read_cached(folder: Path) -> dict[str, CatalogFamily]:
    return read_catalog(folder)


def forget() -> None:
    """Read the files of the catalog again at the next question."""
    _read_cached.cache_clear()


def families(folder: Path | None = None) -> dict[str, CatalogFamily]:
    """All families by name.

    >>> families()["reduced_rank_regression"].model
    'reduced_rank_regression'
    """
    return _read_cached(folder or catalog_path())


def load(id: str, folder: Path | None = None) -> Entry:
    """Return the row with an id; the id of a generated row (``family:parameters@stratum``)
    generates it again.

    Raises BadInput for an unknown id, naming the nearest ones.

    >>> load("rrr-2-2-1-r0").dimension
    4
    >>> load("deep_linear:widths=[2,1,7,2],rank=0").dimension
    23
    """
    if ":" in str(id):
        return _load_generated(id, folder)
    rows = {e.id: e for f in families(folder).values() for e in f.rows}
    if id not in rows:
        import difflib

        near = [i for i in rows if i.startswith(str(id))] if id else []
        near = (near or difflib.get_close_matches(str(id)[:200], rows, n=3))[:3]
        hint = f"; perhaps {', '.join(near)}" if near else ""
        raise BadInput(f"id: the catalog has no row {quoted(id)}{hint}")
    return rows[id]


def _load_generated(id: str, folder: Path | None) -> Entry:
    """Read ``family:key=value,…@stratum`` (TOML values) back into a row."""
    if len(id) > _ID_LENGTH:
        raise BadInput(f"id: at most {_ID_LENGTH} characters, received {quoted(id)}")
    name, _, rest = id.partition(":")
    inside, _, at = rest.partition("@")
    try:
        data = _read_toml(f"row = {{ {inside} }}", "id")
    except BadInput as error:
        why = " (too many digits)" if "digits" in str(error) else ""
        raise BadInput(f"id: not 'family:key=value,...': {quoted(id)}{why}") from None
    if set(data) != {"row"} or not data["row"]:
        raise BadInput(f"id: not 'family:key=value,...': {quoted(id)}")
    family = families(folder).get(name)
    if family is None or not family.model:
        known = ", ".join(f.name for f in families(folder).values() if f.model)
        raise BadInput(
            f"family: one of {known} is needed (they have a builder), received {quoted(name)}"
        )
    if at == "*":
        raise BadInput(f"id: one stratum is needed after @, not all: {quoted(id)}")
    (row,) = _generate(family, data["row"], at, several=False)
    return row


def entries(
    family: str | None = None,
    tags: str | Iterable[str] = (),
    *,
    max_dimension: int | None = None,
    folder: Path | None = None,
    at: str = "",
    grid: bool = True,
    **parameters: Any,
) -> list[Entry]:
    """Return the rows on file by family and tags (all of the tags), or those that a family
    generates at given parameters.

    A parameter is a value or a list of values (a grid over all of them); rows beyond those on file
    get the claims of the formulas that are known for the family. ``at`` names a stratum for
    generated rows.
    Raises BadInput for an unknown family or tag, and for parameters without a family that
    generates.

    >>> [e.id for e in entries(family="deep_linear", widths=[[1, 1, 1, 1], [1, 1, 7, 1]], rank=0)]
    ['deep-1-1-1-1-r0', 'deep_linear:widths=[1,1,7,1],rank=0']
    """
    everything = families(folder)
    if family is not None and family not in everything:
        raise BadInput(
            f"family: one of {', '.join(everything)} is needed, received {family!r}; "
            f"the catalog is {folder or catalog_path()}"
        )
    wanted = {tags} if isinstance(tags, str) else set(tags)
    chosen = [everything[family]] if family is not None else list(everything.values())
    known = {t for f in everything.values() for e in f.rows for t in e.tags}
    if wanted - known:
        raise BadInput(
            f"tags: no row has {sorted(wanted - known)[0]!r}; known: {', '.join(sorted(known))}"
        )
    if parameters or at:
        if family is None or not everything[family].model:
            raise BadInput("parameters: only a family with a builder generates rows")
        rows = _generate(everything[family], parameters, at, grid)
    else:
        rows = [e for f in chosen for e in f.rows]
    rows = [e for e in rows if wanted <= set(e.tags)]
    if max_dimension is not None:
        rows = [e for e in rows if e.dimension <= max_dimension]
    return rows


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _generate(
    family: CatalogFamily, parameters: dict[str, Any], at: str, several: bool
) -> list[Entry]:
    check_builder(family.name, family.model)
    known = signature(family.model)
    grid: list[list[tuple[str, Any]]] = []
    for key, value in parameters.items():
        if key not in known:
            raise BadInput(
                f"{family.model}: unknown parameter {quoted(key)}; known: {', '.join(known)}"
            )
        kind = known[key][0]
        if _fits(value, kind):
            grid.append([(key, value)])
        elif (
            several and isinstance(value, Sequence) and value and all(_fits(v, kind) for v in value)
        ):
            grid.append([(key, v) for v in value])
        else:
            raise BadInput(
                f"{family.model}: parameter {key!r}: no value of its type: {quoted(value)}"
            )
    many = math.prod(map(len, grid))
    if many > _ROWS:
        raise BadInput(f"{family.model}: the grid has {many} rows (at most {_ROWS})")
    rows = []
    for pairs in itertools.product(*grid):
        chosen = dict(pairs)
        names = [s.name for s in build(family.model, **chosen).strata] if at == "*" else [at]
        rows += [_row(family, chosen, name) for name in names]
    return rows


def _row(family: CatalogFamily, parameters: dict[str, Any], at: str) -> Entry:
    """The row on file with these parameters and this stratum, or a new one."""
    model = build(family.model, **parameters)
    stratum = model.stratum(at) if at else model.strata[0]
    for row in family.rows:
        if (
            row.builder == family.model
            and complete(row.builder, row.parameters) == complete(family.model, parameters)
            and row.stratum() == stratum
        ):
            return row

    inside = ",".join(f"{k}={toml_value(v)}" for k, v in parameters.items()).replace(" ", "")
    where = f"@{at}" if at else ""
    return Entry(
        id=f"{family.name}:{inside}{where}",
        family=family.name,
        builder=family.model,
        parameters=parameters,
        at=at,
        scope="global" if stratum.deepest else "local",
        tags=["generated"],
        claim=claims_for(family.model, complete(family.model, parameters), stratum.name),
    )


def complete(model: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters with the builder's defaults filled in."""
    return {k: parameters.get(k, default) for k, (_, default) in signature(model).items()}
