"""``singlab rlct --batch``: a list of problems, each answered in a line of its own."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

from singularity_lab.cli.shell import BAD_INPUT, DONE, INTERRUPTED, note, print_json, progress_bar
from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.system.deadline import TimeLimit
from singularity_lab.system.files import read_json

_KNOWN = ("id", "vars", "generators", "point", "nonnegative", "prior", "box", "as", "budget")


def run_batch(source: str, budget: float, as_json: bool) -> int:
    """Answer a file of problems, line by line; the exit code.

    A bad item is an error line, and the rest is answered: the code is then 2, after all others. The
    first Ctrl-C ends the item at work, with the bounds that are proved so far; the second ends the
    batch. After either the code is 130.
    """
    items = _read_batch(source)
    done = bad = 0
    with progress_bar() as progress, _counted_interrupts() as interrupts:
        for number, item in enumerate(items):
            name = _name(item, number)
            progress("proving", number, len(items), str(name))
            line = _batch_line(name, item, budget, interrupts)
            if line is None:  # a second Ctrl-C
                break
            bad += line["status"] == "error"
            if as_json:
                print_json(line)
            else:
                print(f"{name}: {line.get('text') or 'error: ' + line['error']}", flush=True)
            done += 1
            if interrupts.count > 1:
                break
        else:
            progress("proving", len(items), len(items), "")
    if interrupts.count > 1 and done < len(items):
        note(f"{done} of {len(items)} problems are answered")
    if interrupts.count:
        return INTERRUPTED
    return BAD_INPUT if bad else DONE


class _Interrupts:
    """How often Ctrl-C came: a handler that counts, and ends the item at work.

    It raises nothing: an exception that lands in the middle of an import, in a finalizer or between
    two items would end something else, or nothing. It ends the time limit of the item, which knows
    where it may be raised; between two items it is kept for the next one.
    """

    count = 0
    pending = False
    limit: TimeLimit | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 2:  # who insists does not want to wait
            raise KeyboardInterrupt
        self.pending = True
        self.end_item()

    def end_item(self) -> None:
        """End the item at work if a Ctrl-C is meant for it."""
        if self.pending and self.limit is not None:
            self.pending = False
            self.limit.shorten(0.0)

    def search_ended(self) -> None:
        """A search has ended in good order upon Ctrl-C; it calls this instead of the handler."""
        self.count += 1

    @contextmanager
    def item(self) -> Iterator[None]:
        """The region in which Ctrl-C ends the item: what is left of it is then skipped."""
        with TimeLimit(None) as limit:
            self.limit = limit
            try:
                self.end_item()
                yield
            finally:
                self.limit = None


@contextmanager
def _counted_interrupts() -> Iterator[_Interrupts]:
    """Count Ctrl-C for the length of the block, where nobody else handles it."""
    interrupts, usual = _Interrupts(), signal.default_int_handler
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not usual:
        yield interrupts
        return
    signal.signal(signal.SIGINT, interrupts)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, usual)


class _Twice:
    """Stands for an object of JSON that gives a key twice: of two values, which one is meant?"""

    def __init__(self, key: str) -> None:
        self.key = key


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    keys = [k for k, _ in pairs]
    return _Twice(next(k for k in keys if keys.count(k) > 1))


def _integer(digits: str) -> int | str:
    """An integer of JSON; as text where Python does not read so many digits."""
    try:
        return int(digits)
    except ValueError:
        return digits


def _read_batch(source: str) -> list[Any]:
    items = read_json(
        source,
        "--batch",
        parse_float=str,  # 0.5 is 1/2, and not the float
        parse_int=_integer,
        parse_constant=float,  # NaN and infinities are refused where they stand
        object_pairs_hook=_object,
    )
    if not isinstance(items, list):
        raise BadInput(
            f"--batch: a list of problems is needed, {source} holds a {type(items).__name__}"
        )
    return items


def _name(item: Any, number: int) -> int | str:
    """What an item is called in its line: its id where that is a text or an integer."""
    name = item.get("id", number) if isinstance(item, Mapping) else number
    return name if isinstance(name, int | str) and not isinstance(name, bool) else number


def _batch_line(
    name: Any, item: Any, budget: float, interrupts: _Interrupts
) -> dict[str, Any] | None:
    """The answer to one problem; whatever is wrong with it is said in its own line. None where a
    second Ctrl-C ended it."""

    def wrong(why: object) -> dict[str, Any]:
        text = " ".join(str(why).split())
        text = text if len(text) <= 500 else text[:497] + "..."
        return {"id": name, "status": "error", "error": text}

    def answer(**limits: Any) -> dict[str, Any]:
        from singularity_lab.exact.engine.solve import rlct as prove

        given, ignored = _problem_of(item, budget)
        result = prove(given.pop("generators"), **given | limits)
        line = {"id": name, **result.to_json(), "text": str(result).splitlines()[0]}
        return line | ({"ignored": ignored} if ignored else {})

    try:
        with interrupts.item():
            return answer()
        # interrupted outside of the search, which would have ended with its bounds
        if interrupts.count < 2:
            with interrupts.item():
                return answer(budget=1.0, nodes=1)
        return None
    except SingularityLabError as error:
        return wrong(error)
    except RecursionError:
        return wrong("Python's stack does not hold this computation; please report this")
    except MemoryError:
        return wrong("the problem does not fit into memory")
    except Exception as error:  # a fault of the laboratory costs its own item alone
        return wrong(f"please report this: {type(error).__name__}: {error}")


def _problem_of(item: Any, budget: float) -> tuple[dict[str, Any], list[str]]:
    """Arguments of ``rlct`` from an item, and the fields that it does not know.

    A field that looks like a misspelt known one is an error: to pass over ``nonegative`` would
    answer another question.
    """
    from difflib import get_close_matches

    if isinstance(item, _Twice):
        raise BadInput(f"item: the key {item.key[:40]!r} is given twice")
    if not isinstance(item, Mapping):
        raise BadInput(f"item: an object is needed, received {type(item).__name__}")
    if "id" in item and _name(item, -1) != item["id"]:
        raise BadInput(f"id: a text or an integer is needed, received {item['id']!r}")
    ignored = [k for k in item if k not in _KNOWN]
    for key in ignored:
        near = get_close_matches(key, _KNOWN, n=1, cutoff=0.8)
        if near:
            raise BadInput(f"{key}: unknown field; perhaps {near[0]}")
    generators = item.get("generators")
    if isinstance(generators, str):
        generators = [generators]
    row = _row_of(generators, item)
    if row is not None:
        return {"generators": row, "budget": _seconds(item, budget)}, ignored
    if not isinstance(generators, list) or not all(isinstance(g, str) for g in generators):
        raise BadInput(f"generators: a list of expressions is needed, received {generators!r}")
    for key, kinds in (("vars", (str, list)), ("nonnegative", (str, list)), ("point", (dict, list)),
                       ("prior", (dict, list)), ("box", (dict,)), ("as", (str,))):  # fmt: skip
        if item.get(key) is not None and not isinstance(item[key], kinds):
            raise BadInput(f"{key}: received {item[key]!r}")
    names = item.get("vars")
    prior = item.get("prior")
    if isinstance(prior, list):
        order = names.replace(",", " ").split() if isinstance(names, str) else names
        if order is None or len(order) != len(prior):
            raise BadInput("prior: a list needs vars, and as many exponents")
        prior = dict(zip(order, prior, strict=True))
    box = item.get("box") or {}
    for name, side in box.items():
        if not isinstance(side, list) or len(side) != 2:
            raise BadInput(f"box[{name}]: [low, high] is needed, received {side!r}")
    return {
        "generators": generators,
        "variables": names,
        "at": item.get("point"),
        "nonnegative": item.get("nonnegative") or (),
        "prior": prior,
        "box": {n: (s[0], s[1]) for n, s in box.items()} or None,
        "convention": item.get("as") or "ideal",
        "budget": _seconds(item, budget),
    }, ignored


def _row_of(generators: Any, item: Mapping[str, Any]) -> Any:
    """The germ of the row that an item names, or None."""
    from singularity_lab.catalog.lookup import find_row, germ_of

    row = find_row(generators, item.get("vars"))
    if row is None:
        return None
    for key in ("nonnegative", "prior", "box", "as"):
        if item.get(key):
            raise BadInput(f"{key}: given by the row, so it cannot be given as well")
    return germ_of(row, item.get("point"))


def _seconds(item: Mapping[str, Any], budget: float) -> float | None:
    limit = item.get("budget", budget)
    try:
        if isinstance(limit, bool):
            raise TypeError
        limit = None if limit is None else float(limit)
        if limit is not None and not math.isfinite(limit):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"budget: seconds are needed, received {str(limit)[:80]!r}") from None
    return limit
