"""(λ, m) read off a Newton polyhedron, with the proof that the faces are nondegenerate checked.

K = ∏x^(2k) · Σ fᵢ² at the origin, with prior ∏|x|^(c−1). μ is the minimum of ⟨c, v⟩ over weights
v ≥ 0 with ⟨v, a + k⟩ ≥ 1 at every exponent a of the fᵢ.

*Definite* (Lin 2011, sos-nondegenerate): on each compact face the face polynomials have no common
zero in the real torus. Then λ = μ/2, and m = 1 + the dimension of the optimal face.

*Transversal* (Varchenko 1976), one f: on each compact face f and all x_i ∂f/∂x_i have no common
zero there. Then the strict transform of f = 0 is smooth and transversal, a divisor with ratio ½.
It matters for μ ≥ 1 only: for μ > 1, (λ, m) = (½, 1) if the polynomial of some compact face has a
zero; for μ = 1, m grows by 1 if that of one inside the hit face has (docs/theory.md, newton).

Vertices need no evidence: a single term has no zero in the torus. That no compact face is left out
is checked by :mod:`singularity_lab.algebra.face_lattice`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.face_lattice import check_faces
from singularity_lab.algebra.hypotheses import hold, under
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.number_field import NumberField
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Exponent, Polynomial
from singularity_lab.algebra.rings import fraction
from singularity_lab.algebra.univariate import SignDomain
from singularity_lab.exact.proof.covering import check_covering
from singularity_lab.exact.proof.evidence import check_no_zero, check_zero

Face = frozenset[Exponent]

# What the theorems assume; each error begins with the name of what fails.
HYPOTHESES = {
    "criterion": "the criterion is definite, or transversal for one generator",
    "optimum": "the primal and the dual solution are feasible, of one value, and complementary",
    "faces": "the compact faces of the Newton polyhedron are all there, and no others",
    "evidence": "on each the face polynomials, for transversal with the logarithmic derivatives, "
    "have no common zero in the torus",
    "strict": "transversal, μ ≥ 1: the face polynomial has a zero on a face, inside the hit face "
    "if μ = 1; or on none of these",
}


def check_newton(
    gens: Sequence[Polynomial],
    k: Sequence[int],
    costs: Sequence[Fraction],
    torus: SignDomain,
    proof: Mapping[str, Any],
    field: NumberField | None = None,
) -> RLCT:
    """(λ, m) by the recorded proof; raises CertificateError saying what fails. Never searches.

    gens: in one ring; k, costs: in its order; torus: each variable ``nonzero`` or ``positive``.
    proof: "criterion"; "primal", "dual" = [[exponent, y], …] for μ; "faces" = [{"face",
    "evidence"}, …], the vertices being optional; for a transversal f with μ ≥ 1 "strict": {"face",
    "zero"} or {"empty": faces}.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> no_zero = {"kind": "sign", "index": 0}
    >>> print(check_newton([parse("x^2 + y^2")], (0, 0), (Fraction(1), Fraction(1)),
    ...     {"x": "nonzero", "y": "nonzero"}, {"criterion": "definite", "primal": ["1/2", "1/2"],
    ...     "dual": [[[2, 0], "1/2"], [[0, 2], "1/2"]],
    ...     "faces": [{"face": [[2, 0], [0, 2]], "evidence": no_zero}]}))
    (1/2, 1)
    """
    n, context = len(k), gens[0].flint.context()
    terms = [[(tuple(map(int, a)), c) for a, c in f.flint.to_dict().items()] for f in gens]
    support = sorted({a[:n] for f in terms for a, _ in f})
    rows = [[e + m for e, m in zip(a, k, strict=True)] for a in support]
    primal = [fraction(v) for v in proof["primal"]]
    dual = {tuple(a): fraction(y) for a, y in proof["dual"]}
    hold("optimum", set(dual) <= set(support), "dual: no such exponent")
    optimum = [dual.get(a, Fraction(0)) for a in support]
    with under("optimum"):
        mu, dimension = check_covering(costs, rows, primal, optimum)
    with under("faces"):
        faces = _all_faces(support)
    transversal = proof["criterion"] == "transversal"
    hold("criterion", transversal or proof["criterion"] == "definite", "unknown criterion")
    hold("criterion", len(gens) == 1 or not transversal, "transversal: one generator is needed")

    names = gens[0].variables
    relations = [] if field is None else [field.relation(names)]
    domain: SignDomain = torus if field is None else {**torus, field.symbol: "positive"}

    def on(face: Face, logarithmic: bool) -> list[Polynomial]:
        """The parts of the generators on a face; with x_i ∂f/∂x_i if asked."""
        parts = [context.from_dict({a: c for a, c in f if a[:n] in face}) for f in terms]
        if logarithmic:
            parts += [x * parts[0].derivative(i) for i, x in enumerate(context.gens()[:n])]
        return [Polynomial(names, p) for p in parts]

    def check(entries: Any, wanted: Sequence[Face], logarithmic: bool) -> None:
        evidence = {_face(entry): entry["evidence"] for entry in entries}
        needed = {face for face in wanted if len(face) > 1}
        hold("faces", needed <= evidence.keys() <= set(wanted), "other faces than needed")
        for face, proof in evidence.items():
            with under("evidence"):
                check_no_zero([*on(face, logarithmic), *relations], domain, proof)

    check(proof["faces"], faces, transversal)
    if not transversal or mu < 1:
        return RLCT(mu / 2, 1 + dimension)
    decisive = faces
    if mu == 1:
        weights = [sum(v * e for v, e in zip(primal, row, strict=True)) for row in rows]
        hit = {a for a, weight in zip(support, weights, strict=True) if weight == 1}
        decisive = tuple(face for face in faces if face <= hit)
    if "zero" not in proof["strict"]:
        with under("strict"):
            check(proof["strict"]["empty"], decisive, False)
        return RLCT(mu / 2, 1 + dimension)
    hold("strict", _face(proof["strict"]) in decisive, "another face")
    with under("strict"):
        check_zero(on(_face(proof["strict"]), False), torus, proof["strict"]["zero"])
    return RLCT(Fraction(1, 2), 1 if mu > 1 else 2 + dimension)


def _face(entry: Mapping[str, Any]) -> Face:
    return frozenset(tuple(a) for a in entry["face"])


def _all_faces(support: Sequence[Exponent]) -> tuple[Face, ...]:
    """The compact faces, with the proof that these are all."""
    polyhedron = NewtonPolyhedron.of(support)
    faces = polyhedron.compact_faces()
    check_faces(support, [(f.normal, f.value) for f in polyhedron.facets], faces)
    return faces
