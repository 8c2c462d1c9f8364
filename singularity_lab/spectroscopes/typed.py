"""K evaluated in the form in which it was typed: powers and products of sums are not expanded.

A form is plain data over leaves, which are polynomials without such structure:

    ("leaf", i) | ("number", c) | ("sum", (forms)) | ("product", (forms)) | ("power", form, n)

Near {f = 0} the expanded (f)ⁿ is rounding noise of size 10⁻¹⁶, negative as often as not; f is right
to 10⁻¹⁶ of its own terms, and its power to as many digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from singularity_lab.system.floats import as_float

TypedForm = tuple[Any, ...]


class TypedCode(Protocol):
    """Batched code for one polynomial, on columns (d, c)."""

    def value(self, columns: Tensor) -> Tensor: ...

    def gradient(self, columns: Tensor) -> tuple[Tensor, Tensor]: ...


class TypedProgram:
    """Values and gradients of a form, from those of its leaves by the chain rule.

    form: plain data as above. leaves: their programs. expand: gives the generators expanded about
    the centre, for those who ask for them.
    """

    def __init__(
        self, form: TypedForm, leaves: Sequence[TypedCode], expand: Callable[[], Any]
    ) -> None:
        self.form = form
        self.leaves = leaves
        self._expand = expand

    @property
    def generators(self) -> Any:
        """The generators expanded about the centre."""
        return self._expand()

    def value(self, columns: Tensor) -> Tensor:
        """K at points given by columns (d, c), in their precision."""
        values = [leaf.value(columns) for leaf in self.leaves]
        return self._value(self.form, values, columns.new_ones(columns.shape[1]))

    def gradient(self, columns: Tensor) -> tuple[Tensor, Tensor]:
        """K (c,) and ∇K as columns (d, c), in the precision of the points."""
        one = columns.new_ones(columns.shape[1])
        pairs = [leaf.gradient(columns) for leaf in self.leaves]
        seeds = [torch.zeros_like(one) for _ in self.leaves]
        value = self._back(self.form, [v for v, _ in pairs], one, one, seeds)
        total = torch.zeros_like(columns)
        for seed, (_, gradient) in zip(seeds, pairs, strict=True):
            total.addcmul_(seed.unsqueeze(0), gradient)
        return value, total

    def _value(self, form: TypedForm, values: Sequence[Tensor], one: Tensor) -> Tensor:
        kind = form[0]
        if kind == "leaf":
            return values[form[1]]
        if kind == "number":
            return one * form[1]
        if kind == "power":
            return self._value(form[1], values, one) ** form[2]
        parts = [self._value(part, values, one) for part in form[1]]
        total = parts[0]
        for part in parts[1:]:
            total = total + part if kind == "sum" else total * part
        return total

    def _back(
        self,
        form: TypedForm,
        values: Sequence[Tensor],
        one: Tensor,
        seed: Tensor,
        seeds: list[Tensor],
    ) -> Tensor:
        """The value of a form; seed·(its derivative by each leaf) is added to ``seeds``."""
        kind = form[0]
        if kind == "leaf":
            seeds[form[1]] += seed
            return values[form[1]]
        if kind == "number":
            return one * form[1]
        if kind == "power":
            base, n = self._value(form[1], values, one), form[2]
            self._back(form[1], values, one, seed * (n * base ** (n - 1)), seeds)
            return base**n
        if kind == "sum":
            total = torch.zeros_like(one)
            for part in form[1]:
                total = total + self._back(part, values, one, seed, seeds)
            return total
        parts = [self._value(part, values, one) for part in form[1]]
        before = [one]
        for part in parts[:-1]:
            before.append(before[-1] * part)
        after = one
        for part, value, left in reversed(list(zip(form[1], parts, before, strict=True))):
            if part[0] != "number":
                self._back(part, values, one, seed * left * after, seeds)
            after = after * value
        return after


def finite(form: TypedForm) -> TypedForm:
    """The same form with numbers as floats."""
    if form[0] == "number":
        return ("number", as_float(form[1], "coefficient"))
    if form[0] == "power":
        return ("power", finite(form[1]), int(form[2]))
    if form[0] == "leaf":
        return form
    return (form[0], tuple(finite(part) for part in form[1]))
