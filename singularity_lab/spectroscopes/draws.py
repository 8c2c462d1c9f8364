"""Draws that are kept: the losses of examples or tokens at every draw of the localised posterior,
and what covariances of them say.

With L the mean loss over n examples, ℓ_i the loss of one, and E over exp(−nβL − γ|w − w*|²/2):

    χ_i = −nβ·Cov(L, ℓ_i − L)   the response of E[L] to more weight on example i (susceptibility;
                                 Baker, Wang, Hoogland, Murfet 2025)
    B_ij = −Cov(ℓ_i, ℓ_j)        the Bayesian influence of example i on the loss of j (Kreer, Wu,
                                 Adam, Furman, Hoogland 2025); β·B_ij is the derivative of E[ℓ_j] by
                                 the weight of example i

Errors come from the jackknife over chains; chains from w* and scattered ones, the step ε and ε/2
are told apart as in :mod:`singularity_lab.spectroscopes.inference.convergence`, and what they
disagree on belongs to the error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from singularity_lab.errors import BadInput
from singularity_lab.system.extras import require

__all__ = ["DATA", "Draws", "ErrorMatrix", "susceptibilities"]

DATA = "data"  # the name of the data that the loss is made of
_CELLS = 20_000_000  # numbers held at once


@dataclass(frozen=True)
class ErrorMatrix:
    """Numbers with one standard error each. value, error: (p, q); freedom: of Student's law;
    rows, columns: what they are of."""

    value: np.ndarray
    error: np.ndarray
    freedom: int
    rows: tuple[str, ...]
    columns: tuple[str, ...]

    def intervals(self, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends at a level, (p, q) each.

        >>> m = ErrorMatrix(np.array([[1.0]]), np.array([[0.1]]), 10**6, ("a",), ("b",))
        >>> [round(float(x[0, 0]), 2) for x in m.intervals(0.95)]
        [0.8, 1.2]
        """
        from scipy.stats import t  # 0.3 s: imported when needed

        half = float(t.ppf(0.5 * (1 + level), self.freedom)) * self.error
        return self.value - half, self.value + half

    def to_pandas(self) -> Any:
        """A long table with the columns row, column, value, error; needs pandas."""
        require("to_pandas", "pandas")
        import pandas as pd

        p, q = self.value.shape
        return pd.DataFrame({
            "row": np.repeat(np.array(self.rows), q),
            "column": np.tile(np.array(self.columns), p),
            "value": self.value.ravel(),
            "error": self.error.ravel(),
        })  # fmt: skip


