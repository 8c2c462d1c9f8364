"""λ, m and the next pole from a volume curve. Watanabe 2009, ch. 4; Arnold et al. 1988, vol. II.

With x = −log ε the volume V(ε) = vol{K < ε} has the expansion Σ e^{−λ_k x} P_k(x), P_k a
polynomial of degree m_k − 1. The models here are

    V = e^{−λx}·[P(x) + ρ·e^{−δ(x − x₀)}],   deg P = m − 1,   m = 1 … m_max,

without (ρ = 0) and with a next pole at λ + δ, δ on a logarithmic grid, fitted to the increments
of log V from x₀ on, for several x₀. Two divisors that meet and whose poles differ by a small δ
give (1 − e^{−δ(x − x₀)})/δ where a tie gives x − x₀. So for m > 1 the highest power q^{m−1} of
q = x − x₀ is also tried as q^{m−1}·₁F₁(1; m; −δq), what m divisors give of which the last has its
pole at λ + δ: (m − 1)! times the inverse Laplace transform of 1/(s^{m−1}(s + δ)). It has
multiplicity m − 1 and is a tie until δq ~ 1. Beforehand such a near tie is half as probable as
the tie, and half again for every two poles that do tie: one tie speaks for a cause of others.
Where the curve cannot tell them apart P(m) says so.

Weights are Laplace approximations of the evidence; every further logarithm is half as probable
beforehand (chosen on 72 rows of the catalog outside the row set ``standard``, where intervals hold
the truth about as often for every m, and log 3 held it in 79 % of short curves with m ≥ 3); a level
dropped below x₀ costs a little more than a level well explained. P(x) = 1 + Σ e^{θ_j}(x − x₀)^j
has a log-normal prior around the exact normal crossing, V = e^{−z} Σ_{j<m} z^j/j!, z = λ·x +
const, so that a logarithm whose onset lies far outside the data is not believed.

Noise: increments have the spread seen between replicates, white plus a slowly varying part
(replicates that differ for many levels), whose share and range come from their autocorrelation.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from scipy.special import hyp1f1

from singularity_lab.spectroscopes.inference import islands
from singularity_lab.spectroscopes.reading import Estimate

__all__ = ["Fit", "Noise", "infer", "noise_of"]

DELTAS = tuple(1 / 96 * 2.0**k for k in range(8))
NEAR = 4  # of them, tried for two poles in place of a logarithm
CUTS = (0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
PRIOR_SD = 1.2  # of θ_j, around the normal crossing
RHO_SD = 1.0
LOGARITHM = math.log(2)  # cost of every further logarithm
TIED = math.log(2)  # cost of a near tie, for every tie beside it
DROP = 0.75  # cost of a dropped (joined) level, in nats; a kept level costs ½ on average


@dataclass(frozen=True)
class Noise:
    """Increments of the pooled curve: variance v, of which a share ``slow`` decays as ρ^lag."""

    variance: float
    slow: float
    rho: float

    def covariance(self, n: int) -> np.ndarray:
        """(n, n) covariance of n successive increments."""
        lag = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
        return self.variance * ((1 - self.slow) * np.eye(n) + self.slow * self.rho**lag)


@dataclass(frozen=True)
class Fit:
    """The model average. Models: m, x0, delta (NaN: no next pole), weight, value, error.

    value, low, high: of λ. multiplicity: P(m). given: m → (value, error). noise: of the
    increments. next_pole: (probability of a next pole, mean δ given one). chi2: per degree of
    freedom of the best model. curve: fitted log V of the best model, relative to its start, on x
    ≥ x₀.
    """

    value: float
    low: float
    high: float
    multiplicity: dict[int, float]
    given: dict[int, tuple[float, float]]
    next_pole: tuple[float, float]
    noise: Noise
    chi2: float
    models: dict[str, np.ndarray]
    curve: tuple[np.ndarray, np.ndarray]

    def estimates(self, level: float) -> dict[str, Estimate]:
        """λ, λ given each m of some probability, and the next pole where there is likely one, with
        intervals of a level."""
        found = {"lambda": Estimate(self.value, self.low, self.high, level)}
        for m, (value, error) in self.given.items():
            if self.multiplicity[m] > 0.01:
                half = normal_quantile(level) * error
                found[f"lambda given m={m}"] = Estimate(value, value - half, value + half, level)
        probability, delta = self.next_pole
        if probability > 0.5:
            found["next pole"] = Estimate(
                self.value + delta, self.value + delta / 2, self.value + 2 * delta, level
            )
        return found

    def diagnostics(self) -> dict[str, Any]:
        """The noise, the probability of a next pole, and the best dozen of the models."""
        order = np.argsort(-self.models["weight"], kind="stable")[:12]
        return {
            "chi2": self.chi2,
            "noise": asdict(self.noise),
            "next_pole_probability": self.next_pole[0],
            "models": {k: v[order] for k, v in self.models.items()},
        }


def _fewer(weights: np.ndarray | None) -> float:
    """By what the variance of an average over replicates is larger than where all count alike."""
    return 1.0 if weights is None else float((1 / islands.share(weights)).mean())


def noise_of(increments: np.ndarray, weights: np.ndarray | None = None) -> Noise:
    """Noise of the mean over replicates, from increments (L, R) of log V by replicate.

    weights: what each counts (L, R): an average in which few count has the variance of one over
    those.
    """
    e = increments - increments.mean(axis=1, keepdims=True)
    levels, replicates = e.shape
    power = (e * e).mean()
    variance = power / (replicates - 1) * _fewer(weights)
    lags = np.arange(1, max(2, levels // 2))
    c = np.array([(e[:-k] * e[k:]).mean() / power for k in lags])
    count = (levels - lags) * (replicates - 1)
    best = (0.0, 0.0, 0.5)
    for rho in (0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99):
        shape = rho**lags
        information = (count * shape * shape).sum()
        a = (count * c * shape).sum() / information
        z = a * math.sqrt(information)
        if z > best[0]:
            # Half a standard error is added: a share that cannot be excluded is not ignored.
            best = (z, min(0.9, a), rho)
    share = best[1] if best[0] > 2.0 else 0.0
    return Noise(float(variance), float(share), best[2])


def _normal_crossing_logs(m: int, log_v: float, slope: float) -> np.ndarray:
    """Prior means of θ_j: P*(z₀ + λq)/P*(z₀) for the z₀ at which e^{−z}Σ z^j/j! is V(x₀)."""
    if m == 1:
        return np.zeros(0)
    target = min(log_v, -1e-3)
    low, high = 0.0, 50.0 - 4 * target
    for _ in range(80):
        z = 0.5 * (low + high)
        if -z + math.log(sum(z**j / math.factorial(j) for j in range(m))) > target:
            low = z
        else:
            high = z
    p = [sum(z**i / math.factorial(i) for i in range(m - j)) for j in range(m)]
    return np.array([
        math.log(p[j] / math.factorial(j) / p[0]) + j * math.log(slope) for j in range(1, m)
    ])  # fmt: skip


def normal_quantile(level: float) -> float:
    """z with P(|N(0, 1)| < z) = level."""
    return NormalDist().inv_cdf(0.5 * (1 + level))


@dataclass(frozen=True)
class _Whitener:
    """Multiplication by the inverse of a Cholesky factor of the covariance, along axis 1.

    A scalar for white noise; else a triangular matrix, by torch on its one thread.
    """

    scale: float
    matrix: np.ndarray | None

    @classmethod
    def of(cls, noise: Noise, n: int) -> _Whitener:
        scale = 1 / math.sqrt(noise.variance)
        if noise.slow == 0.0:
            return cls(scale, None)
        factor = torch.linalg.cholesky(torch.from_numpy(noise.covariance(n)))
        eye = torch.eye(n, dtype=torch.float64)
        return cls(scale, torch.linalg.solve_triangular(factor, eye, upper=False).numpy())

    def __call__(self, x: np.ndarray) -> np.ndarray:
        if self.matrix is None:
            return x * self.scale
        return _along(self.matrix, x)

    def transpose(self, x: np.ndarray) -> np.ndarray:
        """The transposed product."""
        if self.matrix is None:
            return x * self.scale
        return _along(self.matrix.T, x)


def _along(matrix: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The product with a matrix along axis 1, of (models, L) or (models, L, p)."""
    return x @ matrix.T if x.ndim == 2 else np.matmul(matrix, x)


