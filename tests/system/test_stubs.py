"""The names of a package, as its stub says."""

from pathlib import Path

import singularity_lab
from singularity_lab import models
from singularity_lab.system.stubs import homes


def test_the_stub_beside_a_file_is_read(tmp_path):
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "__init__.pyi").write_text(
        "from a.b import one as one\nfrom a.c import two as two, three as three\n"
    )
    assert homes(str(tmp_path / "__init__.py")) == {"one": "a.b", "two": "a.c", "three": "a.c"}


def test_each_name_is_at_home_where_the_stub_says():
    from importlib import import_module

    for package in (singularity_lab, models):
        if not Path(package.__file__).with_suffix(".pyi").exists():
            continue
        listed = homes(package.__file__)
        assert listed
        for name, home in listed.items():
            assert hasattr(import_module(home), name), name
