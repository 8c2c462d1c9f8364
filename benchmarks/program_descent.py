"""Program synthesis seen as a path through faces: λ of what the program itself does, along descent
and annealing.

    OMP_NUM_THREADS=1 python benchmarks/program_descent.py --out DIR [--program detectA-mini]

Runs of gradient descent and of annealing are logged as the faces they visit (options with more
than 0.05 of the probability; an event is a change of the face). At every face the program's *own*
behaviour is the truth: where all runs of the face agree on the outputs, λ of the divergence from
it, and m, are proved (``program_rlct(…, truth="own")``), whether or not the task is solved; where
they do not, the face tosses a coin and has no such value, which the table counts. The last face is
replayed as a program that takes each of its options with equal probability.

DIR holds the table, the figure and `runs.jsonl`, a line an event: run, model, step, n (0: there is
none), value (the proved own λ; low and high are the same), outcome (``proved``, or why there is no
value), stratum (the face, as choice=options), row (null).
`benchmarks/runs/program-descent.jsonl` is such a file.

Written down before the run: at least 90 % of last faces are replayed; λ at every event whose face
is of one output. No claim is made that runs end in components by the order of λ.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from singularity_lab.errors import OutOfScope, Undecided
from singularity_lab.programs import program
from singularity_lab.programs.answers import program_rlct
from singularity_lab.programs.experiments.training import Run, anneal, descend


class Ladder:
    """Proved values at faces, each once; None where the face has no one output."""

    def __init__(self, name: str) -> None:
        self.program = program(name)
        self.known: dict[tuple, tuple[float, int] | str] = {}

    def at(self, support: tuple) -> tuple[float, int] | str:
        """(λ_E, m) of the face's own behaviour, or the reason why there is none."""
        if support not in self.known:
            faces = {name: frozenset(options) for name, options in support}
            try:
                found = program_rlct(self.program, support=faces, truth="own", budget=20)
                self.known[support] = (float(found.lambda_E), found.multiplicity)
            except OutOfScope as error:
                constant = "identically 0" in str(error)
                self.known[support] = (0.0, 1) if constant else "random"
            except Undecided:
                self.known[support] = "undecided"
        return self.known[support]


def table(runs: list[Run], ladder: Ladder) -> dict:
    """Counts of one kind of run."""
    events = [e for r in runs for e in r.events]
    values = [ladder.at(e.support) for e in events]
    last = [ladder.at(r.events[-1].support) for r in runs]
    rungs = Counter(str(v) for v in last)
    return {
        "runs": len(runs),
        "events": len(events),
        "λ proved": sum(not isinstance(v, str) for v in values),
        "random": values.count("random"),
        "undecided": values.count("undecided"),
        "replayed": sum(r.replayed for r in runs),
        "solves": sum(r.solves for r in runs),
        "last faces": dict(rungs.most_common()),
    }


def lines(kind: str, runs: list[Run], ladder: Ladder, name: str, seed: int) -> list[dict]:
    """What the runs of one kind leave for others, a line an event."""
    out = []
    for k, run in enumerate(runs):
        for e in run.events:
            known = ladder.at(e.support)
            proved = not isinstance(known, str)
            value = float(f"{known[0]:.6g}") if proved else None
            face = "; ".join(f"{choice}={'|'.join(x)}" for choice, x in e.support)
            out.append(
                {
                    "run": f"{name}-{kind}-seed{seed}-{k}", "model": f"program {name}",
                    "step": e.step, "n": 0, "value": value, "low": value, "high": value,
                    "outcome": "proved" if proved else known, "stratum": face, "row": None,
                }
            )  # fmt: skip
    return out


def draw(runs: dict[str, list[Run]], ladder: Ladder, file: Path) -> None:
    """λ and loss along the runs of each kind."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(runs), figsize=(8, 5), sharex="col", squeeze=False)
    for column, (kind, some) in enumerate(runs.items()):
        for k, run in enumerate(some):
            at = [e.step for e in run.events]
            axes[0][column].step(
                at, [e.loss for e in run.events], where="post", lw=0.8, color=f"C{k}"
            )
            seen = [ladder.at(e.support) for e in run.events]
            known = [(a, v[0] + 0.02 * k) for a, v in zip(at, seen, strict=True)
                     if not isinstance(v, str)]  # fmt: skip
            if known:
                axes[1][column].step(
                    *zip(*known, strict=True), where="post", marker=".", lw=0.8, color=f"C{k}"
                )
        axes[0][column].set_yscale("log")
        axes[0][column].set_title(kind)
        axes[1][column].set_xlabel("step")
    axes[0][0].set_ylabel("loss")
    axes[1][0].set_ylabel("own λ, where proved")
    figure.tight_layout()
    figure.savefig(file, dpi=90)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the table and figure")
    parser.add_argument("--program", default="detectA-mini")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    ladder = Ladder(options.program)
    kinds = {
        "descent": descend(ladder.program, seed=options.seed, runs=options.runs),
        "annealing": anneal(ladder.program, seed=options.seed, runs=options.runs),
    }
    told = {kind: table(some, ladder) for kind, some in kinds.items()}
    text = json.dumps(told, ensure_ascii=False, indent=2)
    (options.out / "program-descent.json").write_text(text, encoding="utf-8")
    print(text)
    with (options.out / "runs.jsonl").open("w", encoding="utf-8") as file:
        for kind, some in kinds.items():
            for line in lines(kind, some, ladder, options.program, options.seed):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    draw({k: r[:5] for k, r in kinds.items()}, ladder, options.out / "program-descent.png")


if __name__ == "__main__":
    main()