@dataclass(frozen=True)
class Draws:
    """What chains saw after burn-in.

    energy: (c, t) K = L − L(w*) by chain and draw, of the step's own minibatch where losses are of
    minibatches. distance: (c, t) |w − w*|. losses: by data set, (c, t, k) losses of its examples
    (or tokens), all data at once; "data" are those that the loss is made of. scattered, halved:
    (c,) whether a chain began away from w*, and takes half the step. nbeta: nβ.
    """

    energy: np.ndarray
    distance: np.ndarray
    losses: Mapping[str, np.ndarray]
    scattered: np.ndarray
    halved: np.ndarray
    nbeta: float

    def _of(self, name: str) -> np.ndarray:
        if name not in self.losses:
            raise BadInput(f"data set: expected one of {sorted(self.losses)}, received {name!r}")
        return self.losses[name]

    def covariance(
        self, first: np.ndarray, second: np.ndarray, factor: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """factor·Cov(first, second) over chains and draws, its standard error, and the degrees of
        freedom. first: (c, t, p), second: (c, t, q); returns (p, q), (p, q) and a number."""
        steps = [self.halved == side for side in (False, True) if (self.halved == side).any()]
        parts = [_jackknifed(first[s], second[s]) for s in steps]
        value, squared = parts[-1][0], parts[-1][1] ** 2
        if len(parts) == 2:
            gap = parts[1][0] - parts[0][0]
            value = 2 * parts[1][0] - parts[0][0]
            squared = 4 * parts[1][1] ** 2 + parts[0][1] ** 2 + gap**2 / 4
        if self.scattered.any() and not self.scattered.all():
            far = _covariance(first[self.scattered], second[self.scattered])
            near = _covariance(first[~self.scattered], second[~self.scattered])
            squared = squared + (far - near) ** 2 / 4
        freedom = min(int(s.sum()) for s in steps) - 1
        return factor * value, abs(factor) * np.sqrt(squared), freedom

    def influence(self, of: str = DATA, on: str = DATA) -> ErrorMatrix:
        """The Bayesian influence −Cov(ℓ_i, ℓ_j) of the examples of one kept data set on those of
        another, (k, k'). Raises BadInput for a data set that was not kept."""
        a, b = self._of(of), self._of(on)
        value, error, freedom = self.covariance(a, b, -1.0)
        return ErrorMatrix(value, error, freedom, _names(of, a.shape[2]), _names(on, b.shape[2]))

    def susceptibility(
        self, on: str = DATA, parts: Mapping[str, Sequence[int]] | None = None
    ) -> ErrorMatrix:
        """χ = −nβ·Cov(L, ℓ_part − L), (1, k): the response of the mean loss to more weight on
        examples of a kept data set. parts: name → indices of examples, whose mean is taken; every
        example by itself where None. Raises BadInput where the data of the loss were not kept, or
        for an index that is none."""
        seen, names = self._of(on), _names(on, self._of(on).shape[2])
        if parts is not None:
            for name, rows in parts.items():
                if not len(rows) or not all(0 <= int(i) < seen.shape[2] for i in rows):
                    raise BadInput(
                        f"parts: expected indices in 0…{seen.shape[2] - 1} for {name!r}, "
                        f"received {list(rows)}"[:200]
                    )
            seen = np.stack([seen[:, :, list(map(int, r))].mean(2) for r in parts.values()], 2)
            names = tuple(parts)
        whole = self._of(DATA).mean(2, keepdims=True)
        value, error, freedom = self.covariance(whole, seen - whole, -self.nbeta)
        return ErrorMatrix(value, error, freedom, ("all",), names)

    def to_datatree(self, attributes: Mapping[str, Any] | None = None) -> Any:
        """An xarray DataTree in the layout of ArviZ: ``posterior`` (nbeta_excess = nβ(L − L(w*)),
        distance), ``log_likelihood`` (−ℓ by data set), with coordinates chain, draw, scattered and
        halved; needs xarray. R-hat and ESS are then ``arviz_stats.rhat(tree)`` and so on."""
        require("to_datatree", "xarray")
        import xarray as xr

        c, t = self.energy.shape
        coords = {
            "chain": np.arange(c),
            "draw": np.arange(t),
            "scattered": ("chain", self.scattered),
            "halved": ("chain", self.halved),
        }
        posterior = xr.Dataset(
            {
                "nbeta_excess": (("chain", "draw"), self.nbeta * self.energy),
                "distance": (("chain", "draw"), self.distance),
            },
            coords,
            dict(attributes or {}),
        )
        examples = xr.Dataset(
            {name: (("chain", "draw", f"{name}_example"), -x) for name, x in self.losses.items()},
            coords,
        )
        return xr.DataTree.from_dict({"posterior": posterior, "log_likelihood": examples})


def _names(of: str, count: int) -> tuple[str, ...]:
    return tuple(f"{of}[{i}]" for i in range(count))


def _covariance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Covariance (p, q) of (c, t, p) and (c, t, q) over chains and draws."""
    x, y = a.reshape(-1, a.shape[2]), b.reshape(-1, b.shape[2])
    return (x - x.mean(0)).T @ (y - y.mean(0)) / len(x)


def _jackknifed(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The covariance over all draws, and its standard error by the jackknife over chains."""
    c = len(a)
    if c < 2:
        raise BadInput(f"draws: expected at least two chains of a step, received {c}")
    x, y = a - a.mean((0, 1)), b - b.mean((0, 1))
    p, q = x.shape[2], y.shape[2]
    value, error = np.empty((p, q)), np.empty((p, q))
    mx, my = x.mean(1), y.mean(1)
    for rows in np.array_split(np.arange(p), max(1, c * p * q // _CELLS + 1)):
        both = np.einsum("ctp,ctq->cpq", x[:, :, rows], y) / x.shape[1]
        left = (both.sum(0) - both) / (c - 1)
        means = (mx[:, rows].sum(0) - mx[:, rows]) / (c - 1), (my.sum(0) - my) / (c - 1)
        left = left - means[0][:, :, None] * means[1][:, None, :]
        value[rows] = both.mean(0)
        error[rows] = np.sqrt((c - 1) / c * ((left - left.mean(0)) ** 2).sum(0))
    return value, error


def susceptibilities(
    draws: Mapping[str, Draws], on: str = DATA, parts: Mapping[str, Sequence[int]] | None = None
) -> ErrorMatrix:
    """Susceptibilities of components of the weights (rows) to examples or parts of the data.

    draws: name of a component → draws in which its weights moved alone (``llc(…, only=…,
    keep="losses").draws``). on, parts: as in :meth:`Draws.susceptibility`. Raises BadInput for no
    component.
    """
    if not draws:
        raise BadInput("draws: expected at least one component, received none")
    found = [d.susceptibility(on, parts) for d in draws.values()]
    return ErrorMatrix(
        np.concatenate([m.value for m in found]),
        np.concatenate([m.error for m in found]),
        min(m.freedom for m in found),
        tuple(draws),
        found[0].columns,
    )
