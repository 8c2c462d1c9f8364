"""Small models of open problems about phases of learning: modular addition at its Fourier fit,
attention in tokens, saddles of linear networks (docs/open-problems.md)."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.errors import BadInput
from singularity_lab.models.model import Model, Stratum, at_least, at_most, builder, unweighted
from singularity_lab.models.symbols import Ring, flat, matrix_names, point

if TYPE_CHECKING:
    from torch import Tensor

# p: κ, where cos and sin/√κ are rational for all multiples of 2π/p
_KAPPA = {2: 1, 3: 3, 4: 1, 6: 3}


def _circle(p: int, n: int) -> tuple[Fraction, Fraction]:
    """(cos, sin/√κ) of 2πn/p for p in 2, 3, 4, 6."""
    n %= p
    if p in (2, 4):
        quarter = n * 4 // p
        return Fraction((1, 0, -1, 0)[quarter]), Fraction((0, 1, 0, -1)[quarter])
    half, sixth = Fraction(1, 2), n * 6 // p
    cosine = [Fraction(1), half, -half, Fraction(-1), -half, half][sixth]
    sine = [Fraction(0), half, half, Fraction(0), -half, -half][sixth]
    return cosine, sine


def fourier_fit(p: int) -> list[tuple[list[Fraction], list[Fraction], list[Fraction]]]:
    """Units (u, u', V) with Σ V(c)·(u(a) + u'(b))² = 1 for c = a + b mod p, else 0.

    δ(c = a + b) is the mean of cos(2πk(a + b − c)/p) over k. A frequency has the units cos·cos,
    sin·sin, sin·cos and cos·sin, scaled so that what they add to the products does not depend on a
    and b; one constant unit takes that away. With sin = √κ·s all numbers are rational for
    p = 2, 3, 4, 6.

    >>> units = fourier_fit(3)
    >>> len(units), sum(v[1] * (u[2] + w[2]) ** 2 for u, w, v in units)  # 2 + 2 = 1 mod 3
    (5, Fraction(1, 1))
    """
    if p not in _KAPPA:
        raise BadInput(f"modulus: a rational Fourier fit is known for 2, 3, 4, 6, received {p}")
    kappa, half = Fraction(_KAPPA[p]), Fraction(1, 2)
    constant = [Fraction(1, p)] * p
    units = []
    for k in range(1, p // 2 + 1):
        c, s = zip(*(_circle(p, k * n) for n in range(p)), strict=True)
        g = Fraction(1 if 2 * k == p else 2, p)
        units.append((list(c), list(c), [g / 2 * x for x in c]))
        constant = [t - g * x for t, x in zip(constant, c, strict=True)]
        if 2 * k == p:
            continue
        units.append((list(s), [-x for x in s], [g * kappa / 2 * x for x in c]))
        units.append((list(c), list(s), [g * kappa / 2 * x for x in s]))
        units.append((list(s), [x / kappa for x in c], [g * kappa**2 / 2 * x for x in s]))
        added = g * kappa / 2 + g / 2
        constant = [t - added * x for t, x in zip(constant, s, strict=True)]
    return [([half] * p, [half] * p, constant), *units]


@builder
def modular_addition(modulus: int, padding: int = 0) -> Model:
    """f(a, b) = Σ_j V_j (u_j(a) + u'_j(b))² against the indicator of a + b mod p, on all p² inputs.

    At the Fourier fit with one constant unit and four for each frequency (one for p/2), and
    ``padding`` units whose weights are all 0. K = Σ_{a,b} |f(a, b) − e_{a+b}|².

    >>> from singularity_lab.models import build
    >>> model = build("modular_addition", modulus=3)
    >>> model.dimension, len(model.ideal.generators)
    (45, 27)
    """
    at_least(0, padding=padding)
    at_most(6, padding=padding)
    fit = fourier_fit(modulus)
    p, units = modulus, len(fit) + padding
    u, w, v = (matrix_names(letter, units, p) for letter in "uwv")
    ring = Ring(flat(u) + flat(w) + flat(v))
    inputs = list(itertools.product(range(p), repeat=2))
    generators = []
    for a, b in inputs:
        squares = [(ring[u[j][a]] + ring[w[j][b]]) ** 2 for j in range(units)]
        for c in range(p):
            f = ring.sum([ring[v[j][c]] * squares[j] for j in range(units)])
            generators.append(f - 1 if (a + b) % p == c else f)
    values: dict[str, Fraction] = {}
    for j, parts in enumerate(fit):
        for names, part in zip((u, w, v), parts, strict=True):
            values |= dict(zip(names[j], part, strict=True))

    def twin(weights: Tensor) -> Tensor:
        import torch

        size = units * p
        first, second, out = (
            weights[:, n * size : (n + 1) * size].reshape(-1, units, p) for n in range(3)
        )
        hidden = (first[:, :, :, None] + second[:, :, None, :]) ** 2
        f = torch.einsum("njab,njc->nabc", hidden, out)
        wanted = torch.zeros(p, p, p, dtype=weights.dtype, device=weights.device)
        for a, b in inputs:
            wanted[a, b, (a + b) % p] = 1.0
        return ((f - wanted) ** 2).sum((1, 2, 3))

    return Model(
        "modular_addition",
        dict(modulus=modulus, padding=padding),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        (Stratum("fourier", point(ring.variables, values), "the Fourier fit"),),
        twin,
        f"addition modulo {p} by {units} quadratic units, at the Fourier fit",
    )


@builder
def token_attention(tokens: int, width: int, teacher: int = 0) -> Model:
    """Linear attention of one head on pairs of tokens: (E_a Q E_bᵀ)·(E_b U), K the sum of squares.

    E is tokens × width, Q width × width, U width × tokens. teacher: 0 for the zero map at the
    origin; else the width of a teacher with E_a = (1, a, a², …), Q and U the identity as far as it
    goes, padded with zeros: the student stands there.

    >>> from singularity_lab.models import build
    >>> print(build("token_attention", tokens=1, width=1).ideal)
    (e11^3*q11*u11) in Q[e11, q11, u11]
    """
    at_least(1, tokens=tokens, width=width)
    at_most(5, tokens=tokens, width=width)
    if not 0 <= teacher <= min(width, tokens):
        raise BadInput(
            f"teacher: 0 <= teacher <= {min(width, tokens)} is needed, received {teacher}"
        )
    e, q, u = (
        matrix_names("e", tokens, width),
        matrix_names("q", width, width),
        matrix_names("u", width, tokens),
    )
    ring = Ring(flat(e) + flat(q) + flat(u))
    E, Q, U = ring.matrix(e), ring.matrix(q), ring.matrix(u)
    values = {e[a][i]: (a + 1) ** i for a in range(tokens) for i in range(teacher)}
    values |= {q[i][i]: 1 for i in range(teacher)} | {u[i][i]: 1 for i in range(teacher)}
    at = point(ring.variables, values)
    scores = ring.multiply(ring.multiply(E, Q), [list(row) for row in zip(*E, strict=True)])
    moved = ring.multiply(E, U)
    generators: list[Polynomial] = []
    for a, b, c in itertools.product(range(tokens), repeat=3):
        f = scores[a][b] * moved[b][c]
        generators.append(f - f(at))

    def twin(weights: Tensor) -> Tensor:
        import torch

        def out(w: Tensor) -> Tensor:
            size = tokens * width
            E = w[:, :size].reshape(-1, tokens, width)
            Q = w[:, size : size + width**2].reshape(-1, width, width)
            U = w[:, size + width**2 :].reshape(-1, width, tokens)
            score = E @ Q @ E.transpose(1, 2)
            return score[:, :, :, None] * (E @ U)[:, None, :, :]

        truth = torch.tensor([[float(c) for c in at]], dtype=weights.dtype, device=weights.device)
        return ((out(weights) - out(truth)) ** 2).sum((1, 2, 3))

    return Model(
        "token_attention",
        dict(tokens=tokens, width=width, teacher=teacher),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        (Stratum("teacher", at, "the teacher, padded with zeros", deepest=not teacher),),
        twin,
        f"linear attention of one head, {tokens} token(s), width {width}, "
        + (f"teacher of width {teacher}" if teacher else "zero truth"),
    )


@builder
def linear_saddle(inputs: int, outputs: int, hidden: int, kept: list[int]) -> Model:
    """f = L − L(w*) for L = ‖BA − C‖² at the critical point where BA keeps some singular values.

    C is diag(q, …, 2, 1), q = min(inputs, outputs), so that its singular values are distinct; kept:
    positions (from 1) of those that BA has, each through one hidden unit, the others being 0. The
    row is K = f², whose λ is half of that of |f|: the two-sided convention has 2λ, and the same m.

    >>> from singularity_lab.models import build
    >>> print(build("linear_saddle", inputs=1, outputs=1, hidden=1, kept=[]).ideal)
    (a11^2*b11^2 - 2*a11*b11) in Q[a11, b11]
    """
    at_least(1, inputs=inputs, outputs=outputs, hidden=hidden)
    at_most(6, inputs=inputs, outputs=outputs, hidden=hidden)
    q = min(inputs, outputs)
    if sorted(set(kept)) != kept or not set(kept) <= set(range(1, q + 1)) or len(kept) > hidden:
        raise BadInput(
            f"kept: positions from 1 to {q} in order, at most {hidden} of them, received {kept}"
        )
    a, b = matrix_names("a", hidden, inputs), matrix_names("b", outputs, hidden)
    ring = Ring(flat(a) + flat(b))
    product = ring.multiply(ring.matrix(b), ring.matrix(a))
    wanted = [[q - i if i == j else 0 for j in range(inputs)] for i in range(outputs)]
    loss = ring.sum(
        [(product[i][j] - wanted[i][j]) ** 2 for i in range(outputs) for j in range(inputs)]
    )
    values = {a[n][i - 1]: 1 for n, i in enumerate(kept)}
    values |= {b[i - 1][n]: q + 1 - i for n, i in enumerate(kept)}
    at = point(ring.variables, values)
    f = loss - loss(at)
    level = float(loss(at))

    def twin(weights: Tensor) -> Tensor:
        import torch

        A = weights[:, : hidden * inputs].reshape(-1, hidden, inputs)
        B = weights[:, hidden * inputs :].reshape(-1, outputs, hidden)
        C = torch.tensor(wanted, dtype=weights.dtype, device=weights.device)
        return (((B @ A - C) ** 2).sum((1, 2)) - level) ** 2

    return Model(
        "linear_saddle",
        dict(inputs=inputs, outputs=outputs, hidden=hidden, kept=kept),
        Ideal(ring.variables, (f,)),
        unweighted([f]),
        (Stratum("saddle", at, "a critical point of the loss"),),
        twin,
        f"two-layer linear network {inputs}-{hidden}-{outputs}, L - L* where singular values "
        f"{kept} are kept; K = (L - L*)^2",
    )


@builder
def softmax_attention(teacher: list[int], width: int = 2) -> Model:
    """Softmax attention of one head on words of two or more tokens, by the link theorem.

    The logit is Σ_t α_t E_{x_t}·U with α the softmax of E_{x_T} Q E_{x_t}ᵀ. Words of one letter
    show the E_i U; where these differ, other words show the weights, functions of the differences
    E_j Q (E_1 − E_k)ᵀ. The ideal is the same for all lengths T ≥ 2 (docs/open-problems.md).
    teacher: E_1, …, E_v, Q, U as numbers (width 1), padded with zeros to ``width``. Raises BadInput
    where two E_i U are equal.

    >>> from singularity_lab.models import build
    >>> build("softmax_attention", teacher=[1, 3, 1, 1]).problem().ideal.generators[0]
    Polynomial('e11*u1 + e12*u2 - 1', 'e11 e12 e21 e22 q11 q12 q21 q22 u1 u2')
    >>> len(build("softmax_attention", teacher=[0, 1, 3, 1, 1], width=1).ideal.generators)
    9
    """
    at_least(1, width=width)
    at_most(5, width=width, letters=len(teacher) - 2)
    letters = len(teacher) - 2
    shows = {t * teacher[-1] for t in teacher[:-2]}
    if letters < 2 or len(shows) < letters:
        raise BadInput(
            "teacher: integers E1, E2, …, Q, U with different E1*U, E2*U, … are needed, "
            f"received {teacher}"
        )
    e, q = matrix_names("e", letters, width), matrix_names("q", width, width)
    u = [f"u{i + 1}" for i in range(width)]
    ring = Ring(flat(e) + flat(q) + u)
    E, Q = ring.matrix(e), ring.matrix(q)
    values = dict(zip((*(row[0] for row in e), q[0][0], u[0]), teacher, strict=True))
    at = point(ring.variables, values)
    logits = [ring.sum([x * ring[n] for x, n in zip(row, u, strict=True)]) for row in E]
    apart = [[x - row[i] for row in E[1:]] for i, x in enumerate(E[0])]
    scores = ring.multiply(ring.multiply(E, Q), apart)
    generators = [f - f(at) for f in (*logits, *(f for row in scores for f in row))]

    def twin(weights: Tensor) -> Tensor:
        import torch

        def out(w: Tensor) -> Tensor:
            size = letters * width
            E = w[:, :size].reshape(-1, letters, width)
            Q = w[:, size : size + width**2].reshape(-1, width, width)
            U = w[:, size + width**2 :]
            score = E @ Q @ (E[:, :1] - E[:, 1:]).transpose(1, 2)
            return torch.cat(((E @ U[:, :, None])[:, :, 0], score.flatten(1)), 1)

        truth = torch.tensor([[float(c) for c in at]], dtype=weights.dtype, device=weights.device)
        return ((out(weights) - out(truth)) ** 2).sum(1)

    count = {2: "two", 3: "three", 4: "four", 5: "five"}[letters]
    return Model(
        "softmax_attention",
        dict(teacher=teacher, width=width),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        (Stratum("teacher", at, "the teacher, padded with zeros"),),
        twin,
        f"softmax attention of one head, two tokens of {count} letters, width {width}, teacher "
        f"{teacher}; K as the squares of the logits and of the score differences",
    )
