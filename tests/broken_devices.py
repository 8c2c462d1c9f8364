"""Estimators that are broken in one way each, and the same estimators unbroken."""

from __future__ import annotations

import math

import torch

from singularity_lab.spectroscopes.kernels import sgld, sgnht
from singularity_lab.spectroscopes.meter import Budget, Meter, versions
from singularity_lab.spectroscopes.reading import Cost, Estimate, Outcome, Reading

N, GAMMA = 1e4, 1.0
EPSILON = 1e-5  # on K = Σ wᵢ² chains relax in about 92 steps
STEPS = 92


def reading(name, loss, seed, values, cost=None, gamma=GAMMA):
    """The reading of values (chains,), with an interval by their spread."""
    mean, error = float(values.mean()), float(values.std()) / math.sqrt(len(values))
    low, high = mean - 1.645 * error, mean + 1.645 * error
    return Reading(
        device=name,
        loss_id=loss.loss_id,
        dim=loss.dim,
        settings={"n": N, "gamma": gamma, "beta": None},
        seed=seed,
        estimates={"llc": Estimate(mean, low, high, 0.9)},
        multiplicity=None,
        outcome=Outcome.OK,
        reason="",
        cost=cost or Cost(1 << 60, 0, 0.0, 0),
        versions=versions(),
    )


def langevin(loss, seed, *, whole=False, steps=STEPS, chains=64, gamma=GAMMA):
    """λ̂ of each chain by SGLD from w*. whole: averages over burn-in too."""
    generator = torch.Generator().manual_seed(seed)
    meter = Meter(loss, Budget())
    nbeta = N / math.log(N)
    gradient = meter.k_and_grad
    chain = sgld.init(torch.zeros(chains, loss.dim, dtype=torch.float64), gradient)
    epsilon = torch.full((chains,), EPSILON, dtype=torch.float64)
    seen = []
    for k in range(2 * steps):
        chain = sgld.step(
            chain, gradient, epsilon=epsilon, nbeta=nbeta, gamma=gamma, generator=generator
        )
        if whole or k >= steps:
            seen.append(chain.value)
    return nbeta * torch.stack(seen).mean(0)


def honest(loss, seed, budget):
    return reading("honest", loss, seed, langevin(loss, seed))


def collapsed(loss, seed, budget):
    return reading("collapsed", loss, seed, langevin(loss, seed, gamma=100.0), gamma=100.0)


def over_burn_in(loss, seed, budget):
    return reading("over_burn_in", loss, seed, langevin(loss, seed, whole=True))


def thermostat(loss, seed, hold):
    generator = torch.Generator().manual_seed(seed)
    meter = Meter(loss, Budget())
    nbeta = N / math.log(N)
    start = torch.zeros(64, loss.dim, dtype=torch.float64)
    chain = sgnht.init(start, meter.k_and_grad, generator, friction=10.0)
    h = torch.full((64,), 1e-2, dtype=torch.float64)
    seen = []
    for k in range(600):
        chain = sgnht.step(
            chain, meter.k_and_grad, h=h, nbeta=nbeta, gamma=GAMMA, friction=10.0,
            generator=generator, hold=hold,
        )  # fmt: skip
        if k >= 200:
            seen.append(chain.value)
    return nbeta * torch.stack(seen).mean(0)


def sgnht_with_momentum_term(loss, seed, budget):
    return reading("sgnht", loss, seed, thermostat(loss, seed, hold=True))


def sgnht_without_momentum_term(loss, seed, budget):
    return reading("sgnht", loss, seed, thermostat(loss, seed, hold=False))


def shared_minibatches(loss, seed, budget):
    """One minibatch for all chains and draws: the loss that it sees is off by a common factor, of
    which the spread between chains knows nothing."""
    batch = torch.Generator().manual_seed(1000 + seed)
    values = langevin(loss, seed, chains=256) * float(1 + 0.2 * torch.randn((), generator=batch))
    return reading("shared", loss, seed, values)


def own_minibatches(loss, seed, budget):
    batch = torch.Generator().manual_seed(1000 + seed)
    values = langevin(loss, seed, chains=256) * (1 + 0.2 * torch.randn(256, generator=batch))
    return reading("own", loss, seed, values)


def free_of_charge(loss, seed, budget):
    return reading("free", loss, seed, langevin(loss, seed, steps=5), cost=Cost(0, 0, 0.0, 0))
