"""Functions of tensors that are called very often, traced once into the operations they do.

A module that is mapped over chains and differentiated spends most of a call on small networks in
the Python of ``torch.func``, not in arithmetic. The operations depend on shapes alone, so that they
are written down once for each shape (``make_fx``) and replayed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

__all__ = ["Traced"]

_CALLS = 8  # with arguments of one shape, before a trace is worth its half second
_SHAPES = 64  # of arguments that are remembered


class Traced:
    """A function of nested tensors, replayed from a trace of its operations after some calls.

    function: its operations may depend on the shapes, types and places of its tensors, and on
    nothing else that changes. A trace is used if it gives the same bits as the function, on the
    arguments of that call and on others, so that a result does not depend on how often the
    function was called; a function that cannot be traced is called as it is.

    >>> square = Traced(lambda x: x @ x.t())
    >>> [square(torch.ones(1, k % 2 + 1)).tolist() for k in range(20)][-2:], square.traces
    ([[[1.0]], [[2.0]]], 2)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._calls: dict[Any, int] = {}
        self._found: dict[Any, Callable[..., Any]] = {}

    @property
    def traces(self) -> int:
        """How many shapes have a trace."""
        return len(self._found)

    def __call__(self, *arguments: Any) -> Any:
        leaves, form = tree_flatten(arguments)
        key = (form, *((x.shape, x.dtype, x.device) for x in leaves))
        found = self._found.get(key)
        if found is not None:
            return found(*leaves)
        calls = self._calls.get(key, 0) + 1
        if calls <= _CALLS and (calls > 1 or len(self._calls) < _SHAPES):
            self._calls[key] = calls
            if calls == _CALLS:
                self._trace(key, leaves, form)
        return self._function(*arguments)

    def _trace(self, key: Any, leaves: list[Tensor], form: Any) -> None:
        def flat(*parts: Tensor) -> Any:
            return self._function(*tree_unflatten(parts, form))

        with suppress(Exception):  # what cannot be traced is computed as it is written
            from torch.fx.experimental.proxy_tensor import make_fx

            traced = make_fx(flat)(*leaves)
            wave = torch.arange(leaves[0].numel(), device=leaves[0].device).double().sin()
            wave = 0.05 * wave.reshape(leaves[0].shape)
            beside = [leaves[0] + wave.to(leaves[0].dtype), *leaves[1:]]
            if all(_same_bits(traced(*x), flat(*x)) for x in (leaves, beside)):
                self._found[key] = traced


def _same_bits(a: Any, b: Any) -> bool:
    return all(
        torch.equal(p.nan_to_num(), q.nan_to_num()) and torch.equal(p.isnan(), q.isnan())
        for p, q in zip(tree_leaves(a), tree_leaves(b), strict=True)
    )
