"""The local learning coefficient estimate of a torch model as people have it: model, data,
criterion.

    from singularity_lab import llc
    reading = llc(model, train_loader, torch.nn.CrossEntropyLoss())

Two losses, two names. *Excess*: L − L(w*), which needs w* to be a minimum, or chains that are held
near enough. *Self-teacher*: the loss against the function that the model itself computes at w*
(Kullback–Leibler divergence, or squared distance), which is 0 at w* and positive around it at
every step of training, so that a reading exists at every checkpoint; for the squared loss its
target is that of a regression on the model's own function with unit noise.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from singularity_lab.errors import BadInput, quoted
from singularity_lab.spectroscopes.device import meant
from singularity_lab.spectroscopes.devices.llc import SAMPLERS
from singularity_lab.spectroscopes.inference.harmonic import HarmonicLLC, harmonic_llc
from singularity_lab.spectroscopes.losses.module import ModuleLoss
from singularity_lab.spectroscopes.losses.parts import RestrictedLoss
from singularity_lab.spectroscopes.losses.protocol import Domain, Loss
from singularity_lab.spectroscopes.measuring import measure
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Outcome, Reading
from singularity_lab.spectroscopes.registry import find_device, known_devices
from singularity_lab.spectroscopes.user_models import (
    Criterion,
    WithLoss,
    check_own_targets,
    collected,
    described,
    left_out,
    own_targets,
    plain_module,
    unmapped,
)
from singularity_lab.system.counting import counted
from singularity_lab.system.scalars import real
from singularity_lab.system.stopwatch import Stopwatch

__all__ = [
    "check_field_device", "check_number", "llc", "network_loss", "planned",
]  # fmt: skip

_FIELD = ("llc", "llc-hmc", "llc-mala")
_CURVATURE = 0.05  # of the gradients of a reading, at most, for the curvature at w*
_SHARE = 0.8  # of the seconds, planned: the rest is for what the pilot did not see


def network_loss(
    model: torch.nn.Module,
    data: Any,
    criterion: Criterion | None = None,
    *,
    loss: Callable[[torch.nn.Module, Any], Tensor] | None = None,
    self_teacher: bool | str = False,
    batch_size: int | None = 128,
    box: float | None = None,
    dtype: torch.dtype = torch.float32,
    loss_id: str | None = None,
    examples: slice | Sequence[int] | Tensor | None = None,
    only: str | Sequence[str] = (),
    freeze: str | Sequence[str] = (),
    observe: Mapping[str, Any] | None = None,
    tokens: bool = False,
) -> ModuleLoss | RestrictedLoss:
    """Return the loss of a torch model on data as a function of its trainable parameters.

    model: in evaluation mode; ``requires_grad=False`` freezes, buffers stay, tied weights count
    once. data: a DataLoader, a Dataset, a pair (inputs, targets) of tensors with n rows, or any
    iterable of batches (pairs; with ``loss=`` anything made of tensors). criterion: (outputs,
    targets) → a mean, a sum, or the losses of the examples, as torch's ``cross_entropy``; squared
    error when None. loss: (model, batch) → a mean, a sum or losses of the examples, instead of a
    criterion. self_teacher: False for the data's targets; True or "kl" or "squared" for the
    model's own outputs (see the module's text); "kl" reads logits along the last axis. batch_size:
    of minibatches. box: half-width of a hard box around w*, or None. examples: the rows of the data
    that count, all when None. only, freeze: parameters that move alone, or that stay, by name
    ("0.weight"), module ("blocks.0") or slice ("0.weight[2:4, :]"). observe: other data by name,
    pairs (inputs, targets) or loaders, whose losses devices keep with ``keep="losses"``; tokens:
    every element of their losses instead of one for each example. Raises BadInput saying what to
    do.

    >>> net = torch.nn.Linear(2, 1)
    >>> x = torch.randn(10, 2)
    >>> network_loss(net, (x, net(x).detach())).dim
    3
    >>> network_loss(net, (x, net(x).detach()), only="weight[:, 0]").dim
    1
    """
    model = plain_module(model)
    for word, function in (("criterion", criterion), ("loss", loss)):
        if isinstance(function, type):
            raise BadInput(
                f"{word}: expected a function, received the class {function.__name__}; pass "
                f"{function.__name__}()"
            )
        if function is not None and not callable(function):
            what = quoted(function) if isinstance(function, str) else described(function)
            swapped = word == "criterion" and callable(data) and not isinstance(data, Iterable)
            raise BadInput(
                f"{word}: expected a function such as torch.nn.functional.mse_loss, received "
                + what
                + "; data come before the criterion" * swapped
            )
    if (criterion is not None) and (loss is not None):
        raise BadInput("criterion, loss: expected one of the two, received both")
    batch = collected(data)
    if examples is not None:
        batch = _subset(batch, examples)
    module, inputs, targets, given = model, None, None, criterion
    if loss is not None:
        if self_teacher:
            raise BadInput(
                "self_teacher: expected data as pairs (inputs, targets) and a criterion on "
                "outputs, received loss="
            )
        module, inputs, targets = WithLoss(model, loss), batch, tree_leaves(batch)[0]
        criterion = lambda out, _: out  # noqa: E731
    else:
        if not (isinstance(batch, (tuple, list)) and len(batch) == 2):
            raise BadInput(
                "data: expected batches (inputs, targets), received "
                f"{described(batch)}; pass loss=lambda model, batch: ... for others"
            )
        inputs, targets = batch
        if self_teacher:
            targets, criterion = own_targets(model, inputs, criterion, self_teacher, dtype)
        elif criterion is None and not all(t.is_floating_point() for t in tree_leaves(targets)):
            raise BadInput(
                "criterion: squared error needs real targets, received "
                f"{described(targets)}; pass criterion=torch.nn.functional.cross_entropy"
            )
    rows = int(tree_leaves(batch)[0].shape[0])
    named = type(model).__name__ + (", self-teacher" if self_teacher else "")
    domain = None
    if box is not None:
        moving = [p.detach().reshape(-1) for p in model.parameters() if p.requires_grad]
        domain = Domain.box(torch.cat(moving).double().tolist(), box)
    try:
        out = ModuleLoss(
            module, inputs, targets, criterion,
            batch_size=None if batch_size is None else min(batch_size, rows), dtype=dtype,
            domain=domain, loss_id=loss_id or f"module:{named}", chunk=16,
        )  # fmt: skip
        points = out.center[None].repeat(2, 1)
        value, _ = out.value_and_grad(points)
        out.value(points)
        if self_teacher:
            check_own_targets(value, targets)
        out.check_gradient()
        for name, other in (observe or {}).items():
            x, y = other = collected(other) if loss is None else (collected(other), None)
            if loss is not None:
                y = tree_leaves(x)[0]
            elif self_teacher:
                y, _ = own_targets(model, x, given, self_teacher, dtype)
            out.observe(name, x, y, tokens=tokens)
    except (RuntimeError, NotImplementedError) as error:
        raise BadInput(unmapped(model, error)) from error
    return _restricted(out, only, freeze)


def _restricted(
    loss: ModuleLoss, only: str | Sequence[str], freeze: str | Sequence[str]
) -> ModuleLoss | RestrictedLoss:
    """The loss in the parameters that move."""
    if only and freeze:
        raise BadInput("only, freeze: expected one of the two, received both")
    named = [x] if isinstance(x := only or freeze, str) else x
    if not isinstance(named, (list, tuple)) or not all(isinstance(name, str) for name in named):
        raise BadInput(
            f"{'only' if only else 'freeze'}: expected names of parameters or modules, such as "
            f"'0.weight', received {described(x)}"
        )
    if not named:
        return loss
    chosen = {i for name in named for i in loss.indices(name)}
    if freeze:
        chosen = set(range(loss.dim)) - chosen
        if not chosen:
            raise BadInput("freeze: expected parameters that move, received all of them")
    words = ("only " if only else "without ") + ", ".join(named)
    return RestrictedLoss(loss, sorted(chosen), words[:80])


def _subset(batch: Any, examples: slice | Sequence[int] | Tensor) -> Any:
    """The chosen rows of nested tensors."""
    if not isinstance(examples, (slice, Tensor)):
        examples = torch.as_tensor([int(i) for i in examples])
    try:
        cut = tree_map(lambda a: a[examples], batch)
        if not all(x.ndim and len(x) for x in tree_leaves(cut)):
            raise IndexError("no row is left")
    except IndexError as error:
        rows = len(tree_leaves(batch)[0])
        raise BadInput(f"examples: expected some of {rows} rows: {error}"[:200]) from error
    return cut


def llc(
    model: torch.nn.Module,
    data: Any,
    criterion: Criterion | None = None,
    *,
    loss: Callable[[torch.nn.Module, Any], Tensor] | None = None,
    self_teacher: bool | str = False,
    device: str | None = None,
    torch_device: str | torch.device | None = None,
    n: float | None = None,
    gamma: float = 100.0,
    seed: int = 0,
    seconds: float = 100.0,
    batch_size: int = 128,
    box: float | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool | Callable[[float, str], None] = True,
    examples: slice | Sequence[int] | Tensor | None = None,
    only: str | Sequence[str] = (),
    freeze: str | Sequence[str] = (),
    observe: Mapping[str, Any] | None = None,
    tokens: bool = False,
    **settings: Any,
) -> Reading:
    """Return the local learning coefficient estimate nβ(E[L] − L(w*)) of a torch model, a reading
    that says at which n, β and γ it holds, with an interval and an outcome.

    model, data, criterion, loss, self_teacher, batch_size, box, dtype, examples, only, freeze,
    observe, tokens: as in :func:`network_loss`; with ``only``, ``freeze`` or ``examples`` the
    reading is of the restricted loss.
    device: "llc-hmc" (full batches, no discretisation error) or "llc" (the field's SGLD on
    minibatches); None takes the first where a pilot says that it ends in time, or the one that
    knows the settings. torch_device: where the chains run; None is where the model is. n: sample
    size that sets the resolution, the number of examples when None. gamma: strength of the
    localisation: the larger, the nearer to w* and the faster; at 100 a weight moves by about 0.1.
    seconds: CPU seconds of gradients that a run of the usual length (12 chains of 120 + 240
    trajectories of "llc-hmc") is shortened to. They never lengthen it (the 16 chains of 2,000 +
    3,000 steps of "llc" alone grow with them, up to four times), and are no limit, as small models
    take about twice as much. A longer run has draws and burn_in, as the reason of one that is not
    mixed says them; so has one that can be repeated bit for bit, since the plan is by the clock.
    progress: True for a line on the terminal, or a function of (share, words). settings: of the
    device (chains, burn_in, draws, epsilon, beta, …); keep="losses" keeps the losses of the
    examples at every draw, in ``reading.draws``.

    The reading is of its own target at this n, β and γ, and prints beside it what the curvature at
    w* alone would give there (:func:`harmonic_llc`): a regular model reads that number, and d/2
    only where γ is far below nβ times every eigenvalue. For λ itself read at several n, or use the
    devices ``volume`` and ``anneal`` on losses that they can evaluate.

    >>> torch.manual_seed(0)  # doctest: +ELLIPSIS
    <torch._C.Generator object at ...>
    >>> net = torch.nn.Linear(3, 1, bias=False)
    >>> x = torch.randn(400, 3)
    >>> reading = llc(net, (x, x @ torch.ones(3, 1)), gamma=1.0, self_teacher=True, seconds=5)
    >>> reading.ok, abs(reading.estimate.value - 1.5) < 0.2  # regular: d/2
    (True, True)
    """
    at = network_loss(
        model, data, criterion, loss=loss, self_teacher=self_teacher, batch_size=batch_size,
        box=box, dtype=dtype, examples=examples, only=only, freeze=freeze, observe=observe,
        tokens=tokens,
    )  # fmt: skip
    seconds = check_number("seconds", seconds)
    gamma = check_number("gamma", gamma, zero=True)
    n = check_number("n", n)
    asked, device = device, _fitting(device, settings)
    where = next(model.parameters()).device if torch_device is None else _place(torch_device)
    name, plan = planned(at, device, seconds, settings, where)
    chosen = {"n": float(at.n_data if n is None else n), "gamma": gamma, **plan, **settings}
    if where.type != "cpu":
        chosen["device"] = str(where)
    told = _terminal(name, chosen) if progress is True else progress
    reading = measure(
        name, at, seed=seed, budget=Budget(cpu_seconds=2 * seconds + 5),
        progress=told if callable(told) else None, **chosen,
    )  # fmt: skip
    reading = _beside_the_curvature(at, _with_length(reading))
    chosen_by = _chosen(name, asked, device, seconds, settings, plan)
    place = f"{where}, {'where the model is' if torch_device is None else 'as asked'}"
    words = f"{chosen_by}; on {place}; {str(dtype).removeprefix('torch.')}, dtype= for another"
    if criterion is None and loss is None and not self_teacher:
        words += "; squared error, as no criterion was given"
    words += left_out(data)
    return dataclasses.replace(reading, diagnostics={**reading.diagnostics, "chosen": words})


def _with_length(reading: Reading) -> Reading:
    """The reading whose reason, where more draws are needed, says with which settings."""
    needed, s = reading.diagnostics.get("draws_needed"), reading.settings
    if not needed:
        return reading
    burn_in = math.ceil(s["burn_in"] * needed / s["draws"])
    words = f": draws={needed}, burn_in={burn_in} (seconds= does not make them)"
    return dataclasses.replace(reading, reason=reading.reason + words)


def _chosen(
    name: str,
    asked: str | None,
    fitting: str | None,
    seconds: float,
    settings: Mapping[str, Any],
    plan: Mapping[str, Any],
) -> str:
    """Which device measured, and why, and what the seconds had to do with its length."""
    if asked:
        return f"{name}, as asked"
    if fitting:
        return f"{name}, which knows a setting that was given"
    if name == "llc-hmc":
        if "draws" in settings and "burn_in" in settings:
            return f"{name}, by a pilot, of the length that was given"
        if any(plan[key] < settings.get(key, _HMC[key]) for key in ("burn_in", "draws")):
            return f"{name}, shortened to {seconds:g} CPU s"
        return (
            f"{name}, whose usual length fits in {seconds:g} CPU s (draws= and burn_in= lengthen "
            "it, seconds= does not)"
        )
    return f"{name}, since the full batches of llc-hmc do not end in {seconds:g} CPU s"


def check_number(name: str, x: Any, *, zero: bool = False) -> Any:
    """Return a finite number above 0 as Python has it, None for None. zero: 0 is one too. Raises
    BadInput, with the name, for anything else.

    >>> check_number("gamma", 0, zero=True)
    0.0
    >>> check_number("seconds", "5")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: seconds: expected a positive number, received '5'
    """
    if x is None:
        return None
    number = real(x)
    if number is None or not math.isfinite(number) or not (number > 0 or (zero and number == 0)):
        raise BadInput(f"{name}: expected a positive number, received {quoted(x)}")
    return number


def check_field_device(device: Any) -> None:
    """Raise BadInput for what is no device of the field's estimator."""
    if device in (None, *_FIELD):
        return
    words = ""
    if isinstance(device, torch.device) or str(device).split(":")[0] in ("cpu", "cuda", "mps"):
        words = "; where torch computes is torch_device="
    elif str(device).lower() == "sgld":
        words = "; SGLD is 'llc'"
    elif str(device).lower() in SAMPLERS:
        words = f"; {quoted(device)} is a sampler of 'llc': sampler={str(device).lower()!r}"
    elif isinstance(device, str) and device in known_devices():
        words = f"; measure({device!r}, network_loss(…)) is for other devices"
    names = ", ".join(map(repr, _FIELD))
    raise BadInput(f"device: expected {names} or None, received {quoted(device)}{words}")


