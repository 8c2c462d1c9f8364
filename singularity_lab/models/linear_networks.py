"""Networks that compute a linear map: products of matrices, of diagonals, of circulants. Loss tr((W
− C) Σ (W − C)ᵀ).

All inputs have E xxᵀ = 1, so that K(w) = E‖f(x, w) − Cx‖² is the sum of the squared entries of W(w)
− C, where W is the product of the layers and C = diag(1, …, 1, 0, …, 0) has the rank of the truth.
(Kullback–Leibler divergence at unit noise is K/2.) Any other C of that rank is the same up to
changes of basis.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.errors import BadInput
from singularity_lab.models.model import (
    Model,
    Stratum,
    at_least,
    at_most,
    builder,
    check_rank,
    origin,
    unweighted,
)
from singularity_lab.models.symbols import Ring, flat, matrix_names, point
from singularity_lab.system.counting import counted

if TYPE_CHECKING:
    from torch import Tensor

Number = int | str


def _rank_strata(inputs: int, outputs: int, hidden: int, rank: int) -> Iterator[tuple[int, int]]:
    """The pairs (rank A, rank B) with B·A of the given rank, deepest first.

    For A: R^inputs → R^hidden and B: R^hidden → R^outputs the three ranks decide (A, B) up to
    changes of basis (representations of the quiver • → • → •, Gabriel 1972), and the closure order
    is the order of ranks.
    """
    for a in range(rank, min(inputs, hidden) + 1):
        for b in range(rank, min(outputs, hidden) + 1):
            if a + b - rank <= hidden:
                yield a, b


@builder
def reduced_rank_regression(inputs: int, outputs: int, hidden: int, rank: int) -> Model:
    """Two-layer linear network x ↦ B A x: the ideal of the entries of BA − diag(1^rank, 0).

    A is hidden × inputs, B is outputs × hidden, d = hidden·(inputs + outputs). The strata are all
    pairs (rank A, rank B), named ``a{rank A}b{rank B}``; ``deepest`` is rank A = rank B = rank.
    Raises BadInput unless 0 ≤ rank ≤ min(inputs, outputs, hidden).
    Aoyagi and Watanabe 2005 give the global λ.

    >>> from singularity_lab.models import build
    >>> model = build("reduced_rank_regression", inputs=2, outputs=2, hidden=2, rank=1)
    >>> [s.name for s in model.strata], print(model.ideal.generators[0])
    a11*b11 + a21*b12 - 1
    (['a1b1', 'a1b2', 'a2b1'], None)
    """
    at_least(1, inputs=inputs, outputs=outputs, hidden=hidden)
    check_rank(rank, inputs=inputs, outputs=outputs, hidden=hidden)
    a, b = matrix_names("a", hidden, inputs), matrix_names("b", outputs, hidden)
    ring = Ring(flat(a) + flat(b))
    product = ring.multiply(ring.matrix(b), ring.matrix(a))
    generators = ring.minus_diagonal(product, rank)

    strata = []
    for rank_a, rank_b in _rank_strata(inputs, outputs, hidden, rank):
        values = {a[i][i]: 1 for i in range(rank_a)}
        values |= {b[i][i]: 1 for i in range(rank)}
        for k in range(rank_b - rank):  # hidden units that A does not reach
            values[b[rank + k][rank_a + k]] = 1
        strata.append(
            Stratum(
                f"a{rank_a}b{rank_b}",
                point(ring.variables, values),
                f"rank A = {rank_a}, rank B = {rank_b}, rank BA = {rank}",
                deepest=rank_a == rank_b == rank,
            )
        )

    def twin(w: Tensor) -> Tensor:
        import torch

        A = w[:, : hidden * inputs].reshape(-1, hidden, inputs)
        B = w[:, hidden * inputs :].reshape(-1, outputs, hidden)
        C = torch.zeros(outputs, inputs, dtype=w.dtype, device=w.device)
        C[range(rank), range(rank)] = 1.0
        return ((B @ A - C) ** 2).sum((1, 2))

    return Model(
        "reduced_rank_regression",
        dict(inputs=inputs, outputs=outputs, hidden=hidden, rank=rank),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        tuple(strata),
        twin,
        f"x -> BAx, A {hidden}x{inputs}, B {outputs}x{hidden}, truth of rank {rank}; "
        "K = E|BAx - Cx|^2, E xx^T = 1",
    )


def _neighbours(layers: Sequence[int]) -> bool:
    """True if two of the layers follow each other."""
    return any(j == i + 1 for i, j in itertools.pairwise(layers))


@builder
def deep_linear(widths: list[int], rank: int) -> Model:
    """Deep linear network x ↦ W_L ⋯ W_1 x with layer widths n₀, n₁, …, n_L and a truth of the given
    rank.

    The strata are: ``deepest`` (every layer diag(1^rank, 0)), and for each choice of layers of rank
    larger than the truth's by one, at most L − 1 of them, ``up-…`` (the named layers carry one
    further unit that the next or the previous layer kills; consecutive ones carry the same unit, so
    that their product has rank larger by one too: the ranks of single layers do not fix m).
    Raises BadInput for fewer than three widths (one layer is regular: use two) or a rank above the
    least width. Aoyagi 2024 gives the global λ and m.

    >>> from singularity_lab.models import build
    >>> print(build("deep_linear", widths=[1, 1, 1, 1], rank=0).ideal)
    (a11*b11*c11) in Q[a11, b11, c11]
    """
    if len(widths) < 3 or len(widths) > 20:
        raise BadInput(f"widths: 3 to 20 layer widths are needed, received {widths}")
    at_least(1, **{f"widths[{i}]": n for i, n in enumerate(widths)})
    if not 0 <= rank <= min(widths):
        raise BadInput(f"rank: 0 <= rank <= {min(widths)} is needed, received {rank}")
    layers = len(widths) - 1
    parameters = sum(a * b for a, b in itertools.pairwise(widths))
    at_most(input_limits.VARIABLES, parameters=parameters)
    at_most(input_limits.MODEL, **{"terms times parameters": math.prod(widths) * parameters})
    letters = "abcdefghijklmnopqrstuvwxyz"[:layers]
    names = [matrix_names(letter, widths[i + 1], widths[i]) for i, letter in enumerate(letters)]
    ring = Ring([n for layer in names for n in flat(layer)])
    product = ring.matrix(names[0])
    for layer in names[1:]:
        product = ring.multiply(ring.matrix(layer), product)
    generators = ring.minus_diagonal(product, rank)

    base = {layer[i][i]: 1 for layer in names for i in range(rank)}
    strata = [
        Stratum(
            "deepest",
            point(ring.variables, base),
            f"every layer has rank {rank}",
            deepest=True,
        )
    ]
    for size in range(1, layers):
        for chosen in itertools.combinations(range(layers), size):
            if any(min(widths[k], widths[k + 1]) <= rank for k in chosen):
                continue
            values = base | {names[k][rank][rank]: 1 for k in chosen}
            strata.append(
                Stratum(
                    "up-" + "".join(letters[k] for k in chosen),
                    point(ring.variables, values),
                    f"layers {', '.join(letters[k] for k in chosen)} have rank {rank + 1}"
                    + ("; neighbours carry the same unit" if _neighbours(chosen) else ""),
                )
            )

    def twin(w: Tensor) -> Tensor:
        import torch

        C = torch.zeros(widths[-1], widths[0], dtype=w.dtype, device=w.device)
        C[range(rank), range(rank)] = 1.0
        at, total = 0, torch.eye(widths[0], dtype=w.dtype, device=w.device).expand(len(w), -1, -1)
        for n_in, n_out in itertools.pairwise(widths):
            layer = w[:, at : at + n_in * n_out].reshape(-1, n_out, n_in)
            at += n_in * n_out
            total = layer @ total
        return ((total - C) ** 2).sum((1, 2))

    return Model(
        "deep_linear",
        dict(widths=list(widths), rank=rank),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        tuple(strata),
        twin,
        f"x -> W_{layers}...W_1 x, widths {'-'.join(map(str, widths))}, truth of rank {rank}; "
        "K = E|Wx - Cx|^2, E xx^T = 1",
    )


@builder
def diagonal_linear(depth: int, target: list[Number]) -> Model:
    """Diagonal linear network: the i-th coordinate computes u_{i1}⋯u_{iL}, and the truth is
    target_i.

    K = Σ_i (∏_l u_il − target_i)². Each coordinate with target 0 is a normal crossing, each other
    is regular: the sum rule gives λ = n/2, m = 1 + (depth − 1)·#{i : target_i = 0} at the deepest
    point.

    >>> from singularity_lab.models import build
    >>> print(build("diagonal_linear", depth=2, target=[0, 1]).ideal)
    (u11*u12, u21*u22 - 1) in Q[u11, u12, u21, u22]
    """
    at_least(1, depth=depth, **{"length of target": len(target)})
    truth = [fraction(t, f"target[{i}]") for i, t in enumerate(target)]
    names = matrix_names("u", len(target), depth)
    ring = Ring(flat(names))
    generators = [ring.product(ring.vector(row)) - t for row, t in zip(names, truth, strict=True)]
    deepest: dict[str, Rational] = {}
    for row, t in zip(names, truth, strict=True):
        if t:
            deepest |= {row[0]: t, **dict.fromkeys(row[1:], 1)}
    strata = [
        Stratum("deepest", point(ring.variables, deepest), "all factors of zeros are 0", True)
    ]
    for kept in range(1, depth):
        values = dict(deepest)
        for row, t in zip(names, truth, strict=True):
            if not t:
                values |= dict.fromkeys(row[depth - kept :], 1)
        if values != deepest:
            strata.append(
                Stratum(
                    f"kept-{kept}",
                    point(ring.variables, values),
                    f"{kept} factors of every zero are not 0",
                )
            )

    def twin(w: Tensor) -> Tensor:
        goal = w.new_tensor([float(t) for t in truth])
        return ((w.reshape(-1, len(truth), depth).prod(2) - goal) ** 2).sum(1)

    return Model(
        "diagonal_linear",
        dict(depth=depth, target=list(target)),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        tuple(strata),
        twin,
        f"beta_i = product of {depth} factors, truth ({', '.join(map(str, truth))}); "
        "K = |beta - truth|^2",
    )


@builder
def linear_convolution(kernels: list[int], target: list[Number] | None = None) -> Model:
    """Linear convolutional network in one dimension: kernels are multiplied as polynomials in the
    shift s.

    Layer l is k_l(s) = Σ_j k_{lj} s^j; the generators are the coefficients of ∏ k_l(s) − target(s);
    K is their sum of squares. By Dedekind–Mertens the ideal at target 0 has the integral closure of
    the product of the ideals (k_{lj})_j. A target other than 0 is given by kernels at the point (1,
    0, …, 0) each: then target = [1] is meant.
    Raises BadInput for another target.

    >>> from singularity_lab.models import build
    >>> print(build("linear_convolution", kernels=[2, 2]).ideal)
    (a0*b0, a0*b1 + a1*b0, a1*b1) in Q[a0, a1, b0, b1]
    """
    if len(kernels) < 2:
        raise BadInput(f"kernels: at least two kernel sizes are needed, received {kernels}")
    at_least(1, **{f"kernels[{i}]": k for i, k in enumerate(kernels)})
    goal = [fraction(t, f"target[{i}]") for i, t in enumerate(target or [0])]
    if goal not in ([0], [1]):
        raise BadInput(f"target: [0] or [1] (the identity kernel), received {target}")
    at_most(26, kernels=len(kernels))
    at_most(100_000, terms=math.prod(kernels))
    letters = "abcdefghijklmnopqrstuvwxyz"[: len(kernels)]
    names = [[f"{c}{j}" for j in range(k)] for c, k in zip(letters, kernels, strict=True)]
    ring = Ring(flat(names))
    product = [ring.constant(1)]
    for row in names:
        longer = [ring.constant(0)] * (len(product) + len(row) - 1)
        for i, p in enumerate(product):
            for j, n in enumerate(row):
                longer[i + j] = longer[i + j] + p * ring[n]
        product = longer
    generators = [product[0] - goal[0], *product[1:]]
    if goal[0]:
        at = {row[0]: 1 for row in names}
        stratum = Stratum("identity", point(ring.variables, at), "every kernel is (1, 0, …)", True)
    else:
        stratum = origin(ring.variables, "all kernels are 0", deepest=True)

    def twin(w: Tensor) -> Tensor:
        pieces = w.split(kernels, 1)
        # polynomial multiplication on enough points of the unit circle: a DFT, and Parseval
        import torch

        size = sum(kernels) - len(kernels) + 1
        total = torch.fft.fft(pieces[0], size)
        for p in pieces[1:]:
            total = total * torch.fft.fft(p, size)
        out = total - float(goal[0])
        return (out.real**2 + out.imag**2).sum(1) / size

    return Model(
        "linear_convolution",
        dict(kernels=list(kernels), target=[str(g) for g in goal]),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        (stratum,),
        twin,
        f"product of kernels of sizes {', '.join(map(str, kernels))}, truth {goal[0]}; "
        "K = sum of squared coefficients of the difference",
    )


@builder
def linear_autoencoder(dimension: int, hidden: int, data_rank: int) -> Model:
    """Linear autoencoder x ↦ B A x on data that span the first ``data_rank`` coordinates: K = E‖BAx
    − x‖².

    A is hidden × data_rank (what A does off the data is not part of the loss and left out), B is
    dimension × hidden: a reduced-rank regression of full rank. Raises BadInput when hidden <
    data_rank (the loss would not reach 0).

    >>> from singularity_lab.models import build
    >>> build("linear_autoencoder", dimension=2, hidden=1, data_rank=1).dimension
    3
    """
    at_least(1, dimension=dimension, hidden=hidden, data_rank=data_rank)
    if data_rank > min(hidden, dimension):
        raise BadInput(
            f"data_rank: at most min(hidden, dimension) = {min(hidden, dimension)} is needed "
            f"for the loss to reach 0, received {data_rank}"
        )
    inner = reduced_rank_regression(data_rank, dimension, hidden, data_rank)
    return Model(
        "linear_autoencoder",
        dict(dimension=dimension, hidden=hidden, data_rank=data_rank),
        inner.ideal,
        inner.squares,
        inner.strata,
        inner.twin,
        f"x -> BAx through {counted(hidden, 'unit')} on data of rank {data_rank} in R^{dimension}; "
        "K = E|BAx - x|^2",
    )


@builder
def symmetric_factorisation(dimension: int, factors: int, rank: int) -> Model:
    """Positive semidefinite factorisation (fully observed matrix sensing): K = ‖UUᵀ − diag(1^rank,
    0)‖².

    U is dimension × factors. With ``factors`` ≥ ``rank``; rank 0 is the quadratic network without
    output weights.
    Raises BadInput unless 0 ≤ rank ≤ min(dimension, factors).

    >>> from singularity_lab.models import build
    >>> print(build("symmetric_factorisation", dimension=2, factors=1, rank=0).ideal)
    (u11^2, u11*u21, u21^2) in Q[u11, u21]
    """
    at_least(1, dimension=dimension, factors=factors)
    if not 0 <= rank <= min(dimension, factors):
        raise BadInput(
            f"rank: 0 <= rank <= min(dimension, factors) = {min(dimension, factors)} is needed, "
            f"received {rank}"
        )
    names = matrix_names("u", dimension, factors)
    ring = Ring(flat(names))
    U = ring.matrix(names)
    squares = []
    generators: list[Polynomial] = []
    for i in range(dimension):
        for j in range(i, dimension):
            entry = ring.sum([U[i][k] * U[j][k] for k in range(factors)])
            entry = entry - 1 if i == j < rank else entry
            generators.append(entry)
            squares.append((fraction(1 if i == j else 2), entry))
    at = point(ring.variables, {names[i][i]: 1 for i in range(rank)})

    def twin(w: Tensor) -> Tensor:
        import torch

        V = w.reshape(-1, dimension, factors)
        C = torch.zeros(dimension, dimension, dtype=w.dtype, device=w.device)
        C[range(rank), range(rank)] = 1.0
        return ((V @ V.transpose(1, 2) - C) ** 2).sum((1, 2))

    return Model(
        "symmetric_factorisation",
        dict(dimension=dimension, factors=factors, rank=rank),
        Ideal(ring.variables, tuple(generators)),
        tuple(squares),
        (Stratum("deepest", at, f"U = diag(1^{rank}, 0)", True),),
        twin,
        f"UU^T with U {dimension}x{factors}, truth diag(1^{rank}, 0); K = |UU^T - C|^2",
    )


@builder
def nonnegative_factorisation(rows: int, columns: int, factors: int, rank: int) -> Model:
    """Non-negative matrix factorisation: K = ‖AB − diag(1^rank, 0)‖², A rows × factors, B factors ×
    columns, ≥ 0.

    Raises BadInput unless 0 ≤ rank ≤ min(rows, columns, factors).

    >>> from singularity_lab.models import build
    >>> build("nonnegative_factorisation", rows=2, columns=1, factors=1, rank=0).problem().box[0]
    (Fraction(0, 1), None)
    """
    at_least(1, rows=rows, columns=columns, factors=factors)
    check_rank(rank, rows=rows, columns=columns, factors=factors)
    a, b = matrix_names("a", rows, factors), matrix_names("b", factors, columns)
    ring = Ring(flat(a) + flat(b))
    generators = ring.minus_diagonal(ring.multiply(ring.matrix(a), ring.matrix(b)), rank)
    at = {a[i][i]: 1 for i in range(rank)} | {b[i][i]: 1 for i in range(rank)}

    def twin(w: Tensor) -> Tensor:
        import torch

        A = w[:, : rows * factors].reshape(-1, rows, factors)
        B = w[:, rows * factors :].reshape(-1, factors, columns)
        C = torch.zeros(rows, columns, dtype=w.dtype, device=w.device)
        C[range(rank), range(rank)] = 1.0
        return ((torch.einsum("cik,ckj->cij", A, B) - C) ** 2).sum((1, 2))

    return Model(
        "nonnegative_factorisation",
        dict(rows=rows, columns=columns, factors=factors, rank=rank),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        (
            Stratum(
                "diagonal",
                point(ring.variables, at),
                "A = diag(1^rank, 0), B = diag(1^rank, 0)",
                deepest=rank == 0,
            ),
        ),
        twin,
        f"AB with A {rows}x{factors} >= 0, B {factors}x{columns} >= 0, truth diag(1^{rank}, 0)",
        box={v: (fraction(0), None) for v in ring.variables},
    )


def _product_names(dims: Sequence[int]) -> list[tuple[int, ...]]:
    return list(itertools.product(*(range(n) for n in dims)))


@builder
def tensor_decomposition(dims: list[int], rank: int) -> Model:
    """CP decomposition of the zero tensor: K = ‖Σ_{s ≤ rank} u¹_s ⊗ ⋯ ⊗ u^k_s‖².

    Factor letter a, b, c, … for the modes; index (component, coordinate). Rank 1 is a monomial
    ideal; rank ≥ 2 open.

    >>> from singularity_lab.models import build
    >>> print(build("tensor_decomposition", dims=[1, 1, 1], rank=2).ideal)
    (a11*b11*c11 + a21*b21*c21) in Q[a11, a21, b11, b21, c11, c21]
    """
    if len(dims) < 2:
        raise BadInput(f"dims: at least two modes are needed, received {dims}")
    at_least(1, rank=rank, **{f"dims[{i}]": n for i, n in enumerate(dims)})
    at_most(26, modes=len(dims))
    at_most(100_000, terms=math.prod(dims) * rank)
    letters = "abcdefghijklmnopqrstuvwxyz"[: len(dims)]
    names = [matrix_names(c, rank, n) for c, n in zip(letters, dims, strict=True)]
    ring = Ring([n for mode in names for n in flat(mode)])
    generators = [
        ring.sum(
            [
                ring.product([ring[mode[s][i]] for mode, i in zip(names, index, strict=True)])
                for s in range(rank)
            ]
        )
        for index in _product_names(dims)
    ]

    def twin(w: Tensor) -> Tensor:
        at, total = 0, w.new_ones(len(w), rank, 1)
        for n in dims:
            mode = w[:, at : at + rank * n].reshape(-1, rank, n)
            at += rank * n
            total = (total[:, :, :, None] * mode[:, :, None, :]).reshape(len(w), rank, -1)
        return (total.sum(1) ** 2).sum(1)

    return Model(
        "tensor_decomposition",
        dict(dims=list(dims), rank=rank),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        (origin(ring.variables, "all factors are 0", deepest=True),),
        twin,
        f"CP rank {rank} tensor of size {'x'.join(map(str, dims))}, truth 0; "
        f"K = squared norm of {counted(math.prod(dims), 'entry', 'entries')}",
    )
