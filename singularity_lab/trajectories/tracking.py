"""A device at every checkpoint of a training run.

    from singularity_lab import track
    path = track("run/", model=net, data=loader, criterion=torch.nn.CrossEntropyLoss())
    print(path); path.plot()

By default the loss at a checkpoint is the divergence from *the function that the checkpoint itself
computes* (self-teacher): 0 there and positive around it at every step, so that a reading exists
where training has not ended. The loss against the data's targets has no minimum at such a point,
and its readings say so. All checkpoints are read with the same seed and settings: what chains of
two checkpoints share in noise drops out of ``path.difference(a, b)``, which pairs them.
"""

from __future__ import annotations

import math
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from singularity_lab.errors import BadInput, quoted
from singularity_lab.spectroscopes import (
    Budget,
    Loss,
    Reading,
    Spectroscope,
    measure,
    measure_each,
    network_loss,
)
from singularity_lab.spectroscopes.networks import check_number, planned
from singularity_lab.spectroscopes.user_models import collected, left_out
from singularity_lab.system.counting import counted
from singularity_lab.system.lines import shortened
from singularity_lab.system.pace import Pace
from singularity_lab.system.scalars import real
from singularity_lab.system.stopwatch import Stopwatch
from singularity_lab.system.workers import Ended, check_address, workers
from singularity_lab.trajectories.checkpoints import digest, listed, loaded
from singularity_lab.trajectories.trajectory import Trajectory, TrajectoryRow
from singularity_lab.trajectories.trajectory_file import TrajectoryFile

__all__ = ["Interrupted", "track"]

_SECONDS = 20.0  # of a reading, planned
_GAMMA = 100.0  # of a network, as `llc` takes it
_FIELD = ("llc", "llc-hmc", "llc-mala")
_TOGETHER = ("llc-hmc", "llc-mala")  # that can run side by side
_BATCH = 96  # readings that are made together at most
_FIRST = 8  # of them in a first batch, whose seconds tell how many a batch may hold
_PATIENCE = 60.0  # seconds of a batch: then its readings are in the store
_PORTION = 16  # checkpoints that another process reads in one call at most
_NUMBERS = 1 << 20  # chains · parameters · rows of data of a batch: above, calls cost little

Probe = Callable[[Any], float]


class Interrupted(KeyboardInterrupt):
    """A run of :func:`track` was interrupted; ``trajectory`` holds what was finished."""

    def __init__(self, trajectory: Trajectory) -> None:
        self.trajectory = trajectory
        super().__init__(
            f"{len(trajectory)} readings are finished: the error's .trajectory holds them, and "
            "track(…, store=FILE) goes on where it stopped"
        )