def _place(torch_device: Any) -> torch.device:
    """A device of torch that is there."""
    try:
        place = torch.device(torch_device)
        torch.zeros(1, device=place)
    except Exception as error:  # torch raises what its build raises
        line = str(error).splitlines()[0]
        raise BadInput(f"torch_device: {quoted(torch_device)} cannot be used: {line}") from error
    return place


def _fitting(device: str | None, settings: Mapping[str, Any]) -> str | None:
    """The device that was asked for, or the one that knows a setting that the other does not."""
    check_field_device(device)
    if device is not None:
        return device
    known = {name: [s.name for s in find_device(name).settings()] for name in ("llc", "llc-hmc")}
    for name, other in (("llc", "llc-hmc"), ("llc-hmc", "llc")):
        own = set(known[name]) - set(known[other])
        if any(key in own or meant(key, known[name]) in own for key in settings):
            return name
    return None


def _beside_the_curvature(at: ModuleLoss | RestrictedLoss, reading: Reading) -> Reading:
    """The reading with what the quadratic part of the loss at w* would read at its n, β and γ,
    where a twentieth of its gradients tell."""
    s, spent = reading.settings, reading.cost.gradients
    nbeta = reading.diagnostics.get("nbeta")
    if nbeta is None or "llc" not in reading.estimates:
        return reading
    batch = getattr(at, "batch_size", None) or at.n_data
    share = batch / at.n_data if s.get("minibatch") else 1.0
    found = harmonic_llc(at, nbeta, s["gamma"], gradients=int(_CURVATURE * share * spent))
    if found is None:
        return dataclasses.replace(reading, diagnostics={**reading.diagnostics, "harmonic": None})
    more = {
        "harmonic": found.value,
        "lowered_by_slope": found.lowered,
        "falling_directions": found.falling,
    }
    return dataclasses.replace(
        _at_no_minimum(reading, found),
        diagnostics={**reading.diagnostics, **more},
        cost=dataclasses.replace(reading.cost, gradients=spent + found.gradients),
    )


