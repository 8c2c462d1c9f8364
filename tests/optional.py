"""Which optional libraries are not installed here, seen before any test hides one."""

from __future__ import annotations

from singularity_lab.system.extras import EXTRA_OF, installed

MISSING = frozenset(module for module in EXTRA_OF if not installed(module))
