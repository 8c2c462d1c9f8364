"""Tempered posteriors of programs, measured: the laws that λ and m predict.

Near a face of W₀ the posterior at inverse temperature n is exp(−nK) ∏ ε^(α−1) in the error
coordinates. With t = log ε the monomials of E become exp⟨μ, t⟩, so that −nE + ⟨α, t⟩ is concave up
to units, and a random walk in t with steps of several sizes mixes in the curved valleys {ε₁ε₂ ≈
1/n} where a random walk in ε itself sticks to one end (:func:`temper` with ``linear=True``: the
negative control, kept because it fails).

:class:`FaceSlice` crosses a face in one generic point; with ``interior=δ`` it is a full-dimensional
neighbourhood of the part of the face whose options all keep a share ≥ δ, away from the smaller
faces, where other components may meet it. On such a part λ and m are those of the face itself.

Predictions: n⟨K⟩ = λ − (m − 1)/(log n + c) + …; the nK of one draw follows a Gamma(λ) law when
m = 1; the posterior mass near component i is of order n^(−λ_i) (log n)^(m_i − 1) (Watanabe 2009,
Theorem 6.7 and §6.3). torch only; every draw comes from the generator's seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log, sqrt
from typing import TYPE_CHECKING

from singularity_lab.errors import BadInput
from singularity_lab.programs.machines.machines import Program, Support
from singularity_lab.programs.syndromes import check_support
from singularity_lab.programs.uncertainty.noisy import output_laws, wrong_runs
from singularity_lab.programs.uncertainty.semirings import Numbers
from singularity_lab.system.extras import pyplot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Generator, Tensor


# Split R-hat up to which chains count as mixed, as in the devices: with many chains, 1/(R² − 1) ≈ 5
# independent draws in each quarter of a chain, so that 10 and more were thrown away before.
MIXED = 1.1


class FaceSlice:
    """The loss of a program across a face: the options of the support share what the errors leave,
    in equal parts; the errors ε are free. It meets the face in one generic point.

    interior: δ > 0 frees the shares as well, each between δ and 1: a neighbourhood of the compact
    part of the face where all its options have probability ≥ δ, up to the errors. Where the face is
    a component of W₀, no other component comes near this part.

    kind: ``nll``, K = −Σ q(x) log(1 − e_x), with λ_E; ``squared``, Σ q(x) ‖f_x − y*(x)‖², and
    ``channel``, the divergence of the wanted output from the given one after a channel that
    replaces an output by a uniform one with probability 1/2; both with λ_H = λ_E/2.

    >>> from singularity_lab.programs import program
    >>> FaceSlice(program("xor-4nand-shared")).variables
    ('eps_N_00', 'eps_N_01', 'eps_N_10', 'eps_N_11')
    """

    def __init__(
        self,
        program: Program,
        steps: int | None = None,
        semantics: str = "exact",
        support: Support | None = None,
        kind: str = "nll",
        interior: float | None = None,
    ) -> None:
        if kind not in ("nll", "squared", "channel"):
            raise BadInput(f"kind: nll, squared or channel is needed, received {kind!r}")
        self.program, self.kind = program, kind
        self.support = check_support(program, support)
        self.names: tuple[tuple[int, str], ...] = ()
        if kind == "nll":
            self.formula = wrong_runs(program, steps, semantics)
        else:
            self.formula, self.names = output_laws(program, steps, semantics)
        self.errors = [
            (c.name, o) for c in program.free for o in c.options if o not in self.support[c.name]
        ]
        options = {c.name: c for c in program.free}
        self.variables = tuple(options[c].variable(o) for c, o in self.errors)
        mass = sum(c.weight for c in program.cases)
        self.weights = [float(c.weight / mass) for c in program.cases]
        self.radius = 1 / (2 * max(len(c.options) for c in program.free))
        self.interior = interior
        wide = [sorted(self.support[c.name], key=c.options.index) for c in program.free]
        if interior is not None and not 0 < interior * max(map(len, wide)) < 1:
            raise BadInput(
                f"interior: 0 < δ < 1/{max(map(len, wide))} is needed, for a choice has so many "
                f"options in the support; received {interior}"
            )
        # the shares that are free: all options of a choice but the last
        self.shares = [
            (c.name, o)
            for c, inside in zip(program.free, wide, strict=True)
            for o in inside[:-1]
            if interior is not None
        ]
        self._last = {c.name: o[-1] for c, o in zip(program.free, wide, strict=True)}

    @property
    def dimension(self) -> int:
        """The number of errors; the shares are not counted."""
        return len(self.errors)

    def allowed(self, shares: Tensor) -> Tensor:
        """Which rows of shares (c, s) keep every option of the support at ≥ δ."""
        good = (shares >= (self.interior or 0)).all(1)
        for c in self.program.free:
            mine = [i for i, (name, _) in enumerate(self.shares) if name == c.name]
            if mine:
                good &= shares[:, mine].sum(1) <= 1 - (self.interior or 0)
        return good

    def draw_shares(self, count: int, generator: Generator) -> Tensor:
        """Uniform shares (count, s) among the allowed ones."""
        import torch

        found = torch.empty(count, len(self.shares), dtype=torch.float64)
        delta = self.interior or 0.0
        for c in self.program.free:
            mine = [i for i, (name, _) in enumerate(self.shares) if name == c.name]
            if mine:
                gamma = torch.empty(count, len(mine) + 1, dtype=torch.float64)
                gamma.exponential_(generator=generator)
                uniform = gamma / gamma.sum(1, keepdim=True)
                found[:, mine] = delta + (1 - delta * (len(mine) + 1)) * uniform[:, :-1]
        return found

    def loss(self, errors: Tensor, shares: Tensor | None = None) -> Tensor:
        """K, of shape (c,), from errors (c, d) and, with ``interior``, shares (c, s)."""
        import torch

        values = {leaf: errors[:, i] for i, leaf in enumerate(self.errors)}
        for c in self.program.free:
            rest = [values[c.name, o] for o in c.options if (c.name, o) in values]
            inside = self.support[c.name]
            left = 1 - sum(rest, errors.new_zeros(errors.shape[0]))
            mine = [(i, o) for i, (name, o) in enumerate(self.shares) if name == c.name]
            if shares is None or not mine:
                values |= {(c.name, o): left / len(inside) for o in inside}
                continue
            others = sum((shares[:, i] for i, _ in mine), errors.new_zeros(errors.shape[0]))
            values |= {(c.name, o): left * shares[:, i] for i, o in mine}
            values[c.name, self._last[c.name]] = left * (1 - others)
        zero, one = errors.new_zeros(errors.shape[0]), errors.new_ones(errors.shape[0])
        parts = self.formula.evaluate(Numbers(zero, one), values)
        total = zero
        if self.kind == "nll":
            for q, e in zip(self.weights, parts, strict=True):
                total = total - q * torch.log1p(-e)
            return total
        outputs = {case: [y for i, y in self.names if i == case] for case, _ in self.names}
        for (case, y), f in zip(self.names, parts, strict=True):
            wanted = float(y == self.program.cases[case].target)
            if self.kind == "squared":
                total = total + self.weights[case] * (f - wanted) ** 2
            else:
                even = 1 / (2 * len(outputs[case]))
                sent, given = wanted / 2 + even, f / 2 + even
                # Σ p log(p/r) = Σ r·((1 + u) log(1 + u) − u) with u = (p − r)/r: terms >= 0
                u = (sent - given) / given
                total = total + self.weights[case] * given * ((1 + u) * torch.log1p(u) - u)
        return total


@dataclass(frozen=True)
class Tempered:
    """A measurement of n⟨K⟩ with its Monte Carlo error.

    value: the mean over chains; error: its standard error from independent chains; acceptance: of
    the random walk. draws: nK at the end of each chain; logs: all log ε there. steps: how many the
    chains took; r_hat: the largest split R-hat of the window that was averaged, over nK and all
    log ε; mixed: whether it met the bound that was asked for. A reading that has not mixed is no
    measurement.
    """

    n: float
    value: float
    error: float
    acceptance: float
    draws: Sequence[float]
    steps: int = 0
    r_hat: float = 1.0
    mixed: bool = True
    logs: tuple[tuple[float, ...], ...] = ()

    def interval(self, sigmas: float = 3.0) -> tuple[float, float]:
        """value ± sigmas · error: sampling error only, no bias."""
        return self.value - sigmas * self.error, self.value + sigmas * self.error


def temper(
    slice_: FaceSlice,
    n: float,
    *,
    seed: int,
    chains: int = 400,
    steps: int = 1500,
    alpha: float = 1.0,
    linear: bool = False,
    most: int | None = None,
    bound: float = MIXED,
) -> Tempered:
    """Sample exp(−nK) ∏ ε^(α−1) on 0 < ε < radius by a random walk in log ε, and average nK.

    The first half of the steps is thrown away. most: the length of the chains is doubled, up to
    here, until they have mixed: until the split R-hat of the second half, over nK and every log ε,
    is at most ``bound``. The rule looks at no prediction, and is the same for all programs. Without
    ``most`` the length is ``steps`` and R-hat is only reported. linear: walk in ε with steps of
    size 1/n and 1/√n instead, the negative control.

    Raises BadInput unless n > 1 and there are ≥ 2 chains.
    """
    import torch

    if not n > 1 or chains < 2 or steps < 10:
        raise BadInput(f"temper: n > 1, chains >= 2, steps >= 10; received {n}, {chains}, {steps}")
    if (most is not None and most < steps) or not bound > 1:
        raise BadInput(f"temper: most >= steps and bound > 1; received {most}, {bound}")
    generator = torch.Generator().manual_seed(seed)
    d, top = slice_.dimension, log(slice_.radius)
    real = torch.float64

    wide = len(slice_.shares)
    blocks = {name: [c == name for c, _ in slice_.shares] for name, _ in slice_.shares}
    groups = torch.tensor(list(blocks.values()), dtype=torch.bool)
    if linear and wide:
        raise BadInput("linear: the control walks across a face in one point, without interior")

    def energy(t: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
        """−log of the density in t, and nK."""
        loss = n * slice_.loss(t.exp(), s)
        value = loss - alpha * t.sum(1)
        inside = (t < top).all(1)
        if wide:
            inside &= slice_.allowed(s)
        return torch.where(inside, value, torch.inf), loss

    start = 1.0 if linear else float(torch.rand(1, generator=generator))
    t = top - log(n) * start * torch.rand(chains, d, generator=generator, dtype=real) - 0.1
    s = slice_.draw_shares(chains, generator)
    u, now = energy(t, s)
    sizes = torch.tensor([0.3, 1.0, 3.0, log(n) / 2], dtype=real)
    window, taken, step = _Window(chains, d + 1), 0.0, -1
    while True:
        step += 1
        moved_shares = s
        normal = torch.randn(chains, d, generator=generator, dtype=real)
        if linear:
            scale = (1 / n, n**-0.5)[step % 2]
            moved = t.exp() + scale * normal
            fresh = moved.clamp(min=1e-300).log()
            new, then = energy(fresh, s)
            new = torch.where((moved > 0).all(1), new, torch.inf)
            # the walk is symmetric in ε: take the Jacobian of t back
            ratio = (u + t.sum(1)) - (new + fresh.sum(1))
        else:
            kind = torch.rand(chains, 1, generator=generator, dtype=real)
            one = torch.zeros(chains, d, dtype=real)
            place = torch.randint(d, (chains, 1), generator=generator)
            one.scatter_(1, place, 1.0)
            pair = one - torch.zeros(chains, d, dtype=real).scatter_(
                1, torch.randint(d, (chains, 1), generator=generator), 1.0
            )
            along = torch.where(kind < 0.4, one, torch.where(kind < 0.7, pair, normal / sqrt(d)))
            pick = torch.randint(len(sizes), (chains, 1), generator=generator)
            stretch = sizes[pick] * torch.randn(chains, 1, generator=generator, dtype=real)
            fresh = t + along * stretch
            if wide and step % 3 == 2:  # along the face, whose law is uniform: one choice anew
                fresh = t
                mine = groups[torch.randint(len(groups), (chains,), generator=generator)]
                moved_shares = torch.where(mine, slice_.draw_shares(chains, generator), s)
            new, then = energy(fresh, moved_shares)
            ratio = u - new
        accept = torch.rand(chains, generator=generator, dtype=real).log() < ratio
        t = torch.where(accept[:, None], fresh, t)
        s = torch.where(accept[:, None], moved_shares, s)
        u, now = torch.where(accept, new, u), torch.where(accept, then, now)
        taken += float(accept.double().mean())
        if step >= steps // 2:
            window.add(
                torch.cat([now[:, None], t], 1), 2 * (step - steps // 2) >= steps - steps // 2
            )
        if step + 1 < steps:
            continue
        r_hat = window.r_hat()
        if most is None or r_hat <= bound or 2 * steps > most:
            break
        steps, window = 2 * steps, _Window(chains, d + 1)
    means = window.means()
    final = now.tolist()
    return Tempered(
        n, float(means.mean()), float(means.std() / sqrt(chains)), taken / steps, final, steps,
        r_hat, r_hat <= bound, tuple(map(tuple, t.tolist())),
    )  # fmt: skip


class _Window:
    """Sums over the two halves of a window, for the split R-hat without keeping the draws."""

    def __init__(self, chains: int, width: int) -> None:
        import torch

        self.counts = [0, 0]
        self.sums = torch.zeros(2, chains, width, dtype=torch.float64)
        self.squares = torch.zeros(2, chains, width, dtype=torch.float64)

    def add(self, values: Tensor, second: bool) -> None:
        self.counts[second] += 1
        self.sums[int(second)] += values
        self.squares[int(second)] += values**2

    def means(self) -> Tensor:
        """Of the first quantity, by chain."""
        return self.sums[:, :, 0].sum(0) / sum(self.counts)

    def r_hat(self) -> float:
        """The largest √((k − 1)/k + between/within) over the quantities (Vehtari et al. 2021)."""
        import torch

        k = min(self.counts)
        if k < 2:
            return inf
        counts = torch.tensor(self.counts, dtype=torch.float64)[:, None, None]
        means = self.sums / counts
        within = ((self.squares / counts - means**2) * counts / (counts - 1)).mean((0, 1))
        between = means.flatten(0, 1).var(0)
        ratio = torch.where(within > 0, between / within, torch.where(between > 0, inf, 0.0))
        return float(((k - 1) / k + ratio.max()).sqrt())


def log_fit(readings: Sequence[Tempered], multiplicity: int) -> tuple[float, float]:
    """λ and its standard error from n⟨K⟩ = λ − (m − 1)/(log n + c) at several n, with m given.

    c is a free constant, found on a grid; the error holds its uncertainty: the half-range of λ over
    all c whose χ² is within 1 of the least. For m = 1 there is no c: the weighted mean. Raises
    BadInput for fewer than two readings where m > 1.
    """
    weights = [1 / r.error**2 for r in readings]
    if multiplicity > 1 and len(readings) < 2:
        raise BadInput("log_fit: two readings are needed to find the constant")
    fits: list[tuple[float, float]] = []
    for c in [0.0] if multiplicity == 1 else [k / 100 for k in range(-1000, 2000)]:
        if min(log(r.n) for r in readings) + c <= 0.5:
            continue
        shifted = [r.value + (multiplicity - 1) / (log(r.n) + c) for r in readings]
        mean = sum(w * s for w, s in zip(weights, shifted, strict=True)) / sum(weights)
        misfit = sum(w * (s - mean) ** 2 for w, s in zip(weights, shifted, strict=True))
        fits.append((misfit, mean))
    if not fits:
        raise BadInput("log_fit: n is too small for the correction")
    least, value = min(fits)
    near = [mean for misfit, mean in fits if misfit <= least + 1]
    return value, sqrt(1 / sum(weights) + ((max(near) - min(near)) / 2) ** 2)


def plot_readings(
    readings: Sequence[Tempered], exact: tuple[float, int] | None = None, axes: Axes | None = None
) -> Axes:
    """Draw n⟨K⟩ against n, three standard errors wide, with the proved λ and, for m > 1, the fit
    λ − (m − 1)/(log n + c) at the proved m.

    Raises BadInput for no readings.
    """
    plt = pyplot()

    if not readings:
        raise BadInput("readings: at least one is needed")
    axes = axes or plt.subplots(figsize=(6, 4))[1]
    ns = [r.n for r in readings]
    axes.errorbar(ns, [r.value for r in readings], [3 * r.error for r in readings], fmt="o",
                  color="#0072B2", capsize=3, label="n⟨K⟩, three standard errors")  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlabel("n")
    axes.set_ylabel("n⟨K⟩")
    if exact is not None:
        value, m = float(exact[0]), exact[1]
        axes.axhline(value, color="0.4", label=f"proved λ = {exact[0]}, m = {m}")
        if m > 1 and len(readings) > 1:
            fitted, error = log_fit(readings, m)
            axes.axhspan(fitted - 3 * error, fitted + 3 * error, color="#D55E00", alpha=0.2,
                         label=f"from the fit with m = {m}")  # fmt: skip
    axes.legend()
    return axes


def name_by_draws(draws: Sequence[float], candidates: Mapping[str, float]) -> str:
    """Which of several machines a sample of losses comes from, by their λ alone: the likeliest
    Gamma(λ) law of the nK of single draws (m = 1).

    >>> name_by_draws([5.2, 4.1, 6.0, 4.8], {"scan": 5.0, "other": 12.0})
    'scan'
    """
    from math import lgamma

    mean_log = sum(log(max(x, 1e-12)) for x in draws) / len(draws)
    return max(candidates, key=lambda k: candidates[k] * mean_log - lgamma(candidates[k]))


@dataclass(frozen=True)
class Masses:
    """Posterior masses near components at several n: logs[i][j] is the log of the evidence
    ∫ exp(−nK) over the points that are nearest to component j, at ns[i]."""

    ns: tuple[float, ...]
    names: tuple[str, ...]
    logs: tuple[tuple[float, ...], ...]

    def slope(self, name: str, against: str) -> float:
        """The slope of log(mass ratio) in log n, by least squares over all ns.

        Predicted: −(λ_name − λ_against) where both components have m = 1 and do not meet. Where the
        first meets one with a smaller λ, the points near the common face dominate its region, and
        the slope lies between −(λ_name − λ_against) and 0: it is a fact about the region. Masses of
        the interiors (``component_masses(…, interior=δ)``) do not see that face.
        """
        if len(self.ns) < 2:
            raise BadInput("slope: at least two values of n are needed")
        i, j = self.names.index(name), self.names.index(against)
        points = [(log(n), r[i] - r[j]) for n, r in zip(self.ns, self.logs, strict=True)]
        x = sum(q[0] for q in points) / len(points)
        y = sum(q[1] for q in points) / len(points)
        return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def component_masses(
    program: Program,
    supports: Mapping[str, Support],
    ns: Sequence[float],
    *,
    seed: int,
    steps: int | None = None,
    semantics: str = "exact",
    particles: int = 1000,
    moves: int = 48,
    interior: float | None = None,
) -> Masses:
    """The evidence of the neighbourhood of each component, by annealing from the uniform prior.

    W is cut into the regions nearest to each support (least probability outside it). In each one
    sequential Monte Carlo (Del Moral, Doucet and Jasra 2006) raises n by factors of √2; the
    population is resampled and moved by a random walk in the log-ratios of the simplices, and the
    mean weights multiply to the evidence. A population of its own for each region reaches values
    of n at which a common one would have left all but one component.

    interior: δ > 0 restricts each region to the points whose options of the support all have
    probability ≥ δ: the part of the component away from its smaller faces, and so from the other
    components. Its mass is of order n^(−λ) (log n)^(m−1) with the λ and m of this component.

    Raises BadInput for ns that are not increasing and positive, and for an interior that is empty.
    """
    import torch

    if interior is not None and not 0 < interior < 0.5:
        raise BadInput(f"interior: 0 < δ < 1/2 is needed, received {interior}")
    if not ns or list(ns) != sorted(set(ns)) or ns[0] <= 0:
        raise BadInput(f"ns: increasing numbers > 0 are needed, received {list(ns)}")
    generator = torch.Generator().manual_seed(seed)
    real = torch.float64
    formula = wrong_runs(program, steps, semantics)
    mass = sum(c.weight for c in program.cases)
    weights = [float(c.weight / mass) for c in program.cases]
    leaves = [(c.name, o) for c in program.free for o in c.options]
    column = {leaf: i for i, leaf in enumerate(leaves)}
    blocks = [[column[c.name, o] for o in c.options] for c in program.free]
    outside = torch.tensor(
        [
            [float(o not in support.get(c, frozenset((program.code[c],)))) for c, o in leaves]
            for support in supports.values()
        ],
        dtype=real,
    )

    def probabilities(z: Tensor) -> Tensor:
        p = torch.empty_like(z)
        for block in blocks:
            p[:, block] = torch.softmax(z[:, block], 1)
        return p

    def loss(p: Tensor) -> Tensor:
        zero, one = p.new_zeros(len(p)), p.new_ones(len(p))
        values = {leaf: p[:, i] for leaf, i in column.items()}
        total = zero
        for q, e in zip(weights, formula.evaluate(Numbers(zero, one), values), strict=True):
            total = total - q * (1 - e).clamp(min=1e-300).log()
        return total

    def region(p: Tensor) -> Tensor:
        """The number of the region of each point, −1 outside all."""
        at = (p @ outside.T).argmin(1)
        if interior is None:
            return at
        least = torch.where(outside[at] == 0, p, 1.0).amin(1)
        return torch.where(least >= interior, at, -1)

    def prior(count: int) -> Tensor:
        """z = log of Gamma(1) variables: their ratios are uniform on each simplex."""
        z = torch.empty(count, len(leaves), dtype=real).exponential_(generator=generator)
        return z.clamp(min=1e-300).log()

    pools: list[list[Tensor]] = [[] for _ in supports]
    hits = torch.zeros(len(supports), dtype=real)
    drawn = 0
    while drawn < 100 * particles and any(sum(map(len, pool)) < particles for pool in pools):
        z = prior(particles)
        at = region(probabilities(z))
        drawn += particles
        for j, pool in enumerate(pools):
            inside = z[at == j]
            hits[j] += len(inside)
            pool.append(inside)
    schedule = {*map(float, ns)}
    n = min(1.0, float(ns[0]))
    while n < ns[-1]:
        schedule.add(n)
        n *= 2**0.5
    logs: list[list[float]] = [[] for _ in ns]
    sizes = torch.tensor([0.5, 1.5, 4.0], dtype=real)
    for j, pool in enumerate(pools):
        z = torch.cat(pool)[:particles]
        if not len(z):
            raise BadInput(f"supports: no point of the prior is nearest to {list(supports)[j]}")
        p = probabilities(z)
        k, now, evidence = loss(p), 0.0, float((hits[j] / drawn).log())
        count = len(z)
        for n in sorted(schedule):
            weight = -(n - now) * k
            evidence += float(torch.logsumexp(weight, 0)) - log(count)
            w = torch.softmax(weight, 0)
            spots = (torch.rand(1, generator=generator, dtype=real) + torch.arange(count)) / count
            picked = torch.searchsorted(w.cumsum(0), spots).clamp(max=count - 1)
            z, k, now = z[picked], k[picked], n
            for move in range(moves):
                step = torch.zeros_like(z)
                if move % 6 == 5:
                    step = 0.2 * torch.randn(z.shape, generator=generator, dtype=real)
                else:  # one coordinate of each particle, with steps of several sizes
                    place = torch.randint(len(leaves), (count, 1), generator=generator)
                    size = sizes[torch.randint(len(sizes), (count, 1), generator=generator)]
                    noise = torch.randn(count, 1, generator=generator, dtype=real)
                    step.scatter_(1, place, size * noise)
                fresh = z + step
                p = probabilities(fresh)
                value = loss(p)
                gain = (fresh - fresh.exp()).sum(1) - (z - z.exp()).sum(1) - n * (value - k)
                accept = torch.rand(count, generator=generator, dtype=real).log() < gain
                accept &= region(p) == j
                z = torch.where(accept[:, None], fresh, z)
                k = torch.where(accept, value, k)
            if n in ns:
                logs[list(ns).index(n)].append(evidence)
    return Masses(tuple(map(float, ns)), tuple(supports), tuple(map(tuple, logs)))