def track(
    checkpoints: Any,
    *,
    model: torch.nn.Module | None = None,
    data: Any = None,
    criterion: Callable[[Any, Any], Tensor] | None = None,
    loss: Callable[[torch.nn.Module, Any], Tensor] | None = None,
    self_teacher: bool | str | None = None,
    network: Mapping[str, Any] | None = None,
    device: str | Spectroscope | None = None,
    n: float | Sequence[float] | None = None,
    gamma: float | None = None,
    probes: Mapping[str, Probe] | None = None,
    seed: int = 0,
    common: bool = True,
    seconds: float | None = None,
    total_seconds: float | None = None,
    together: int | None = None,
    store: Any = None,
    jobs: int = 1,
    cluster: str = "",
    progress: bool | Callable[[float, str], None] = True,
    **settings: Any,
) -> Trajectory:
    """Return the readings of a device at the checkpoints of a training run, a table with losses,
    gradient norms and outcomes.

    checkpoints: a folder, a pattern ("run/net-*.pt") or a list of files of state dicts with the
    step as the last number of their names; a mapping of steps to states; an iterable of (step,
    state); or a :class:`Tracker`. A state is a state dict, a module, or any Loss of the devices.
    model: takes the state dicts, in copies in evaluation mode. data, criterion, loss: as in
    ``network_loss``; network: its further arguments (batch_size, box, dtype).
    self_teacher: True, "kl" or "squared" for the loss against the checkpoint's own function; False
    for the loss on the data; None is True where there is a criterion on outputs.

    device: a name, or a function; None takes ``llc-hmc``, or ``llc`` where that would not end in
    time. n: sample size or sizes, each read at every checkpoint; the number of examples when None.
    gamma: localisation; 100 for networks. probes: functions of the module (or Loss) by name, a
    number each. seed, common: the same seed everywhere, or with common=False seed + k at the k-th
    checkpoint. Of one seed ``path.difference`` compares two readings chain by chain, so that noise
    which they share drops out of it; averages of several readings gain by seeds that differ.
    seconds: CPU seconds of the gradients of a reading, 20 by default, to which the usual length of
    the chains is shortened. They never lengthen it (``llc`` alone grows with them, up to four
    times): draws and burn_in do. It is no limit: what the chains do between gradients is not
    planned, nor what a checkpoint takes besides (its operations are written down once), and for a
    small network these cost once or twice as much again; the column ``seconds`` has what a reading
    took. total_seconds: for all of them instead. together: so many readings of
    ``llc-hmc`` or ``llc-mala`` run side by side as one batch of chains, as :func:`measure_each`
    does, at the cost of few for models of few parameters: the same readings, finished together;
    None: as many as pay. store: a file; what is finished in it is not measured again. jobs:
    processes that share the checkpoints out; cluster: or the workers of Dask, ``tcp://HOST:PORT``
    or ``local:N``, to which model, data and functions must travel. What is read does not depend on
    either. progress: True for a line with the time left by the clock, which is not CPU time, or a
    function of (share, words). settings: of the device.

    A checkpoint that cannot be read, or whose measurement fails, is a row with its reason. Raises
    BadInput for arguments that cannot be right at any checkpoint and where none can be read, and
    :class:`Interrupted`, with what was finished, on Ctrl-C.

    >>> x = torch.ones(50, 2)
    >>> keep = {0: torch.nn.Linear(2, 1), 100: torch.nn.Linear(2, 1)}
    >>> path = track(keep, data=(x, x[:, :1]), device="llc-hmc", n=1000, gamma=1.0,
    ...              burn_in=60, draws=120, progress=False)
    >>> path.column("step").tolist(), [0.4 < r.value < 0.6 for r in path.rows]
    ([0, 100], [True, True])

    What the curvature at w* alone would read (:func:`harmonic_llc`) is told by :func:`llc` and not
    here: it takes gradients of its own.
    """
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise BadInput(f"jobs: an integer >= 1 is needed, received {jobs!r}")
    count, source = listed(checkpoints)
    sizes: tuple[float | None, ...] = _sizes(n)
    if loss is not None and self_teacher is None:
        self_teacher = False
    at = _Checkpoints(
        model, None if data is None else collected(data), criterion, loss,
        True if self_teacher is None else self_teacher, dict(network or {}), left_out(data),
    )  # fmt: skip
    seconds, total_seconds, together = (
        check_number(name, x)
        for name, x in (
            ("seconds", seconds), ("total_seconds", total_seconds), ("together", together),
        )
    )  # fmt: skip
    gamma = check_number("gamma", gamma, zero=True)
    if total_seconds is not None:
        if count is None:
            raise BadInput("total_seconds: the number of checkpoints is not known; give seconds")
        seconds = total_seconds / (count * len(sizes))
    asked = device if isinstance(device, str) else getattr(device, "__qualname__", None)
    kept = TrajectoryFile(
        store,
        {
            "device": asked, "seed": seed, "common": common, "gamma": gamma, "settings": settings,
            "loss": at.what(), "data": None if at.batch is None else digest(at.batch),
            "probes": sorted(probes or {}),
        },
    )  # fmt: skip
    told = _Told(progress, None if count is None else count * len(sizes))
    run = _Run(at, kept, told, device, asked, gamma, seconds, settings, probes or {}, together)
    try:
        if jobs != 1 or cluster:
            run.share_out(
                [
                    _Portion(k, step, load, model, sizes, seed if common else seed + k)
                    for k, (step, load) in enumerate(source)
                ],
                jobs,
                cluster,
            )
        else:
            for k, (step, load) in enumerate(source):
                run.take(step, load, model, sizes, seed if common else seed + k)
            run.finish()
    except KeyboardInterrupt:
        raise Interrupted(run.path(seed)) from None
    finally:
        told.end()
    if not run.rows:
        raise BadInput("checkpoints: expected at least one, received none")
    if not any(row.key for row in run.rows):
        raise BadInput(f"checkpoints: none of {len(run.rows)} can be read: {run.rows[0].reason}")
    return run.path(seed)


