"""``singlab doctor``: what is installed, what works here, and what brings the rest."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Iterator
from typing import Any

import typer

from singularity_lab.cli.proving import Json
from singularity_lab.cli.shell import DEFECT, print_json, print_table
from singularity_lab.system.extras import EXTRA_OF, hint, installed

_DISTRIBUTION = {"mpl_toolkits": "matplotlib"}


def doctor(as_json: Json = False) -> None:
    """Say what is installed and works here, proofs and devices tried, and what is missing.

    Exit code 1 where something that is installed does not work.
    """
    checks = [{"what": w, "state": s, "detail": d} for w, s, d in examine()]
    if as_json:
        print_json({"checks": checks})
    else:
        columns = [("what", "left"), ("state", "left"), ("detail", "left")]
        print_table(columns, [tuple(c.values()) for c in checks])
    if any(c["state"] == "broken" for c in checks):
        raise typer.Exit(DEFECT)


def examine() -> Iterator[tuple[str, str, str]]:
    """What there is to say: (what, ok | absent | broken, detail)."""
    import singularity_lab

    yield "singularity_lab", "ok", singularity_lab.__version__
    yield "Python", "ok", f"{platform.python_version()} on {platform.platform(terse=True)}"
    yield "processors", "ok", str(os.cpu_count())
    yield _tried("a proof, verified", _proof)
    for module in sorted(EXTRA_OF):
        if module in _DISTRIBUTION:
            continue
        if installed(module):
            yield module, "ok", _version(module)
        else:
            yield module, "absent", hint(module)
    if installed("torch"):
        yield _tried("a device, measuring", _measurement)
        yield _tried("CUDA", _cuda)
    for program in ("Singular", "M2"):
        path = shutil.which(program)
        yield program, "ok" if path else "absent", path or "optional: a second opinion"
    yield _tried("the catalog", _catalog)


def _tried(what: str, check: Any) -> tuple[str, str, str]:
    try:
        return what, "ok", check()
    except Exception as error:  # whatever is broken is what is asked for
        return what, "broken", f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"


def _proof() -> str:
    from singularity_lab.exact.engine.solve import rlct
    from singularity_lab.exact.proof.verify import verify

    found = rlct("x^2 - y^3")
    verify(found.certificate)
    return str(found)


def _measurement() -> str:
    from singularity_lab.catalog.loss import loss
    from singularity_lab.spectroscopes.measuring import measure

    reading = measure("hessian", loss(["x", "y"]), seed=0)
    return f"hessian: {reading.outcome}"


def _cuda() -> str:
    import torch

    if not torch.cuda.is_available():
        return "none: devices run on the processor"
    return str(torch.cuda.get_device_name())


def _catalog() -> str:
    from singularity_lab.catalog.load import entries

    return f"{len(entries())} rows"


def _version(module: str) -> str:
    try:
        return importlib.metadata.version(_DISTRIBUTION.get(module, module))
    except importlib.metadata.PackageNotFoundError:
        return "installed"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel="Look up")(doctor)
