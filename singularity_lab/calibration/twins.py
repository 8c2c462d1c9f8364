"""Rows as torch modules with data, for estimators that are written against a model and a loader.

The data are n examples x with (1/n) Σ xxᵀ = 1 exactly, so that the mean squared error of the module
is the row's own population loss: Σ of squared entries of W_L ⋯ W_1 − C for a linear network, Σ fᵢ²
for a row of polynomials fᵢ, whose module computes x·f(w) for targets 0.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput

if TYPE_CHECKING:
    from singularity_lab.algebra.problem import LocalProblem
    from singularity_lab.calibration.estimators import Counter
    from singularity_lab.catalog.entry import Entry

__all__ = ["TwinModule", "module_twin", "twin"]

_BATCH = 64


class TwinModule(torch.nn.Module):
    """x ↦ x·f(w) for polynomials f₁, …, f_k in the parameters w."""

    def __init__(self, problem: LocalProblem) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor([float(x) for x in problem.point]))
        self.terms = []
        for f in problem.ideal.generators:
            pairs = list(f.terms())
            self.terms.append((
                torch.tensor([float(c) for _, c in pairs]),
                torch.tensor([list(map(int, a)) for a, _ in pairs]),
            ))  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """x (n, k) → (n, 1)."""
        values = [(c * (self.w**a).prod(1)).sum() for c, a in self.terms]
        return x @ torch.stack(values).to(x).unsqueeze(1)


def twin(
    problem: LocalProblem | None, entry: Entry | None, seed: int = 0
) -> tuple[torch.nn.Module, Tensor, Tensor]:
    """The module at w*, with inputs x (n, k) and targets y of its row.

    Raises BadInput for a row that is no sum of squares of polynomials, or has a prior or
    constraints.

    >>> from singularity_lab.algebra.problem import LocalProblem
    >>> model, x, y = twin(LocalProblem.build(["x^2", "y^3"], at={"x": 2}), None)
    >>> round(((model(x) - y) ** 2).mean().item(), 4)
    16.0
    """
    if (
        problem is None
        or problem.convention != "ideal"
        or any(problem.prior)
        or problem.inequalities
        or any(side != (None, None) for side in problem.box)
    ):
        raise BadInput("row: it has no twin as a torch module with data")
    if entry is not None and entry.builder in ("deep_linear", "reduced_rank_regression"):
        return _network(problem, entry, seed)
    model = TwinModule(problem)
    x = _whitened(len(problem.ideal.generators), seed)
    return model, x, torch.zeros(len(x), 1)


def _network(
    problem: LocalProblem, entry: Entry, seed: int
) -> tuple[torch.nn.Module, Tensor, Tensor]:
    """A stack of linear layers, for a truth diag(1, …, 1, 0, …, 0)."""
    given = entry.parameters
    widths = given.get("widths") or [given["inputs"], given["hidden"], given["outputs"]]
    flat = torch.tensor([float(x) for x in problem.point])
    layers, at = [], 0
    for n_in, n_out in pairwise(widths):
        layer = torch.nn.Linear(n_in, n_out, bias=False)
        layer.weight = torch.nn.Parameter(flat[at : at + n_in * n_out].reshape(n_out, n_in).clone())
        layers.append(layer)
        at += n_in * n_out
    x = _whitened(widths[0], seed)
    target = torch.zeros(widths[-1], widths[0])
    target[range(given["rank"]), range(given["rank"])] = 1.0
    return torch.nn.Sequential(*layers), x, x @ target.t()


def _whitened(k: int, seed: int) -> Tensor:
    """n = max(64, 4k) examples in R^k with second moment 1."""
    n = max(_BATCH, 4 * k)
    generator = torch.Generator().manual_seed(seed)
    normal = torch.randn(n, k, generator=generator, dtype=torch.float64)
    return (torch.linalg.qr(normal).Q * n**0.5).to(torch.float32)


def copies(tensor: Tensor) -> int:
    """How many tensors one is that stands for a batch of them inside ``torch.vmap``; else 1."""
    inside, found = torch._C._functorch, 1
    while inside.is_functorch_wrapped_tensor(tensor):
        outer = inside.get_unwrapped(tensor)
        if inside.is_batchedtensor(tensor):
            found *= outer.shape[inside.maybe_get_bdim(tensor)]
        tensor = outer
    return found


def module_twin(
    problem: LocalProblem | None, entry: Entry | None, seed: int
) -> Callable[[Counter], tuple[Any, Any]]:
    """A function that makes the row's (model, loader), whose passes a counter counts."""
    model, x, y = twin(problem, entry, seed)

    def make(counter: Counter) -> tuple[Any, Any]:
        whole = len(x)

        def count(module: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
            tensors = (inputs[0], *module.parameters())
            counter.spend_rows(len(inputs[0]) * max(map(copies, tensors)), whole)

        model.register_forward_pre_hook(count)
        data = torch.utils.data.TensorDataset(x, y)
        return model, torch.utils.data.DataLoader(data, batch_size=_BATCH, shuffle=True)

    return make
