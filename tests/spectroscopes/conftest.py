"""What tests of the registry of devices share: the worked example of the page, in its place."""

import re
import sys

import pytest

from singularity_lab.spectroscopes import devices


@pytest.fixture
def page(repository):
    return (repository / "docs" / "add-a-device.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A second folder of device files, as if it were the one of the package."""
    monkeypatch.setattr(devices, "__path__", [*devices.__path__, str(tmp_path)])
    yield tmp_path
    for name in [m for m in sys.modules if m.startswith(f"{devices.__name__}.")]:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]
            delattr(devices, name.rpartition(".")[2])


@pytest.fixture
def counting(page, folder):
    """The one file of the worked example, in its place."""
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    (folder / "counting.py").write_text(code, encoding="utf-8")
    return "counting"