def _at_no_minimum(reading: Reading, beside: HarmonicLLC) -> Reading:
    """The reading whose interval holds what one at the minimum beside w* would say too; not ok
    where that is far, or where γ does not hold the chains at a saddle."""
    e, lowered = reading.estimate, beside.lowered + beside.fallen
    half = 0.5 * (e.high - e.low)
    if not (math.isfinite(e.value) and math.isfinite(half)):
        return reading
    if lowered <= half / 2 and not beside.falling:
        return reading
    far = lowered > _FAR * e.value
    words = f"w* is {'no' if far else 'not quite a'} minimum: "
    if beside.falling:
        words += f"the loss falls in {counted(beside.falling, 'direction')} there"
        words += ", more steeply than γ holds" if math.isinf(lowered) else ", and "
    if math.isfinite(lowered):
        words += (
            f"by gradient and curvature there, a reading at the minimum beside it is larger by "
            f"about {lowered:.2g}"
        )
    wider = reading.estimates
    if math.isfinite(lowered):
        wider = {**wider, "llc": dataclasses.replace(e, high=e.high + lowered)}
    outcome, reason = reading.outcome, f"{reading.reason}; {words}" if reading.reason else words
    if outcome is Outcome.OK and far:
        outcome = Outcome.NO_MINIMUM
        reason += ": train on with full batches, or measure the loss against the checkpoint's own "
        reason += "outputs (self_teacher=True)"
    return dataclasses.replace(reading, estimates=wider, outcome=outcome, reason=reason)


