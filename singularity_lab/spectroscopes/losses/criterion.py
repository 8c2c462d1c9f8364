"""What is found out about a module and its criterion on a few rows, before anything is sampled:
that they can be evaluated, that an example has a loss of its own, and whether the criterion is a
mean or a sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from singularity_lab.errors import BadInput

__all__ = ["described", "first_line", "reduction", "spread_rows"]

_FEW = 16  # rows that are looked at
_SEVERAL = (
    "; for a model of several inputs pass loss=lambda model, batch: criterion(model(*batch[0]), "
    "batch[1])"
)
_ROUNDING = 1e-4  # of the losses: where two evaluations count as equal


def first_line(error: BaseException) -> str:
    """Return the first line of a message, cut to 160 characters."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:160]


def described(x: Any) -> str:
    """Return what a value is, for a message: type, shape, names.

    >>> described(torch.ones(2, 3)), described({"x": 1}), described(5)
    ('a float32 tensor (2, 3)', "a dict of ['x']", 'an int')
    """
    name = type(x).__name__
    if isinstance(x, Tensor):
        name = f"{str(x.dtype).removeprefix('torch.')} tensor {tuple(x.shape)}"
    elif isinstance(x, Mapping):
        name = f"{name} of {sorted(map(str, x))}"[:80]
    elif isinstance(x, (tuple, list)):
        name = f"{name} of {len(x)}"
        if 1 <= len(x) <= 3 and all(isinstance(part, Tensor) for part in x):
            name += f" ({', '.join(map(described, x))})"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def spread_rows(count: int, few: int) -> Tensor:
    """Return at most ``few`` indices spread evenly over 0 … count − 1.

    >>> spread_rows(9, 3).tolist()
    [0, 4, 8]
    """
    few = min(few, count)
    return torch.linspace(0, count - 1, few, dtype=torch.float64).round().long()


def reduction(
    name: str,
    call: Callable[[Any], Any],
    beside: Callable[[Any], Any],
    criterion: Callable[[Any, Any], Any],
    inputs: Any,
    targets: Any,
) -> str:
    """Return whether a criterion gives the losses of the examples ("none"), their "mean" or their
    "sum", by its value on a few rows and on each of them alone.

    name: of the model in messages. call, beside: inputs → outputs at w* and at a point beside it,
    as at w* itself all losses may be 0. inputs, targets: nested tensors with n rows. Raises
    BadInput where model or criterion fail, where the loss is not finite at w*, and where an example
    has no loss of its own.

    >>> x = torch.arange(4.0)[:, None]
    >>> double = lambda x: 2 * x
    >>> reduction("model", double, double, torch.nn.functional.mse_loss, x, 0 * x)
    'mean'
    """
    rows = spread_rows(tree_leaves(inputs)[0].shape[0], _FEW)
    few = len(rows)
    shapes = ""

    def at(chosen: Tensor, call: Callable[[Any], Any] = call) -> Tensor:
        nonlocal shapes
        x, y = tree_map(lambda a: a[chosen.to(a.device)], (inputs, targets))
        try:
            out = call(x)
        except BadInput:
            raise
        except Exception as error:  # a model raises what it likes
            several = "" if isinstance(x, Tensor) or name == "loss" else _SEVERAL
            raise BadInput(
                f"{name}: fails on {described(x)}: {type(error).__name__}: {first_line(error)}"
                + several
            ) from error
        shapes = f" (outputs: {described(out)}; targets: {described(y)})"
        try:
            loss = criterion(out, y)
        except BadInput:
            raise
        except Exception as error:  # and so does a criterion
            raise BadInput(
                f"criterion: fails on outputs, {described(out)}, and targets, {described(y)}: "
                f"{first_line(error)}{_way_out(out)}"
            ) from error
        if not (isinstance(loss, Tensor) and loss.is_floating_point()):
            raise BadInput(
                f"{'loss' if name == 'loss' else 'criterion'}: expected a tensor of real losses, "
                f"received {described(loss)}{_way_out(loss)}"
            )
        return loss

    with torch.no_grad():
        whole = at(rows)
        told = shapes
        if whole.ndim and whole.shape[0] != few:
            raise BadInput(
                f"criterion: expected losses of {few} examples, or one number, received shape "
                f"{tuple(whole.shape)}{told}"
            )
        if not bool(torch.isfinite(whole).all()):
            raise BadInput(
                f"{name}: expected a finite loss at w*, received {float(whole.sum()):g} on {few} "
                f"rows spread over the data{told}"
            )
        moved = at(rows, beside)
        there = beside if bool(torch.isfinite(moved).all()) else call
        whole, again = at(rows, there), at(rows, there)
        alone = torch.stack([at(rows[i : i + 1], there).sum() for i in range(few)])
    scale = _ROUNDING * float(alone.abs().sum()) + 1e-12
    if float((whole - again).abs().max()) > scale:
        raise BadInput(
            f"{name}: the same rows have other losses each time: it draws random numbers, or "
            "changes a buffer in its forward pass; call model.eval(), or take that out"
        )
    if whole.ndim:
        each = whole.reshape(few, -1).sum(1)
        if not float((each - alone).abs().max()) <= scale:
            raise BadInput(
                f"{name}: the loss of an example depends on the others in its batch{told}: outputs "
                "and targets of different shapes, or a model that mixes examples"
            )
        return "none"
    if few == 1 or abs(float(whole - alone.mean())) <= scale:
        return "mean"
    if abs(float(whole - alone.sum())) <= scale:
        return "sum"
    raise BadInput(
        "criterion: expected losses of the examples, their mean or their sum, received "
        f"{float(whole):.6g} on {few} rows, and {float(alone.mean()):.6g} as the mean of each "
        f"alone{told}; pass reduction='none' (class weights and ignored targets make other means), "
        "and outputs and targets of one shape"
    )


def _way_out(out: Any) -> str:
    """What to do about an output that is no tensor."""
    if isinstance(out, Tensor) or out is None:
        return ""
    if isinstance(out, Mapping) and not hasattr(out, "logits"):
        names = sorted(map(str, out))
        return f"; name the tensor that is meant, as out[{names[0]!r}]" if names else ""
    names = [k for k in ("logits", "loss") if hasattr(out, k)]
    if names:
        return f"; pass criterion=lambda out, y: … of out.{names[0]}"
    if isinstance(out, (tuple, list)):
        return "; name the tensor that is meant, as out[0]"
    return ""
