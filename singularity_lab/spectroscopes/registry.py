"""The devices by name: of this package, registered in this process, or brought by other packages.

What is said of a device of this package is read from the source of its file, where its
:class:`~singularity_lab.spectroscopes.device.Device` record stands: the list is there where torch
is not, and a new file in ``devices/`` is all that a new device needs.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from singularity_lab.errors import BadInput, quoted
from singularity_lab.spectroscopes import devices
from singularity_lab.spectroscopes.device import Device, Spectroscope, settings_of

__all__ = [
    "REGISTERED",
    "Known",
    "check_settings",
    "find_device",
    "known",
    "known_devices",
    "register",
    "unknown_device",
]

REGISTERED: dict[str, Spectroscope] = {}  # name -> the device, in this process
_TEXTS = ("name", "summary", "scope", "fails")


@dataclass(frozen=True)
class Known:
    """What is known of a device without importing it.

    home: "module:attribute". summary, scope, fails: as in its record; "" of a device that another
    package brings, which has to be imported to be asked.
    """

    name: str
    home: str
    summary: str = ""
    scope: str = ""
    fails: str = ""


def known() -> dict[str, Known]:
    """All known devices by name, in alphabetical order.

    A device that was registered in this process hides one of the package, and this one that of an
    entry point.

    >>> print(known()["hessian"].home)
    singularity_lab.spectroscopes.devices.hessian:DEVICE
    """
    found = _brought(tuple(sys.path)) | _written(tuple(devices.__path__))
    for name, run in REGISTERED.items():
        d = Device.of(run, name)
        home = f"{d.run.__module__}:{getattr(d.run, '__qualname__', name)}"
        found[name] = Known(name, home, d.summary, d.scope, d.fails)
    return dict(sorted(found.items()))


@cache
def _brought(_path: tuple[str, ...]) -> dict[str, Known]:
    """The devices of other packages on an import path, by the entry points of these."""
    group = importlib.metadata.entry_points(group="singularity_lab.spectroscopes")
    return {e.name: Known(e.name, e.value) for e in group}


@cache
def _written(folders: tuple[str, ...]) -> dict[str, Known]:
    """The records in the files of folders, from their source."""
    found: dict[str, Known] = {}
    for file in (f for folder in folders for f in sorted(Path(folder).glob("*.py"))):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=attribute)],
                    value=ast.Call(func=ast.Name(id="Device"), keywords=keywords),
                ):
                    try:
                        texts = {
                            k.arg: str(ast.literal_eval(k.value))
                            for k in keywords
                            if k.arg in _TEXTS
                        }
                    except ValueError as error:
                        raise BadInput(
                            f"{file.name}, line {node.lineno}: {', '.join(_TEXTS)}: literal texts "
                            "are needed, for they are read from the source"
                        ) from error
                    home = f"{devices.__name__}.{file.stem}:{attribute}"
                    one = Known(home=home, **texts)
                    if one.name in found:
                        raise BadInput(
                            f"name: one device each, {one.name} is in {found[one.name].home} "
                            f"and {home}"
                        )
                    found[one.name] = one
    return found


def known_devices() -> dict[str, str]:
    """Names of all known devices, with where each comes from: registered, of this package, or an
    installed entry point."""
    return {name: one.home for name, one in known().items()}


def register(name: str) -> Callable[[Spectroscope], Spectroscope]:
    """Decorator: make a device known to :func:`measure` under a name, for this process."""

    def add(device: Spectroscope) -> Spectroscope:
        REGISTERED[name] = device
        return device

    return add


def unknown_device(name: str) -> BadInput:
    """The error about a name that no device has: the nearest one, then all.

    >>> str(unknown_device("volumee"))[:66]
    "device: none is called 'volumee'; did you mean volume? There are a"
    """
    names = list(known())
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return BadInput(f"device: none is called {quoted(name)}{hint} There are {', '.join(names)}")


def check_settings(device: Device, settings: Mapping[str, Any]) -> None:
    """Raise BadInput for settings that a device refuses whatever the loss is: names that it has
    not, values of another type or outside of their range.

    >>> check_settings(find_device("volume"), {"replicates": 2})
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: replicates: expected at least 4, received 2
    """
    if device.Settings is None:
        return
    own = dict(settings)
    if device.reader:
        names = {f.name for f in dataclasses.fields(device.Settings)}
        rest = {k: own.pop(k) for k in settings if k not in names}
        chosen: Any = settings_of(device.Settings, own, device.name)
        check_settings(find_device(getattr(chosen, device.reader)), rest)
    else:
        settings_of(device.Settings, own, device.name)


def find_device(name: str) -> Device:
    """The record of a device, imported. Raises BadInput for a name that is not known."""
    if name in REGISTERED:
        return Device.of(REGISTERED[name], name)
    homes = known_devices()
    if name not in homes:
        raise unknown_device(name)
    module, _, attribute = homes[name].partition(":")
    return Device.of(getattr(importlib.import_module(module), attribute), name)
