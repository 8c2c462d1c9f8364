"""Isolated hypersurface singularities: corank, μ, τ, Arnold type, spectrum, weights and charges.

Arnold, Gusein-Zade and Varchenko 1985; Greuel, Lossen and Shustin 2007; Vafa and Warner 1989 for
the charges: a quasi-homogeneous potential with weights q_i has ĉ = Σ (1 − 2q_i) and the central
charge c = 3ĉ, and its chiral ring is the Milnor algebra.

The invariants are those of the germ at the origin. Spectrum and charges do not change along
deformations with constant μ (Varchenko 1982), so those of a germ with a recognised type are those
of its normal form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, UnsetType

from singularity_lab.algebra.doubtful_names import doubts_of
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import PointLike, Polynomial
from singularity_lab.algebra.problem import HasProblem, LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.classification import singularity_spectrum as spectra
from singularity_lab.exact.classification.arnold import classify
from singularity_lab.exact.classification.milnor import (
    LocalAlgebra,
    bezout,
    gradient,
    local_algebra,
    milnor_algebra,
    tjurina_algebra,
)
from singularity_lab.exact.classification.normal_forms import Arnold
from singularity_lab.exact.classification.splitting_lemma import Splitting, split
from singularity_lab.system import counting as nouns
from singularity_lab.system.deadline import TimeLimit, require_seconds
from singularity_lab.system.documents import Record
from singularity_lab.system.notebooks import table

if TYPE_CHECKING:
    from singularity_lab.exact.classification.unfolding import Unfolding


class SingularityDocument(Record, frozen=True, kw_only=True):
    """The invariants of a singularity as a document: rationals and polynomials are text, None is
    what does not apply."""

    polynomial: str
    label: str | UnsetType = UNSET
    variables: tuple[str, ...]
    type: str
    real_form: str | None
    normal_form: str | None
    modality: int | None
    corank: int
    rank: int
    index: int
    residual: str
    milnor: int
    tjurina: int
    quasi_homogeneous: bool
    spectrum: tuple[str, ...] | None
    weights: tuple[str, ...] | None
    c_hat: str | None
    central_charge: str | None
    chiral_charges: tuple[str, ...] | None
    milnor_basis: tuple[str, ...]
    tjurina_basis: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Singularity:
    """The invariants of an isolated hypersurface singularity f = 0 at the origin.

    f: the germ, moved to the origin. splitting: quadratic part and residual part. kind: Arnold's
    class. milnor_basis: monomials that span the Milnor algebra (the chiral ring); of the residual
    part where f itself is too large (``notes`` says so). tjurina_basis: of the Tjurina
    algebra, the monomials of a versal unfolding.
    spectrum: μ numbers in (−1, n − 1), None where no theorem here gives it. weights: of a
    quasi-homogeneous normal form, one for each variable; of f itself where f is quasi-homogeneous.
    notes: which theorem gave what, and why something is absent.
    """

    f: Polynomial
    splitting: Splitting
    kind: Arnold
    milnor: int
    tjurina: int
    milnor_basis: LocalAlgebra
    tjurina_basis: LocalAlgebra
    spectrum: tuple[Fraction, ...] | None
    weights: tuple[Fraction, ...] | None
    modality: int | None
    notes: tuple[str, ...] = ()
    label: str = ""

    @property
    def type(self) -> str:
        """Arnold's symbol, or a description beyond his lists."""
        return self.kind.symbol

    @property
    def corank(self) -> int:
        """The corank of the Hessian."""
        return self.splitting.corank

    @property
    def index(self) -> int:
        """The number of negative squares of the quadratic part (Morse index)."""
        return self.splitting.index

    @property
    def residual(self) -> Polynomial:
        """The residual part of the splitting lemma, up to its determinacy."""
        return self.splitting.residual

    @property
    def quasi_homogeneous(self) -> bool:
        """Whether f is quasi-homogeneous in some coordinates: μ = τ (K. Saito 1971)."""
        return self.milnor == self.tjurina

    @property
    def c_hat(self) -> Fraction | None:
        """ĉ = Σ (1 − 2q_i); None without weights."""
        if self.weights is None:
            return None
        return sum((1 - 2 * q for q in self.weights), Fraction(0))

    @property
    def central_charge(self) -> Fraction | None:
        """c = 3ĉ; None without weights."""
        return None if self.c_hat is None else 3 * self.c_hat

    @property
    def chiral_charges(self) -> tuple[Fraction, ...] | None:
        """U(1) charges of the chiral ring, 0 … ĉ: the spectrum shifted to begin at 0."""
        if self.weights is None or self.spectrum is None:
            return None
        return tuple(a - self.spectrum[0] for a in self.spectrum)

    def spectrum_counted(self) -> tuple[tuple[Fraction, int], ...] | None:
        """(number, multiplicity) pairs, ascending."""
        return None if self.spectrum is None else tuple(sorted(Counter(self.spectrum).items()))

    def unfolding(self) -> Unfolding:
        """The versal unfolding f + Σ s_i e_i over the Tjurina algebra.

        Of the residual part in place of f where the bases are those of the residual part.
        """
        from singularity_lab.exact.classification.unfolding import Unfolding

        own = self.tjurina_basis.variables == self.f.variables
        return Unfolding.of(self.f if own else self.splitting.residual, self.tjurina_basis)

    def document(self) -> SingularityDocument:
        """The invariants as a document."""

        def texts(values: Iterable[Fraction] | None) -> tuple[str, ...] | None:
            return None if values is None else tuple(str(v) for v in values)

        return SingularityDocument(
            polynomial=str(self.f),
            label=self.label or UNSET,
            variables=self.f.variables,
            type=self.type,
            real_form=self.kind.real or None,
            normal_form=self.kind.normal_form or None,
            modality=self.modality,
            corank=self.corank,
            rank=self.splitting.rank,
            index=self.index,
            residual=str(self.residual),
            milnor=self.milnor,
            tjurina=self.tjurina,
            quasi_homogeneous=self.quasi_homogeneous,
            spectrum=texts(self.spectrum),
            weights=texts(self.weights),
            c_hat=None if self.c_hat is None else str(self.c_hat),
            central_charge=None if self.central_charge is None else str(self.central_charge),
            chiral_charges=texts(self.chiral_charges),
            milnor_basis=tuple(str(b) for b in self.milnor_basis.monomials()),
            tjurina_basis=tuple(str(b) for b in self.tjurina_basis.monomials()),
            notes=self.notes,
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values; what does not apply is null."""
        return self.document().plain()

    def __str__(self) -> str:
        label = f"{self.label}: " if self.label else ""
        squares = nouns.counted(self.splitting.rank, "square")
        lines = [
            f"{label}{self.f} at 0: {self.kind}",
            f"  corank {self.corank}, {squares} of which {self.index} negative"
            f"; residual part {self.residual}",
            f"  mu = {self.milnor}, tau = {self.tjurina}"
            + (" (quasi-homogeneous in some coordinates)" if self.quasi_homogeneous else ""),
        ]
        counted = self.spectrum_counted()
        if counted is not None:
            numbers = ", ".join(f"{a}" if k == 1 else f"{a} ({k})" for a, k in counted)
            lines.append(f"  spectrum {numbers}")
        if self.weights is not None:
            q = ", ".join(str(w) for w in self.weights)
            lines.append(f"  weights {q}; c_hat = {self.c_hat}, c = {self.central_charge}")
        lines += [f"  note: {n}" for n in self.notes]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        label = f"{self.label}: " if self.label else ""
        lines: list[tuple[str, object]] = [
            ("corank", self.corank),
            ("squares", f"{self.splitting.rank}, of which {self.index} negative"),
            ("residual part", self.residual),
            ("Milnor number μ", self.milnor),
            ("Tjurina number τ", self.tjurina),
        ]
        counted = self.spectrum_counted()
        if counted is not None:
            told = ", ".join(f"{a}" if k == 1 else f"{a} ({k})" for a, k in counted)
            lines.append(("spectrum", told))
        if self.weights is not None:
            lines.append(("weights", ", ".join(map(str, self.weights))))
            lines.append(("ĉ, c", f"{self.c_hat}, {self.central_charge}"))
        return table(f"{label}{self.f} at 0: {self.kind}", ("", ""), lines, self.notes)

    def plot(self, ax: Any = None) -> Any:
        """The real curve or surface f = 0 near 0, in 2 or 3 variables, on matplotlib axes."""
        from singularity_lab.pictures.singularities import zero_set

        return zero_set(self.f, ax=ax, title=f"{self.type}: {self.f} = 0")


def singularity(
    f: LocalProblem | HasProblem | Polynomial | str,
    variables: str | Iterable[str] | None = None,
    *,
    at: PointLike | None = None,
    columns: int = 6_000,
    budget: float | None = 60.0,
) -> Singularity:
    """Return the invariants of the isolated singularity of {f = 0} at a point (the origin unless
    given).

    f: a polynomial, or a local problem or a row with one generator; prior and constraints do not
    enter, and ``notes`` say so. columns: a limit on the size of the linear algebra. budget: CPU
    seconds, None for no limit. Raises OutOfScope for several generators, where f does not vanish
    there, is not critical there, or (proved) has a critical point that is not isolated; Undecided
    where a limit does not suffice.

    >>> s = singularity("x^3 + y^4 + z^2")
    >>> s.type, s.milnor, s.tjurina, str(s.central_charge)
    ('E6', 6, 6, '5/2')
    >>> print(singularity("x^2 - 2*x*y^2 + y^4 + y^5"))
    x^2 - 2*x*y^2 + y^4 + y^5 at 0: A4: x^5, modality 0
      corank 1, 1 square of which 0 negative; residual part y^5
      mu = 4, tau = 4 (quasi-homogeneous in some coordinates)
      spectrum -3/10, -1/10, 1/10, 3/10
      weights 1/5, 1/2; c_hat = 3/5, c = 9/5
      note: weights of the normal form: x^5 and squares
      note: spectrum from the weights
    """
    require_seconds(budget)
    with TimeLimit(budget):
        return _invariants(LocalProblem.of(f, variables, at=at), columns)
    raise Undecided(f"singularity: not decided within {budget} CPU seconds")


def _invariants(problem: LocalProblem, columns: int) -> Singularity:
    germ = problem.hypersurface("singularity")
    if germ.order < 2:
        raise OutOfScope(
            f"singularity: {germ} is smooth at the point (mu = 0): it has a linear part"
            + (f"; {told}" if (told := doubts_of(problem)) else "")
        )
    splitting, local = _split(germ, columns)
    mu = local.dimension
    kind = classify(splitting.residual, mu)
    notes = [told] if (told := doubts_of(problem)) else []
    if not problem.flat:
        notes.append(f"of f alone: {problem.describe_density()} do not enter")
    try:
        tau_algebra = tjurina_algebra(germ, columns)
        basis = milnor_algebra(germ, columns)
    except Undecided:  # stable equivalence alters neither algebra
        if splitting.rank == 0:
            raise
        tau_algebra, basis = tjurina_algebra(splitting.residual, columns), local
        notes += ["bases are those of the residual part: the germ itself is too large"]
    if basis.dimension != mu:
        raise AssertionError(f"mu of {germ} is {basis.dimension}, of its residual part {mu}")
    weights, numbers = _weights_and_spectrum(germ, splitting, kind, mu, notes)
    modality = kind.modality
    if modality is None:
        modality = _inner_modality(splitting.residual, local, notes)
    return Singularity(
        germ,
        splitting,
        kind,
        mu,
        tau_algebra.dimension,
        basis,
        tau_algebra,
        numbers,
        weights,
        modality,
        tuple(notes),
        problem.label,
    )


def _split(f: Polynomial, columns: int) -> tuple[Splitting, LocalAlgebra]:
    """The splitting up to the determinacy of the residual part, with its Milnor algebra.

    m^(N−1) ⊂ J(g) gives m^(N+1) ⊂ m²·J(g), so g is N-determined (Mather 1968): g modulo degree
    N + 1 is the residual part in suitable coordinates.
    """
    precision = 8
    bound = bezout(f)
    while True:
        splitting = split(f, precision)
        if splitting.corank == 0:
            empty = LocalAlgebra((), ((),), 1)
            return splitting, empty
        try:
            algebra = local_algebra(
                gradient(splitting.residual),
                precision=precision,
                bound=bound,
                about=f"the critical point 0 of {f}",
                columns=columns,
            )
        except Undecided:
            if precision > bound + 2:
                raise
            precision += precision // 2
            continue
        if algebra.order <= precision:
            return splitting, algebra
        precision = algebra.order


def _weights_and_spectrum(
    f: Polynomial, splitting: Splitting, kind: Arnold, mu: int, notes: list[str]
) -> tuple[tuple[Fraction, ...] | None, tuple[Fraction, ...] | None]:
    own = spectra.weights(f)
    if own is not None:
        notes += [f"weights of f itself, in the order {', '.join(f.variables)}"]
        notes += ["spectrum from the weights"]
        return own, spectra.from_weights(own)
    squares = (Fraction(1, 2),) * splitting.rank
    form = kind.representative()
    if form is not None:
        inner = spectra.weights(form)
        rank = splitting.rank + splitting.corank - len(form.variables)
        if inner is not None:
            w = (*inner, *(Fraction(1, 2),) * rank)
            notes += [f"weights of the normal form: {form}{' and squares' if rank else ''}"]
            notes += ["spectrum from the weights"]
            return w, spectra.from_weights(w)
        numbers = spectra.from_newton(form, mu)
        notes += [f"spectrum of the normal form {form}, from its Newton filtration"]
        notes += ["no weights: the type is not semi-quasi-homogeneous"]
        return None, spectra.suspend(numbers, rank)
    own = spectra.weights(splitting.residual)
    if own is not None:
        w = (*own, *squares)
        notes += [f"weights of the residual part in {', '.join(splitting.residual.variables)}"]
        notes += ["spectrum from the weights"]
        return w, spectra.from_weights(w)
    try:
        numbers = spectra.from_newton(splitting.residual, mu)
    except (OutOfScope, Undecided) as error:
        notes += [f"no spectrum: {error}"]
        return None, None
    notes += ["spectrum from the Newton filtration of the residual part (nondegenerate)"]
    notes += ["no weights: neither f nor its residual part is quasi-homogeneous as written"]
    return None, spectra.suspend(numbers, splitting.rank)


def _inner_modality(residual: Polynomial, local: LocalAlgebra, notes: list[str]) -> int | None:
    """For a semi-quasi-homogeneous residual part: the basis monomials of weighted degree ≥ 1.

    Its initial form g_0 for some weights has an isolated critical point with the same μ, and a
    monomial basis of the Milnor algebra of g_0 is one of g; the modality is the number of its
    members of degree ≥ 1 (Varchenko 1982; that of f is that of its residual part).
    """
    for w, part in _initial_forms(residual):
        try:
            algebra = local if part == residual else milnor_algebra(part)
        except (OutOfScope, Undecided):
            continue
        if algebra.dimension != local.dimension:
            continue
        kind = "quasi" if part == residual else "semi-quasi"
        shown = ", ".join(map(str, w))
        notes += [
            f"modality: basis monomials of degree >= 1; the residual part is {kind}-homogeneous "
            f"for the weights {shown} (Varchenko 1982)"
        ]
        return sum(1 for a in algebra.basis if sum(x * e for x, e in zip(w, a, strict=True)) >= 1)
    notes += ["modality not decided: beyond the lists, and not semi-quasi-homogeneous as written"]
    return None


def _initial_forms(g: Polynomial) -> Iterator[tuple[tuple[Fraction, ...], Polynomial]]:
    """Weights w > 0 with the part of degree 1, all other terms having more: g itself, or facets."""
    own = spectra.weights(g)
    if own is not None:
        yield own, g
        return
    for facet in NewtonPolyhedron.of(g.support()).facets:
        if facet.value and all(facet.normal):
            w = tuple(Fraction(v, facet.value) for v in facet.normal)
            terms = {
                a: c for a, c in g.terms() if sum(x * e for x, e in zip(w, a, strict=True)) == 1
            }
            yield w, Polynomial.from_terms(terms, g.variables)


def quasi_homogeneous_weights(f: Polynomial | str) -> tuple[Fraction, ...]:
    """The weights w with f(t^w x) = t·f(x); raises OutOfScope where f has none as written.

    >>> quasi_homogeneous_weights("x^2 + y^3")
    (Fraction(1, 2), Fraction(1, 3))
    """
    germ = LocalProblem.build(f, convention="loss").ideal.generators[0]
    if germ.is_zero:
        raise BadInput("f: the zero polynomial has no weights")
    found = spectra.weights(germ)
    if found is None:
        raise OutOfScope(f"{germ} is not quasi-homogeneous in these coordinates")
    return found
