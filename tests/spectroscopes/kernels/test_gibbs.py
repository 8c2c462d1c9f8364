"""Moves without gradients keep their law; quadratic blocks are found."""

from __future__ import annotations

import pytest
import torch

from singularity_lab.spectroscopes import PolynomialLoss
from singularity_lab.spectroscopes.kernels import gibbs, hmc
from singularity_lab.spectroscopes.kernels.localised import Localised
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss
from singularity_lab.spectroscopes.meter import Budget, Meter
from tests.spectroscopes.germs import crossing, cusp


def test_moves_of_the_wrong_law_are_found_out():
    """The check above can fail: a dilation without its Jacobian shifts the energy."""
    loss = MatrixProductLoss.at_rank([2, 2, 2])
    meter = Meter(loss, Budget())
    law = Localised(meter, 1.0, torch.device("cpu"))
    g = torch.Generator().manual_seed(0)

    def radius(broken: bool) -> float:
        u = law.draw(2048, g)
        state = gibbs.GibbsState(u, law.value(u), law.prior(u))
        moves = gibbs.init(8, 16, 1e-3, 2.0)
        jacobian = gibbs._propose

        def without(*arguments):
            v, _ = jacobian(*arguments)
            return v, 0.0

        gibbs._propose = without if broken else jacobian
        try:
            for _ in range(30):
                gibbs.step(state, moves, "dilate", law, 0.0, g)
        finally:
            gibbs._propose = jacobian
        return float(state.position.square().mean())

    assert radius(broken=False) == pytest.approx(1.0, abs=0.05)
    assert abs(radius(broken=True) - 1.0) > 0.2


@pytest.mark.parametrize("family", [*gibbs.FAMILIES, "heat bath", "trajectories"])
def test_every_move_keeps_the_law(family):
    """K = (w₁² + … + w₄²)/2 and a standard normal prior: at β = 3 the variance is 1/4."""
    half = 0.5**0.5
    rows = [tuple(int(i == j) for j in range(4)) for i in range(4)]
    loss = PolynomialLoss.from_exponents([([half], [row]) for row in rows])
    law = Localised(Meter(loss, Budget()), 1.0, torch.device("cpu"))
    g = torch.Generator().manual_seed(1)
    u = 0.5 * torch.randn((4096, 4), generator=g, dtype=torch.float64)
    state = gibbs.GibbsState(u, law.value(u), law.prior(u))
    moves, steps = gibbs.init(4, 16, 1e-3, 2.0, [[0, 1]]), hmc.steps(0.05, 1.0, 5)
    for _ in range(40):
        if family == "heat bath":
            block = torch.tensor([0, 2])
            gibbs.heat_bath(state, block, law, 3.0, law.target(3.0), 1.0, g)
        elif family == "trajectories":
            chain = hmc.step(hmc.init(state.position, law.target(3.0)), steps, law.target(3.0), g)
            state = gibbs.GibbsState(chain.position, chain.value, law.prior(chain.position))
        else:
            gibbs.step(state, moves, family, law, 3.0, g)
    # 16384 coordinates: standard error of the variance 0.0028
    assert float(state.position.square().mean()) == pytest.approx(0.25, abs=0.012)


def test_quadratic_blocks_are_found_and_nothing_else():
    def blocks(loss, known=()):
        law = Localised(Meter(loss, Budget()), 1.0, torch.device("cpu"))
        points = law.draw(8, torch.Generator().manual_seed(0))
        found = gibbs.quadratic_blocks(law, points, range(loss.dim), known)
        return [b.tolist() for b in found]

    assert blocks(crossing(1, 1)) == [[0], [1]]
    assert blocks(cusp()) == []
    assert blocks(crossing(2, 1)) == [[1]]
    product = MatrixProductLoss.at_rank([2, 2, 2])
    assert blocks(product) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert blocks(product, [[4, 5, 6, 7]]) == [[4, 5, 6, 7], [0, 1, 2, 3]]
