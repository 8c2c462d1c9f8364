"""Program synthesis on W by gradient descent or by annealing, with a log of the faces visited.

In :func:`descend` a run is a point of W in log-ratio coordinates, p = softmax(θ) on each simplex,
moved by Adam (Kingma and Ba 2015) on the NLL loss. At checkpoints its *support* is read: options
whose probability exceeds a threshold; each change of support is an event, a step of the
construction. At the end the support is *replayed* as a program that takes each option it allows
with equal probability: does it give the outputs that the run itself gives? It need not solve the
task: about a tenth of the runs of detectA-mini end in a local minimum that tosses a coin. Whether
the most probable code solves it, and whether no run of the support is wrong, is recorded beside.

In :func:`anneal` a run is a Markov chain for the tempered posterior exp(−nK), uniform on W, whose n
rises step by step: a random walk in the same coordinates with Metropolis' rule. It is logged in the
same way.

How often descent ends in a component is no posterior mass and is not ordered by λ: it is a fact
about basins of the flow, and must not be read as one about volumes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from singularity_lab.errors import BadInput
from singularity_lab.programs.machines.machines import Program
from singularity_lab.programs.uncertainty.arithmetic import Formula
from singularity_lab.programs.uncertainty.noisy import laws, wrong_runs
from singularity_lab.programs.uncertainty.semirings import Booleans, Numbers
from singularity_lab.system.extras import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Tensor


@dataclass(frozen=True)
class Event:
    """A change of support: when, the loss there, and the support after it.

    gained, lost: options as (choice, option). solved: no run of the support is wrong.
    """

    step: int
    loss: float
    support: tuple[tuple[str, tuple[str, ...]], ...]
    gained: tuple[tuple[str, str], ...]
    lost: tuple[tuple[str, str], ...]
    solved: bool


@dataclass(frozen=True)
class Run:
    """One descent. events: from the first support to the last; code: the most probable code.

    replayed: the support, with equal probabilities, gives on each input the run's own law of
    outputs, within 0.1 in each probability. solves: the code gives the wanted output on each input.
    face: the final support lies in W₀.
    """

    events: tuple[Event, ...]
    loss: float
    code: dict[str, str]
    replayed: bool
    solves: bool
    face: bool

    @property
    def support(self) -> dict[str, tuple[str, ...]]:
        return dict(self.events[-1].support)

    def story(self) -> list[str]:
        """One line an event: what was decided and what the loss was."""
        lines = []
        for e in self.events[1:]:
            lost = ", ".join(f"{c} not {o}" for c, o in e.lost)
            gained = ", ".join(f"{c} may be {o}" for c, o in e.gained)
            text = "; ".join(t for t in (lost, gained) if t)
            lines.append(f"step {e.step}, loss {e.loss:.3g}: {text}")
        return lines

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the log: the loss at each event, and the number of options that are still open."""
        plt = pyplot()

        axes = axes or plt.subplots(figsize=(6, 4))[1]
        at = [e.step for e in self.events]
        axes.step(at, [e.loss for e in self.events], where="post", color="#0072B2", label="loss")
        axes.set_yscale("log")
        axes.set_xlabel("step")
        axes.set_ylabel("loss at the event")
        still = axes.twinx()
        open_ = [sum(len(o) - 1 for _, o in e.support) for e in self.events]
        still.step(at, open_, where="post", color="#D55E00", linestyle="--")
        still.set_ylabel("dimension of the face (dashed)")
        axes.set_title("faces visited" + (", the last in W₀" if self.face else ""))
        return axes


