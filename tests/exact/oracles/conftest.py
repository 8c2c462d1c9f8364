"""What tests of other computer algebra systems share: the systems, or a script in their place."""

import stat

import pytest

from singularity_lab.exact.oracles.macaulay2 import Macaulay2
from singularity_lab.exact.oracles.singular import Singular


@pytest.fixture
def imitation(tmp_path):
    """A program that reads its input and does what the test says."""

    def make(body):
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return make


@pytest.fixture
def singular():
    if not Singular.installed():
        pytest.skip("Singular is not installed")
    return Singular(seconds=60)


@pytest.fixture
def macaulay2():
    if not Macaulay2.installed():
        pytest.skip("Macaulay2 is not installed")
    return Macaulay2(seconds=120)
