"""Loss: the only thing that a spectroscope sees. A real function K near a centre w*, batched over
chains.

A device evaluates K at many points at once, w of shape (c, d) → (c,), perhaps with the gradient
(c, d), in a box or an orthant around w*. K(w*) = 0 is not assumed: a device subtracts K(w*).

The polynomial kernel keeps K = Σ fᵢ² as its generators fᵢ. Expanding the square destroys small
values: at a distance 10⁻¹⁶·|f| from {f = 0} the expanded K is rounding noise of size 10⁻¹⁶, while
f² is still right down to 10⁻³². For the same reason generators are shifted to the centre in
rational arithmetic, and :meth:`PolynomialLoss.local_value` takes displacements u = w − w*, so that
K is resolved down to the smallest doubles near w* = (1, 1, …) too.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from singularity_lab.errors import BadInput

__all__ = ["Domain", "FunctionLoss", "Loss", "ModuleLoss", "PolynomialLoss"]


@dataclass(frozen=True)
class Domain:
    """Closed box ∏ [lowerᵢ, upperᵢ] of allowed parameters; ±∞ where a side is free.

    lower, upper: d floats each, lowerᵢ < upperᵢ.
    Raises BadInput for sides of unequal length, NaN or an empty side.

    >>> Domain.orthant(3, (0, 2)).lower
    (0.0, -inf, 0.0)
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", tuple(float(x) for x in self.lower))
        object.__setattr__(self, "upper", tuple(float(x) for x in self.upper))
        if len(self.lower) != len(self.upper):
            raise BadInput(
                "domain: lower and upper need one length, "
                f"got {len(self.lower)} and {len(self.upper)}"
            )
        for i, (a, b) in enumerate(zip(self.lower, self.upper, strict=True)):
            if not a < b:
                raise BadInput(f"domain: side {i} needs lower < upper, got [{a}, {b}]")

    @classmethod
    def orthant(cls, dim: int, coordinates: Sequence[int] | None = None) -> Domain:
        """The set w_i ≥ 0 for i in coordinates (all of them when None)."""
        chosen = set(range(dim)) if coordinates is None else {int(i) for i in coordinates}
        if not chosen <= set(range(dim)):
            raise BadInput(f"coordinates: expected indices in 0…{dim - 1}, got {sorted(chosen)}")
        return cls(tuple(0.0 if i in chosen else -math.inf for i in range(dim)), (math.inf,) * dim)

    @classmethod
    def box(cls, center: Sequence[float], half_width: float) -> Domain:
        """The cube of the given half-width around a centre."""
        return cls(
            tuple(float(x) - half_width for x in center),
            tuple(float(x) + half_width for x in center),
        )


