"""Objects that people name as module:function."""

import sys

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.system.user_modules import find, path_without_here, safe_path


def test_an_object_by_its_path():
    import math

    assert find("math:sqrt", "loss") is math.sqrt
    assert find("os.path:join", "loss")("a", "b")


@pytest.mark.parametrize(
    "path", ["math", "math:", ":sqrt", "no_such_module:f", "math:no_such_name", "a b:c"]
)
def test_what_cannot_be_found_names_the_argument(path):
    with pytest.raises(BadInput, match=r"^device: "):
        find(path, "device")


def test_whatever_a_module_raises_is_told(tmp_path, monkeypatch):
    (tmp_path / "angry_module.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BadInput, match="cannot be imported"):
        find("angry_module:f", "loss")


def test_the_current_folder_is_not_on_the_path_of_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), "/usr/lib"])
    assert path_without_here() == ["/usr/lib"] or str(tmp_path) not in path_without_here()
    with safe_path():
        pass
