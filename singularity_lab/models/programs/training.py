"""Program synthesis by gradient descent on W, with an event log of the faces visited.

A run is a point of W in log-ratio coordinates, p = softmax(θ) on each simplex, moved by Adam
(Kingma and Ba 2015) on the NLL loss. At checkpoints its *support* is read: the options whose
probability exceeds a threshold; each change of support is an event, a step of the construction. At
the end the support is *replayed* as a program that takes each option it allows with equal
probability: does it give the outputs that the run itself gives? It need not solve the task: about a
tenth of the runs of detectA-mini end in a local minimum that tosses a coin. Whether the most
probable code solves it, and whether no run of the support is wrong, is recorded beside.

How often descent ends in a component is no posterior mass and is not ordered by λ: it is a fact
about basins of the flow, and must not be read as one about volumes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from singularity_lab.errors import BadInput
from singularity_lab.models.programs.arithmetic import Formula
from singularity_lab.models.programs.machines import Program
from singularity_lab.models.programs.noisy import laws, wrong_runs
from singularity_lab.models.programs.semirings import Booleans, Numbers


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
    formula = wrong_runs(program, steps, semantics)
    leaves = [(c.name, o) for c in program.free for o in c.options]
    column = {leaf: i for i, leaf in enumerate(leaves)}
    blocks = [[column[c.name, o] for o in c.options] for c in program.free]
    mass = sum(c.weight for c in program.cases)
    weights = [float(c.weight / mass) for c in program.cases]
    theta = spread * torch.randn(runs, len(leaves), generator=generator, dtype=torch.float64)
    theta.requires_grad_()
    optimiser = torch.optim.Adam([theta], lr=rate)
    zero, one = (f(runs, dtype=torch.float64) for f in (torch.zeros, torch.ones))
    events: list[list[Event]] = [[] for _ in range(runs)]
    loss = zero
    for update in range(updates + 1):
        parts = [torch.softmax(theta[:, block], 1) for block in blocks]
        p = {leaf: parts[i][:, j] for i, block in enumerate(blocks)
             for j, leaf in enumerate(leaves[k] for k in block)}  # fmt: skip
        wrong = formula.evaluate(Numbers(zero, one), p)
        loss = -sum(
            (q * (1 - e).clamp(min=1e-300).log() for q, e in zip(weights, wrong, strict=True)), zero
        )
        if update % every == 0 or update == updates:
            table = torch.stack([p[leaf].detach() for leaf in leaves], 1)
            _record(events, update, loss.tolist(), table.tolist(), program, formula, threshold)
        if update < updates:
            optimiser.zero_grad()
            loss.sum().backward()
            optimiser.step()
    found = []
    free = {c.name for c in program.free}
    final = theta.detach()
    for i in range(runs):
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
                float(loss[i].detach()),
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
