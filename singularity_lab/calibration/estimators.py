"""Anybody's estimator as a device: a function (loss, seed, budget) whose answer may be a number.

The harness hands it a loss without a name (:class:`HiddenLoss`), counts what it evaluates and the
CPU time that it takes, watches where it looks (:mod:`.watch`), and makes a reading of its answer.
Whatever the estimator does wrong, it gets a row with the reason.
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import math
import os
import random
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.calibration.watch import Peeked, watched
from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.spectroscopes.losses.protocol import Domain, Loss, as_points
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, peak_memory, versions
from singularity_lab.spectroscopes.reading import BadLoss, Cost, Estimate, Outcome, Reading
from singularity_lab.system.stopwatch import Stopwatch

__all__ = [
    "FORMS",
    "LEVEL",
    "PEEKED",
    "Counter",
    "EstimatorFailed",
    "HiddenLoss",
    "answer",
    "as_device",
    "source_file",
]

LEVEL = 0.9  # of an interval whose level is not said
FORMS = "a number | (estimate, standard error) | (estimate, low, high) | a Reading"
PEEKED = "peeked: "  # how the reason of a reading begins that was stopped for looking up the answer


class EstimatorFailed(SingularityLabError):
    """An estimator that gave no answer; ``cost`` is what it spent until then."""

    def __init__(self, message: str, cost: Cost) -> None:
        self.cost = cost
        super().__init__(" ".join(message.split())[:500])


class Stopped(BaseException):
    """Ends an estimator whose caller has been interrupted."""


@dataclass
class Counter:
    """What an estimator has evaluated, in points; and its limits. Raises BudgetSpent beyond
    them."""

    budget: Budget
    evaluations: int = 0
    gradients: int = 0
    rows: int = 0  # of data seen since the last whole pass
    stopped: bool = False
    spent: str = ""  # what an evaluation was refused for
    watch: Stopwatch = field(default_factory=Stopwatch)

    def stop(self) -> None:
        """End the estimator at its next evaluation."""
        self.stopped = True

    def spend(self, points: int, gradients: bool) -> None:
        """Count points at which K, or K with its gradient, is about to be computed."""
        if self.stopped:
            raise Stopped
        if self.evaluations + self.gradients + points > self.budget.evaluations:
            self.spent = "evaluations"
        elif self.watch.seconds > self.budget.cpu_seconds:
            self.spent = "CPU seconds"
        if self.spent:
            raise BudgetSpent(self.spent)
        if gradients:
            self.gradients += points
        else:
            self.evaluations += points

    def spend_rows(self, rows: int, whole: int) -> None:
        """Count rows of data that pass through a module; ``whole`` of them are one evaluation."""
        self.rows += rows
        passes, self.rows = divmod(self.rows, whole)
        self.spend(passes, torch.is_grad_enabled())


class HiddenLoss:
    """A loss K as an outside estimator sees it: values, gradients, centre and domain, and no name.

    dim: the number d of parameters. center: w*, a tensor (d,), where K vanishes. ``value(w)`` is K
    and ``value_and_grad(w)`` K and ∇K at points w (c, d) → (c,), (c, d), or at one point (d,) →
    (), (d,); w is a torch tensor, a NumPy array or a list of numbers, and the answer is NumPy's
    for an array and torch's else. ``local_value(u)`` and ``local_value_and_grad(u)``, where the
    loss has them, are the same at w* + u, without the rounding of w* + u.

    domain: None where all of R^d is allowed, else a
    :class:`~singularity_lab.spectroscopes.losses.protocol.Domain` whose ``lower`` and ``upper`` are
    d numbers each, ±∞ on a free side. λ counts the points of it alone (w* may lie on a wall), and K
    has values outside too: an estimator itself keeps to it. prior_exponents: None for the flat
    density, else τ₁ … τ_d of the density ∏ |wᵢ|^τᵢ dw by which λ weighs the points.

    >>> from singularity_lab import loss
    >>> seen = HiddenLoss(loss("x*y", nonnegative="x", prior={"y": 2}), Counter(Budget()))
    >>> seen.domain.lower, seen.domain.upper, seen.prior_exponents
    ((0.0, -inf), (inf, inf), (0.0, 2.0))
    >>> float(seen.value([2.0, 3.0])), seen.value_and_grad(np.array([[2.0, 3.0]]))[1]
    (36.0, array([[36., 24.]]))
    """

    kind = "hidden"

    def __init__(self, loss: Loss, counter: Counter, name: str = "hidden") -> None:
        self.dim: int = loss.dim
        self.center: Tensor = loss.center.clone()
        self.domain: Domain | None = loss.domain
        self.prior_exponents: tuple[float, ...] | None = loss.prior_exponents
        self.loss_id = name
        self.value = _counted(loss.value, loss.dim, counter, gradients=False)
        self.value_and_grad = _counted(loss.value_and_grad, loss.dim, counter, gradients=True)
        for local in ("local_value", "local_value_and_grad"):
            inner = getattr(loss, local, None)
            if inner is not None:
                seen = _counted(inner, loss.dim, counter, gradients=local.endswith("grad"))
                setattr(self, local, seen)


def _counted(
    function: Callable[..., Any], dim: int, counter: Counter, gradients: bool
) -> Callable[..., Any]:
    """A function of points that counts them. A loss by another hand knows points (c, d) alone."""

    def call(w: Any) -> Any:
        points = as_points(w, dim)
        if torch._C._functorch.is_functorch_wrapped_tensor(points):
            raise BadInput(
                "w: points outside of torch.vmap and torch.func are needed; "
                f"the loss takes many at once, (c, {dim}), and loss.value_and_grad gives gradients"
            )
        if points.requires_grad:
            raise BadInput(
                "w: points without requires_grad are needed; loss.value_and_grad gives gradients"
            )
        one = points.ndim == 1
        points = points[None] if one else points
        counter.spend(len(points), gradients)
        found = function(points)
        parts = [x[0] if one else x for x in (found if gradients else (found,))]
        if isinstance(w, np.ndarray):
            parts = [x.numpy()[()] for x in parts]
        return tuple(parts) if gradients else parts[0]

    return call


# -- answers ---------------------------------------------------------------------------------------


def answer(found: Any, name: str) -> Estimate | Reading:
    """What an estimator returned, as an estimate at level 0.9 (or the reading that it is).

    Raises BadInput, naming the four forms, for anything else.

    >>> print(answer((0.5, 0.1, 0.9), "mine"))
    0.5 [0.1, 0.9] at 90%
    >>> print(answer(0.5, "mine"))
    0.5 [-inf, inf] at 90%
    """
    if isinstance(found, Reading):
        return found
    several = isinstance(found, tuple | list) or (
        isinstance(found, Tensor | np.ndarray) and found.ndim == 1
    )
    parts = list(found) if several else [found]
    numbers = [x for part in parts if (x := _number(part)) is not None]
    if len(numbers) != len(parts) or not 1 <= len(numbers) <= 3:
        raise BadInput(f"{name}: {FORMS} is needed, it returned {_shown(found)}")
    value, *rest = numbers
    if not math.isfinite(value):
        raise BadInput(f"{name}: a finite estimate is needed, it returned {_shown(found)}")
    if not rest:
        return Estimate(value, -math.inf, math.inf, LEVEL)
    if len(rest) == 1:
        if not 0 <= rest[0] < math.inf:
            raise BadInput(f"{name}: a standard error >= 0 is needed, it returned {_shown(found)}")
        half = NormalDist().inv_cdf(0.5 + LEVEL / 2) * rest[0]
        return Estimate(value, value - half, value + half, LEVEL)
    low, high = rest
    if not low <= value <= high:
        raise BadInput(f"{name}: low <= estimate <= high is needed, it returned {_shown(found)}")
    return Estimate(value, low, high, LEVEL)


def _number(x: Any) -> float | None:
    if isinstance(x, bool | np.bool_ | str | bytes | complex):
        return None
    if isinstance(x, Tensor | np.ndarray):
        if x.ndim or (x.dtype in (bool, torch.bool)):
            return None
        x = x.item()
    try:
        return float(x)
    except (TypeError, ValueError, OverflowError):
        return None


def _shown(found: Any) -> str:
    return f"{type(found).__name__} {' '.join(repr(found).split())[:60]}"


# -- the device ------------------------------------------------------------------------------------


def source_file(function: Any) -> str:
    """The file in which a function is written, or "" where there is none."""
    inner = inspect.unwrap(getattr(function, "run", getattr(function, "function", function)))
    code = getattr(inner, "__code__", None)
    if code is None and callable(inner):
        code = getattr(type(inner).__call__, "__code__", None)
    return str(code.co_filename) if code is not None else ""


def takes(function: Any, settings: Mapping[str, Any], first: int = 1) -> bool:
    """True if seed and budget go by keyword, as to a device; False if by place, after ``first``
    arguments. Raises BadInput where neither fits."""
    places = [None] * first
    try:
        inspect.signature(function).bind(*places, seed=0, budget=None, **settings)
        return True
    except (TypeError, ValueError) as error:
        try:
            if inspect.isbuiltin(function):  # of exec and the like any three arguments are taken
                raise TypeError
            inspect.signature(function).bind(*places, 0, None, **settings)
            return False
        except (TypeError, ValueError):
            name = getattr(function, "__name__", type(function).__name__)
            needed = "(model, loader, seed, budget)" if first == 2 else "(loss, seed, budget)"
            asked = f" with the settings {', '.join(settings)}" if settings else ""
            raise BadInput(
                f"device: a function {needed} is needed{asked}, {name} is none: "
                f"{_signature(function) or error}"
            ) from None


def _signature(function: Any) -> str:
    """What a function takes, in words; "" where that cannot be read."""
    try:
        return f"it takes {inspect.signature(function)}"
    except (TypeError, ValueError):
        return ""


def as_device(function: Any, name: str, shown: str = "hidden", models: Any = None) -> Any:
    """An outside estimator as a device (loss, *, seed, budget, **settings) → Reading.

    shown: the name that the loss shows. models: of an estimator for torch modules, a function of a
    counter that makes the arguments (model, loader) of the row; else the loss is handed over.
    """

    def run(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
        counter = Counter(budget)
        given = (HiddenLoss(loss, counter, shown),) if models is None else models(counter)
        by_name = takes(function, settings, len(given))

        def call() -> Any:
            torch.set_num_threads(1)  # the thread's own
            if by_name:
                return function(*given, seed=seed, budget=budget, **settings)
            return function(*given, seed, budget, **settings)

        watch = Stopwatch(children=True)
        counter.watch = Stopwatch()
        with _own_state(seed):
            found, error, peeks = watched(call, source_file(function), counter.stop)
        cost = Cost(counter.evaluations, counter.gradients, watch.seconds, peak_memory())
        if peeks:
            raise EstimatorFailed(f"{PEEKED}{name} {', '.join(peeks)}", cost)
        if error is not None:
            _raise(error, name, source_file(function), cost)
        try:
            said = answer(found, name)
        except BadInput as wrong:
            raise EstimatorFailed(str(wrong), cost) from None
        over = _overspent(counter, cost)
        if isinstance(said, Reading):
            if over and said.ok:
                said = dataclasses.replace(said, outcome=Outcome.BUDGET, reason=over)
            reported = {"evaluations": said.cost.evaluations, "gradients": said.cost.gradients}
            return dataclasses.replace(
                said,
                cost=cost,
                loss_id=loss.loss_id,
                diagnostics={**said.diagnostics, "reported_cost": reported},
            )
        return Reading(
            device=name,
            loss_id=loss.loss_id,
            dim=loss.dim,
            settings=settings,
            seed=seed,
            estimates={"lambda": said},
            multiplicity=None,
            outcome=Outcome.BUDGET if over else Outcome.OK,
            reason=over,
            cost=cost,
            versions=versions(),
        )

    run.__name__ = name
    return run


@contextlib.contextmanager
def _own_state(seed: int) -> Iterator[None]:
    """What an estimator finds and leaves of its process: the generators of ``random``, NumPy and
    torch begin at the seed, so that who draws from them reads the same again, and are afterwards
    where they were, as are torch's default type and the current folder."""
    numpy_state = np.random.get_state()  # noqa: NPY002 - the one that estimators draw from
    states = random.getstate(), torch.get_rng_state(), torch.get_default_dtype()
    folder = os.open(".", os.O_RDONLY)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.default_generator.manual_seed(seed % 2**63)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(numpy_state)  # noqa: NPY002
        torch.set_rng_state(states[1])
        torch.set_default_dtype(states[2])
        with contextlib.suppress(OSError):
            os.fchdir(folder)
        os.close(folder)


