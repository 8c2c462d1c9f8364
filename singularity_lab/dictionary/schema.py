"""The five tables of the dictionary, and what may stand in a cell.

    rows          models and programs at a point: what they are, by declaration
    strata        what is proved of a germ: one line for each row, and for other strata of its model
    certificates  the proofs that the lines of ``strata`` point to
    readings      what devices measured there, failures too
    edges         relations of rows, each with its kind and its evidence

Columns that are declared are plain values. Columns that are computed or looked up are cells
(:class:`Cell`): a value, proved bounds, ``unknown``, ``no device`` or ``not applicable``, the last
three with their reason. No cell is blank: :func:`blanks` lists those that are.

Numbers that are exact are texts (``"5/12"``); counts are integers; ``None`` stands nowhere but in
the sides of a cell that it has not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_type_hints

import msgspec

Status = Literal["value", "bounds", "unknown", "no device", "not applicable"]
STATUSES: tuple[Status, ...] = ("value", "bounds", "unknown", "no device", "not applicable")
EdgeKind = Literal[
    "closure", "class", "adjacency", "transposition", "same function", "trained into"
]
EDGE_KINDS: tuple[EdgeKind, ...] = (
    "closure",
    "class",
    "adjacency",
    "transposition",
    "same function",
    "trained into",
)


class Cell(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One cell of a table: what is known, or why it is not.

    status: ``value`` (then ``value`` is it), ``bounds`` (then ``lower`` or ``upper`` is proved, and
    ``value`` may hold what is decided of a composite answer), ``unknown`` (asked, not decided),
    ``no device`` (nothing in the laboratory answers), ``not applicable`` (the question has no sense
    here). reason: of the last three and of bounds, in words. route: how the value was decided,
    where several ways lead to it. cut: whether a time limit ended a way to the answer; then more
    time may say more, or say it by another way. All other cells are the same on every machine.

    >>> print(Cell.of("5/12"), "|", Cell.between("1", "5/4"), "|", Cell.unknown("budget of 1 s"))
    5/12 | 1 … 5/4 | unknown (budget of 1 s)
    """

    status: Status
    value: Any = None
    lower: str | None = None
    upper: str | None = None
    reason: str = ""
    route: str = ""
    cut: bool = False

    @classmethod
    def of(cls, value: Any, route: str = "") -> Cell:
        """A cell with a value."""
        return cls("value", value=value, route=route)

    @classmethod
    def between(cls, lower: str | None, upper: str | None, reason: str = "") -> Cell:
        """A cell with proved bounds; a side that is not known is None."""
        return cls("bounds", lower=lower, upper=upper, reason=reason)

    @classmethod
    def unknown(cls, reason: str) -> Cell:
        """A cell of a question that was asked and not decided."""
        return cls("unknown", reason=reason)

    @classmethod
    def no_device(cls, reason: str) -> Cell:
        """A cell of a question that nothing here can answer."""
        return cls("no device", reason=reason)

    @classmethod
    def not_applicable(cls, reason: str) -> Cell:
        """A cell of a question that has no sense for the row."""
        return cls("not applicable", reason=reason)

    def marked(self, cut: bool) -> Cell:
        """The cell, marked as one that a time limit cut."""
        return msgspec.structs.replace(self, cut=True) if cut else self

    @property
    def blank(self) -> bool:
        """Whether the cell says neither what is known nor why it is not."""
        if self.status == "value":
            return self.value is None or self.value == ""
        if self.status == "bounds":
            return self.lower is None and self.upper is None and self.value is None
        return not self.reason

    def __str__(self) -> str:
        if self.status == "value":
            return str(self.value)
        if self.status == "bounds":
            if self.lower is None and self.upper is None:
                return f"{self.value} ({self.reason})"
            return f"{self.lower or '?'} … {self.upper or '?'}"
        return f"{self.status} ({self.reason})"


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model or program at one point: everything that is declared about it.

    id: of the catalog, stable; the key of the table.
    title, aliases: words to find it by; title_computed: whether a rule of the family wrote the
    title (True) or a person did.
    family, family_title: the file of the catalog, and its title.
    builder, parameters: the function that makes the model, and its arguments with the defaults
    filled in; empty for a row that is given by its polynomials.
    model_id: one for all rows of one model (one builder at the same arguments): its strata.
    at: the name of the stratum or ``point``; description: of it, where the model gives one.
    d: number of parameters.
    statement: the model and its loss in one sentence.
    variables, generators: of the ideal, as text; convention: ``ideal`` (K = f₁² + f₂² + …) or
    ``loss`` (K = f₁). Empty for a loss that is no polynomial.
    point: coordinates that are not 0; prior: exponents τ of |w|^τ that are not 0; box: [low, high]
    by variable; all texts.
    semantics, chart, inputs: cells, for programs (λ depends on them).
    loss_form: cell, which loss of a program the λ belongs to.
    tags, note: of the catalog. claims: what papers state, in words. scope: ``local``, or ``global``
    where the value is the least over all strata of the model.
    status: proved, bracketed, cited, disputed or unknown: of λ, as ``singlab catalog`` says.
    class_id: cell, the name of the class of germs (see ``strata.class_id``).
    content: digest of what the row says: a build computes again what has another one.
    """

    id: str
    title: str
    title_computed: bool
    aliases: list[str]
    family: str
    family_title: str
    builder: str
    parameters: dict[str, Any]
    model_id: str
    at: str
    description: str
    d: int
    statement: str
    variables: list[str]
    generators: list[str]
    convention: str
    point: dict[str, str]
    prior: dict[str, str]
    box: dict[str, list[str | None]]
    semantics: Cell
    chart: Cell
    inputs: Cell
    loss_form: Cell
    tags: list[str]
    note: str
    claims: list[str]
    scope: str
    status: str
    class_id: Cell
    content: str


class StratumLine(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"lam": "lambda"}
):
    """What is proved at one stratum of a model; exact numbers are texts.

    row_id, stratum_id: the key. row_id is the row at this very stratum where the catalog has one
    (``on_file`` is True), else the first row of the model. stratum_id: the stratum's name.
    model_id: as in ``rows``. problem: the digest of the germ, as in ``certificates``; empty for a
    loss that is no polynomial.
    where: cell, the point ({variable: value}, zeros left out), or the support of a program's face.
    ranks: cell, of partial products, for linear networks.
    loss: cell L, the loss at the stratum above the least one (0 on the zero set); text.
    dimension, codimension: cells, of the stratum (orbit or face).
    lambda, m: cells; bounds have lower and upper, for m too.
    certificate: cell, digests of the proofs (a list).
    divisors: cell, list of {k, h, ratio, weights, carries, chart}: K vanishes to order k along it
    (2N for an ideal of order N) and prior·dx to order h, ratio (h + 1)/k; carries: whether it is λ;
    chart: 0 where the weights are of the germ's own coordinates, −1 of several blocks, −2 of the
    coordinates into which the proof changes them, else the number of a node of the proof tree.
    jets: cell, {order, field, method, codimensions, dimensions, components, threshold, attained};
    components may hold null for a count that is not decided. They are those of the germ: of arcs
    that begin near the point. Bounds hold the codimensions of the whole zero set, which are no
    larger.
    contact: cell, {order, field, lower, upper, decided}: codimensions of the contact loci, texts.
    zeta: cell, {candidates, topological, poles}: candidate poles with their orders, and where the
    topological zeta function is known, it and its poles.
    type: cell, Arnold's symbol; corank, milnor, tjurina, modality: cells, integers.
    spectrum: cell, list of texts; c_hat, central_charge: cells, texts, for quasi-homogeneous germs.
    factorisation: cell, {letter, rank, count, sizes}: matrix factorisations φψ = f, checked.
    unfolding: cell, list of monomials of a versal unfolding. adjacencies: cell, list of {monomial,
    type, milnor, lambda, m}: what the germ is at 0 with that monomial added.
    volume: cell, {lambda, m, constant, error, complete, terms}: V(ε) ~ constant · ε^λ
    (−log ε)^(m−1) for the volume ∏ |x|^τ dx; terms: [exponent, power of −log ε, coefficient], all
    of them on [−1, 1]^d where complete.
    probes: cell, {name: exponent text}: the order of each probe along the divisor that carries λ
    (program: each syndrome and each e_x; network: the entries of f − f*).
    reading: cell, {row, device, seed, settings, value, low, high, level, inside, outcome}: the
    calibrated reading of λ that stands for the germ; row is where it was taken. llc: cell, list of
    {device, n, value, low, high, outcome}: estimates at several n, which claim no λ.
    valuation: cell, {row, orders, divisors, tied, nearest, furthest, within, outcome}: measured
    orders {variable: [order, standard error]} beside the divisors that carry λ, K of order 1; tied:
    how many do; nearest: the point of their weights' polytope nearest to the orders; within: no
    order is further from it than 3 standard errors + 0.05, null where no divisor can be compared.
    germ_id: cell, one name for all germs that are the same up to renaming and signs.
    class_id: cell, one name for all that are so after proved moves; its route says how the germ
    becomes the first of the class.
    """

    row_id: str
    stratum_id: str
    model_id: str
    on_file: bool
    problem: str
    where: Cell
    ranks: Cell
    loss: Cell
    dimension: Cell
    codimension: Cell
    lam: Cell
    m: Cell
    certificate: Cell
    divisors: Cell
    jets: Cell
    contact: Cell
    zeta: Cell
    type: Cell
    corank: Cell
    milnor: Cell
    tjurina: Cell
    modality: Cell
    spectrum: Cell
    c_hat: Cell
    central_charge: Cell
    factorisation: Cell
    unfolding: Cell
    adjacencies: Cell
    volume: Cell
    probes: Cell
    reading: Cell
    llc: Cell
    valuation: Cell
    germ_id: Cell
    class_id: Cell


class CertificateLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One certificate that a stratum points to.

    digest: SHA-256 of its canonical JSON. kind: exact, lower or upper. problem: the digest of the
    germ that it speaks of. value, multiplicity: what it claims. bytes: of its file, compressed.
    path: below the folder of the catalog. steps: how many. theorems: the names of those that it
    uses. rows: ids of the rows it serves.
    """

    digest: str
    kind: str
    problem: str
    value: str
    multiplicity: int
    bytes: int
    path: str
    steps: int
    theorems: list[str]
    rows: list[str]


class ReadingLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a device measured at a row; failures are kept.

    row_id, stratum_id: where; run_id, step: of a training run (empty, −1 otherwise), whose row_id
    and stratum_id are what the reading names by nearness, empty where it names nothing.
    device, settings, seed, n: what repeats it; n is 0 for a device that has none.
    value, low, high: cells, the reading of λ and its interval; level: of the interval, as text.
    multiplicity: cell, P(m) by m where the device gives it.
    orders: cell, {variable: [order, standard error]}: how fast each coordinate falls with K where
    the samples lie, K having order 1, where the device shows it.
    outcome: the device's word (``ok``, ``failed``, …); note: its reason.
    exact: cell, λ as proved when the reading was taken; inside: cell, does the interval hold it.
    cost: CPU seconds; evaluations: of K. command: what takes the reading again. code: of the device
    that took it (the first digits of a hash of what it imports); empty where it was not kept.
    """

    row_id: str
    stratum_id: str
    run_id: str
    step: int
    device: str
    settings: dict[str, Any]
    seed: int
    n: int
    value: Cell
    low: Cell
    high: Cell
    level: str
    multiplicity: Cell
    orders: Cell
    outcome: str
    note: str
    exact: Cell
    inside: Cell
    cost: float
    evaluations: int
    command: str
    code: str


class Edge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One relation.

    source, target: ids of rows, with ``#stratum`` after it for a stratum that is no row. kind:

    - ``closure``: source lies in the closure of target (the source is deeper);
    - ``class``: one germ up to renaming and signs or a proved equivalence (evidence: which);
    - ``adjacency``: source deforms to target by the monomial in the evidence;
    - ``transposition``: the one is the transposed network of the other;
    - ``same function``: two programs compute one function;
    - ``trained into``: a training run (source) ended at target.

    weight: a number of the kind's own (1 where it has none): for closure the difference of
    dimensions (0 where one is not decided), for adjacency μ(source) − μ(target).
    evidence: why, in words.
    """

    source: str
    target: str
    kind: EdgeKind
    weight: int
    evidence: str


