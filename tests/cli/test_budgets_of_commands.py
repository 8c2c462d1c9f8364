"""Commands with --budget: the whole process, with its start, the search, the check of what was
found and the printing, takes at most 1.2 · budget + 2 CPU seconds, and says what is proved."""

from __future__ import annotations

import re
import resource
import subprocess
import sys

import pytest

ASKED = {
    "many terms": ["rlct", "(x+y+z+w)^30-(x*y*z*w)^9"],
    "a chain": ["rlct", *[f"x{i}^2+x{(i + 1) % 150}^3*x{7 * i % 150}" for i in range(150)]],
    "one quadric": ["rlct", "+".join(f"x{i}^2" for i in range(200))],
    "many squares": ["rlct", *[f"x{i}^2" for i in range(2000)]],
    "dense": ["rlct", "(x+y+z)^20+x^7*y^3*z^9"],
    "a wide simplex": ["zeta", "x^1000+y^1001+z^1003+x^2*y^2*z^2"],
    "a high degree": ["zeta", "x^1000000-y^999999"],
    "many jets": ["jets", "x^2-y^3+z^7", "--order", "300"],
}
ANSWERS = {
    "rlct": r"lambda = \d+(/\d+)?, m = 1 |\d+(/\d+)? <= lambda <= \d+(/\d+)? ",
    "zeta": "candidate poles",
    "jets": r"codimensions before: \[1, 2, 3, .*, 41, 41, 42",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ASKED)
def test_a_command_ends_within_its_budget_with_what_is_proved(name):
    budget = 3
    command = [sys.executable, "-m", "singularity_lab.cli", *ASKED[name], "--budget", str(budget)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent <= 1.2 * budget + 2
    assert run.returncode in (0, 3)
    assert re.search(ANSWERS[ASKED[name][0]], run.stdout + run.stderr)


def test_what_zeta_does_not_find_within_the_budget_is_sought_once():
    from singularity_lab import Undecided, zeta

    found = zeta("x^1000000 - y^999999", budget=1)
    for _ in range(2):
        with pytest.raises(Undecided, match="real poles"):
            _ = found.real_poles
    assert "real poles: not computed" in str(found)