def descend(
    program: Program,
    *,
    seed: int,
    runs: int = 20,
    steps: int | None = None,
    semantics: str = "exact",
    updates: int = 1500,
    rate: float = 0.05,
    spread: float = 1.0,
    threshold: float = 0.05,
    every: int = 25,
) -> list[Run]:
    """Gradient descent from random points, all runs at once.

    steps: T of the program. updates, rate: of Adam. spread: standard deviation of θ at the start.
    threshold: an option belongs to the support above it. every: updates between checkpoints.
    Raises BadInput for numbers out of range.
    """
    import torch

    if runs < 1 or updates < 1 or every < 1 or not rate > 0 or not 0 < threshold < 0.5:
        raise BadInput(
            "descend: runs, updates, every >= 1, rate > 0 and 0 < threshold < 1/2 are needed; "
            f"received {runs}, {updates}, {every}, {rate}, {threshold}"
        )
    generator = torch.Generator().manual_seed(seed)
    task = _Task(program, wrong_runs(program, steps, semantics), runs)
    theta = spread * torch.randn(runs, len(task.leaves), generator=generator, dtype=torch.float64)
    theta.requires_grad_()
    optimiser = torch.optim.Adam([theta], lr=rate)
    events: list[list[Event]] = [[] for _ in range(runs)]
    loss = task.zero
    for update in range(updates + 1):
        parts = [torch.softmax(theta[:, block], 1) for block in task.blocks]
        p = {task.leaves[k]: part[:, j] for part, block in zip(parts, task.blocks, strict=True)
             for j, k in enumerate(block)}  # fmt: skip
        loss = task.loss(p)
        if update % every == 0 or update == updates:
            table = torch.stack([p[leaf].detach() for leaf in task.leaves], 1)
            _record(events, update, loss.tolist(), table.tolist(), program, task.formula, threshold)
        if update < updates:
            optimiser.zero_grad()
            loss.sum().backward()
            optimiser.step()
    return _finish(program, task, theta.detach(), loss.detach(), events, steps, semantics)


def anneal(
    program: Program,
    *,
    seed: int,
    runs: int = 20,
    steps: int | None = None,
    semantics: str = "exact",
    ns: Sequence[float] = (1, 10, 100, 1000, 10000),
    moves: int = 300,
    threshold: float = 0.05,
    every: int = 25,
) -> list[Run]:
    """Tempered sampling on W: chains for exp(−nK) with n from the ladder ``ns``, all at once.

    ns: increasing inverse temperatures > 0; moves: of a chain at each of them. A move changes one
    coordinate of θ, p = softmax(θ), by a step of one of several sizes; with θ = log of Gamma(1)
    variables the prior is uniform on W. every: moves between checkpoints of the event log, in which
    ``step`` counts moves. threshold: an option belongs to the support above it.
    Raises BadInput for numbers out of range.
    """
    import torch

    if runs < 1 or moves < 1 or every < 1 or not 0 < threshold < 0.5:
        raise BadInput(
            "anneal: runs, moves, every >= 1 and 0 < threshold < 1/2 are needed; "
            f"received {runs}, {moves}, {every}, {threshold}"
        )
    if not ns or list(ns) != sorted(set(ns)) or ns[0] <= 0:
        raise BadInput(f"ns: increasing numbers > 0 are needed, received {list(ns)}")
    generator = torch.Generator().manual_seed(seed)
    real = torch.float64
    task = _Task(program, wrong_runs(program, steps, semantics), runs)

    def probabilities(theta: Tensor) -> Tensor:
        p = torch.empty_like(theta)
        for block in task.blocks:
            p[:, block] = torch.softmax(theta[:, block], 1)
        return p

    def loss(theta: Tensor) -> Tensor:
        p = probabilities(theta)
        return task.loss({leaf: p[:, i] for i, leaf in enumerate(task.leaves)})

    theta = torch.empty(runs, len(task.leaves), dtype=real).exponential_(generator=generator)
    theta = theta.clamp(min=1e-300).log()
    sizes = torch.tensor([0.5, 1.5, 4.0], dtype=real)
    events: list[list[Event]] = [[] for _ in range(runs)]
    now, count = loss(theta), 0

    def log_supports() -> None:
        table = probabilities(theta).tolist()
        _record(events, count, now.tolist(), table, program, task.formula, threshold)

    log_supports()
    for n in ns:
        for _ in range(moves):
            place = torch.randint(len(task.leaves), (runs, 1), generator=generator)
            size = sizes[torch.randint(len(sizes), (runs, 1), generator=generator)]
            step = size * torch.randn(runs, 1, generator=generator, dtype=real)
            fresh = theta.scatter_add(1, place, step)
            value = loss(fresh)
            gain = (fresh - fresh.exp()).sum(1) - (theta - theta.exp()).sum(1) - n * (value - now)
            accept = torch.rand(runs, generator=generator, dtype=real).log() < gain
            theta = torch.where(accept[:, None], fresh, theta)
            now = torch.where(accept, value, now)
            count += 1
            if count % every == 0:
                log_supports()
    log_supports()
    return _finish(program, task, theta, now, events, steps, semantics)


