"""``singlab measure``, ``devices``, ``calibrate`` and ``demo``: the measuring arm and its
calibration."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from singularity_lab.algebra.input_limits import PARAMETERS, between
from singularity_lab.cli import calibrating, option_values
from singularity_lab.cli.options import Json, Workers
from singularity_lab.cli.proving import (
    As,
    At,
    Box,
    ConventionOption,
    Nonnegative,
    Prior,
    Vars,
    note_doubts,
)
from singularity_lab.cli.shell import (
    BAD_INPUT,
    SHARES,
    UNDECIDED,
    ExpressionCommand,
    print_json,
    print_table,
    progress_bar,
)
from singularity_lab.errors import BadInput
from singularity_lab.system import extras, user_modules

if TYPE_CHECKING:
    from singularity_lab.calibration.results import Calibration
    from singularity_lab.spectroscopes.device import Device
    from singularity_lab.spectroscopes.losses.protocol import Loss
    from singularity_lab.spectroscopes.meter import Budget

SettingsOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A setting of the device; may be repeated."),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        "--budget", metavar="SECONDS", help="CPU seconds of a measurement.", show_default="none"
    ),
]
Evaluations = Annotated[
    float | None,
    typer.Option(
        "--evaluations",
        metavar="N",
        help="Limit on evaluations of K and its gradient: deterministic, unlike seconds.",
        show_default="none",
    ),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Keep the state of a long run here; the same command goes on from it.",
    ),
]


def _limits(seconds: float | None, evaluations: float | None) -> Budget:
    from singularity_lab.spectroscopes.meter import Budget

    return Budget.of(seconds, evaluations)


def measure(
    device: Annotated[
        str,
        typer.Argument(
            metavar="DEVICE",
            help="A device of singlab devices, or module:function.",
            autocompletion=option_values.complete_device,
        ),
    ],
    target: Annotated[
        list[str],
        typer.Argument(
            metavar="EXPR…|ROW|MODULE:FUNCTION",
            help="Expressions, a row of the catalog, or a torch function (c, d) → (c,) or a Loss.",
        ),
    ],
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same reading.")] = 0,
    budget: Seconds = None,
    evaluations: Evaluations = None,
    setting: SettingsOption = None,
    variables: Vars = None,
    at: At = None,
    nonnegative: Nonnegative = None,
    prior: Prior = None,
    box: Box = None,
    convention: As = ConventionOption.IDEAL,
    dimension: Annotated[
        int | None, typer.Option("--dim", help="Number of parameters of MODULE:FUNCTION.")
    ] = None,
    checkpoint: Checkpoint = None,
    as_json: Json = False,
) -> None:
    """Point a device at a loss and print its reading. The device never sees the proved value.

    Ends with exit code 2 for a loss without a minimum at the point, 3 for a reading without a λ.
    """
    given = {
        "variables": variables,
        "at": option_values.point(at),
        "nonnegative": nonnegative or (),
        "prior": option_values.prior(prior),
        "box": option_values.box(box),
        "convention": convention.value,
    }
    loss = _loss([t.strip() for t in target], given, dimension)
    from singularity_lab.calibration.design import Arm
    from singularity_lab.spectroscopes.measuring import measure as point_at

    with progress_bar() as show:
        reading = point_at(
            Arm(device).resolve(),
            loss,
            seed=seed,
            budget=_limits(budget, evaluations),
            checkpoint=checkpoint,
            progress=lambda share, word: show(device, int(SHARES * share), SHARES, word),
            **option_values.settings(setting or []),
        )
    if as_json:
        print_json(reading.to_dict())
    else:
        print(reading)
    if reading.outcome in ("bad loss", "no minimum"):
        raise typer.Exit(BAD_INPUT)
    if not {"lambda", "llc"} & reading.estimates.keys():
        raise typer.Exit(UNDECIDED)


_PATH = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def _loss(target: list[str], given: dict[str, Any], dimension: int | None) -> Loss:
    """The loss that the words name: a row of that id, a function by its path, else expressions."""
    plain = all(given[k] in (None, ()) for k in ("variables", "nonnegative", "prior", "box"))
    plain = plain and given["convention"] == "ideal"
    if len(target) == 1 and _PATH.fullmatch(target[0]):
        if not plain:
            raise BadInput(f"{target[0]}: a function takes --dim and --at alone")
        return _imported(target[0], given["at"], dimension)
    if dimension is not None:
        raise BadInput("--dim: only a function has to be told its number of parameters")
    from singularity_lab.catalog.lookup import find_row
    from singularity_lab.catalog.loss import loss

    row = find_row(target, given["variables"])
    if row is None:
        found = loss(target, **given)
        note_doubts(target, given["variables"])
        return found
    if given["convention"] != "ideal":
        raise BadInput("--as: given by the row, so it cannot be given as well")
    return loss(row, **{k: v for k, v in given.items() if k != "convention"})


def _imported(path: str, at: Any, dimension: int | None) -> Loss:
    from singularity_lab.spectroscopes.losses.function import FunctionLoss
    from singularity_lab.spectroscopes.losses.protocol import Loss

    found = user_modules.find(path, "loss")
    if isinstance(found, Loss) and not isinstance(found, type):
        return found
    if not callable(found):
        raise BadInput(f"{path}: a Loss or a function is needed, it is a {type(found).__name__}")
    if isinstance(at, dict):
        raise BadInput("--at: a function has no names; give all coordinates, as in '1,0'")
    from singularity_lab.algebra.rings import fraction

    center = None if at is None else [float(fraction(x, "--at")) for x in at]
    if dimension is not None:
        between(dimension, "--dim", 1, PARAMETERS)
    if dimension is None and center is None:
        raise BadInput(f"--dim: the number of parameters of {path} is needed (or --at)")
    number = len(center or ()) if dimension is None else dimension
    loss = FunctionLoss(found, number, center=center, loss_id=path)
    # Asked once here, so that what is no loss (os:system) is one line and not the device's trouble.
    try:
        loss.value_and_grad(loss.center[None])
    except BadInput:
        raise
    except (Exception, SystemExit) as error:
        why = " ".join(str(error).split())[:200]
        raise BadInput(
            f"loss: a torch function (c, d) → (c,) is needed, {path} raised "
            f"{type(error).__name__}: {why}"
        ) from None
    return loss


def devices(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[DEVICE]",
            help="Print what it says and does not, and settings.",
            autocompletion=option_values.complete_device,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the devices with a line on each, or print the scope and the settings of one.

    The list holds the devices of the package and those that installed packages bring.
    """
    from singularity_lab.spectroscopes.registry import find_device, known

    if name is not None:
        if name in known():
            extras.require(f"devices {name}", "torch")
        record = find_device(name)
        if as_json:
            print_json({**dataclasses.asdict(known()[name]), "settings": _settings(record)})
        else:
            _print_device(record)
        return
    found = known()
    if as_json:
        here = extras.installed("torch")
        listed = []
        for one in found.values():
            # A device of another package is not imported for a list.
            asked = here and one.summary
            settings = _settings(find_device(one.name)) if asked else None
            listed.append({**dataclasses.asdict(one), "settings": settings})
        print_json(listed)
        return
    print_table(
        [("device", "left"), ("summary", "left")],
        [(one.name, one.summary or f"of another package: {one.home}") for one in found.values()],
    )


