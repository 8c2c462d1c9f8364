"""What all tests share: drawing without a screen, a patient Hypothesis, the truth tables."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from optional import MISSING

from singularity_lab.errors import BadInput

REPOSITORY = Path(__file__).resolve().parents[1]

os.environ.setdefault("MPLBACKEND", "Agg")

# A job in the background begins with Ctrl-C ignored; tests of it need it heard.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Exact algebra has no useful deadline; in continuous integration the examples are fixed.
hypothesis.settings.register_profile("lab", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "lab")


@pytest.fixture(autouse=True)
def alarm_of_limits() -> Iterator[None]:
    """A test leaves the alarm of time limits as it was: another handler would not hear it."""
    yield
    if hasattr(signal, "SIGPROF"):
        left = signal.getsignal(signal.SIGPROF)
        signal.setitimer(signal.ITIMER_PROF, 0)
        assert left is signal.SIG_DFL or getattr(left, "__name__", "") == "_ring", left


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def truth_tables() -> Path:
    """The folder of truth tables: SINGLAB_TRUTH, or ``shared/truth`` beside the checkout.

    The product never reads it. Tests that ask for it are skipped where it is absent.
    """
    folder = Path(os.environ.get("SINGLAB_TRUTH", REPOSITORY.parent / "shared" / "truth"))
    if not folder.is_dir():
        pytest.skip("no truth tables here (set SINGLAB_TRUTH)")
    return folder


# -- where optional libraries are missing: what needs them is skipped, and says which -------------


def _missing(error: BaseException) -> str:
    """The optional library that an error names, if it is not installed; else ""."""
    told = re.search(r"(\w+) is needed and not installed", str(error))
    name = told[1] if told else (getattr(error, "name", None) or "").partition(".")[0]
    return name if name in MISSING else ""


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """A file that cannot be imported without an optional library is skipped."""
    report = yield
    told = re.search(r"No module named '(\w+)", str(report.longrepr)) if report.failed else None
    if told and told[1] in MISSING:
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, f"Skipped: {told[1]} is not installed")
    return report


@contextlib.contextmanager
def _skipped_where_missing() -> Iterator[None]:
    try:
        yield
    except (ImportError, BadInput) as error:
        if name := _missing(error):
            pytest.skip(f"{name} is not installed")
        raise


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """A test that imports what is not installed is skipped."""
    with _skipped_where_missing():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """So is one whose fixtures do; an error of a shared fixture is raised to each of its tests."""
    with _skipped_where_missing():
        return (yield)


def pytest_collection_finish() -> None:
    """What is there now stays: collections of garbage need not look at a million objects again."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked ``gpu`` are skipped where torch sees no CUDA device."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))