class _Task:
    """The options of a program by column of θ, and its NLL loss, for so many runs at once.

    leaves: (choice, option), a column each. blocks: the columns of each choice.
    """

    def __init__(self, program: Program, formula: Formula, runs: int) -> None:
        import torch

        self.formula = formula
        self.leaves = [(c.name, o) for c in program.free for o in c.options]
        column = {leaf: i for i, leaf in enumerate(self.leaves)}
        self.blocks = [[column[c.name, o] for o in c.options] for c in program.free]
        mass = sum(c.weight for c in program.cases)
        self.weights = [float(c.weight / mass) for c in program.cases]
        self.zero = torch.zeros(runs, dtype=torch.float64)
        self.one = torch.ones(runs, dtype=torch.float64)

    def loss(self, p: Mapping[tuple[str, str], Tensor]) -> Tensor:
        """−Σ q(x) log(1 − e_x) at probabilities of the options, (runs,) each."""
        wrong = self.formula.evaluate(Numbers(self.zero, self.one), p)
        return -sum(
            (q * (1 - e).clamp(min=1e-300).log() for q, e in zip(self.weights, wrong, strict=True)),
            self.zero,
        )


def _finish(
    program: Program,
    task: _Task,
    theta: Tensor,
    loss: Tensor,
    events: Sequence[Sequence[Event]],
    steps: int | None,
    semantics: str,
) -> list[Run]:
    """The runs, their final supports replayed as programs that toss even coins."""
    import torch

    leaves, blocks = task.leaves, task.blocks
    found = []
    free = {c.name for c in program.free}
    final = theta
    for i in range(len(final)):
        code = dict(program.code)
        for c, block in zip(program.free, blocks, strict=True):
            code[c.name] = c.options[int(final[i, block].argmax())]
        ended = {
            leaf: float(x)
            for block in blocks
            for leaf, x in zip(
                (leaves[k] for k in block), torch.softmax(final[i, block], 0), strict=True
            )
        }
        frozen = {
            (c.name, code[c.name]): 1.0 for c in program.machine.choices if c.name not in free
        }
        even = {(c, o): 1 / len(options) for c, options in events[i][-1].support for o in options}
        found_laws, replay = (
            laws(Numbers(0.0, 1.0), w | frozen, program, steps, semantics) for w in (ended, even)
        )
        close = all(
            abs(a.get(y, 0.0) - b.get(y, 0.0)) < 0.1
            for a, b in zip(found_laws, replay, strict=True)
            for y in {*a, *b}
        )
        outputs = [program.run(c.value, steps, code) for c in program.cases]
        found.append(
            Run(
                tuple(events[i]),
                float(loss[i]),
                code,
                close,
                outputs == [c.target for c in program.cases],
                events[i][-1].solved,
            )
        )
    return found


def _record(
    events: list[list[Event]],
    update: int,
    losses: Sequence[float],
    table: Sequence[Sequence[float]],
    program: Program,
    formula: Formula,
    threshold: float,
) -> None:
    """Append an event to each run whose support has changed."""
    for i, row in enumerate(table):
        support: list[tuple[str, tuple[str, ...]]] = []
        at = 0
        for c in program.free:
            values = row[at : at + len(c.options)]
            at += len(c.options)
            kept = tuple(o for o, x in zip(c.options, values, strict=True) if x > threshold)
            support.append((c.name, kept or (c.options[values.index(max(values))],)))
        log = events[i]
        before = log[-1].support if log else ()
        if tuple(support) == before:
            continue
        old = {(c, o) for c, options in before for o in options}
        new = {(c, o) for c, options in support for o in options}
        allowed: dict[Any, bool] = {leaf: leaf in new for leaf in formula.leaves}
        solved = not any(formula.evaluate(Booleans(), allowed))
        log.append(
            Event(
                update,
                losses[i],
                tuple(support),
                tuple(sorted(new - old)) if log else (),
                tuple(sorted(old - new)),
                solved,
            )
        )


def tally(runs: Sequence[Run]) -> dict[str, int]:
    """How many runs there are, are replayed by their support, solve the task, and end in W₀."""
    return {
        "runs": len(runs),
        "replayed": sum(r.replayed for r in runs),
        "solves": sum(r.solves for r in runs),
        "face": sum(r.face for r in runs),
    }