def _settings(record: Device) -> list[dict[str, Any]]:
    return [dataclasses.asdict(s) for s in record.settings()]


def _print_device(record: Device) -> None:
    print(f"{record.name}: {record.summary}" if record.summary else record.name)
    if record.scope:
        print(record.scope)
    if record.fails:
        print(f"It fails: {record.fails}.")
    print_table(
        [("setting", "left"), ("default", "right"), ("meaning", "left")],
        [
            (s.name, None if s.default is None else json.dumps(s.default), s.meaning)
            for s in record.settings()
        ],
    )


def calibrate(
    context: typer.Context,
    device: Annotated[
        list[str] | None,
        typer.Option("--device", metavar="NAME", help="Needed: a device; may be repeated."),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(
            "--rows",
            metavar="ID,ID",
            help="Rows of the catalog, or a set by name; or --tag, --family.",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="All rows with this tag; may be repeated.")
    ] = None,
    family: Annotated[str | None, typer.Option("--family", help="All rows of this family.")] = None,
    seeds: Annotated[str, typer.Option("--seeds", help="'0:4' (four of them) or '0,1,2'.")] = "0",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Needed: keep everything here; the same call resumes."
        ),
    ] = None,
    setting: SettingsOption = None,
    budget: Seconds = None,
    evaluations: Evaluations = None,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Measure rows whose truth is proved, score the readings, write tables and a report into DIR.

    An interrupted run loses no finished measurement: the same call goes on where it stopped. The
    commands below do the same for a sweep that a file describes.
    """
    if context.invoked_subcommand is not None:
        return
    if not device:
        raise BadInput("--device: at least one device is needed (singlab devices lists them)")
    if out is None:
        raise BadInput("--out: a folder for readings, tables and the report is needed")
    settings = option_values.settings(setting or [])
    if settings and len(device) > 1:
        raise BadInput("--set: with one --device only; settings belong to a device")
    extras.require("calibrate", "torch")
    extras.require("report", "jinja2", "matplotlib")  # asked before anything is measured
    members = _rows(rows, tag or [], family)
    from singularity_lab.calibration.design import Arm
    from singularity_lab.calibration.run import calibrate as run

    with calibrating.interruption(out), progress_bar() as progress:
        found = run(
            [Arm(name, settings) for name in device],
            members,
            option_values.seeds(seeds),
            out=out,
            workers=workers,
            budget=_limits(budget, evaluations),
            progress=progress,
        )
    found.save(out)
    report = found.report(out / "report.html")
    _print(found, as_json, report)


def _rows(rows: str | None, tags: list[str], family: str | None) -> Any:
    from singularity_lab.calibration.row_sets import is_name
    from singularity_lab.catalog.load import entries, load

    if rows is None and not tags and family is None:
        raise BadInput("--rows, --tag, --family: say which rows of the catalog to measure")
    if rows is not None and (tags or family is not None):
        raise BadInput("--rows: stands alone, without --tag and --family")
    if rows is not None and is_name(rows):
        return rows
    if rows is not None:
        return [load(name) for name in option_values.rows(rows)]
    found = entries(family=family, tags=tags)
    if not found:
        raise BadInput(f"--tag, --family: no row has all of {tags} in the family {family}")
    return found


def _print(found: Calibration, as_json: bool, report: Path) -> None:
    if as_json:
        print_json({**found.to_json(), "report": str(report)})
        return
    from singularity_lab.cli.calibration_table import print_calibration

    print_calibration(found)
    print(f"report: {report}")


def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The folder of tables and report.")
    ] = Path("out"),
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """The main job: prove the 25 rows of the tour, measure them blind, compare, write the
    report."""
    extras.require("demo", "torch")
    extras.require("report", "jinja2", "matplotlib")
    from singularity_lab.calibration.demo import run

    with calibrating.interruption(out), progress_bar() as progress:
        found = run(out, workers=workers, progress=progress)
    _print(found, as_json, out / "report.html")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    panel = "Measure"
    app.command(cls=ExpressionCommand, rich_help_panel=panel)(measure)
    app.command(rich_help_panel=panel)(devices)
    sweeps = typer.Typer(invoke_without_command=True)
    sweeps.callback(invoke_without_command=True)(calibrate)
    calibrating.add_to(sweeps)
    app.add_typer(sweeps, name="calibrate", rich_help_panel=panel)
    app.command(rich_help_panel=panel)(demo)
