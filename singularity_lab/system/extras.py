"""Libraries that are not required: which extra of the package brings which of them."""

from __future__ import annotations

import importlib.util
from typing import Any

from singularity_lab.errors import BadInput

__all__ = ["EXTRA_OF", "hint", "installed", "plain", "pyplot", "require"]

# The smallest extra that brings a module; pyproject.toml says the same of distributions.
EXTRA_OF = {
    "clarabel": "real",
    "contourpy": "report",
    "distributed": "cluster",
    "duckdb": "report",
    "jinja2": "report",
    "matplotlib": "report",
    "mpl_toolkits": "report",
    "nbclient": "notebook",
    "nbformat": "notebook",
    "pandas": "report",
    "polars": "frames",
    "pyarrow": "frames",
    "torch": "torch",
    "xarray": "draws",
}


def hint(module: str) -> str:
    """The command that installs a module.

    >>> hint("matplotlib.pyplot")
    "pip install 'singularity-lab[report]'"
    >>> hint("singular")
    'pip install singular'
    """
    top = module.partition(".")[0]
    extra = EXTRA_OF.get(top)
    return f"pip install {top}" if extra is None else f"pip install 'singularity-lab[{extra}]'"


def installed(module: str) -> bool:
    """True if a module can be found; it is not imported.

    >>> installed("json"), installed("no_such_module")
    (True, False)
    """
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def require(what: str, *modules: str) -> None:
    """Raise BadInput that names the first module that is not installed, and what installs it.

    what: what the modules are needed for.
    """
    for module in modules:
        if not installed(module):
            raise BadInput(f"{what}: {module} is needed and not installed: {hint(module)}")


def pyplot() -> Any:
    """The module ``matplotlib.pyplot``. Raises ImportError that says what to install."""
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "matplotlib":
            raise
        raise ImportError(
            f"a picture needs matplotlib, which is not installed: {hint('matplotlib')}",
            name="matplotlib",
        ) from None
    return plt


def plain(text: str) -> str:
    r"""A name as Matplotlib prints it as it stands: a dollar sign would begin mathematics.

    >>> print(plain("costs $3"))
    costs \$3
    """
    return str(text).replace("$", r"\$")