def _overspent(counter: Counter, cost: Cost) -> str:
    """Why an answer came after the budget was spent; "" for one that kept to it."""
    limit = counter.budget.cpu_seconds
    if counter.spent:
        return f"the budget of {counter.spent} was spent before it answered"
    if cost.cpu_seconds > limit:
        return f"it took {cost.cpu_seconds:.3g} CPU seconds, the budget is {limit:g}"
    return ""


def _raise(error: BaseException, name: str, file: str, cost: Cost) -> None:
    """An estimator's error as the reason of its row, with the line of its own file; what is no
    error of it goes on as it is."""
    if isinstance(error, BadLoss):
        raise error
    if isinstance(error, BudgetSpent):
        raise EstimatorFailed(
            f"{name}: the budget of {error} was spent before it answered", cost
        ) from None
    if isinstance(error, Exception | SystemExit | Peeked):
        why = " ".join(str(error).split())[:200]
        where = _line(error, file)
        raise EstimatorFailed(
            f"{name} failed: {type(error).__name__}: {why}{where}", cost
        ) from error
    raise error


def _line(error: BaseException, file: str) -> str:
    """Where an error came up: the last line of the estimator's own file, or of any other."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename == file] or frames
    return f" ({os.path.basename(own[-1].filename)}, line {own[-1].lineno})" if own else ""


# -- estimators of torch modules -------------------------------------------------------------------


class torch_estimator:
    """Marks an estimator written against a model and its data: ``function(model, loader, seed,
    budget)``.

    Calibration hands it each row as a torch module at w*, with a loader of batches (x, y); its loss
    is the mean over examples of ‖model(x) − y‖², and ``loader.dataset.tensors`` are x and y
    (:mod:`.twins`). It returns what any estimator returns. Evaluations are counted in passes
    through the data. Raises BadInput for what cannot be called.

    >>> @torch_estimator
    ... def half(model, loader, seed, budget):
    ...     return sum(p.numel() for p in model.parameters()) / 2
    >>> half.__name__
    'half'
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise BadInput(
                "function: a function (model, loader, seed, budget) is needed, "
                f"received {type(function).__name__}"
            )
        self.function = function
        for name in ("__module__", "__qualname__", "__name__", "__doc__"):
            if hasattr(function, name):
                setattr(self, name, getattr(function, name))
        takes(self, {}, 2)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)