@runtime_checkable
class Loss(Protocol):
    """What a device may ask of a loss.

    dim: number of parameters d.  center: w*, a float64 tensor (d,).  domain: allowed box, or None
    for all of R^d. kind: "polynomial", "function", "module", …  loss_id: a stable name that goes
    into the reading. prior_exponents: τ of a monomial prior factor ∏|wᵢ|^τᵢ, or None for the flat
    prior.

    Optional: ``local_value(u)`` and ``local_value_and_grad(u)`` at displacements u = w − w* (free
    of the cancellation in w* + u), and ``stochastic_value_and_grad(w, generator)`` on a fresh
    minibatch for every chain.
    """

    dim: int
    center: Tensor
    domain: Domain | None
    kind: str
    loss_id: str
    prior_exponents: tuple[float, ...] | None

    def value(self, w: Tensor) -> Tensor:
        """K at w: (c, d) → (c,)."""
        ...

    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w: (c, d) → (c,), (c, d)."""
        ...


# ------------------------------------------------------------------------------------ common checks


def _points(w: Tensor, dim: int, name: str = "w", single: bool = False) -> Tensor:
    """w as float64 points (c, d); float32 is left as it is where ``single`` says so."""
    if not isinstance(w, Tensor):
        raise BadInput(
            f"{name}: expected a torch tensor of shape (c, {dim}), got {type(w).__name__}"
        )
    if w.ndim != 2 or w.shape[1] != dim:
        raise BadInput(f"{name}: expected shape (c, {dim}), got {tuple(w.shape)}")
    if w.dtype == torch.float64 or (single and w.dtype == torch.float32):
        return w
    return w.to(torch.float64)


def _columns(w: Tensor) -> Tensor:
    """(c, d) → (d, c) with contiguous rows; copies only when needed."""
    columns = w.t()
    return columns if columns.stride(1) == 1 else columns.contiguous()


def _center(center: Any, dim: int) -> Tensor:
    if center is None:
        return torch.zeros(dim, dtype=torch.float64)
    out = torch.as_tensor([float(x) for x in center], dtype=torch.float64)
    if out.shape != (dim,):
        raise BadInput(f"center: expected {dim} numbers, got {out.numel()}")
    if not bool(torch.isfinite(out).all()):
        raise BadInput(f"center: expected finite numbers, got {out.tolist()}")
    return out


def _domain(domain: Domain | None, center: Tensor) -> Domain | None:
    if domain is None:
        return None
    if len(domain.lower) != center.numel():
        raise BadInput(f"domain: expected {center.numel()} sides, got {len(domain.lower)}")
    for i, x in enumerate(center.tolist()):
        if not domain.lower[i] <= x <= domain.upper[i]:
            raise BadInput(
                f"domain: must contain the center; coordinate {i} is {x}, "
                f"outside [{domain.lower[i]}, {domain.upper[i]}]"
            )
    return domain


def _exponents(tau: Sequence[float] | None, dim: int) -> tuple[float, ...] | None:
    if tau is None:
        return None
    out = tuple(float(t) for t in tau)
    if len(out) != dim:
        raise BadInput(f"prior_exponents: expected {dim} numbers, got {len(out)}")
    if any(not (t > -1.0 and math.isfinite(t)) for t in out):
        raise BadInput(f"prior_exponents: an integrable prior needs τ > −1, got {out}")
    return out if any(out) else None


# -------------------------------------------------------------------------------------- polynomials

Exponent = tuple[int, ...]
Generator = tuple[Sequence[Any], Sequence[Sequence[int]]]

_CHUNK_BYTES = 1 << 19  # keeps the work buffers of one chunk inside a second-level cache


def _added(base: str, factor: float, a: str, b: str, target: str) -> str:
    """Code for target = base + factor·a·b, or without b where that is empty."""
    if b:
        return f"addcmul({base}, {a}, {b}, value={factor!r}, out={target})"
    return f"add({base}, {a}, alpha={factor!r}, out={target})"


class _Program:
    """Straight-line batched code for p₁, …, p_k and K = Σ pᵢ² (or K = p₁), with the reverse sweep
    for ∇K.

    Every distinct monomial is computed once, as a product of two monomials that exist already
    where possible, or inside the sum that alone needs it; the gradient is reverse-mode
    differentiation written out over the same table (two to three times the cost of K, for any
    number of variables). The code is Python over torch in-place operations on (c,) columns.
    """

    def __init__(self, generators: list[dict[Exponent, float]], dim: int, squared: bool) -> None:
        self.dim = dim
        self.squared = squared
        self.generators = generators
        zero = (0,) * dim
        self.nodes: list[tuple[int, int] | None] = []
        self.index: dict[Exponent, int] = {}
        for j in range(dim):
            self._node(tuple(int(i == j) for i in range(dim)), None)
        wanted = sorted({e for g in generators for e in g if e != zero}, key=lambda e: (sum(e), e))
        for e in wanted:
            self._build(e)
        self.fused = self._single_use()
        self.source_value, self.buffers_value = self._emit_value()
        self.source_grad, self.buffers_grad = self._emit_grad()
        scope: dict[str, Any] = {"mul": torch.mul, "add": torch.add, "addcmul": torch.addcmul}
        exec(compile(self.source_value, "<polynomial value>", "exec"), scope)
        exec(compile(self.source_grad, "<polynomial gradient>", "exec"), scope)
        self._value: Callable[..., None] = scope["value"]
        self._grad: Callable[..., None] = scope["gradient"]
        self._work: dict[str, tuple[Tensor, ...]] = {}

    # -- table of monomials
    def _node(self, e: Exponent, pair: tuple[int, int] | None) -> int:
        self.index[e] = len(self.nodes)
        self.nodes.append(pair)
        return self.index[e]

    def _build(self, e: Exponent) -> int:
        if e in self.index:
            return self.index[e]
        best: Exponent | None = None
        half = sum(e) / 2
        for a in self.index:
            if any(x > y for x, y in zip(a, e, strict=True)):
                continue
            rest = tuple(y - x for x, y in zip(a, e, strict=True))
            if rest in self.index:
                return self._node(e, (self.index[a], self.index[rest]))
            if best is None or abs(sum(a) - half) < abs(sum(best) - half):
                best = a
        assert best is not None
        rest = tuple(y - x for x, y in zip(best, e, strict=True))
        right = self._build(rest)
        return self._node(e, (self.index[best], right))

    def _name(self, k: int) -> str:
        return f"w{k}" if k < self.dim else f"t{k - self.dim}"

    def _derivative(self, k: int) -> tuple[int, int, int] | None:
        """(p, j, node of wⱼ^(p−1)) when node k is wⱼ^p and that power is in the table too."""
        e = next(e for e, node in self.index.items() if node == k)
        support = [j for j, x in enumerate(e) if x]
        if len(support) != 1 or e[support[0]] < 2:
            return None
        j = support[0]
        lower = self.index.get((*e[:j], e[j] - 1, *e[j + 1 :]))
        return None if lower is None else (e[j], j, lower)

    def _single_use(self) -> set[int]:
        """Monomials that enter one sum and nothing else, and not as its first term (the one with
        the coefficient 1, where there is one): their product needs no column of its own."""
        read: set[int] = set()
        for k in range(self.dim, len(self.nodes)):
            derivative = self._derivative(k)
            read.update(self.nodes[k] or ())
            if derivative is not None:
                read.add(derivative[2])
        sums: dict[int, int] = {}
        for g in self.generators:
            for e in g:
                if any(e):
                    sums[self.index[e]] = sums.get(self.index[e], 0) + 1
        once = {k for k, n in sums.items() if n == 1 and k >= self.dim and k not in read}
        for g in self.generators:
            terms = [self.index[e] for e in g if any(e)]
            if terms and once.issuperset(terms):
                unit = [self.index[e] for e, c in g.items() if any(e) and c == 1.0]
                once.discard((unit or terms)[0])
        return once

    # -- code
    def _forward(self) -> list[str]:
        lines = []
        for k in range(self.dim, len(self.nodes)):
            if k not in self.fused:
                a, b = self.nodes[k]  # type: ignore[misc]
                lines.append(f"mul({self._name(a)}, {self._name(b)}, out={self._name(k)})")
        return lines

    def _combine(self, g: dict[Exponent, float], target: str) -> tuple[list[str], str]:
        """Code for one linear combination; returns the column that holds it (perhaps a monomial
        itself). Monomials of ``fused`` come last, each a product added in the same pass."""
        terms = [(c, self.index[e]) for e, c in g.items() if any(e)]
        constant = g.get((0,) * self.dim, 0.0)
        if not terms:
            return [f"{target}.fill_({constant!r})"], target
        terms.sort(key=lambda term: (term[1] in self.fused, term[0] != 1.0))
        (c, k), rest = terms[0], terms[1:]
        base, lines = self._name(k), []
        if c != 1.0 or (constant and not rest):
            lines.append(f"mul({base}, {c!r}, out={target})")
            base = target
        for c, k in rest:
            left, right = self.nodes[k] if k in self.fused else (k, None)  # type: ignore[misc]
            names = self._name(left), "" if right is None else self._name(right)
            lines.append(_added(base, c, *names, target))
            base = target
        if constant:
            lines.append(f"{target}.add_({constant!r})")
        return lines, base

    def _function(self, name: str, arguments: str, body: list[str]) -> tuple[str, int]:
        """The text of a function, and how many work columns it unpacks from b."""
        found = re.findall(r"\b[tsa]\d+\b", "\n".join(body))
        columns = list(dict.fromkeys(found))
        head = [f"{''.join(f'w{j}, ' for j in range(self.dim))}= w"]
        if "g" in arguments:
            head.append(f"{''.join(f'g{j}, ' for j in range(self.dim))}= g")
        if columns:
            head.append(f"{', '.join(columns)}, = b")
        lines = [f"def {name}({arguments}):", *(f"    {x}" for x in head + body)]
        return "\n".join(lines) + "\n", max(len(columns), 1)

    def _emit_value(self) -> tuple[str, int]:
        body = self._forward()
        for i, g in enumerate(self.generators):
            if self.squared:
                lines, name = self._combine(g, "s0")
                body += lines
                body.append(self._square(name, i))
            else:
                lines, name = self._combine(g, "K")
                body += lines + ([] if name == "K" else [f"K.copy_({name})"])
        return self._function("value", "w, b, K", body)

    @staticmethod
    def _square(name: str, i: int) -> str:
        return f"mul({name}, {name}, out=K)" if i == 0 else f"K.addcmul_({name}, {name})"

    def _emit_grad(self) -> tuple[str, int]:
        """The gradient; a scale that most of its columns lack is put into the sums where these are
        fewer."""
        body, scales = self._reverse(1.0)
        common = max(scales, key=scales.count)
        if self.squared and common and scales.count(common) > len(self.generators):
            body, _ = self._reverse(common)
        return self._function("gradient", "w, b, K, g", body)

    def _reverse(self, common: float) -> tuple[list[str], list[float]]:
        """Lines of K and ∇K when every pᵢ flows back as common·pᵢ, and the last scales of the
        columns of ∇K.

        What flows into a node is a sum of scale·column or scale·column·column, or a constant
        (column ""). A lone column is not copied, and a scale is carried along to be multiplied in
        once, at the end."""
        body = self._forward()
        flows: dict[int, list[tuple[float, str, str]]] = {}
        for i, g in enumerate(self.generators):
            lines, name = self._combine(g, f"s{i}")
            body += lines
            body.append(self._square(name, i) if self.squared else f"K.copy_({name})")
            if common != 1.0 and any(map(any, g)):
                body.append(f"mul({name}, {common!r}, out=s{i})")
                name = f"s{i}"
            for e, c in g.items():
                if any(e) and c:
                    seed = (2.0 * c / common, name, "") if self.squared else (c, "", "")
                    flows.setdefault(self.index[e], []).append(seed)
        for node in range(len(self.nodes) - 1, self.dim - 1, -1):
            if node not in flows:
                continue
            lines, scale, source = self._gather(flows[node], f"a{node}", alias=True)
            body += lines
            power = self._derivative(node)
            if power is None:
                a, b = self.nodes[node]  # type: ignore[misc]
                shares = [(a, scale, b), (b, scale, a)]
            else:
                p, j, lower = power
                shares = [(j, p * scale, lower)]
            for child, factor, other in shares:
                flow = (factor, source, self._name(other)) if source else None
                flows.setdefault(child, []).append(flow or (factor, self._name(other), ""))
        scales = []
        for j in range(self.dim):
            lines, scale, _ = self._gather(flows.get(j, []), f"g{j}", alias=False)
            body += lines + ([f"g{j}.mul_({scale!r})"] if scale != 1.0 else [])
            scales.append(scale)
        return body, scales

    @staticmethod
    def _gather(
        flow: list[tuple[float, str, str]], target: str, *, alias: bool
    ) -> tuple[list[str], float, str]:
        """Code for a sum, the scale that it still lacks, and the column that holds it: ``target``,
        or without code, where ``alias`` allows it, the only column or "" for a constant."""
        constant = sum(scale for scale, a, _ in flow if not a)
        terms = sorted((term for term in flow if term[1]), key=lambda term: not term[2])
        if not terms:
            return ([], constant, "") if alias else ([f"{target}.fill_({constant!r})"], 1.0, target)
        (scale, a, b), rest = terms[0], terms[1:]
        lines, base = [], a
        if b:
            lines.append(f"mul({a}, {b}, out={target})")
            base = target
        elif not rest and not constant:
            if alias:
                return [], scale, a
            return [f"mul({a}, {scale!r}, out={target})"], 1.0, target
        for factor, a, b in rest:
            lines.append(_added(base, factor / scale, a, b, target))
            base = target
        if constant:
            lines.append(f"add({base}, {constant / scale!r}, out={target})")
        return lines, scale, target

    # -- run
    def _buffer(self, kind: str, rows: int, c: int, like: Tensor) -> tuple[Tensor, ...]:
        """So many work columns of c numbers, kept from call to call."""
        work = self._work.get(kind)
        if (
            work is None
            or work[0].shape[0] != c
            or work[0].device != like.device
            or work[0].dtype != like.dtype
        ):
            work = torch.empty((max(rows, 1), c), dtype=like.dtype, device=like.device).unbind(0)
            self._work[kind] = work
        return work

    def _chunk(self, rows: int, like: Tensor) -> int:
        if like.device.type != "cpu":
            return 1 << 20
        size = _CHUNK_BYTES // (like.element_size() * (rows + self.dim + 1))
        return max(1024, 1 << max(0, size.bit_length() - 1))

    def value(self, columns: Tensor) -> Tensor:
        """K at points given by columns (d, c), in their precision."""
        c = columns.shape[1]
        out = torch.empty(c, dtype=columns.dtype, device=columns.device)
        step = min(c, self._chunk(self.buffers_value, columns)) or 1
        work = self._buffer("value", self.buffers_value, step, columns)
        if step == c:
            self._value(columns.unbind(0), work, out)
            return out
        for start in range(0, c, step):
            stop = min(start + step, c)
            part = work if stop - start == step else [b[: stop - start] for b in work]
            self._value(columns[:, start:stop].unbind(0), part, out[start:stop])
        return out

    def gradient(self, columns: Tensor) -> tuple[Tensor, Tensor]:
        """K (c,) and ∇K as columns (d, c), in the precision of the points."""
        c = columns.shape[1]
        out = torch.empty(c, dtype=columns.dtype, device=columns.device)
        grad = torch.empty((self.dim, c), dtype=columns.dtype, device=columns.device)
        step = min(c, self._chunk(self.buffers_grad, columns)) or 1
        work = self._buffer("gradient", self.buffers_grad, step, columns)
        if step == c:
            self._grad(columns.unbind(0), work, out, grad.unbind(0))
            return out, grad
        for start in range(0, c, step):
            stop = min(start + step, c)
            part = work if stop - start == step else [b[: stop - start] for b in work]
            piece = grad[:, start:stop].unbind(0)
            self._grad(columns[:, start:stop].unbind(0), part, out[start:stop], piece)
        return out, grad


def _shift(poly: dict[Exponent, Fraction], center: Sequence[Fraction]) -> dict[Exponent, Fraction]:
    """p(w* + u) as a polynomial in u, exactly."""
    for j, a in enumerate(center):
        if a == 0:
            continue
        out: dict[Exponent, Fraction] = {}
        for e, c in poly.items():
            for k in range(e[j] + 1):
                key = (*e[:j], k, *e[j + 1 :])
                out[key] = out.get(key, Fraction(0)) + c * math.comb(e[j], k) * a ** (e[j] - k)
        poly = {e: c for e, c in out.items() if c}
    return poly


def _rational(x: Any, name: str) -> Fraction:
    try:
        return Fraction(x)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"{name}: expected a finite rational or float, got {x!r}") from error


class PolynomialLoss:
    """K = Σ fᵢ² from generators fᵢ, or one polynomial K itself, with batched hand-generated value
    and gradient.

    Build it with :meth:`from_exponents`. value(w): (c, d) → (c,), float64; a transposed column
    layout, ``columns.t()`` with columns (d, c) contiguous, avoids a copy.

    >>> loss = PolynomialLoss.from_exponents([((1, -1), ((2, 0), (0, 3)))])        # (x² − y³)²
    >>> K, grad = loss.value_and_grad(torch.tensor([[1.0, 2.0]], dtype=torch.float64))
    >>> K.tolist(), grad.tolist()
    ([49.0], [[-28.0, 168.0]])
    """

    kind = "polynomial"

    def __init__(
        self,
        generators: Sequence[dict[Exponent, Fraction]],
        dim: int,
        *,
        center: Sequence[Any] | None = None,
        domain: Domain | None = None,
        prior_exponents: Sequence[float] | None = None,
        as_loss: bool = False,
        loss_id: str | None = None,
    ) -> None:
        if dim < 1:
            raise BadInput(f"dim: expected at least one variable, got {dim}")
        if as_loss and len(generators) != 1:
            raise BadInput(f"as_loss: expected exactly one polynomial, got {len(generators)}")
        if not generators:
            raise BadInput("generators: expected at least one polynomial, got none")
        self.dim = dim
        self.center = _center(center, dim)
        self.domain = _domain(domain, self.center)
        self.prior_exponents = _exponents(prior_exponents, dim)
        self.as_loss = as_loss
        exact = [_rational(x, "center") for x in (center if center is not None else [0] * dim)]
        self.generators = tuple(dict(g) for g in generators)
        shifted = [
            {e: float(c) for e, c in _shift(dict(g), exact).items()} for g in self.generators
        ]
        self._program = _Program(shifted, dim, squared=not as_loss)
        self.loss_id = loss_id if loss_id is not None else self._digest()

    @classmethod
    def from_exponents(
        cls,
        generators: Sequence[Generator],
        *,
        center: Sequence[Any] | None = None,
        domain: Domain | None = None,
        prior_exponents: Sequence[float] | None = None,
        as_loss: bool = False,
        loss_id: str | None = None,
    ) -> PolynomialLoss:
        """K = Σᵢ (Σₜ cᵢₜ w^{aᵢₜ})² from pairs (coefficients, exponent rows).

        generators: for each fᵢ its coefficients (int, Fraction or float) and as many rows of d
        exponents. center: w*, where exact rationals are kept exact. domain: a :class:`Domain` that
        contains w*. prior_exponents: τ ≥ 0 … of the prior factor ∏|wᵢ|^τᵢ. as_loss: one polynomial
        is K itself. Raises BadInput on unequal lengths, negative or fractional exponents,
        non-finite coefficients.

        >>> loss = PolynomialLoss.from_exponents([([1], [(1, 1)])], loss_id="w1^2*w2^2")
        >>> loss.value(torch.tensor([[2.0, 3.0], [0.0, 1.0]])).tolist()
        [36.0, 0.0]
        """
        polys: list[dict[Exponent, Fraction]] = []
        dim: int | None = None
        for i, (coefficients, rows) in enumerate(generators):
            if len(coefficients) != len(rows):
                raise BadInput(
                    f"generators[{i}]: expected one exponent row per coefficient, "
                    f"got {len(coefficients)} and {len(rows)}"
                )
            poly: dict[Exponent, Fraction] = {}
            for c, row in zip(coefficients, rows, strict=True):
                e = tuple(int(x) for x in row)
                if any(x < 0 for x in e) or any(int(x) != x for x in row):
                    raise BadInput(f"generators[{i}]: exponents are integers ≥ 0, got {tuple(row)}")
                if dim is None:
                    dim = len(e)
                if len(e) != dim:
                    raise BadInput(f"generators[{i}]: expected {dim} exponents a row, got {len(e)}")
                poly[e] = poly.get(e, Fraction(0)) + _rational(c, f"generators[{i}]")
            polys.append({e: c for e, c in poly.items() if c})
        if dim is None:
            raise BadInput("generators: expected at least one term, got none")
        return cls(
            polys,
            dim,
            center=center,
            domain=domain,
            prior_exponents=prior_exponents,
            as_loss=as_loss,
            loss_id=loss_id,
        )

    def _digest(self) -> str:
        text = repr((
            [sorted((e, str(c)) for e, c in g.items()) for g in self.generators],
            self.center.tolist(),
            self.domain,
            self.prior_exponents,
            self.as_loss,
        ))  # fmt: skip
        return "polynomial:" + hashlib.sha256(text.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return (
            f"PolynomialLoss({self.loss_id!r}, dim={self.dim}, generators={len(self.generators)})"
        )

    def value(self, w: Tensor) -> Tensor:
        """K at w: (c, d) → (c,)."""
        w = _points(w, self.dim)
        return self.local_value(w - self.center.to(w.device))

    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w: (c, d) → (c,), (c, d)."""
        w = _points(w, self.dim)
        return self.local_value_and_grad(w - self.center.to(w.device))

    def local_value(self, u: Tensor) -> Tensor:
        """K(w* + u) at displacements u (c, d), from generators expanded about w* in exact
        arithmetic; in single precision when u is."""
        u = _points(u, self.dim, "u", single=True)
        return self._program.value(_columns(u))

    def local_value_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """K(w* + u) and its gradient at displacements u (c, d); in single precision when u is."""
        u = _points(u, self.dim, "u", single=True)
        value, grad = self._program.gradient(_columns(u))
        return value, grad.t()


