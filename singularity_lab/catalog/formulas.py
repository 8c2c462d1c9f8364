"""Closed formulas of papers, as claims: builder parameters → what the paper says about that model
at that stratum.

They attach claims to generated rows and check the claims that are typed on file. They are never a
step of a proof, and no estimator sees them. Each function names its theorem; where a formula is
printed with a slip, the docstring says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.catalog.entry import Claim
from singularity_lab.errors import BadInput

ClaimFormula = Callable[[dict[str, Any], str], list[Claim]]
_FORMULAS: dict[str, list[ClaimFormula]] = {}


def formula(*models: str) -> Callable[[ClaimFormula], ClaimFormula]:
    """Register a formula for builders. It receives complete parameters and the name of the
    stratum."""

    def register(function: ClaimFormula) -> ClaimFormula:
        for model in models:
            _FORMULAS.setdefault(model, []).append(function)
        return function

    return register


def claims_for(model: str, parameters: dict[str, Any], stratum: str) -> list[Claim]:
    """All claims that the registered formulas make about a builder's model at a stratum.

    >>> for c in claims_for("normal_crossing", {"exponents": [1, 2], "prior": None}, "origin"):
    ...     print(c)
    rlct = 1/4, m = 1 (watanabe2009)
    """
    return [c for f in _FORMULAS.get(model, []) for c in f(parameters, stratum)]


# -- linear networks
# ---------------------------------------------------------------------------------


def aoyagi_watanabe_2005(inputs: int, outputs: int, hidden: int, rank: int) -> RLCT:
    """Reduced-rank regression, Aoyagi and Watanabe 2005: global (λ, m), in four cases.

    >>> print(aoyagi_watanabe_2005(2, 2, 2, 0), aoyagi_watanabe_2005(3, 3, 2, 1))
    (3/2, 1) (7/2, 2)
    """
    M, N, H, r = inputs, outputs, hidden, rank
    if N + r > M + H:
        return RLCT(Fraction(H * M - H * r + N * r, 2), 1)
    if M + r > N + H:
        return RLCT(Fraction(H * N - H * r + M * r, 2), 1)
    if H + r > M + N:
        return RLCT(Fraction(M * N, 2), 1)
    top = -((H + r) ** 2) - M**2 - N**2 + 2 * (H + r) * (M + N) + 2 * M * N
    if (M + N + H + r) % 2 == 0:
        return RLCT(Fraction(top, 8), 1)
    return RLCT(Fraction(top + 1, 8), 2)


def aoyagi_2024(widths: Sequence[int], rank: int) -> RLCT:
    """Deep linear networks, Aoyagi 2024, Theorem 2: global (λ, m).

    With Δ_s = width_s − rank, take the set 𝓜 of ℓ + 1 smallest Δ such that Σ_𝓜 Δ ≥ ℓ·max_𝓜 Δ and
    Σ_𝓜 Δ < ℓ·Δ_s outside (Definition 3 prints (ℓ − 1) where ℓ is needed). Then with P = Σ_𝓜 Δ, M =
    ⌈P/ℓ⌉, a = P − (M − 1)ℓ: λ = ½(−r² + r(n_in + n_out)) + a(ℓ − a)/(4ℓ) − (ℓ(ℓ − 1)/4)(P/ℓ)² + ½
    Σ_{i<j ∈ 𝓜} Δ_iΔ_j, m = a(ℓ − a) + 1.

    >>> print(aoyagi_2024([2, 2, 2, 2], 0), aoyagi_2024([4, 3, 5, 2, 6], 1))
    (3/2, 3) (11/2, 1)
    """
    regular = Fraction(-rank * rank + rank * (widths[0] + widths[-1]), 2)
    delta = sorted(n - rank for n in widths)
    for size in range(2, len(delta) + 1):
        inside, outside = delta[:size], delta[size:]
        ell, total = size - 1, sum(inside)
        if total >= ell * inside[-1] and all(total < ell * d for d in outside):
            break
    else:
        raise BadInput(f"widths: no set of layers satisfies the conditions for {list(widths)}")
    ceiling = -(-total // ell)
    a = total - (ceiling - 1) * ell
    cross = sum(x * y for i, x in enumerate(inside) for y in inside[i + 1 :])
    value = (
        regular
        + Fraction(a * (ell - a), 4 * ell)
        - Fraction(ell * (ell - 1), 4) * Fraction(total, ell) ** 2
        + Fraction(cross, 2)
    )
    return RLCT(value, a * (ell - a) + 1)


def _claim(value: RLCT | Fraction, source: str, theorem: str = "", **more: Any) -> Claim:
    m = value.multiplicity if isinstance(value, RLCT) else None
    number = value.value if isinstance(value, RLCT) else value
    more.setdefault("quantity", "rlct")
    return Claim(value=str(number), source=source, multiplicity=m, theorem=theorem, **more)


@formula("reduced_rank_regression")
def _reduced_rank(p: dict[str, Any], stratum: str) -> list[Claim]:
    if stratum != f"a{p['rank']}b{p['rank']}":
        return []
    value = aoyagi_watanabe_2005(p["inputs"], p["outputs"], p["hidden"], p["rank"])
    return [_claim(value, "aoyagi2005", "main theorem (four cases)", scope="global")]


@formula("deep_linear")
def _deep(p: dict[str, Any], stratum: str) -> list[Claim]:
    if stratum != "deepest":
        return []
    value = aoyagi_2024(p["widths"], p["rank"])
    return [_claim(value, "aoyagi2024", "Theorem 2", scope="global")]


@formula("linear_autoencoder")
def _autoencoder(p: dict[str, Any], stratum: str) -> list[Claim]:
    k = p["data_rank"]
    if stratum != f"a{k}b{k}":
        return []
    value = aoyagi_watanabe_2005(k, p["dimension"], p["hidden"], k)
    return [_claim(value, "aoyagi2005", "main theorem (four cases)", scope="global")]


# -- monomials and hypersurfaces
# -----------------------------------------------------------------------


@formula("normal_crossing")
def _normal_crossing(p: dict[str, Any], stratum: str) -> list[Claim]:
    tau = [Fraction(h) for h in p["prior"] or [0] * len(p["exponents"])]
    ratios = [(h + 1) / (2 * k) for k, h in zip(p["exponents"], tau, strict=True) if k]
    return [_claim(RLCT(min(ratios), ratios.count(min(ratios))), "watanabe2009")]


@formula("monomial_ideal")
def _powers(p: dict[str, Any], stratum: str) -> list[Claim]:
    """Howald 2001, Example: lct of (x₁^a₁, …, xₙ^aₙ) is Σ 1/aᵢ."""
    rows = p["exponents"]
    n = len(rows[0])
    pure = [next((a[i] for a in rows if a[i] and sum(a) == a[i]), 0) for i in range(n)]
    if p["prior"] is None and all(pure) and len(rows) == n:
        value = sum((Fraction(1, a) for a in pure), Fraction(0))
        return [_claim(value, "howald2001", "Main Theorem", quantity="lct")]
    return []


@formula("brieskorn_pham")
def _brieskorn(p: dict[str, Any], stratum: str) -> list[Claim]:
    total = sum((Fraction(1, a) for a in p["exponents"]), Fraction(0))
    return _varchenko(total)


def _varchenko(remoteness: Fraction) -> list[Claim]:
    """Varchenko 1976 for a nondegenerate f with remoteness sum below 1: λ(f²) is half of it."""
    if remoteness >= 1:
        return []
    return [
        _claim(
            remoteness / 2,
            "varchenko1976",
            conditions="f nondegenerate over R; the distance of its Newton polyhedron exceeds 1",
        )
    ]


@formula("ade")
def _ade(p: dict[str, Any], stratum: str) -> list[Claim]:
    k = p["k"]
    if p["type"] == "A":
        curve = Fraction(1, 2) + Fraction(1, k + 1)
    elif p["type"] == "D":
        curve = Fraction(k, 2 * (k - 1))
    else:
        curve = {6: Fraction(7, 12), 7: Fraction(5, 9), 8: Fraction(8, 15)}[k]
    return _varchenko(curve + Fraction(p["variables"] - 2, 2))


@formula("plane_branch")
def _branch(p: dict[str, Any], stratum: str) -> list[Claim]:
    """Igusa 1977: lct of an irreducible plane curve is 1/β₀ + 1/β₁, from the first Puiseux pair."""
    import math

    powers = [Fraction(a, b) for a, b in p["exponents"]]
    n = math.lcm(*(q.denominator for q in powers))
    first = next(int(n * q) for q in powers if (n * q) % n)
    low = min(int(n * powers[0]), n)
    value = Fraction(1, n) + Fraction(1, first)
    if low < n:  # the curve is tangent to the other axis: not in the form that the formula takes
        return []
    return [_claim(value, "igusa1977", quantity="lct")]


@formula("arrangement")
def _arrangement(p: dict[str, Any], stratum: str) -> list[Claim]:
    """Mustaţă 2006 (reduced), Teitler 2008: lct = min over flats of codimension / multiplicity."""
    import itertools

    import flint

    normals = p["normals"]
    m = p["multiplicities"] or [1] * len(normals)
    best = None
    n = len(normals[0])
    for size in range(1, n + 1):
        for chosen in itertools.combinations(range(len(normals)), size):
            rows = [normals[i] for i in chosen]
            if flint.fmpz_mat(rows).rank() < size:
                continue
            weight = sum(
                m[j] for j, a in enumerate(normals) if flint.fmpz_mat([*rows, a]).rank() == size
            )
            ratio = Fraction(size, weight)
            best = ratio if best is None else min(best, ratio)
    if best is None:
        return []
    source = "mustata2006" if set(m) == {1} else "teitler2008"
    return [_claim(best, source, quantity="lct")]


@formula("coxeter")
def _coxeter(p: dict[str, Any], stratum: str) -> list[Claim]:
    """Opdam 1989: the largest root of the b-function of the product of roots is −2/h."""
    n = p["rank"]
    h = {"A": n + 1, "B": 2 * n, "D": 2 * (n - 1)}[p["type"]]
    return [_claim(Fraction(2, h), "opdam1989", quantity="lct")]


@formula("generic_minors")
def _generic_minors(p: dict[str, Any], stratum: str) -> list[Claim]:
    m, n, r = p["rows"], p["columns"], p["size"]
    value = min(Fraction((m - i) * (n - i), r - i) for i in range(r))
    return [_claim(value, "johnson2003", quantity="lct")]


# -- networks with units, mixtures, latent variables
# ---------------------------------------------------


@formula("vandermonde")
def _tanh(p: dict[str, Any], stratum: str) -> list[Claim]:
    """Aoyagi and Watanabe 2005b: one input, one output, H tanh units, truth 0.

    λ = (H + i² + i)/(4i + 2) with i the largest integer with i² ≤ H; m = 2 if i² = H, else 1.
    """
    keys = ("inputs", "outputs", "step", "first", "true_units")
    if tuple(p[k] for k in keys) != (1, 1, 2, 1, 0):
        return []
    import math

    H, i = p["hidden"], math.isqrt(p["hidden"])
    value = RLCT(Fraction(H + i * i + i, 4 * i + 2), 2 if i * i == H else 1)
    return [_claim(value, "aoyagi2005b", "main theorem", scope="global")]


@formula("latent_class")
def _naive_bayes(p: dict[str, Any], stratum: str) -> list[Claim]:
    """Rusakov and Geiger 2005, Theorem 4: binary features, two classes.

    Where no feature depends on the class: (n + 1)/2 for n ≥ 3, with m = 1; (3/2, 3) for n = 2.
    """
    n = len(p["sizes"])
    if p["classes"] != 2 or any(k != 2 for k in p["sizes"]):
        return []
    if p["truth"] == "independent":
        if stratum != "vanishing":
            return []
        if n == 2:
            return [_claim(RLCT(Fraction(3, 2), 3), "rusakov2005", "Theorem 4", scope="global")]
        value = Fraction(1, 2) if n == 1 else Fraction(n + 1, 2)
    elif p["truth"] == "pair":
        value = Fraction(3, 2) if n == 2 else Fraction(2 * n - 1, 2)
    else:
        value = Fraction(2 * n + 1, 2)
    return [_claim(RLCT(value, 1), "rusakov2005", "Theorem 4", scope="global")]


@formula("known_component_mixture")
def _known_component(p: dict[str, Any], stratum: str) -> list[Claim]:
    if stratum != "origin":
        return []
    return [_claim(RLCT(Fraction(1, 2), 2), "watanabe2009", scope="global")]


@formula("poisson_mixture")
def _simplex_vandermonde(p: dict[str, Any], stratum: str) -> list[Claim]:
    """Sato and Watanabe 2019: λ = (3r + H − 2)/4 for H components and r true ones."""
    if stratum != "vanishing":
        return []
    r = p.get("true_components", 1)
    value = Fraction(3 * r + p["components"] - 2, 4)
    return [_claim(value, "sato2019", "main theorem", scope="global")]


@formula("gaussian_mixture")
def _gaussian_line(p: dict[str, Any], stratum: str) -> list[Claim]:
    if p["dimension"] != 1 or p["signed"]:
        return []
    return _simplex_vandermonde(p, stratum)


@formula("nonnegative_factorisation")
def _nmf(p: dict[str, Any], stratum: str) -> list[Claim]:
    """Hayashi and Watanabe 2017: at truth 0 their bound is the value, λ = ½·H·min(M, N)."""
    if p["rank"]:
        return []
    value = Fraction(p["factors"] * min(p["rows"], p["columns"]), 2)
    return [_claim(value, "hayashi2017", "main theorem", scope="global")]


@formula("stochastic_factorisation")
def _lda(p: dict[str, Any], stratum: str) -> list[Claim]:
    """Hayashi 2021: latent Dirichlet allocation is reduced-rank regression, one size less
    everywhere."""
    if p["columns"] < 2:
        return []
    reduced = aoyagi_watanabe_2005(p["columns"] - 1, p["rows"] - 1, p["factors"] - 1, 0)
    value = RLCT(reduced.value + Fraction(p["rows"] - 1, 2), reduced.multiplicity)
    return [_claim(value, "hayashi2021", "main theorem", scope="global")]
