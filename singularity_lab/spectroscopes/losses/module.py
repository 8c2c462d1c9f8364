"""A loss from a torch module and its data."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._pytree import tree_leaves, tree_map, tree_structure

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.criterion import reduction, spread_rows
from singularity_lab.spectroscopes.losses.protocol import (
    Domain,
    ValueAndGrad,
    checked_domain,
    checked_points,
    of_points,
)
from singularity_lab.spectroscopes.losses.traced import Traced


def _axis(piece: str) -> int | slice:
    """One axis of a slice as it is typed: "3", ":", "1:4" or "::2"."""
    parts = [int(x) if x.strip() else None for x in piece.split(":")]
    if len(parts) == 1 and parts[0] is not None:
        return parts[0]
    return slice(*parts)


def _equal(a: Any, b: Any) -> bool:
    """Whether nested tensors are the same numbers in the same places."""
    if tree_structure(a) != tree_structure(b):
        return False
    return all(torch.equal(x, y) for x, y in zip(tree_leaves(a), tree_leaves(b), strict=True))


def joined(slopes: tuple[Tensor, ...], out: Tensor) -> None:
    """Put the columns of a gradient side by side into ``out`` (c, d)."""
    if slopes[0].dtype == out.dtype:
        torch.cat(slopes, dim=1, out=out)
    else:
        out.copy_(torch.cat(slopes, dim=1))


def squared(out: Tensor, y: Tensor) -> Tensor:
    """Return (out − y)², element by element. Raises BadInput for shapes that differ."""
    if out.shape != y.shape:
        raise BadInput(
            f"targets: expected the shape of the outputs, {tuple(out.shape)}, received "
            f"{tuple(y.shape)}; reshape them"
        )
    return (out - y) ** 2


def _gradient_type(w: Tensor) -> torch.dtype:
    """Of gradients at w."""
    return torch.float32 if w.dtype == torch.float32 else torch.float64


_CACHED = 1 << 18  # weights of the chains that are evaluated at once, on a CPU
_TOGETHER = 1 << 16  # chains times rows that are computed at once where losses go side by side
_PROBES = 12  # points at which gradients and differences are compared
_AWAY = 0.03  # of a weight, from w* to such a point
_STEP = 1e-2  # length of a difference
_GRADIENT_GAP = 0.15  # of the differences, between them and the gradient


Weights = Tensor | tuple[Tensor, ...]  # all parameters (d,), or the parts of it that are tensors

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

    >>> import torch
    >>> net = torch.nn.Linear(1, 1, bias=False)
    >>> x = torch.tensor([[1.0], [2.0]])
    >>> loss = ModuleLoss(net, x, 3 * x)
    >>> loss.value(torch.tensor([[3.0], [4.0]])).tolist()
    [0.0, 2.5]
    """

    kind = "module"
    by_chain = True  # how positions of chains are best laid out

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
                "inputs, targets: expected the same number n ≥ 1 of rows, received "
                + " and ".join(map(str, lengths))
            )
        self.n_data = lengths[0]
        if chunk < 1 or rows < 1:
            raise BadInput(f"chunk, rows: expected at least 1, received {chunk} and {rows}")
        if batch_size is not None and not 1 <= batch_size <= self.n_data:
            raise BadInput(f"batch_size: expected 1…{self.n_data}, received {batch_size}")
        if dtype not in (torch.float32, torch.float64):
            raise BadInput(f"dtype: expected torch.float32 or torch.float64, received {dtype}")
        self.batch_size = batch_size
        self.dtype = dtype

        def own(x: Tensor) -> Tensor:
            return x.detach().to(dtype) if x.is_floating_point() else x

        self._inputs, self._targets = tree_map(own, inputs), tree_map(own, targets)
        self._criterion = criterion or squared
        self._module = module
        parameters = [
            (name, p.detach().to("cpu", torch.float64))
            for name, p in module.named_parameters()
            if p.requires_grad
        ]
        if not parameters:
            raise BadInput("module: expected at least one parameter that requires a gradient")
        # Copies: what is trained on afterwards, or changed in a forward pass, is another function.
        self._buffers = {name: own(b).clone() for name, b in module.named_buffers()}
        self._buffers |= {
            n: own(p).clone() for n, p in module.named_parameters() if not p.requires_grad
        }
        self._names = [name for name, _ in parameters]
        self._shapes = [p.shape for _, p in parameters]
        self._sizes = [p.numel() for _, p in parameters]
        self.center = torch.cat([p.reshape(-1) for _, p in parameters])
        self.dim = int(self.center.numel())
        self.domain = checked_domain(domain, self.center)
        self.prior_exponents: tuple[float, ...] | None = None
        self.loss_id = loss_id or f"module:{type(module).__name__}"
        self._chunk, self._rows = chunk, rows
        self._own: Tensor | None = None
        self._reduction = self._find_reduction()
        self._value = Traced(torch.vmap(self._single, in_dims=(0, None, None)))
        self._each = Traced(torch.vmap(self._examples, in_dims=(0, None, None)))
        self._both = Traced(torch.vmap(self._slopes, in_dims=(0, None, None)))
        self._both_own = Traced(torch.vmap(self._slopes, in_dims=(0, 0, 0)))
        self._table = self._outer_products() if criterion is None else None
        self.observed: dict[str, Callable[[Tensor], Tensor]] = {}

    def observe(self, name: str, inputs: Any, targets: Any, *, tokens: bool = False) -> None:
        """Have devices that keep losses (``keep="losses"``) keep those of other data as well.

        name: of the data set. inputs, targets: as of the loss. tokens: keep every element of the
        criterion's losses of an example, which it must give unreduced, instead of their sum.
        Raises BadInput for rows that differ in number, a name that is taken, or a criterion that
        reduces where tokens are asked for.
        """
        lengths = {int(x.shape[0]) for x in tree_leaves((inputs, targets))}
        if len(lengths) != 1:
            raise BadInput(f"observe: expected the same number of rows, received {lengths}")
        if name in self.observed or name == "data":
            raise BadInput(f"observe: expected a new name, received {name!r}")
        if tokens and self._reduction != "none":
            raise BadInput('tokens: expected a criterion with reduction="none"')

        def own(x: Tensor) -> Tensor:
            return x.detach().to(self.dtype) if x.is_floating_point() else x

        x, y = tree_map(own, inputs), tree_map(own, targets)
        each = self._elements if tokens else self._examples
        mapped = torch.vmap(each, in_dims=(0, None, None))

        def values(w: Tensor) -> Tensor:
            w = self._points(w)
            self._to(w.device)
            a, b = tree_map(lambda z: z.to(w.device), (x, y))
            with torch.no_grad():
                runs = []
                for k in range(0, lengths.copy().pop(), self._rows):
                    part = tree_map(lambda z, k=k: z[k : k + self._rows], (a, b))
                    runs.append(torch.cat([mapped(p, *part) for p in self._split(w)]))
            return torch.cat(runs, dim=1).to(torch.float64)

        self.observed[name] = values

    def indices(self, parameter: str) -> list[int]:
        """Indices of flattened parameters by name: of one tensor ("0.weight"), of all below a
        module ("blocks.0"), or of a slice of one ("0.weight[2:4, :]").

        >>> net = torch.nn.Linear(2, 3)
        >>> loss = ModuleLoss(net, torch.ones(1, 2), torch.ones(1, 3))
        >>> loss.indices("weight[1]"), loss.indices("bias")
        ([2, 3], [6, 7, 8])
        """
        name, bracket, inside = parameter.partition("[")
        below = [k for k, n in enumerate(self._names) if n == name or n.startswith(name + ".")]
        if not below or (bracket and not (name in self._names and inside.endswith("]"))):
            raise BadInput(
                f"parameter: expected one of {self._names[:12]}, a module that holds some, or "
                f"'name[slice]' of one, received {parameter!r}"
            )
        ends = torch.tensor([0, *self._sizes]).cumsum(0).tolist()
        if not bracket:
            return [i for k in below for i in range(ends[k], ends[k + 1])]
        k = below[0]
        table = torch.arange(ends[k], ends[k + 1]).reshape(self._shapes[k])
        try:
            chosen = table[tuple(_axis(piece) for piece in inside[:-1].split(","))]
        except (ValueError, IndexError) as error:
            raise BadInput(
                f"parameter: expected a slice of shape {tuple(self._shapes[k])}, "
                f"received {parameter!r}"
            ) from error
        return [int(i) for i in chosen.reshape(-1).tolist()]

    def _output_at(self, w: Weights, x: Any, buffers: dict[str, Tensor] | None = None) -> Any:
        """The module's output with the parameters w (d,), or those of its tensors, in their places.
        Attention is computed by products and a softmax: its fused kernels cannot be mapped over
        chains."""
        pieces = torch.split(w, self._sizes) if isinstance(w, Tensor) else w
        named = {n: p.reshape(s) for n, p, s in zip(self._names, pieces, self._shapes, strict=True)}
        fused = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            with sdpa_kernel(SDPBackend.MATH):
                kept = self._buffers if buffers is None else buffers
                return torch.func.functional_call(self._module, (named, kept), (x,))
        finally:
            torch.backends.mha.set_fastpath_enabled(fused)

    def _criterion_at(self, w: Weights, x: Any, y: Any) -> Tensor:
        return self._criterion(self._output_at(w, x), y)

    def _find_reduction(self) -> str:
        """Whether the criterion gives each example's loss ("none"), their mean or their sum."""
        generator = torch.Generator().manual_seed(0)
        size = float(self.center.norm()) / math.sqrt(self.dim)
        noise = torch.randn(self.dim, generator=generator, dtype=torch.float64)
        at, beside = (
            functools.partial(self._output_at, w.to(self.dtype))
            for w in (self.center, self.center + 0.1 * (size + 0.1) * noise)
        )
        name = getattr(self._module, "described", f"model: {type(self._module).__name__}")
        return reduction(name, at, beside, self._criterion, self._inputs, self._targets)

    def check_gradient(self) -> None:
        """Raise BadInput where the gradient is not that of the value: a criterion that counts, a
        model that detaches. Compared are differences of L along random directions, at points
        beside w*, on at most 128 rows."""
        generator = torch.Generator().manual_seed(0)
        rows = spread_rows(self.n_data, 128)
        x, y = tree_map(lambda a: a[rows.to(a.device)], (self._inputs, self._targets))
        shape = (_PROBES, self.dim)
        w = self.center + _AWAY * torch.randn(shape, generator=generator, dtype=torch.float64)
        along = torch.randn(shape, generator=generator, dtype=torch.float64)
        along = along / along.norm(dim=1, keepdim=True)
        wide = _STEP * (1 + float(self.center.norm()) / math.sqrt(self.dim))
        with torch.no_grad():
            plus, minus = (
                torch.cat([self._value(p, x, y) for p in (w + e * along).to(self.dtype).split(4)])
                for e in (wide, -wide)
            )
        parts = [self._both(p, x, y)[0] for p in w.to(self.dtype).split(4)]
        gradient = torch.cat([torch.cat(g, dim=1) for g in parts])
        slopes = (gradient.double() * along).sum(1)
        differences = (plus.double() - minus.double()) / (2 * wide)
        rounding = torch.finfo(self.dtype).eps * float(plus.abs().max()) / wide
        gap = float((differences - slopes).abs().sum())
        whole = float(differences.abs().sum())
        what = ""
        if math.isfinite(gap) and gap > _GRADIENT_GAP * whole + 20 * _PROBES * rounding:
            what = f"one that differs by {gap / whole:.0%} from differences of it"
        elif not gradient.any() and float(plus.max() - plus.min()) > 20 * rounding * wide:
            what = "one that is 0 where the loss changes"  # by steps between the probes
        if what:
            raise BadInput(
                "model, criterion: expected a gradient that is that of the loss, received "
                f"{what}: is a part detached, rounded or counted (accuracy)?"
            )

    def _elements(self, w: Tensor, x: Any, y: Any) -> Tensor:
        return self._criterion_at(w, x, y).reshape(-1)

    def _examples(self, w: Weights, x: Any, y: Any) -> Tensor:
        if self._reduction != "none":

            def alone(a: Any, b: Any) -> Tensor:
                one = tree_map(lambda z: z[None], (a, b))
                return self._criterion_at(w, *one)

            return torch.vmap(alone)(x, y)
        each = self._criterion_at(w, x, y)
        return each.reshape(each.shape[0], -1).sum(1)

    def _single(self, w: Weights, x: Any, y: Any) -> Tensor:
        if self._reduction == "none":
            return self._examples(w, x, y).mean()
        total = self._criterion_at(w, x, y)
        return total if self._reduction == "mean" else total / tree_leaves(x)[0].shape[0]

    def _slopes(self, w: Tensor, x: Any, y: Any) -> tuple[tuple[Tensor, ...], Tensor]:
        """The gradient by every tensor of parameters, flattened, and the loss: they are joined
        where they are wanted, by one copy."""
        both = torch.func.grad_and_value(self._single)
        out: tuple[tuple[Tensor, ...], Tensor] = both(torch.split(w, self._sizes), x, y)
        return out

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
        return checked_points(w, self.dim, single=True).to(self.dtype)

    def _to(self, device: torch.device) -> None:
        """Data follow the chains to their device."""
        if tree_leaves(self._inputs)[0].device != device:
            self._inputs, self._targets, self._buffers = tree_map(
                lambda x: x.to(device), (self._inputs, self._targets, self._buffers)
            )
            self._table = None if self._table is None else self._table.to(device)

    def _size(self, w: Tensor) -> int:
        """How many chains are evaluated at once: few where one of them fills the cache."""
        return (
            max(1, min(self._chunk, _CACHED // self.dim)) if w.device.type == "cpu" else self._chunk
        )

    def _split(self, w: Tensor) -> tuple[Tensor, ...]:
        return w.split(self._size(w))

    def _parts(self) -> Iterator[tuple[float, Any, Any]]:
        """The data in runs of rows: the share of each, its inputs and targets."""
        for start in range(0, self.n_data, self._rows):
            x, y = tree_map(lambda a, k=start: a[k : k + self._rows], (self._inputs, self._targets))
            yield min(self._rows, self.n_data - start) / self.n_data, x, y

    @of_points
    def value(self, w: Tensor) -> Tensor:
        """Mean loss over all data at w: (c, d) → (c,)."""
        w = self._points(w)
        self._to(w.device)
        out = torch.zeros(len(w), dtype=torch.float64, device=w.device)
        with torch.no_grad():
            for share, x, y in self._parts():
                parts = [self._value(p, x, y) for p in self._split(w)]
                out += share * torch.cat(parts)
        return out

    def residuals(self, w: Tensor) -> Tensor:
        """Outputs at w (d,) minus those at w*, all entries of at most 64 rows spread over the data,
        in double precision: what jets are made of. Under a criterion of logits they are logarithms
        of probabilities."""
        rows = spread_rows(self.n_data, 64)
        x = tree_map(lambda a: a[rows.to(a.device)], self._inputs)
        x, buffers = tree_map(
            lambda a: a.double() if a.is_floating_point() else a, (x, self._buffers)
        )
        features = getattr(self._criterion, "features", lambda out: out)

        def outputs(w: Tensor) -> Tensor:
            return features(self._output_at(w, x, buffers)).reshape(-1)

        if self._own is None:
            with torch.no_grad():
                self._own = outputs(self.center)
        return outputs(w) - self._own

    def fixed_value(self, w: Tensor, rows: int = 128) -> Tensor:
        """Mean loss over rows spread over the data, always the same: (c, d) → (c,)."""
        w = self._points(w)
        self._to(w.device)
        every = max(1, self.n_data // rows)
        x, y = tree_map(lambda a: a[::every][:rows], (self._inputs, self._targets))
        with torch.no_grad():
            return torch.cat([self._value(p, x, y) for p in self._split(w)]).double()

    def example_values(self, w: Tensor) -> Tensor:
        """Losses of the n examples at w: (c, d) → (c, n)."""
        w = self._points(w)
        self._to(w.device)
        with torch.no_grad():
            runs = [
                torch.cat([self._each(p, x, y) for p in self._split(w)])
                for _, x, y in self._parts()
            ]
        return torch.cat(runs, dim=1).to(torch.float64)

    @of_points
    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """Mean loss over all data and its gradient, which is single where w is: (c, d) → (c,),
        (c, d)."""
        kind = _gradient_type(w)
        w = self._points(w)
        self._to(w.device)
        value = torch.zeros(len(w), dtype=torch.float64, device=w.device)
        grad = torch.empty(w.shape, dtype=kind, device=w.device)
        for k, (share, x, y) in enumerate(self._parts()):
            parts = [self._both(p, x, y) for p in self._split(w)]
            value += share * torch.cat([v for _, v in parts])
            for row, (slopes, _) in zip(self._split(grad), parts, strict=True):
                if k == 0 and share == 1.0:
                    joined(slopes, row)
                elif k == 0:
                    torch.mul(torch.cat(slopes, dim=1), share, out=row)
                else:
                    row.add_(torch.cat(slopes, dim=1), alpha=share)
        return value, grad

    def side_by_side(self, others: Sequence[ModuleLoss]) -> ValueAndGrad | None:
        """Loss and gradient of this loss and others of one architecture on the same inputs at w
        (losses·c, d), the first c rows for this one, the next for the first of the others, …; None
        where they differ in more than weights and targets."""
        kind = (self._names, self._shapes, self.dtype, self._reduction, self.n_data)
        losses = (self, *others)
        if (
            any(
                kind != (o._names, o._shapes, o.dtype, o._reduction, o.n_data)
                or not _equal(o._inputs, self._inputs)
                for o in others
            )
            or len({str(tree_structure(o._targets)) for o in losses}) > 1
        ):
            return None
        try:
            targets = tree_map(lambda *y: torch.stack(y), *(o._targets for o in losses))
        except RuntimeError:  # of unequal shapes
            return None
        # one level of vmap: torch mixes up two in places
        mapped = torch.vmap(self._slopes, in_dims=(0, None, 0))

        def evaluate(w: Tensor) -> tuple[Tensor, Tensor]:
            w = self._points(w)
            self._to(w.device)
            each = len(w) // len(losses)
            value = torch.zeros(len(w), dtype=torch.float64, device=w.device)
            grad = torch.zeros(w.shape, dtype=torch.float64, device=w.device)
            some = max(1, _TOGETHER // min(self.n_data, self._rows))
            which = torch.arange(len(w), device=w.device) // each
            for start in range(0, self.n_data, self._rows):
                rows = slice(start, start + self._rows)
                x = tree_map(lambda a, rows=rows: a[rows], self._inputs)
                y = tree_map(lambda a, rows=rows: a[:, rows].to(w.device), targets)
                share = min(self._rows, self.n_data - start) / self.n_data
                for k in range(0, len(w), some):
                    part = slice(k, k + some)
                    own = tree_map(lambda a, part=part: a[which[part]], y)
                    slopes, here = mapped(w[part], x, own)
                    value[part] += share * here
                    grad[part].add_(torch.cat(slopes, dim=1), alpha=share)
            return value, grad

        return evaluate

    def stochastic_value_and_grad(
        self, w: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Loss and gradient, which is single where w is, on an own fresh minibatch (with
        replacement) for every chain.

        Raises BadInput when the loss was built without batch_size.
        """
        grad = torch.empty(w.shape, dtype=_gradient_type(w), device=w.device)
        return self.stochastic_into(w, generator, grad), grad

    def stochastic_into(self, w: Tensor, generator: torch.Generator, grad: Tensor) -> Tensor:
        """The same loss (c,), its gradient written into ``grad`` (c, d)."""
        w = self._points(w)
        self._to(w.device)
        if self.batch_size is None:
            raise BadInput("batch_size: this loss was built without minibatches")
        shape = (w.shape[0], self.batch_size)
        rows = torch.randint(
            self.n_data, shape, generator=generator, device=w.device, dtype=torch.int32
        )
        if self._table is not None:
            value, slope = self._linear(w, rows, self._table)
            grad.copy_(slope)
            return value.to(torch.float64)
        values, rows = [], rows.long()
        for p, r, out in zip(
            self._split(w), rows.split(self._size(w)), self._split(grad), strict=True
        ):
            x, y = tree_map(lambda a, r=r: a[r], (self._inputs, self._targets))
            slopes, value = self._both_own(p, x, y)
            joined(slopes, out)
            values.append(value)
        return torch.cat(values).to(torch.float64)

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