def _sizes(n: float | Sequence[float] | None) -> tuple[float | None, ...]:
    if n is None:
        return (None,)
    given: Any = [n] if isinstance(n, str) or real(n) is not None else n
    try:
        sizes = tuple(float(x) for x in given)
    except (TypeError, ValueError):
        raise BadInput(f"n: expected sample sizes above 1, received {quoted(n)}") from None
    if not sizes or not all(1 < x < math.inf for x in sizes) or len(set(sizes)) < len(sizes):
        raise BadInput(f"n: expected sample sizes above 1, each once, received {n!r}"[:120])
    return sizes


def _number(size: float | None) -> float:
    return math.nan if size is None else size


def _why(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    words = lines[0] if lines else ""
    return shortened(
        words if isinstance(error, BadInput) else f"{type(error).__name__}: {words}", 500
    )


class _Checkpoints:
    """What is measured at a checkpoint: the losses of a model on data, or a Loss that is given."""

    def __init__(
        self,
        model: torch.nn.Module | None,
        batch: Any,
        criterion: Any,
        loss: Any,
        self_teacher: bool | str,
        network: dict[str, Any],
        remark: str = "",
    ) -> None:
        self.model, self.batch, self.criterion, self.loss = model, batch, criterion, loss
        self.self_teacher, self.network, self.remark = self_teacher, network, remark

    def what(self) -> dict[str, Any]:
        """Names of the parts, as far as they have one that lasts."""

        def name(x: Any) -> Any:
            if x is None:
                return None
            return getattr(x, "__qualname__", type(x).__qualname__)

        return {
            "model": name(self.model), "criterion": name(self.criterion), "loss": name(self.loss),
            "self_teacher": self.self_teacher,
            "network": {k: str(v) for k, v in self.network.items()},
        }  # fmt: skip

    def plain(self, subject: torch.nn.Module | Loss) -> Loss:
        """The loss on the data."""
        if not isinstance(subject, torch.nn.Module):
            return subject
        return self._network(subject, False)

    def measured(self, subject: torch.nn.Module | Loss) -> Loss:
        """The loss that the device sees."""
        if not isinstance(subject, torch.nn.Module):
            return subject
        return self._network(subject, self.self_teacher)

    def _network(self, net: torch.nn.Module, self_teacher: bool | str) -> Loss:
        if self.batch is None:
            raise BadInput("data: expected the data that the model is read on, received None")
        return network_loss(
            net, [self.batch], self.criterion, loss=self.loss, self_teacher=self_teacher,
            **self.network,
        )  # fmt: skip


def _plan(
    at: _Checkpoints,
    subject: torch.nn.Module | Loss,
    device: str | Spectroscope | None,
    asked: str | None,
    gamma: float | None,
    seconds: float | None,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Device and settings for all checkpoints, by a pilot at the first."""
    chosen = dict(settings)
    if device is None or device in _FIELD:
        name = device if isinstance(device, str) else None
        loss = at.measured(subject)
        if name is None and getattr(loss, "stochastic_value_and_grad", None) is None:
            name = "llc-hmc"
        asked, plan = planned(loss, name, _SECONDS if seconds is None else seconds, settings)
        chosen = {**plan, **settings}
        if isinstance(subject, torch.nn.Module) and gamma is None:
            gamma = _GAMMA
    if gamma is not None:
        chosen["gamma"] = gamma
    return {"device": asked or "device", "settings": chosen}


@dataclass(frozen=True)
class _Pending:
    """A reading that is to be made: of a checkpoint at one n. loss, gradient, probes: of the row.
    sees: what the device sees; settings: what it is given."""

    step: float
    size: float | None
    key: str
    seed: int
    loss: float
    gradient: float
    probes: dict[str, float]
    sees: Loss
    settings: dict[str, Any]

    def row(self, reading: Reading) -> TrajectoryRow:
        """The row of its reading."""
        return TrajectoryRow.of(
            self.step, reading, loss=self.loss, gradient=self.gradient, probes=self.probes,
            key=self.key,
        )  # fmt: skip


@dataclass(frozen=True)
class _Portion:
    """A checkpoint that another process may read: its place, step, and what :meth:`_Run.take` is
    given."""

    place: int
    step: float
    load: Callable[[], Any]
    model: torch.nn.Module | None
    sizes: Sequence[float | None]
    seed: int


def _read_portions(
    at: _Checkpoints, plan: dict[str, Any], given: tuple[Any, ...], portions: Sequence[_Portion]
) -> list[list[TrajectoryRow]]:
    """The rows of each portion, in a worker process: under the plan of the run that asks."""
    kept = TrajectoryFile(None, {})
    kept.plan = plan
    run = _Run(at, kept, _Told(False, None), *given)
    for p in portions:
        run.take(p.step, p.load, p.model, p.sizes, p.seed)
    run.finish()
    # finished in batches: sorted into their checkpoints again, in the order of their n
    return [
        sorted(
            (row for row in run.rows if row.step == p.step),
            key=lambda row: p.sizes.index(row.n) if row.n in p.sizes else 0,
        )
        for p in portions
    ]


class _Run:
    """The readings of one call of :func:`track`, made in batches; ``rows`` holds the finished."""

    def __init__(
        self,
        at: _Checkpoints,
        kept: TrajectoryFile,
        told: _Told,
        device: str | Spectroscope | None,
        asked: str | None,
        gamma: float | None,
        seconds: float | None,
        settings: Mapping[str, Any],
        probes: Mapping[str, Probe],
        together: int | None,
    ) -> None:
        self.at, self.kept, self.told, self.device, self.asked = at, kept, told, device, asked
        self.gamma, self.seconds, self.given, self.probes = gamma, seconds, settings, probes
        self.together = together
        self.batch = _FIRST
        self.rows: list[TrajectoryRow] = []
        self.pending: list[_Pending] = []

    def path(self, seed: int) -> Trajectory:
        """What is finished."""
        plan = self.kept.plan or {"device": self.asked or "", "settings": dict(self.given)}
        names = (r.reading.loss_id for r in self.rows if r.reading is not None)
        return Trajectory(
            tuple(self.rows), device=plan["device"], settings=plan["settings"], seed=seed,
            about=next(names, "nothing readable") + self.at.remark,
        )  # fmt: skip

    def take(
        self,
        step: float,
        load: Callable[[], Any],
        model: torch.nn.Module | None,
        sizes: Sequence[float | None],
        seed: int,
    ) -> None:
        """Read a checkpoint at each n, or find it in the store, or keep it for the next batch."""
        try:
            subject = loaded(load(), model)
            key = digest(subject)
        except Exception as error:  # a checkpoint or a model of the user's: a failed row
            self.rows += [
                TrajectoryRow(step, n=_number(size), reason=_why(error)) for size in sizes
            ]
            self.told.skip(len(sizes))
            return
        for size in sizes:
            old = self.kept.find(key, step, size)
            if old is not None:
                self.rows.append(old)
                self.told.skip(1)
                continue
            try:
                self.pending.append(self._pending(subject, step, size, key, seed))
            except Exception as error:  # a loss or a probe of the user's: a failed row
                self._failed(step, size, key, error)
                continue
            if len(self.pending) >= self._most(self.pending[-1]):
                self.finish()

    def share_out(self, portions: Sequence[_Portion], jobs: int, cluster: str) -> None:
        """Read checkpoints in other processes, each of which gets several at once; those that the
        store has are found here."""
        found: dict[int, list[TrajectoryRow]] = {}
        missing: list[_Portion] = []
        for p in portions:
            rows = self._known(p)
            if rows is None:
                missing.append(p)
            else:
                found[p.place] = rows
                self.told.skip(len(rows))
        calls = {}
        given = (
            self.device, self.asked, self.gamma, self.seconds, dict(self.given),
            dict(self.probes), self.together,
        )  # fmt: skip
        many = (check_address(cluster) or 16) if cluster else jobs
        size = min(_PORTION, max(1, math.ceil(len(missing) / max(1, many))))  # together costs less
        for start in range(0, len(missing), size):
            part = missing[start : start + size]
            calls[f"track {part[0].place}"] = (self.at, self.kept.plan, given, part)
        by_call = {key: call[3] for key, call in calls.items()}
        _check_portable(calls)
        try:
            with workers(jobs, cluster) as run:
                for outcome in run(_read_portions, calls):
                    part = by_call[outcome.key]
                    for p, rows in zip(part, self._outcome(outcome, part), strict=True):
                        found[p.place] = rows
        finally:
            self.rows += [row for place in sorted(found) for row in found[place]]

    def _known(self, portion: _Portion) -> list[TrajectoryRow] | None:
        """The rows of a checkpoint that need no other process: those of the store, or of a
        checkpoint that cannot be read; None if there is something to measure. The first such one
        makes the plan."""
        try:
            subject = loaded(portion.load(), portion.model)
            key = digest(subject)
        except Exception as error:  # a checkpoint or a model of the user's: a failed row
            return [
                TrajectoryRow(portion.step, n=_number(n), reason=_why(error)) for n in portion.sizes
            ]
        old = [self.kept.find(key, portion.step, n) for n in portion.sizes]
        if None not in old:
            return [row for row in old if row is not None]
        if self.kept.plan is None:
            self._begin(subject)
        return None

    def _outcome(self, outcome: Ended, part: Sequence[_Portion]) -> list[list[TrajectoryRow]]:
        """The rows of one call, kept; of a call that failed, rows with the reason."""
        if isinstance(outcome.error, BadInput):
            raise outcome.error  # an argument is at fault
        if outcome.error is not None:
            why = _why(outcome.error)
            return [
                [TrajectoryRow(p.step, n=_number(n), reason=why) for n in p.sizes] for p in part
            ]
        result: list[list[TrajectoryRow]] = outcome.result
        for p, rows in zip(part, result, strict=True):
            for row, n in zip(rows, p.sizes, strict=True):
                self.kept.add(row, n)
                self.told.done(row)
        return result

    def _begin(self, subject: torch.nn.Module | Loss) -> None:
        """Choose device and settings for all checkpoints by this one."""
        plan = _plan(
            self.at, subject, self.device, self.asked, self.gamma, self.seconds, self.given
        )
        self.kept.begin(plan)
        s = plan["settings"]
        steps = (
            f", {s['burn_in']:,} + {s['draws']:,} steps" if {"burn_in", "draws"} <= set(s) else ""
        )
        self.told.begin(f"{plan['device']}{steps} at each checkpoint")

    def finish(self) -> None:
        """Measure what is pending: all together, or one after the other where that fails."""
        batch, self.pending = self.pending, []
        if len(batch) > 1:
            watch = Stopwatch()
            try:
                readings = self._side_by_side(batch)
                self.batch = max(1, int(_PATIENCE * len(batch) / max(watch.wall, 1e-3)))
            except Exception:  # of one of them: which, and why, is seen one by one
                readings = []
            for pending, reading in zip(batch, readings, strict=False):
                self._done(pending, pending.row(reading))
            batch = [] if readings else batch
        for pending in batch:
            try:
                reading = measure(
                    self._name, pending.sees, seed=pending.seed, budget=self._budget,
                    progress=self.told.share(pending.step), **pending.settings,
                )  # fmt: skip
            except Exception as error:  # a loss or a probe of the user's: a failed row
                self._failed(pending.step, pending.size, pending.key, error)
            else:
                self._done(pending, pending.row(reading))

    def _side_by_side(self, batch: Sequence[_Pending]) -> list[Reading]:
        assert isinstance(self._name, str)
        return measure_each(
            self._name, [p.sees for p in batch], seeds=[p.seed for p in batch],
            settings=[p.settings for p in batch], budget=self._budget,
            progress=self.told.share(batch[0].step, len(batch)),
        )  # fmt: skip

    def _pending(
        self, subject: torch.nn.Module | Loss, step: float, size: float | None, key: str, seed: int
    ) -> _Pending:
        at = self.at
        if self.kept.plan is None:
            self._begin(subject)
        assert self.kept.plan is not None
        plain = at.plain(subject)
        value, slope = plain.value_and_grad(plain.center[None])
        numbers = {name: float(probe(subject)) for name, probe in self.probes.items()}
        chosen = dict(self.kept.plan["settings"])
        n = size
        if n is None and self._name in _FIELD and isinstance(subject, torch.nn.Module):
            n = float(tree_leaves(at.batch)[0].shape[0])
        if n is not None:
            chosen["n"] = n
        return _Pending(
            step, size, key, seed, float(value[0]), float(slope[0].norm()), numbers,
            at.measured(subject) if at.self_teacher else plain, chosen,
        )  # fmt: skip

    @property
    def _name(self) -> str | Spectroscope:
        """The device that measures."""
        if self.device is None or isinstance(self.device, str):
            assert self.kept.plan is not None
            return str(self.kept.plan["device"])
        return self.device

    @property
    def _budget(self) -> Budget:
        seconds = self.seconds
        if seconds is None:
            seconds = _SECONDS if self._name in _FIELD else math.inf
        return Budget(cpu_seconds=2 * seconds + 5)

    def _most(self, pending: _Pending) -> int:
        """Readings that are made together: as many as add little to the calls of one."""
        if self._name not in _TOGETHER:
            return 1
        if self.together is not None:
            return int(self.together)
        chains = pending.settings.get("chains", 16)
        numbers = chains * pending.sees.dim * getattr(pending.sees, "n_data", 1)
        return max(1, min(_BATCH, self.batch, _NUMBERS // numbers))

    def _done(self, pending: _Pending, row: TrajectoryRow) -> None:
        self.kept.add(row, pending.size)
        self.rows.append(row)
        self.told.done(row)

    def _failed(self, step: float, size: float | None, key: str, error: Exception) -> None:
        if isinstance(error, BadInput) and not any(r.reading for r in self.rows):
            raise error  # an argument, not this checkpoint, is at fault
        row = TrajectoryRow(step, n=_number(size), key=key, reason=_why(error))
        self.kept.add(row, size)
        self.rows.append(row)
        self.told.done(row)


def _check_portable(calls: Mapping[str, tuple[Any, ...]]) -> None:
    """Raises BadInput where what a worker needs cannot be sent to it."""
    for call in calls.values():
        try:
            pickle.dumps(call)
        except Exception as error:  # an object of the user's raises what it likes
            raise BadInput(
                f"jobs: model, data, functions and checkpoints are sent to other processes, and "
                f"one cannot be ({_why(error)}); define it in a module, or use one job"
            ) from None
        return


class _Told:
    """Progress over all readings, with the time left."""

    def __init__(self, progress: bool | Callable[[float, str], None], total: int | None) -> None:
        self.total, self.finished, self.measured = total, 0, 0
        self.hear = progress if callable(progress) else self._print if progress else None
        self.watch = Stopwatch()
        self.printed = False
        self.pace = Pace(at_once=True)

    def _print(self, share: float, words: str) -> None:
        if sys.stderr.isatty() or "ipykernel" in sys.modules:
            print(f"\r{words}    ", end="", file=sys.stderr, flush=True)
            self.printed = True
        elif self.pace.due():  # a file: whole lines
            print(words, file=sys.stderr, flush=True)

    def _tell(self, part: float, words: str) -> None:
        if self.hear is None:
            return
        spent, made = self.watch.wall, self.measured + part
        if self.total is None:
            self.hear(0.0, f"{counted(self.finished, 'reading')}, {words}")
            return
        left = spent / made * (self.total - self.finished - part) if made > 0.02 else math.nan
        rest = f", {left:.0f} s left by the clock" if math.isfinite(left) else ""
        share = (self.finished + part) / self.total
        self.hear(share, f"{self.finished} of {self.total} readings{rest}, {words}")

    def begin(self, plan: str) -> None:
        """The first words: what is to be done."""
        if self.hear is not None:
            self.hear(
                0.0, f"{counted(self.total, 'reading') if self.total else 'readings'}: {plan}"
            )

    def share(self, step: float, count: int = 1) -> Callable[[float, str], None]:
        """Hears of the progress of the reading at a step, or of so many from there on."""
        words = f"step {step:g}" + (f" and {count - 1} more" if count > 1 else "")
        return lambda part, _: self._tell(count * min(part, 1.0), words)

    def skip(self, count: int) -> None:
        """Rows that cost no measurement."""
        self.finished += count

    def done(self, row: TrajectoryRow) -> None:
        """One more row is measured."""
        self.finished += 1
        self.measured += 1
        self._tell(0.0, f"step {row.step:g}: {row.outcome}")

    def end(self) -> None:
        """The last word."""
        if self.printed:
            print(file=sys.stderr)
