"""``singlab track``: a device along the checkpoints of a training run."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from singularity_lab.cli import option_values
from singularity_lab.cli.measuring import SettingsOption
from singularity_lab.cli.options import Cluster, Jobs, Json
from singularity_lab.cli.shell import INTERRUPTED, SHARES, UNDECIDED, note, print_json, progress_bar
from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.system.files import replacing, write_text
from singularity_lab.system.user_modules import find

_FORM = "module:function"


def track(
    checkpoints: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER|PATTERN",
            help="State dicts by torch.save, the step as the last number of each name.",
        ),
    ],
    model: Annotated[
        str, typer.Option("--model", metavar=_FORM, help="Returns the torch module (or is one).")
    ],
    data: Annotated[
        str,
        typer.Option("--data", metavar=_FORM, help="Returns a loader, a data set, or tensors."),
    ],
    criterion: Annotated[
        str | None,
        typer.Option(
            "--criterion",
            metavar="NAME",
            help="A function of torch.nn.functional, or module:function.",
            show_default="squared error",
        ),
    ] = None,
    own_function: Annotated[
        bool,
        typer.Option(
            "--self-teacher/--targets",
            help="The loss against the checkpoint's own function, or against the data's targets.",
        ),
    ] = True,
    device: Annotated[
        str | None, typer.Option("--device", help="Of singlab devices.", show_default="by cost")
    ] = None,
    n: Annotated[
        str | None,
        typer.Option("--n", metavar="N,N", help="Sample sizes.", show_default="number of rows"),
    ] = None,
    gamma: Annotated[
        float | None, typer.Option("--gamma", help="Localisation.", show_default="100")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same at every checkpoint.")] = 0,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            help="CPU seconds of the gradients of a reading, to which its usual length is "
            "shortened; more do not lengthen it (--set draws=N does), and they are no limit: small "
            "networks take two to three times as much.",
            show_default="20",
        ),
    ] = None,
    total_seconds: Annotated[
        float | None,
        typer.Option(
            "--total-seconds", help="The same for all readings together.", show_default="none"
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FILE", help="Keep finished readings; go on from there."),
    ] = None,
    jobs: Jobs = 1,
    cluster: Cluster = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write .json, .csv, .parquet or a picture."),
    ] = None,
    false_alarm: Annotated[
        float, typer.Option("--false-alarm", help="Rate of false alarms of the change points.")
    ] = 0.05,
    setting: SettingsOption = None,
    as_json: Json = False,
) -> None:
    """Read every checkpoint of a training run, and tell where the readings change.

    Ends with exit code 3 when no reading is ok.
    """
    from singularity_lab.trajectories import Interrupted, change_points
    from singularity_lab.trajectories import track as along

    net = _made(model, "--model")
    try:
        sizes = None if n is None else [float(x) for x in n.split(",")]
    except ValueError:
        raise BadInput(f"--n: expected numbers such as '1000,10000', received {n!r}") from None
    try:
        with progress_bar() as show:

            def told(share: float, word: str) -> None:
                show("track", int(SHARES * share), SHARES, word)

            path = along(
                checkpoints, model=net, data=_made(data, "--data"), criterion=_criterion(criterion),
                self_teacher=own_function, device=device, n=sizes, gamma=gamma, seed=seed,
                seconds=seconds, total_seconds=total_seconds, store=store, jobs=jobs,
                cluster=cluster,
                progress=told if sys.stderr.isatty() else True,
                **option_values.settings(setting or []),
            )  # fmt: skip
    except Interrupted as error:
        kept = "the same command goes on" if store else "give --store FILE to keep them"
        note(f"{len(error.trajectory)} readings were finished; {kept}")
        raise typer.Exit(INTERRUPTED) from None
    changes = {size: change_points(path, false_alarm, n=size) for size in path.sizes or (None,)}
    if out is not None:
        _write(path, changes, out)
    if as_json:
        print_json({**path.to_dict(), "change_points": _plain(changes)})
    else:
        print(path)
        for size, found in changes.items():
            at = "" if size is None or len(changes) == 1 else f" at n = {size:g}"
            print(f"change points{at} (at most {false_alarm:.0%} false alarms): {len(found)}")
            if found.remark:
                print(f"  {found.remark}")
            for change in found:
                print(f"  {change}")
    if not any(r.ok for r in path.rows):
        raise typer.Exit(UNDECIDED)


def _plain(changes: dict[Any, Any]) -> list[dict[str, Any]]:
    from dataclasses import asdict

    return [{"n": size} | asdict(change) for size, found in changes.items() for change in found]


def _write(path: Any, changes: dict[Any, Any], out: Path) -> None:
    if out.suffix == ".json":
        write_text(out, path.to_json(indent=1))
    elif out.suffix == ".csv":
        write_text(out, path.to_pandas().to_csv(index=False))
    elif out.suffix == ".parquet":
        with replacing(out) as part:
            path.to_parquet(part)
    elif out.suffix in (".png", ".pdf", ".svg"):
        import matplotlib as mpl

        mpl.use("Agg")
        found = changes[max(changes, key=lambda size: size or 0)]
        axes = path.plot(changes=found)
        with replacing(out) as part:
            axes[0].figure.savefig(part, dpi=160)
    else:
        raise BadInput(
            f"--out: expected .json, .csv, .parquet, .png, .pdf or .svg, received {str(out)!r}"
        )


def _made(text: str, option: str) -> Any:
    """What ``module:function`` gives: called when it is a plain function or a class."""
    import torch

    found = find(text, option)
    if isinstance(found, torch.nn.Module) or not callable(found):
        return found
    try:
        return found()
    except SingularityLabError:
        raise
    except Exception as error:  # the user's own code
        raise BadInput(f"{option}: {text!r} raised {type(error).__name__}: {error}") from error


def _criterion(text: str | None) -> Any:
    import torch

    if text is None:
        return None
    if ":" in text:
        found = find(text, "--criterion")
        return _made(text, "--criterion") if _is_maker(found) else found
    found = getattr(torch.nn.functional, text, None) or getattr(torch.nn, text, None)
    if isinstance(found, type) and issubclass(found, torch.nn.modules.loss._Loss):
        return found()
    if isinstance(found, type) or not callable(found):
        raise BadInput(
            "--criterion: expected a loss of torch.nn.functional (mse_loss, cross_entropy, "
            f"binary_cross_entropy_with_logits, …) or module:function, received {text!r}"
        )
    return found


def _is_maker(found: Any) -> bool:
    """True for a class, and for a function that needs no argument: it makes the criterion."""
    import torch

    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):
        return isinstance(found, type)
    plain = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return not isinstance(found, torch.nn.Module) and all(
        p.default is not p.empty or p.kind in plain for p in parameters
    )


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command(rich_help_panel="Measure")(track)