def _coarsen(
    x: np.ndarray, increments: np.ndarray, pooled: np.ndarray, log_v: np.ndarray, noise: Noise
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Noise]:
    """Join g successive increments when there are many: at most about 100 remain."""
    g = max(1, len(x) // 100)
    if g == 1:
        return x, increments, pooled, log_v, noise
    first = (len(x) - 1) % g  # the joined increments end at the last level
    ends = np.arange(first, len(x), g)
    starts = np.concatenate([[0], ends[:-1] + 1])
    v = noise.variance * (1 - noise.slow) * g
    block = Noise(noise.variance, noise.slow, noise.rho).covariance(g).sum()
    joined = Noise(float(block), float(1 - v / block), noise.rho**g)
    return (
        x[ends],
        np.add.reduceat(increments, starts, axis=0),
        np.add.reduceat(pooled, starts),
        log_v[ends],
        joined,
    )


@dataclass(frozen=True)
class _Terms:
    """What the models of one m are sums of, at q (L,): powers q^j, j < m, of which the highest is
    damped where two poles differ (models, L, m − 1), and e^{−δq}, 0 where there is no next pole
    (models, L)."""

    q: np.ndarray
    powers: np.ndarray
    decay: np.ndarray

    @classmethod
    def of(cls, q: np.ndarray, m: int, delta: np.ndarray, near: np.ndarray) -> _Terms:
        """near: which models have two poles that differ by δ in place of their highest
        logarithm."""
        powers = np.tile(q[None, :, None] ** np.arange(1, m)[None, None, :], (len(delta), 1, 1))
        gap = np.nan_to_num(delta)[:, None]
        if near.any():
            powers[near, :, -1] *= hyp1f1(1, m, -gap[near] * q)
        lonely = np.isnan(delta) | near
        return cls(q, powers, np.where(lonely[:, None], 0.0, np.exp(-gap * q)))

    def log_p(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """−λq + log(P + ρe^{−δq}) and its Jacobian: (models, L), (models, L, p)."""
        m = self.powers.shape[2] + 1
        lam, theta, rho = parameters[:, 0], parameters[:, 1:m], parameters[:, m]
        terms = np.exp(theta)[:, None, :] * self.powers
        total = np.maximum(1.0 + terms.sum(-1) + rho[:, None] * self.decay, 1e-12)
        jacobian = np.empty((*total.shape, m + 1))
        jacobian[:, :, 0] = -self.q
        jacobian[:, :, 1:m] = terms / total[..., None]
        jacobian[:, :, m] = self.decay / total
        return -lam[:, None] * self.q + np.log(total), jacobian


def infer(
    x: np.ndarray,
    increments: np.ndarray,
    *,
    max_multiplicity: int = 8,
    level: float = 0.9,
    weights: np.ndarray | None = None,
) -> Fit:
    """Return the average of all models fitted to a curve, weighted by their probabilities.

    x: levels −log ε, increasing (L,). increments: log V(x_k) − log V(x_{k−1}) by replicate (L,
    R); the first one starts from V = 1. weights: what each replicate counts at each level (L, R),
    as of :func:`~singularity_lab.spectroscopes.inference.islands.weights`; by default all alike.
    Needs L ≥ 12.
    """
    if weights is None:
        weights = np.full(increments.shape, 1 / increments.shape[1])
    pooled = islands.pooled(increments, weights)
    log_v = np.cumsum(pooled)
    fewer = _fewer(weights)
    noise = noise_of(increments, weights)
    x, increments, pooled, log_v, noise = _coarsen(x, increments, pooled, log_v, noise)
    replicates = increments.shape[1]
    levels = len(x)
    slope = max(1e-3, -(log_v[-1] - log_v[levels // 2]) / (x[-1] - x[levels // 2]))
    deviation = increments - increments.mean(axis=1, keepdims=True)

    rows: dict[str, list[float]] = {
        k: [] for k in ("m", "cut", "x0", "delta", "evidence", "value", "error", "chi2")
    }
    fits = []
    for cut in sorted({int(f * levels) for f in CUTS}):
        n = levels - 1 - cut
        if n < 10:
            continue
        data = pooled[cut + 1 :]
        q = x[cut:] - x[cut]
        whiten = _Whitener.of(noise, n)
        for m in range(1, max_multiplicity + 1):
            pairs = DELTAS[:NEAR] if m > 1 else ()
            delta = np.array([math.nan, *DELTAS, *pairs])
            near = np.arange(len(delta)) > len(DELTAS)
            lonely = np.isnan(delta) | near
            mean = np.concatenate([[slope], _normal_crossing_logs(m, log_v[cut], slope), [0.0]])
            precision = np.full((len(delta), m + 1), 1 / PRIOR_SD**2)
            precision[:, 0] = 0.0
            precision[:, m] = 1 / RHO_SD**2
            precision[lonely, m] = 1e12  # no next pole
            p = np.tile(mean, (len(delta), 1))
            terms = _Terms.of(q, m, delta, near)
            p, h, chi2, prior, j = _solve(p, mean, precision, terms, data, whiten)
            free = np.where(lonely, m, m + 1)
            _, log_det = np.linalg.slogdet(h)
            log_det = np.where(lonely, log_det - math.log(1e12), log_det)
            evidence = (
                -0.5 * chi2
                - 0.5 * prior
                - (m - 1) * math.log(PRIOR_SD)
                - np.where(lonely, 0.0, math.log(RHO_SD))
                - np.where(np.isnan(delta), 0.0, math.log(len(DELTAS)))
                - 0.5 * log_det
                + 0.5 * math.log(2 * math.pi)
                - DROP * cut
                - LOGARITHM * (m - 1)
                - np.where(near, TIED * (m - 2), 0.0)
            )
            cov = np.linalg.inv(h)
            # Influence of each increment on λ̂, then the jackknife over replicates.
            gain = np.einsum("bp,bnp->bn", cov[:, 0], whiten(j))
            shifts = np.einsum("bn,nr->br", whiten.transpose(gain), deviation[cut + 1 :])
            jack = fewer * (shifts**2).sum(1) / (replicates * (replicates - 1))
            excess = np.maximum(1.0, chi2 / np.maximum(1, n - free))
            error = np.sqrt(np.maximum(cov[:, 0, 0] * excess, jack))
            for b in range(len(delta)):
                rows["m"].append(m - int(near[b]))
                rows["cut"].append(cut)
                rows["x0"].append(float(x[cut]))
                rows["delta"].append(float(delta[b]))
                rows["evidence"].append(float(evidence[b]))
                rows["value"].append(float(p[b, 0]))
                rows["error"].append(float(error[b]))
                rows["chi2"].append(float(chi2[b] / max(1, n - free[b])))
                fits.append((cut, m, p[b], delta[b], near[b]))
    models = {k: np.array(v) for k, v in rows.items()}
    weight = np.exp(models["evidence"] - models["evidence"].max())
    weight /= weight.sum()
    models["weight"] = weight
    multiplicity = {
        m: float(weight[models["m"] == m].sum()) for m in range(1, max_multiplicity + 1)
    }
    given = {}
    for m, pm in multiplicity.items():
        if pm > 1e-6:
            w = weight * (models["m"] == m) / pm
            mean_m = float((w * models["value"]).sum())
            second = (w * (models["error"] ** 2 + (models["value"] - mean_m) ** 2)).sum()
            given[m] = (mean_m, float(math.sqrt(second)))
    value = float((weight * models["value"]).sum())
    low, high = _mixture_interval(models["value"], models["error"], weight, level, replicates - 1)
    pole = ~np.isnan(models["delta"])
    p_pole = float(weight[pole].sum())
    mean_delta = float((weight * np.nan_to_num(models["delta"])).sum() / max(p_pole, 1e-300))
    best = int(np.argmax(models["evidence"]))
    cut, m, parameters, d, paired = fits[best]
    q = x[cut:] - x[cut]
    f, _ = _Terms.of(q, m, np.array([d]), np.array([paired])).log_p(parameters[None])
    return Fit(
        value=value,
        low=low,
        high=high,
        multiplicity=multiplicity,
        given=given,
        next_pole=(p_pole, mean_delta if p_pole > 1e-6 else math.nan),
        noise=noise,
        chi2=float(models["chi2"][best]),
        models=models,
        curve=(x[cut:], log_v[cut] + f[0] - f[0, 0]),
    )


def _solve(
    p: np.ndarray,
    mean: np.ndarray,
    precision: np.ndarray,
    terms: _Terms,
    data: np.ndarray,
    whiten: _Whitener,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Maximum a posteriori by Levenberg–Marquardt, all models at once.

    Returns parameters, Hessian of −log posterior, χ², prior term Σ precision·(p − mean)², and the
    Jacobian of increments.
    """

    def residual(p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        f, jacobian = terms.log_p(p)
        r = whiten(data - np.diff(f, axis=1))
        j = np.diff(jacobian, axis=1)
        prior = (precision * (p - mean) ** 2).sum(1)
        return r, j, (r * r).sum(1), prior

    r, j, chi2, prior = residual(p)
    damping = np.full(len(p), 1e-2)
    for _ in range(40):
        w = whiten(j)
        transposed = w.transpose(0, 2, 1)
        h = transposed @ w
        diagonal = np.arange(h.shape[1])
        h[:, diagonal, diagonal] += precision
        g = (transposed @ r[..., None])[..., 0] - precision * (p - mean)
        damped = h.copy()
        damped[:, diagonal, diagonal] *= 1 + damping[:, None]
        move = np.linalg.solve(damped, g[..., None])[..., 0]
        new = p + np.clip(move, -3.0, 3.0)
        new[:, -1] = np.clip(new[:, -1], -0.95, 20.0)
        r2, j2, chi22, prior2 = residual(new)
        better = chi22 + prior2 <= chi2 + prior
        gain = np.where(better, chi2 + prior - chi22 - prior2, 0.0)
        p = np.where(better[:, None], new, p)
        r = np.where(better[:, None], r2, r)
        j = np.where(better[:, None, None], j2, j)
        chi2, prior = np.where(better, chi22, chi2), np.where(better, prior2, prior)
        damping = np.where(better, damping / 4, damping * 6)
        if gain.max() < 1e-6 and bool(better.any()):
            break
    w = whiten(j)
    h = w.transpose(0, 2, 1) @ w
    h[:, np.arange(h.shape[1]), np.arange(h.shape[1])] += precision
    return p, h, chi2, prior, j


def _mixture_interval(
    value: np.ndarray, error: np.ndarray, weight: np.ndarray, level: float, dof: int
) -> tuple[float, float]:
    """Central interval of a mixture of Student distributions, by bisection."""
    keep = weight > 1e-6
    value, error, weight = value[keep], error[keep], weight[keep] / weight[keep].sum()
    stretch = math.sqrt(dof / (dof - 2)) if dof > 2 else 2.0  # Student's variance, normal tails

    def below(t: float) -> float:
        z = (t - value) / (error * stretch)
        return float((weight * np.array([0.5 * math.erfc(-a / math.sqrt(2)) for a in z])).sum())

    out = []
    for target in (0.5 * (1 - level), 0.5 * (1 + level)):
        a = float((value - 10 * stretch * error).min())
        b = float((value + 10 * stretch * error).max())
        for _ in range(60):
            c = 0.5 * (a + b)
            if below(c) < target:
                a = c
            else:
                b = c
        out.append(0.5 * (a + b))
    return out[0], out[1]