# ---------------------------------------------------------------------------------- torch functions


class FunctionLoss:
    """A loss given by a torch function, with gradients by reverse-mode differentiation of the
    batch.

    function: (c, d) → (c,) when batched (row k of the result depends on row k of w alone),
    otherwise (d,) → () and it is mapped over chains by torch.vmap. gradient: optional (c, d) → (c,
    d). Raises BadInput when the function returns another shape.

    >>> loss = FunctionLoss(lambda w: (w[:, 0] * w[:, 1]) ** 2, dim=2)
    >>> loss.value_and_grad(torch.tensor([[2.0, 3.0]], dtype=torch.float64))[1].tolist()
    [[36.0, 24.0]]
    """

    kind = "function"

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        dim: int,
        *,
        center: Sequence[float] | Tensor | None = None,
        domain: Domain | None = None,
        prior_exponents: Sequence[float] | None = None,
        batched: bool = True,
        gradient: Callable[[Tensor], Tensor] | None = None,
        loss_id: str | None = None,
    ) -> None:
        if dim < 1:
            raise BadInput(f"dim: expected at least one variable, got {dim}")
        self.dim = dim
        self.center = _center(center, dim)
        self.domain = _domain(domain, self.center)
        self.prior_exponents = _exponents(prior_exponents, dim)
        self.loss_id = loss_id or f"function:{getattr(function, '__qualname__', 'anonymous')}"
        self._function = function if batched else torch.vmap(function)
        self._gradient = gradient

    def _call(self, w: Tensor) -> Tensor:
        out = self._function(w)
        if not isinstance(out, Tensor) or out.shape != (w.shape[0],):
            got = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise BadInput(
                f"loss {self.loss_id}: expected values of shape ({w.shape[0]},), got {got}"
            )
        return out.to(torch.float64)

    def value(self, w: Tensor) -> Tensor:
        """K at w: (c, d) → (c,)."""
        with torch.no_grad():
            return self._call(_points(w, self.dim))

    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w: (c, d) → (c,), (c, d)."""
        w = _points(w, self.dim)
        if self._gradient is not None:
            value = self.value(w)
            grad = self._gradient(w)
            if grad.shape != w.shape:
                raise BadInput(
                    f"loss {self.loss_id}: expected gradients of shape {tuple(w.shape)}, "
                    f"got {tuple(grad.shape)}"
                )
            return value, grad.to(torch.float64)
        with torch.enable_grad():
            leaf = w.detach().clone().requires_grad_(True)
            value = self._call(leaf)
            if not value.requires_grad:  # a constant function
                return value.detach(), torch.zeros_like(w)
            (grad,) = torch.autograd.grad(value.sum(), leaf)
        return value.detach(), grad


# ------------------------------------------------------------------------------------ torch modules


class ModuleLoss:
    """Mean loss of a torch module on data, as a function of its flattened parameters, mapped over
    chains.

    module: any torch.nn.Module; a float64 copy of its parameters is the centre w*. Parameters with
    ``requires_grad=False`` and buffers stay as they are; tied weights count once.
    inputs, targets: tensors with n rows (or nested tuples, lists, dicts of such). criterion:
    (outputs, targets) → per-example losses (n,) or any shape whose first axis is the example, whose
    sum per example is averaged over examples; or one number, the mean or the sum over examples
    (which of them is found out on the data). Default: squared error. batch_size: rows of a
    minibatch for ``stochastic_value_and_grad``; every chain draws its own, so the spread between
    chains contains the minibatch noise. chunk: chains evaluated at once; rows: of the data at once;
    memory grows with their product, not with the data. dtype: of the computation, float64 or
    float32 (about twice as fast); values are handed out in float64.

    A product of bias-free linear layers under squared error depends on a batch through Σ z zᵀ, z =
    (x, y), alone: minibatches are then sums of rows of a table of z zᵀ, which is the same number
    as by the network, many times faster.

    >>> net = torch.nn.Linear(1, 1, bias=False)
    >>> x = torch.tensor([[1.0], [2.0]])
    >>> loss = ModuleLoss(net, x, 3 * x)
    >>> loss.value(torch.tensor([[3.0], [4.0]])).tolist()
    [0.0, 2.5]
    """

    kind = "module"

    def __init__(
        self,
        module: torch.nn.Module,
        inputs: Any,
        targets: Any,
        criterion: Callable[[Any, Any], Tensor] | None = None,
        *,
        batch_size: int | None = None,
        domain: Domain | None = None,
        loss_id: str | None = None,
        chunk: int = 256,
        rows: int = 4096,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        lengths = [int(x.shape[0]) if x.ndim else 0 for x in tree_leaves((inputs, targets))]
        if not lengths or len(set(lengths)) > 1 or lengths[0] == 0:
            raise BadInput(
                "inputs, targets: expected the same number n ≥ 1 of rows, got "
                + " and ".join(map(str, lengths))
            )
        self.n_data = lengths[0]
        if chunk < 1 or rows < 1:
            raise BadInput(f"chunk, rows: expected at least 1, got {chunk} and {rows}")
        if batch_size is not None and not 1 <= batch_size <= self.n_data:
            raise BadInput(f"batch_size: expected 1…{self.n_data}, got {batch_size}")
        if dtype not in (torch.float32, torch.float64):
            raise BadInput(f"dtype: expected torch.float32 or torch.float64, got {dtype}")
        self.batch_size = batch_size
        self.dtype = dtype

        def own(x: Tensor) -> Tensor:
            return x.detach().to(dtype) if x.is_floating_point() else x

        self._inputs, self._targets = tree_map(own, inputs), tree_map(own, targets)
        self._criterion = criterion or (lambda out, y: (out - y) ** 2)
        self._module = module
        parameters = [
            (name, p.detach().to("cpu", torch.float64))
            for name, p in module.named_parameters()
            if p.requires_grad
        ]
        if not parameters:
            raise BadInput("module: expected at least one parameter that requires a gradient")
        self._buffers = {name: own(b) for name, b in module.named_buffers()}
        self._buffers |= {n: own(p) for n, p in module.named_parameters() if not p.requires_grad}
        self._names = [name for name, _ in parameters]
        self._shapes = [p.shape for _, p in parameters]
        self._sizes = [p.numel() for _, p in parameters]
        self.center = torch.cat([p.reshape(-1) for _, p in parameters])
        self.dim = int(self.center.numel())
        self.domain = _domain(domain, self.center)
        self.prior_exponents: tuple[float, ...] | None = None
        self.loss_id = loss_id or f"module:{type(module).__name__}"
        self._chunk, self._rows = chunk, rows
        self._reduction = self._find_reduction()
        self._value = torch.vmap(self._single, in_dims=(0, None, None))
        self._each = torch.vmap(self._examples, in_dims=(0, None, None))
        both = torch.func.grad_and_value(self._single)
        self._both = torch.vmap(both, in_dims=(0, None, None))
        self._both_own = torch.vmap(both, in_dims=(0, 0, 0))
        self._table = self._outer_products() if criterion is None else None

    def _criterion_at(self, w: Tensor, x: Any, y: Any) -> Tensor:
        pieces = torch.split(w, self._sizes)
        named = {n: p.reshape(s) for n, p, s in zip(self._names, pieces, self._shapes, strict=True)}
        out = torch.func.functional_call(self._module, (named, self._buffers), (x,))
        return self._criterion(out, y)

    def _find_reduction(self) -> str:
        """Whether the criterion gives each example's loss ("none"), their mean or their sum: told
        by its value on a few rows and on each of them alone."""
        w, few = self.center.to(self.dtype), min(self.n_data, 3)

        def first(rows: slice) -> Tensor:
            x, y = tree_map(lambda a: a[rows], (self._inputs, self._targets))
            return self._criterion_at(w, x, y)

        with torch.no_grad():
            whole = first(slice(0, few))
            if whole.ndim:
                if whole.shape[0] != few:
                    raise BadInput(
                        f"criterion: expected losses of {few} examples, or one number, got the "
                        f"shape {tuple(whole.shape)}"
                    )
                return "none"
            alone = torch.stack([first(slice(i, i + 1)) for i in range(few)])
        scale = 1e-4 * float(alone.abs().sum()) + 1e-12
        if few == 1 or abs(float(whole - alone.mean())) <= scale:
            return "mean"
        if abs(float(whole - alone.sum())) <= scale:
            return "sum"
        raise BadInput(
            "criterion: expected losses of the examples, their mean or their sum; got "
            f"{float(whole):.6g} on {few} rows, and {alone.tolist()} on each alone"
        )

    def _examples(self, w: Tensor, x: Any, y: Any) -> Tensor:
        if self._reduction != "none":

            def alone(a: Any, b: Any) -> Tensor:
                one = tree_map(lambda z: z[None], (a, b))
                return self._criterion_at(w, *one)

            return torch.vmap(alone)(x, y)
        each = self._criterion_at(w, x, y)
        return each.reshape(each.shape[0], -1).sum(1)

    def _single(self, w: Tensor, x: Any, y: Any) -> Tensor:
        if self._reduction == "none":
            return self._examples(w, x, y).mean()
        total = self._criterion_at(w, x, y)
        return total if self._reduction == "mean" else total / tree_leaves(x)[0].shape[0]

    def _outer_products(self) -> Tensor | None:
        """Table (n, p²) of z zᵀ, z = (x, y), for a stack of bias-free linear layers; else None."""
        layers = list(self._module) if isinstance(self._module, torch.nn.Sequential) else []
        layers = layers or [self._module]
        plain = all(
            type(m) is torch.nn.Linear and m.bias is None and m.weight.requires_grad for m in layers
        )
        x, y = self._inputs, self._targets
        plain = plain and isinstance(x, Tensor) and isinstance(y, Tensor)
        if not plain or x.ndim != 2 or y.ndim != 2 or self.n_data * (x.shape[1] + 1) ** 2 > 4e7:
            return None
        if y.shape[1] != layers[-1].out_features or not y.is_floating_point():
            return None
        z = torch.cat([x, y], dim=1)
        return (z[:, :, None] * z[:, None, :]).reshape(self.n_data, -1).contiguous()

    def _points(self, w: Tensor) -> Tensor:
        return _points(w, self.dim, single=True).to(self.dtype)

    def _to(self, device: torch.device) -> None:
        """Data follow the chains to their device."""
        if tree_leaves(self._inputs)[0].device != device:
            self._inputs, self._targets, self._buffers = tree_map(
                lambda x: x.to(device), (self._inputs, self._targets, self._buffers)
            )
            self._table = None if self._table is None else self._table.to(device)

    def _parts(self) -> Iterator[tuple[float, Any, Any]]:
        """The data in runs of rows: the share of each, its inputs and targets."""
        for start in range(0, self.n_data, self._rows):
            x, y = tree_map(lambda a, k=start: a[k : k + self._rows], (self._inputs, self._targets))
            yield min(self._rows, self.n_data - start) / self.n_data, x, y

    def value(self, w: Tensor) -> Tensor:
        """Mean loss over all data at w: (c, d) → (c,)."""
        w = self._points(w)
        self._to(w.device)
        out = torch.zeros(len(w), dtype=torch.float64, device=w.device)
        with torch.no_grad():
            for share, x, y in self._parts():
                parts = [self._value(p, x, y) for p in w.split(self._chunk)]
                out += share * torch.cat(parts)
        return out

    def fixed_value(self, w: Tensor, rows: int = 128) -> Tensor:
        """Mean loss over rows spread over the data, always the same: (c, d) → (c,)."""
        w = self._points(w)
        self._to(w.device)
        every = max(1, self.n_data // rows)
        x, y = tree_map(lambda a: a[::every][:rows], (self._inputs, self._targets))
        with torch.no_grad():
            return torch.cat([self._value(p, x, y) for p in w.split(self._chunk)]).double()

    def example_values(self, w: Tensor) -> Tensor:
        """Losses of the n examples at w: (c, d) → (c, n)."""
        w = self._points(w)
        self._to(w.device)
        with torch.no_grad():
            runs = [
                torch.cat([self._each(p, x, y) for p in w.split(self._chunk)])
                for _, x, y in self._parts()
            ]
        return torch.cat(runs, dim=1).to(torch.float64)

    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss over all data and its gradient: (c, d) → (c,), (c, d)."""
        w = self._points(w)
        self._to(w.device)
        value = torch.zeros(len(w), dtype=torch.float64, device=w.device)
        grad = torch.zeros(w.shape, dtype=torch.float64, device=w.device)
        for share, x, y in self._parts():
            parts = [self._both(p, x, y) for p in w.split(self._chunk)]
            value += share * torch.cat([v for _, v in parts])
            grad.add_(torch.cat([g for g, _ in parts]), alpha=share)
        return value, grad

    def stochastic_value_and_grad(
        self, w: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Loss and gradient on an own fresh minibatch (with replacement) for every chain.

        Raises BadInput when the loss was built without batch_size.
        """
        w = self._points(w)
        self._to(w.device)
        if self.batch_size is None:
            raise BadInput("batch_size: this loss was built without minibatches")
        shape = (w.shape[0], self.batch_size)
        rows = torch.randint(
            self.n_data, shape, generator=generator, device=w.device, dtype=torch.int32
        )
        if self._table is not None:
            value, grad = self._linear(w, rows, self._table)
            return value.to(torch.float64), grad.to(torch.float64)
        rows = rows.long()
        parts = [
            self._both_own(p, *tree_map(lambda a, r=r: a[r], (self._inputs, self._targets)))
            for p, r in zip(w.split(self._chunk), rows.split(self._chunk), strict=True)
        ]
        value, grad = torch.cat([v for _, v in parts]), torch.cat([g for g, _ in parts])
        return value.to(torch.float64), grad.to(torch.float64)

    def _linear(self, w: Tensor, rows: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
        """L = tr(P Sxx Pᵀ) − 2 tr(P Sxy) + tr Syy with P the product of the layers, and its
        gradient, S = mean of z zᵀ over each chain's rows."""
        a = self._inputs.shape[1]
        p = a + self._targets.shape[1]
        s = torch.nn.functional.embedding_bag(rows, table, mode="sum").view(-1, p, p)
        s = s / rows.shape[1]
        sxx, syx, syy = s[:, :a, :a], s[:, a:, :a], s[:, a:, a:]
        layers = [
            q.reshape(-1, *shape)
            for q, shape in zip(w.split(self._sizes, dim=1), self._shapes, strict=True)
        ]
        prefix = [layers[0]]  # W_k … W_1
        for m in layers[1:]:
            prefix.append(torch.bmm(m, prefix[-1]))
        product = prefix[-1]
        px = torch.bmm(product, sxx)
        value = ((px - 2.0 * syx) * product).sum((1, 2)) + syy.diagonal(dim1=1, dim2=2).sum(1)
        back = 2.0 * (px - syx)  # dL/dP, then carried down through the layers
        grads = []
        for k in range(len(layers) - 1, 0, -1):
            grads.append(torch.bmm(back, prefix[k - 1].transpose(1, 2)).flatten(1))
            back = torch.bmm(layers[k].transpose(1, 2), back)
        grads.append(back.flatten(1))
        return value, torch.cat(grads[::-1], dim=1)
