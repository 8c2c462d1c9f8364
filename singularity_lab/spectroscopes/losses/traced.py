"""Functions of tensors that are called very often, traced once into the operations they do.

A module that is mapped over chains and differentiated spends most of a call on small networks in
the Python of ``torch.func``, not in arithmetic. The operations depend on shapes alone, so that they
are written down once for each shape (``make_fx``) and replayed. Two thirds of what is written down
for a network only looks at a tensor in another shape (view, expand, transpose, …): where such looks
follow each other they become one, or none.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

if TYPE_CHECKING:
    from torch.fx import GraphModule

__all__ = ["Traced"]

_CALLS = 8  # with arguments of one shape, before a trace is worth its half second
_SHAPES = 64  # of arguments that are remembered
_VIEWS = {
    torch.ops.aten.view.default,
    torch.ops.aten._unsafe_view.default,
    torch.ops.aten.expand.default,
    torch.ops.aten.transpose.int,
    torch.ops.aten.permute.default,
    torch.ops.aten.unsqueeze.default,
    torch.ops.aten.squeeze.dim,
    torch.ops.aten.squeeze.dims,
    torch.ops.aten.t.default,
    torch.ops.aten.detach.default,
    torch.ops.aten.alias.default,
}  # all of them begin where their tensor begins


class Traced:
    """A function of nested tensors, replayed from a trace of its operations after some calls.

    function: its operations may depend on the shapes, strides, types and places of its tensors, and
    on nothing else that changes. A trace is used if it gives the same bits as the function, on the
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
        if torch._C._functorch.peek_interpreter_stack() is not None:
            return self._function(*arguments)  # within a map or a gradient of a caller
        key = (form, *((x.shape, x.stride(), x.dtype, x.device) for x in leaves))
        found = self._found.get(key)
        if found is not None and not any(x.requires_grad for x in leaves):
            with torch._C._AutoDispatchBelowAutograd():  # nothing of it is differentiated again
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
            from torch._guards import TracingContext, tracing
            from torch._subclasses.fake_tensor import FakeTensorMode
            from torch.fx.experimental.proxy_tensor import make_fx

            wave = torch.arange(leaves[0].numel(), device=leaves[0].device).double().sin()
            wave = 0.05 * wave.reshape(leaves[0].shape)
            beside = [leaves[0] + wave.to(leaves[0].dtype), *leaves[1:]]
            wanted = [(x, flat(*x)) for x in (leaves, beside)]
            # one world of shapes for the whole trace, where each result would have one of its own
            with tracing(TracingContext(FakeTensorMode(allow_fallback_kernels=True))):
                traced = make_fx(flat)(*leaves)
            for shorter in (lambda: traced, lambda: _fewer_views(traced, leaves)):
                with suppress(Exception):
                    found = shorter()
                    with torch._C._AutoDispatchBelowAutograd():
                        if all(_same_bits(found(*x), y) for x, y in wanted):
                            self._found[key] = found


def _fewer_views(traced: GraphModule, leaves: list[Tensor]) -> GraphModule:
    """The trace with every look at a tensor taken from the tensor itself, once, and its operations
    called by the functions of torch that take the least time to be called."""
    from torch.fx import Interpreter

    seen: dict[Any, Tensor] = {}

    class Recorded(Interpreter):
        def run_node(self, n: Any) -> Any:
            seen[n] = super().run_node(n)
            return seen[n]

    traced = copy.deepcopy(traced)
    Recorded(traced).run(*leaves)
    graph, source, made = traced.graph, {}, {}
    for node in list(graph.nodes):
        source[node] = node
        if not (node.op == "call_function" and node.target in _VIEWS):
            continue
        base = source[node.args[0]]
        look, whole = seen[node], seen[base]
        if look.data_ptr() != whole.data_ptr() or not look.numel():
            continue  # a copy, or nothing
        key = (base, look.shape, look.stride())
        if key[1:] == (whole.shape, whole.stride()):
            made[key] = base
        elif key not in made:
            with graph.inserting_before(node):
                made[key] = graph.call_function(
                    torch.as_strided, (base, list(look.shape), list(look.stride()))
                )
            seen[made[key]] = look
        node.replace_all_uses_with(made[key])
        source[made[key]] = base
        graph.erase_node(node)
    for node in graph.nodes:
        if isinstance(node.target, torch._ops.OpOverload):
            node.target = getattr(torch._C._VariableFunctions, node.target._opname, node.target)
    graph.eliminate_dead_code()
    traced.recompile()
    return traced


def _same_bits(a: Any, b: Any) -> bool:
    return all(
        torch.equal(p.nan_to_num(), q.nan_to_num()) and torch.equal(p.isnan(), q.isnan())
        for p, q in zip(tree_leaves(a), tree_leaves(b), strict=True)
    )
