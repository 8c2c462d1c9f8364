"""Checkpoints of a training run: from a folder, from memory, or kept by a callback as it runs."""

from __future__ import annotations

import copy
import glob
import hashlib
import math
import os
import pickle
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput, quoted
from singularity_lab.spectroscopes import Loss
from singularity_lab.system.scalars import integer, real

__all__ = ["Tracker", "digest", "listed", "loaded", "step_of"]

_ENDINGS = (".pt", ".pth", ".bin", ".ckpt")
_NUMBER = re.compile(r"\d+")
_PREFIXES = ("module.", "_orig_mod.")  # of DistributedDataParallel, of torch.compile


def step_of(path: str | Path) -> int:
    """The step that a file's name says: its last whole number. Raises BadInput where it has none.

    >>> step_of("run2/mlp-epoch=3-step=1200.ckpt")
    1200
    """
    numbers = _NUMBER.findall(Path(path).stem)
    if not numbers:
        raise BadInput(
            f"checkpoints: expected a step in the name, received {str(path)[-80:]!r}; leave it out "
            "by a pattern such as 'folder/net-*.pt'"
        )
    return int(numbers[-1])


def listed(source: Any) -> tuple[int | None, Iterator[tuple[float, Callable[[], Any]]]]:
    """How many checkpoints there are (None when only going through them tells), and for each its
    step and a function that gives its state.

    source: a folder, a pattern such as "run/net-*.pt", or a list of files that torch.save wrote; a
    mapping of steps to states; a :class:`Tracker`; an iterable of (step, state). A state may be
    the name of its file. Raises BadInput for other things, for files without a step in their names,
    and for no checkpoint at all.
    """
    if isinstance(source, Tracker):
        source = source.checkpoints
    if isinstance(source, (str, os.PathLike)):
        files = _files(source)
        return len(files), ((step, partial(_read, f)) for step, f in files)
    if isinstance(source, (list, tuple)) and source and all(map(_is_path, source)):
        files = _by_step([Path(x) for x in source])
        return len(files), ((step, partial(_read, f)) for step, f in files)
    if isinstance(source, Mapping):
        source = sorted(source.items())
    if not isinstance(source, Iterable):
        raise BadInput(
            "checkpoints: expected a folder, a mapping of steps to states, or an iterable of "
            f"(step, state), received {type(source).__name__}"
        )
    count = len(source) if isinstance(source, Sized) else None
    if count == 0:
        raise BadInput("checkpoints: expected at least one, received none")
    return count, _given(source)


def _step(x: Any) -> float | None:
    """The number that a step is, an integer where it is one; None for anything else."""
    whole = integer(x)
    return real(x) if whole is None else whole


def _given(source: Iterable[Any]) -> Iterator[tuple[float, Callable[[], Any]]]:
    seen = set()
    for item in source:
        pair = isinstance(item, (tuple, list)) and len(item) == 2
        step = _step(item[0]) if pair else None
        if step is None or not math.isfinite(step):
            what = quoted(item) if pair else f"{_article(type(item).__name__)} without a step"
            raise BadInput(
                f"checkpoints: expected pairs (step, state), received {what}; dict(zip(steps, "
                "states)) makes them"
            )
        if step in seen:
            raise BadInput(f"checkpoints: expected each step once, received {step:g} twice")
        seen.add(step)
        yield step, partial(_read if _is_path(item[1]) else _itself, item[1])


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'AEIOUaeiou' else 'a'} {word}"


def _is_path(x: Any) -> bool:
    return isinstance(x, (str, os.PathLike))


def _itself(state: Any) -> Any:
    return state


def _files(source: str | os.PathLike[str]) -> list[tuple[int, Path]]:
    path = Path(source)
    if path.is_dir():
        files = [p for p in path.iterdir() if p.suffix in _ENDINGS]
        hint = f"files {', '.join(_ENDINGS)} in {str(path)!r}"
    else:
        files = [Path(p) for p in glob.glob(str(path))]
        hint = f"a folder, or files that match {str(path)!r}"
    if not files:
        raise BadInput(f"checkpoints: expected {hint}, found none")
    return _by_step(files)


def _by_step(files: Iterable[Path]) -> list[tuple[int, Path]]:
    steps: dict[int, Path] = {}
    for file in sorted(files):
        step = step_of(file)
        if step in steps:
            raise BadInput(
                f"checkpoints: expected one file a step, received {steps[step].name} and "
                f"{file.name}; give a pattern such as 'folder/net-*.pt'"
            )
        steps[step] = file
    return sorted(steps.items())