_HMC = {"chains": 12, "burn_in": 120, "draws": 240, "leapfrogs": 20, "scales": 12}
_SGLD = {"chains": 16, "burn_in": 2_000, "draws": 3_000, "epsilon": None, "minibatch": True}
_LENGTHS = ("chains", "burn_in", "draws", "leapfrogs", "scales")
_FAR = 0.2  # of the estimate by which the minimum beside w* may read more: as for its error
_TICK = 0.001  # CPU seconds: less than a clock shows
_FEWEST = 0.25  # of the usual steps, before HMC gives way to SGLD


def _whole(name: str, x: Any) -> int:
    """A setting that counts: an integer, or a float that is one."""
    number = real(x)
    if number is None or number != number // 1:
        raise BadInput(f"{name}: expected an integer, received {quoted(x)}")
    return int(number)


def planned(
    at: Loss,
    device: str | None,
    seconds: float,
    settings: Mapping[str, Any],
    where: torch.device | str = "cpu",
) -> tuple[str, dict[str, Any]]:
    """The device, ``llc`` or one of its kin, and the settings whose run ends in time, by the cost
    of a few gradients at the loss, on the torch device ``where``. Settings that are given stay. Not
    the same on every machine."""

    def cost(evaluate: Callable[[], Any]) -> float:
        evaluate()
        times: list[float] = []  # one of them holds the making of a trace, and does not count
        while len(times) < 3 or (sum(times) - max(times) < 0.2 and len(times) < 50):
            watch = Stopwatch()
            evaluate()
            times.append(watch.seconds)
        late = times[len(times) // 2 :]
        # Clocks of processes tick in milliseconds: a median may be 0, a mean of many is not.
        return statistics.median(late) or max(statistics.fmean(late), _TICK / len(late))

    settings = {k: _whole(k, v) if k in _LENGTHS else v for k, v in settings.items()}
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        if device in (None, "llc-hmc", "llc-mala"):
            plan = {**_HMC, **{k: v for k, v in settings.items() if k in _HMC}}
            points = at.center[None].repeat(plan["chains"], 1).to(where)
            whole = cost(lambda: at.value_and_grad(points))
            trajectory = whole * (plan["leapfrogs"] + 1) / 2
            share = _SHARE * seconds / (trajectory * (plan["burn_in"] + plan["draws"]))
            if device is not None or share >= _FEWEST:
                return device or "llc-hmc", _shortened(plan, min(share, 1.0), device, settings)
        draw = getattr(at, "stochastic_value_and_grad", None)
        usual = {**_SGLD, "minibatch": draw is not None}
        plan = {**usual, **{k: v for k, v in settings.items() if k in _SGLD}}
        points = at.center[None].repeat(plan["chains"], 1).to(where)
        generator = torch.Generator(device=where).manual_seed(0)
        step = cost(
            (lambda: draw(points, generator))
            if draw is not None and plan["minibatch"]
            else (lambda: at.value_and_grad(points))
        )
        share = _SHARE * seconds / (1.2 * step * (plan["burn_in"] + plan["draws"]))
        return "llc", _shortened(plan, min(share, 4.0), "llc", settings)
    finally:
        torch.set_num_threads(before)


def _shortened(
    plan: dict[str, Any], share: float, device: str | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    out = dict(plan)
    if device == "llc-mala":
        out = {"chains": plan["chains"], "burn_in": 2_000, "draws": 4_000}
    for key in ("burn_in", "draws"):
        if key not in settings:
            out[key] = max(20, int(share * out[key]))
    return out


def _terminal(name: str, settings: Mapping[str, Any]) -> Callable[[float, str], None]:
    """A line on standard error with the share done and the time left, where that is a terminal."""
    watch = Stopwatch()
    if not sys.stderr.isatty():
        return lambda share, word: None
    steps = settings["burn_in"] + settings["draws"]
    print(f"{name}: {settings['chains']} chains, {steps:,} steps each", file=sys.stderr)

    def tell(share: float, word: str) -> None:
        spent = watch.wall
        left = spent * (1 - share) / share if share > 0.02 else None
        rest = "" if left is None else f", {left:.0f} s left"
        print(f"\r{name}: {share:.0%}{rest}   ", end="", file=sys.stderr, flush=True)
        if share > 0.99:
            print(file=sys.stderr)

    return tell
