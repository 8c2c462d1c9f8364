"""Polynomials compiled to batched tensor programs: values and gradients."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Exponent = tuple[int, ...]
GeneratorTerms = tuple[Sequence[Any], Sequence[Sequence[int]]]

_CHUNK_BYTES = 1 << 19  # keeps the work buffers of one chunk inside a second-level cache


def _added(base: str, factor: float, a: str, b: str, target: str) -> str:
    """Code for target = base + factor·a·b, or without b where that is empty."""
    if b:
        return f"addcmul({base}, {a}, {b}, value={factor!r}, out={target})"
    return f"add({base}, {a}, alpha={factor!r}, out={target})"


class SquaresCode:
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