def _read(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise BadInput(
            f"{path.name} holds more than tensors; save model.state_dict(), or, where the file is "
            "trusted, give {step: torch.load(file, weights_only=False)}"
        ) from None


def loaded(state: Any, model: torch.nn.Module | None) -> torch.nn.Module | Loss:
    """A module in evaluation mode with the parameters of a checkpoint, or a Loss as it is.

    state: a state dict (also inside a checkpoint that holds more, or with the prefixes of a
    parallel or compiled model), a module, or a Loss. model: takes a state dict, in a copy. Raises
    BadInput where the two do not fit, or a parameter is not finite.
    """
    if isinstance(state, torch.nn.Module):
        net = copy.deepcopy(state)
    elif isinstance(state, Loss):
        return state
    elif isinstance(state, Mapping):
        if not isinstance(model, torch.nn.Module):
            raise BadInput(
                "model: expected the torch.nn.Module that the state dicts belong to, received "
                f"{type(model).__name__}"
            )
        net = copy.deepcopy(model)
        state = _parameters(state, set(net.state_dict()))
        try:
            net.load_state_dict(state)
        except RuntimeError as error:
            raise BadInput(f"the state dict does not fit: {_misfit(state, net, error)}") from error
    else:
        raise BadInput(
            f"expected a state dict, a module or a Loss, received {type(state).__name__}"
        )
    for name, p in net.named_parameters():
        if not bool(torch.isfinite(p).all()):
            raise BadInput(f"the parameter {name} is not finite")
    return net.eval()


def _parameters(state: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """The entries that a model knows by these names: of the state itself, or of the one in it that
    has them, without the prefixes of parallel and compiled models."""
    inside = [x for x in state.values() if isinstance(x, Mapping)]
    candidates = (state, *inside, *(y for x in inside for y in x.values()))
    for candidate in candidates:
        if not isinstance(candidate, Mapping) or not candidate:
            continue
        found = {str(k): v for k, v in candidate.items()}
        for prefix in _PREFIXES:
            if all(k.startswith(prefix) for k in found):
                found = {k.removeprefix(prefix): v for k, v in found.items()}
        if names & set(found):
            return found
    return _part([c for c in candidates if isinstance(c, Mapping)], names) or {
        str(k): v for k, v in state.items()
    }


def _part(candidates: Sequence[Mapping[Any, Any]], names: set[str]) -> dict[str, Any]:
    """The entries of a model that is a part of what was kept (``net.0.weight``); empty where there
    is none. Raises BadInput where several parts fit."""
    fitting: dict[str, dict[str, Any]] = {}
    for candidate in candidates:
        for prefix in {str(k).partition(".")[0] + "." for k in candidate}:
            known = {str(k): v for k, v in candidate.items()}
            if names and all(prefix + name in known for name in names):
                fitting[prefix] = {name: known[prefix + name] for name in names}
    if len(fitting) > 1:
        listed = ", ".join(sorted(fitting))
        raise BadInput(f"the model fits several parts of the state dict: {listed} pass one of them")
    return next(iter(fitting.values()), {})


def _misfit(state: Mapping[str, Any], net: torch.nn.Module, error: BaseException) -> str:
    """What keeps a state dict from fitting a model."""
    own = net.state_dict()
    for name, x in own.items():
        if name not in state:
            return f"the model's {name} is not among {', '.join(map(str, state))}"[:160]
        if tuple(x.shape) != tuple(getattr(state[name], "shape", ())):
            has = tuple(getattr(state[name], "shape", ()))
            return f"{name} has shape {has}, in the model {tuple(x.shape)}"
    for name in state:
        if name not in own:
            return f"the model has no {name}"
    return str(error).splitlines()[0][:160]


def digest(net: torch.nn.Module | Loss | Any) -> str:
    """A digest of the parameters and buffers of a module, of the name and centre of a Loss, or of
    any tensors: equal for equal numbers."""
    out = hashlib.sha256()
    if isinstance(net, torch.nn.Module):
        parts = dict(net.state_dict())
    elif isinstance(net, Loss):
        parts = {net.loss_id: net.center}
    else:
        leaves, _ = torch.utils._pytree.tree_flatten(net)
        parts = {str(k): x for k, x in enumerate(leaves)}
    for name, x in parts.items():
        if isinstance(x, Tensor):
            x = x.detach().to("cpu").contiguous()
            out.update(f"{name}{tuple(x.shape)}{x.dtype}".encode())
            out.update(x.reshape(-1).view(torch.uint8).numpy().tobytes())
        else:
            out.update(f"{name}{x!r}".encode())
    return out.hexdigest()[:16]


class Tracker:
    """A callback for a training loop that keeps checkpoints for :func:`track`.

    A call costs nothing but, at the steps that are kept, a copy of the state dict: into memory, or
    into a folder. every: least steps between two kept ones; ratio: least factor between them, for
    steps spread evenly over log t. The first call is always kept. Raises BadInput for every < 1 or
    ratio < 1.

    >>> net = torch.nn.Linear(1, 1)
    >>> keep = Tracker(ratio=2.0)
    >>> for step in range(20):
    ...     keep(step, net)
    >>> [step for step, _ in keep.checkpoints]
    [0, 1, 2, 4, 8, 16]
    """

    def __init__(
        self, folder: str | Path | None = None, *, every: float = 1, ratio: float = 1.0
    ) -> None:
        if not (every >= 1 and ratio >= 1):
            raise BadInput(f"every, ratio: expected at least 1 each, received {every} and {ratio}")
        self.folder = None if folder is None else Path(folder)
        self.every, self.ratio = every, ratio
        self._last: float | None = None
        self._kept: list[tuple[float, dict[str, Tensor]]] = []

    def __call__(self, step: int, model: torch.nn.Module) -> None:
        """Keep the model at this step, if it is one to keep."""
        last = self._last
        if last is not None and step < max(last + self.every, self.ratio * last):
            return
        self._last = step
        state = {k: v.detach().to("cpu", copy=True) for k, v in model.state_dict().items()}
        if self.folder is None:
            self._kept.append((step, state))
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"step-{int(step):09d}.pt"
        part = file.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, file)  # a checkpoint is whole or absent

    @property
    def checkpoints(self) -> Any:
        """What was kept, as :func:`track` takes it: pairs (step, state dict), or the folder."""
        return self._kept if self.folder is None else self.folder
