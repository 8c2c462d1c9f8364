"""The stopwatch, and that it is the only one: no other module reads the clocks."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

from singularity_lab.system.stopwatch import Stopwatch

PACKAGE = Path(__file__).resolve().parents[2] / "singularity_lab"
CLOCKS = {"process_time", "perf_counter", "monotonic", "thread_time", "clock_gettime"}
READERS = {"system/stopwatch.py", "system/deadline.py"}  # those that may, and no other


def readers_of_clocks(sources: dict[str, str]) -> set[str]:
    """The names of the sources that take a clock from the module time."""
    found = set()
    for name, source in sources.items():
        if not any(clock in source for clock in CLOCKS):
            continue
        for node in ast.walk(ast.parse(source)):
            attribute = isinstance(node, ast.Attribute) and node.attr in CLOCKS
            imported = isinstance(node, ast.ImportFrom) and node.module == "time"
            if attribute or (imported and {a.name for a in node.names} & CLOCKS):
                found.add(name)
    return found


def test_it_counts_the_processor_and_the_wall():
    watch = Stopwatch()
    time.sleep(0.2)
    assert watch.wall >= 0.2
    assert watch.seconds < 0.2  # asleep, it has spent nothing
    sum(range(2_000_000))
    assert watch.seconds > 0.001


def test_seconds_spent_before_count():
    assert 60 <= Stopwatch(spent=60.0).seconds < 61


def test_children_that_have_ended_count_where_asked():
    own, all_ = Stopwatch(), Stopwatch(children=True)
    code = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-S", "-c", code], check=True)
    assert own.seconds < 0.15
    assert all_.seconds > 0.19


def test_no_other_module_reads_a_clock():
    sources = {str(f.relative_to(PACKAGE)): f.read_text() for f in PACKAGE.rglob("*.py")}
    assert readers_of_clocks(sources) == READERS


@pytest.mark.parametrize(
    "planted",
    ["import time\nbegan = time.perf_counter()", "from time import process_time as now"],
)
def test_a_planted_clock_is_found(planted):
    assert readers_of_clocks({"planted.py": planted, "clean.py": "x = 1"}) == {"planted.py"}