class Tables(msgspec.Struct, forbid_unknown_fields=True):
    """The five tables in memory, each a list of records."""

    rows: list[Row] = []
    strata: list[StratumLine] = []
    certificates: list[CertificateLine] = []
    readings: list[ReadingLine] = []
    edges: list[Edge] = []

    def __str__(self) -> str:
        return ", ".join(f"{len(getattr(self, name))} {name}" for name in TABLES)


TABLES: dict[str, type[msgspec.Struct]] = {
    "rows": Row,
    "strata": StratumLine,
    "certificates": CertificateLine,
    "readings": ReadingLine,
    "edges": Edge,
}


def cell_columns(table: str) -> tuple[str, ...]:
    """The names of a table's columns that hold cells, as they are spelt in it.

    >>> cell_columns("rows")
    ('semantics', 'chart', 'inputs', 'loss_form', 'class_id')
    """
    kind = TABLES[table]
    hints = get_type_hints(kind)
    spelt = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    return tuple(spelt[name] for name in kind.__struct_fields__ if hints[name] is Cell)


def cells(record: msgspec.Struct) -> Iterator[tuple[str, Cell]]:
    """The cells of a record by the spelt names of their columns."""
    names = zip(record.__struct_fields__, record.__struct_encode_fields__, strict=True)
    for name, spelt in names:
        value = getattr(record, name)
        if isinstance(value, Cell):
            yield spelt, value


def blanks(tables: Tables) -> list[str]:
    """Every blank cell, as ``table: key: column``; empty for a sound dictionary."""
    found = []
    for table in TABLES:
        for record in getattr(tables, table):
            for name, cell in cells(record):
                if cell.blank:
                    key = getattr(record, "id", "") or getattr(record, "row_id", "")
                    found.append(f"{table}: {key}: {name}")
    return found


def counts(tables: Tables) -> dict[str, dict[str, dict[str, int]]]:
    """Table → column → status → how many cells have it."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for table in TABLES:
        columns: dict[str, dict[str, int]] = {
            column: {str(status): 0 for status in STATUSES} for column in cell_columns(table)
        }
        for record in getattr(tables, table):
            for name, cell in cells(record):
                columns[name][cell.status] += 1
        if columns:
            found[table] = columns
    return found
