"""Versions of devices: of all the code that a reading depends on, and of no other."""

import pytest

from singularity_lab.calibration.versions import closure, of_function, of_module

DEVICES = "singularity_lab.spectroscopes.devices"


def test_each_device_has_its_own_and_it_stays():
    names = [f"{DEVICES}.{n}" for n in ("hessian", "llc", "volume")]
    found = [of_module(n) for n in names]
    assert len(set(found)) == 3
    assert [of_module(n) for n in names] == found


@pytest.fixture
def package(tmp_path):
    (tmp_path / "start.py").write_text("import near\ndef f():\n    from sub import far\n")
    (tmp_path / "near.py").write_text("x = 1\n")
    (tmp_path / "other.py").write_text("y = 1\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "__init__.py").write_text("")
    (tmp_path / "sub" / "far.py").write_text("z = 1\n")
    return tmp_path


def test_the_closure_has_what_is_imported_also_within_functions(package):
    found = {p.relative_to(package).as_posix() for p in closure("", package, "start")}
    assert found >= {"start.py", "near.py", "sub/far.py"}
    assert "other.py" not in found


def test_a_change_of_what_is_reached_changes_the_version(package):
    def f(loss, seed, budget):
        return 0.5

    f.__module__ = "start"
    before = of_function(f, str(package / "start.py"))
    (package / "other.py").write_text("y = 2\n")
    assert of_function(f, str(package / "start.py")) == before
    (package / "near.py").write_text("x = 2\n")
    assert of_function(f, str(package / "start.py")) != before


def test_a_function_that_was_typed_in_has_the_version_of_its_code():
    def one(loss, seed, budget):
        return 0.5

    def other(loss, seed, budget):
        return 0.75

    assert of_function(one, "") != of_function(other, "")
    assert of_function(one, "") == of_function(one, "")
