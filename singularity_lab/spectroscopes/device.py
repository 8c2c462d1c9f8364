"""A device as one record: all that the registry, the command line, the report and the pages need.

Stands on no library, so that the list of devices is there where torch is not.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import (
    TYPE_CHECKING,
    Any,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from singularity_lab.errors import BadInput, quoted

if TYPE_CHECKING:
    from singularity_lab.spectroscopes.losses.protocol import Loss
    from singularity_lab.spectroscopes.meter import Budget
    from singularity_lab.spectroscopes.reading import Reading

__all__ = ["Device", "Setting", "Spectroscope", "meant", "setting", "settings_of"]

T = TypeVar("T")

_ELSEWHERE = {  # what other estimators of the field call a setting
    "num_chains": "chains", "n_chains": "chains", "num_draws": "draws", "n_draws": "draws",
    "num_samples": "draws", "num_burnin_steps": "burn_in", "burnin": "burn_in", "warmup": "burn_in",
    "num_warmup": "burn_in", "num_steps_bw_draws": "thin", "lr": "epsilon",
    "learning_rate": "epsilon", "step_size": "epsilon", "eps": "epsilon", "localization": "gamma",
    "elasticity": "gamma", "nbeta": "beta", "inverse_temperature": "beta", "temperature": "beta",
    "num_leapfrog_steps": "leapfrogs",
}  # fmt: skip


class Spectroscope(Protocol):
    """The signature of a device."""

    def __call__(self, loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
        """Measure ``loss``."""
        ...


@dataclass(frozen=True)
class Setting:
    """A setting of a device: its name, its default, and its meaning in words."""

    name: str
    default: Any
    meaning: str


def setting(default: T, meaning: str) -> T:
    """A field of a settings dataclass, with its default and its meaning in words.

    >>> @dataclass(frozen=True)
    ... class Settings:
    ...     draws: int = setting(100, "points drawn")
    >>> Settings().draws
    100
    """
    return dataclasses.field(default=default, metadata={"meaning": meaning})


def meant(name: str, known: Sequence[str]) -> str | None:
    """Return the known setting that a name of another program, or a misspelt one, stands for, or
    None.

    >>> meant("num_chains", ["chains", "draws"]), meant("drawss", ["chains", "draws"])
    ('chains', 'draws')
    """
    found = _ELSEWHERE.get(name.lower())
    if found in known:
        return found
    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


def settings_of(cls: type[T], given: Mapping[str, Any], device: str) -> T:
    """Return a settings dataclass from keyword arguments.

    A float that is a whole number stands for the integer. Raises BadInput for a name that is not
    known, with those that are, and for a value of another type than the field is annotated with.

    >>> @dataclass(frozen=True)
    ... class Settings:
    ...     draws: int = setting(100, "points drawn")
    >>> settings_of(Settings, {"draws": 1e2}, "mine").draws
    100
    >>> settings_of(Settings, {"draws": "many"}, "mine")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: settings: draws of mine: an integer is needed, received 'many'
    """
    known = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    for name in sorted(set(given) - set(known)):
        near = meant(name, known)
        hint = "." if near is None else f"; did you mean {near}?"
        raise BadInput(
            f"settings: {device} has none that is called {name!r}{hint} It knows {', '.join(known)}"
        )
    kinds = _kinds(cls)
    return cls(**{k: _typed(v, kinds.get(k, Any), f"{k} of {device}") for k, v in given.items()})


def _kinds(cls: type) -> dict[str, Any]:
    """The types of the fields; none where an annotation cannot be read."""
    try:
        return get_type_hints(cls)
    except (NameError, TypeError):
        return {}


_WORDS = {int: "an integer", float: "a number", str: "a text", bool: "true or false"}


def _typed(value: Any, kind: Any, name: str) -> Any:
    """A value as its type has it: an integer for a float that is whole. Raises BadInput for a value
    that is not of the type; types that are not those of numbers, texts and truth are not checked.
    """
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    if value is None and type(None) in kinds:
        return None
    if not set(kinds) <= {*_WORDS, type(None)}:
        return value
    truth = isinstance(value, bool)
    for one in kinds:
        if one in (bool, str) and isinstance(value, one):
            return value
        if one is float and isinstance(value, Real) and not truth:
            return value
        whole = isinstance(value, Integral) or (isinstance(value, Real) and value == value // 1)
        if one is int and whole and not truth:
            return int(value)
    words = " or ".join(_WORDS[one] for one in kinds if one in _WORDS)
    raise BadInput(f"settings: {name}: {words} is needed, received {quoted(value)}")


@dataclass(frozen=True, kw_only=True)
class Device:
    """A device with what is said of it; calling it measures.

    name: in the registry. summary: one line, without a full stop. scope: one or two sentences, what
    a reading says and what it does not. Settings: a frozen dataclass whose fields are made by
    :func:`setting`, or None where nothing is known of them. run: the function that measures. plot:
    draws a reading on axes (None: new ones) and returns them. fails: of a negative control, why it
    fails; "" of a device that does not. reader: the setting that names another device, which takes
    the settings that are not this one's; "" where there is none.

    A device of this package is such a record at the top level of a file in ``devices/``, with
    ``name``, ``summary``, ``scope`` and ``fails`` written as literal texts: the registry reads them
    from the source. Raises BadInput for a record without a name, or a summary of several lines.
    """

    name: str
    summary: str
    scope: str
    run: Spectroscope
    Settings: type | None = None
    plot: Callable[[Reading, Any], Any] | None = None
    fails: str = ""
    reader: str = ""

    def __post_init__(self) -> None:
        if not self.name or self.name != self.name.strip():
            raise BadInput(f"name: a word is needed, received {self.name!r}")
        if "\n" in self.summary:
            raise BadInput(f"summary: one line is needed, received {self.summary[:80]!r}")

    def __call__(self, loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
        """Measure ``loss``."""
        return self.run(loss, seed=seed, budget=budget, **settings)

    @classmethod
    def of(cls, run: Spectroscope, name: str) -> Device:
        """The record itself, or one for a bare function: its summary is the first line of the
        function's docstring, its scope the rest.

        >>> Device.of(lambda loss, *, seed, budget: None, "mine").summary
        ''
        """
        if isinstance(run, Device):
            return run
        text = inspect.getdoc(run) if inspect.isroutine(run) else None
        first, _, rest = (text or "").partition("\n")
        return cls(name=name, summary=first, scope=" ".join(rest.split()), run=run)

    def settings(self) -> tuple[Setting, ...]:
        """The settings in their order, with defaults and meanings."""
        if self.Settings is None:
            return ()
        return tuple(
            Setting(f.name, f.default, f.metadata.get("meaning", ""))
            for f in dataclasses.fields(self.Settings)
        )
