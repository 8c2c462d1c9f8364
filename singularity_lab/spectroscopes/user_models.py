"""A torch model, its data and its criterion, as people have them, made into what a loss is made
of, or refused in one line that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.criterion import described, first_line

__all__ = [
    "Criterion", "WithLoss", "check_own_targets", "collected", "described", "left_out",
    "own_targets", "plain_module", "unmapped",
]  # fmt: skip

_MOST_ROWS = 1_000_000  # rows of data held in memory
_ROWS = 512  # evaluated at once, of the model's own outputs
_OWN = 1e-3  # of the mean square of the outputs: the largest loss against them at w*

Criterion = Callable[[Any, Any], Tensor]


class WithLoss(torch.nn.Module):
    """A model together with its loss on a batch."""

    described = "loss"

    def __init__(self, model: torch.nn.Module, loss: Callable[..., Tensor]) -> None:
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, batch: Any) -> Tensor:
        """The loss of a batch at the parameters of the model."""
        return self.loss(self.model, batch)


# ----------------------------------------------------------------------------------- the model


def plain_module(model: Any) -> torch.nn.Module:
    """Return the module whose parameters are measured: what ``torch.compile``, ``DataParallel`` or
    ``DistributedDataParallel`` wraps, as it is. Raises BadInput for what is no module, has no
    values, or depends on more than its input.

    >>> net = torch.nn.Linear(2, 1)
    >>> plain_module(torch.nn.DataParallel(net)) is net
    True
    """
    if not isinstance(model, torch.nn.Module):
        raise BadInput(f"model: expected a torch.nn.Module, received {type(model).__name__}")
    parallel = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while True:
        inside = getattr(model, "_orig_mod", None)  # what torch.compile leaves
        if isinstance(model, parallel):
            inside = model.module
        if not isinstance(inside, torch.nn.Module):
            break
        model = inside
    if isinstance(model, torch.jit.ScriptModule):
        raise BadInput("model: expected the module that was scripted, received the script of one")
    _check_values(model)
    _check_modes(model)
    return model


def _check_values(model: torch.nn.Module) -> None:
    """Refuse parameters and buffers that are no finite real numbers."""
    for name, p in (*model.named_parameters(), *model.named_buffers()):
        if torch.nn.parameter.is_lazy(p):
            raise BadInput(
                f"model: {name} has no shape yet; run the model once on a batch and train it"
            )
        if p.is_meta:
            raise BadInput(
                f"model: {name} is on the meta device and has no values; load them, with "
                "model.to_empty(device='cpu') and model.load_state_dict(…)"
            )
        if p.is_complex():
            raise BadInput(f"model: {name} is complex; write it as two real parameters")
        if isinstance(p, torch.nn.Parameter) and not bool(torch.isfinite(p).all()):
            raise BadInput(f"model: {name} holds values that are not finite: no w* to read at")


def _check_modes(model: torch.nn.Module) -> None:
    """Refuse layers whose output depends on more than their input."""
    norm, drop = torch.nn.modules.batchnorm._BatchNorm, torch.nn.modules.dropout._DropoutNd
    for name, layer in model.named_modules():
        what = f"{name or 'model'} ({type(layer).__name__})"
        if isinstance(layer, norm) and (layer.training or layer.running_mean is None):
            raise BadInput(
                f"model: {what} normalises by the batch, so that an example has no loss of its "
                "own; call model.eval() to use its running statistics"
            )
        if isinstance(layer, drop) and layer.training and layer.p > 0:
            raise BadInput(f"model: {what} is random in training mode; call model.eval()")
        if isinstance(layer, (torch.nn.RNNBase, torch.nn.LSTMCell)):
            raise BadInput(
                f"model: {what} is one kernel that torch.func cannot map over chains; write the "
                "recurrence as tensor operations in a loop"
            )


def unmapped(model: torch.nn.Module, error: BaseException) -> str:
    """Return why torch.func cannot map a model over chains, and what to do."""
    line, what = first_line(error), f"model: {type(model).__name__}"
    evaluated = "call model.eval(), or " if model.training else ""
    if "random" in line:
        return (
            f"{what} draws random numbers in its forward pass, so that an example has no loss of "
            f"its own; {evaluated}take them out"
        )
    if "in-place" in line or "mutate" in line:
        return (
            f"{what} changes a tensor of its own in its forward pass; {evaluated}leave buffers as "
            f"they are ({line})"
        )
    if ".item()" in line or "control flow" in line:
        return (
            f"{what} lets a value decide what it computes (if, .item(), a mask of varying length), "
            "which torch.func cannot map over chains; write it with torch.where"
        )
    return (
        f"{what} cannot be mapped over chains by torch.func ({line}); {evaluated}write what it "
        "does in place, or by indices, as plain tensor operations"
    )


# ------------------------------------------------------------------------------------ the data


def collected(data: Any) -> Any:
    """Return all batches of ``data`` joined: nested tensors with n rows each, as ``network_loss``
    reads them. Raises BadInput for what holds no batches of tensors."""
    if isinstance(data, (tuple, list, Mapping)):
        data = tree_map(lambda x: torch.as_tensor(x) if isinstance(x, np.ndarray) else x, data)
    if _is_whole(data):
        return tuple(data) if isinstance(data, list) else data
    if isinstance(data, torch.utils.data.Dataset):
        data = torch.utils.data.DataLoader(data, batch_size=256)
    if not isinstance(data, Iterable) or isinstance(data, (Tensor, str, Mapping)):
        raise BadInput(
            "data: expected a DataLoader, a Dataset, a pair of tensors or an iterable of batches, "
            f"received {described(data)}"
        )
    batches, rows = [], 0
    for batch in data:
        leaves = tree_leaves(batch)
        if not leaves or not all(isinstance(x, Tensor) and x.ndim for x in leaves):
            raise BadInput(f"data: expected batches of tensors, received {described(batch)}")
        batches.append(tuple(batch) if isinstance(batch, list) else batch)
        rows += int(leaves[0].shape[0])
        if rows > _MOST_ROWS:
            raise BadInput(
                f"data: expected at most {_MOST_ROWS:,} rows, received more (an endless loader?); "
                "pass a subset"
            )
    if not batches:
        raise BadInput("data: expected at least one batch, received none")
    try:
        return tree_map(lambda *parts: torch.cat(parts), *batches)
    except (RuntimeError, ValueError) as error:
        line = first_line(error)
        raise BadInput(f"data: batches of different shapes cannot be joined ({line})") from error


def left_out(data: Any) -> str:
    """Return the words that a loader leaves out an incomplete last batch, and of how many examples;
    "" where it does not.

    >>> whole = torch.utils.data.TensorDataset(torch.zeros(10, 1), torch.zeros(10, 1))
    >>> left_out(torch.utils.data.DataLoader(whole, batch_size=4, drop_last=True))
    "; n counts 8 of 10 examples, as the loader's drop_last=True leaves 2 out"
    """
    if not isinstance(data, torch.utils.data.DataLoader):
        return ""
    batches = data.batch_sampler if data.batch_sampler is not None else data
    size, drops = (getattr(batches, name, None) for name in ("batch_size", "drop_last"))
    try:
        count = len(data.sampler)  # type: ignore[arg-type]
    except TypeError:  # a stream
        return ""
    if not (drops and isinstance(size, int) and count % size):
        return ""
    lost = count % size
    return (
        f"; n counts {count - lost:,} of {count:,} examples, as the loader's drop_last=True leaves "
        f"{lost:,} out"
    )


def _is_whole(data: Any) -> bool:
    """True for what holds all rows already: a pair of tensors, a pair of nested inputs and a tensor
    of targets, a dict of tensors."""
    if isinstance(data, Mapping):
        leaves = tree_leaves(dict(data))
        return bool(leaves) and all(isinstance(x, Tensor) and x.ndim for x in leaves)
    if not isinstance(data, (tuple, list)) or not data:
        return False
    if all(isinstance(x, Tensor) for x in data):
        return True
    leaves = tree_leaves(data)
    pair = len(data) == 2 and isinstance(data[1], Tensor) and not isinstance(data[0], Tensor)
    return pair and all(isinstance(x, Tensor) and x.ndim for x in leaves)


# ---------------------------------------------------------------------------- the own function


def own_targets(
    model: torch.nn.Module,
    inputs: Any,
    criterion: Criterion | None,
    kind: bool | str,
    dtype: torch.dtype = torch.float32,
) -> tuple[Tensor, Criterion]:
    """Return the model's outputs, computed in ``dtype`` and leaving the model as it is, as targets,
    and the loss against them.

    criterion: what they are outputs for; it decides between "kl" and "squared" where ``kind`` is
    True. Raises BadInput where it does not, and for outputs that are no tensor of logits.
    """
    classes = (torch.nn.CrossEntropyLoss, torch.nn.functional.cross_entropy)
    squares = (torch.nn.MSELoss, torch.nn.functional.mse_loss)
    axis = -1
    if kind is True:
        if criterion is None or criterion in squares or isinstance(criterion, squares[0]):
            kind = "squared"
        elif criterion in classes or isinstance(criterion, classes[0]):
            kind, axis = "kl", 1
    if kind not in ("kl", "squared"):
        raise BadInput(
            "self_teacher: expected 'kl' (outputs are logits along the last axis) or 'squared' for "
            f"this criterion, received {kind!r}"
        )

    def own(x: Tensor) -> Tensor:
        return x.detach().to(dtype, copy=True) if x.is_floating_point() else x.detach().clone()

    state = {name: own(p) for name, p in (*model.named_parameters(), *model.named_buffers())}

    def call(x: Any) -> Tensor:
        here = dict(state)  # a model may change its buffers: every batch begins with the same
        return logits(torch.func.functional_call(model, here, (tree_map(own, x),)))

    rows = int(tree_leaves(inputs)[0].shape[0])
    with torch.no_grad():
        try:
            outputs = torch.cat(
                [call(tree_map(lambda x, k=k: x[k : k + _ROWS], inputs))
                 for k in range(0, rows, _ROWS)]
            )  # fmt: skip
        except BadInput:
            raise
        except Exception as error:  # a model raises what it likes
            raise BadInput(
                f"model: {type(model).__name__} fails on {described(inputs)}: {first_line(error)}"
            ) from error
    if kind == "squared":
        return outputs, lambda out, y: ((logits(out) - y) ** 2).reshape(y.shape[0], -1).mean(1)

    return outputs, Divergence(axis)


class Divergence:
    """Kullback and Leibler's divergence of distributions with logits along an axis, the mean over
    the other entries of an example."""

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def features(self, out: Any) -> Tensor:
        """Return the logarithms of the probabilities: what the divergence depends on."""
        return logits(out).log_softmax(self.axis)

    def __call__(self, out: Any, own: Tensor) -> Tensor:
        p, q = own.log_softmax(self.axis), self.features(out)
        return (p.exp() * (p - q)).sum(self.axis).reshape(q.shape[0], -1).mean(1)


def logits(out: Any) -> Tensor:
    """Return a model's output where it is a tensor, and the entry ``logits`` of one that has such.
    Raises BadInput for others."""
    if isinstance(out, Tensor):
        return out
    found = out.get("logits") if isinstance(out, Mapping) else getattr(out, "logits", None)
    if isinstance(found, Tensor):
        return found
    raise BadInput(
        "self_teacher: expected a model whose output is a tensor or has logits, received "
        f"{described(out)}; wrap it in a module that returns one tensor"
    )


def check_own_targets(value: Tensor, targets: Tensor) -> None:
    """Raise BadInput where the loss against the model's own outputs is not 0 at w*."""
    scale = max(float(targets.double().square().mean()), 1e-6)
    if not float(value.abs().max()) <= _OWN * scale:
        raise BadInput(
            "self_teacher: expected a model that gives the same outputs each time, received a loss "
            f"of {float(value.abs().max()):.3g} against its own at w*; call model.eval()"
        )
