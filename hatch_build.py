"""Build hook: a wheel carries ``catalog/`` as ``singularity_lab/_catalog``.

An editable install reads the checkout, so it gets no copy that could go stale.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"]["catalog"] = "singularity_lab/_catalog"
