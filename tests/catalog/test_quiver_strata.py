"""The strata of linear networks are all there, and their values obey what is known of them."""

import itertools
import random

import pytest

from singularity_lab import BadInput
from singularity_lab.catalog.quiver_strata import NetworkStratum, network_strata, strata


def matrix_rank(rows):
    import flint

    return flint.fmpq_mat([[flint.fmpq(int(x)) for x in row] for row in rows]).rank()


def multiply(a, b):
    return [
        [sum(x * y for x, y in zip(row, c, strict=True)) for c in zip(*b, strict=True)] for row in a
    ]


def ranks(layers):
    """The ranks of all partial products W_j⋯W_{i+1}."""
    found = {}
    for i in range(len(layers)):
        product = layers[i]
        found[i, i + 1] = matrix_rank(product)
        for j in range(i + 1, len(layers)):
            product = multiply(layers[j], product)
            found[i, j + 1] = matrix_rank(product)
    return found


def layers_at(stratum):
    """The matrices of the representative, read off its problem."""
    problem = stratum.problem()
    at = dict(zip(problem.variables, problem.point, strict=True))
    w = stratum.widths
    return [
        [[at.get(f"W{k}_{i + 1}_{j + 1}", 0) for j in range(w[k - 1])] for i in range(w[k])]
        for k in range(1, len(w))
    ]


@pytest.mark.parametrize("widths", [(2, 2), (2, 3, 2), (1, 2, 1, 2), (2, 2, 2, 2)])
def test_representatives_have_the_ranks_that_name_them(widths):
    for r in range(min(widths) + 1):
        for s in network_strata(widths, r):
            expected = {
                (i, j): s.rank(i, j) for i, j in itertools.combinations(range(len(widths)), 2)
            }
            assert ranks(layers_at(s)) == expected
            assert s.rank(0, len(widths) - 1) == r


@pytest.mark.parametrize("widths", [(2, 2, 2), (2, 3, 1, 2), (2, 2, 2, 2)])
def test_random_sparse_points_lie_on_a_listed_stratum(widths):
    """Gabriel: the ranks of the partial products of any point occur in the list."""
    listed = set()
    for r in range(min(widths) + 1):
        for s in network_strata(widths, r):
            pairs = itertools.combinations(range(len(widths)), 2)
            key = tuple(s.rank(i, j) for i, j in pairs)
            assert key not in listed, "the ranks tell the strata apart"
            listed.add(key)
    draw = random.Random(7)
    seen = set()
    for _ in range(600):
        layers = [
            [[draw.choice((0, 0, 1, -1, 2)) for _ in range(a)] for _ in range(b)]
            for a, b in itertools.pairwise(widths)
        ]
        found = ranks(layers)
        seen.add(tuple(found[p] for p in itertools.combinations(range(len(widths)), 2)))
    assert seen <= listed
    assert len(seen) > len(listed) / 2


@pytest.mark.parametrize(("widths", "rank"), [((2, 2, 2), 0), ((3, 2, 3), 1), ((2, 2, 2, 2), 1)])
def test_values_on_strata(widths, rank):
    """λ ≤ half the codimension; the deepest stratum, where the fewest ranks are, has the least
    value (λ is lower semicontinuous, and its orbit lies in the closure of the others)."""
    table = strata(widths, rank, budget=20)
    assert all(result.exact for _, result in table.results)
    lowest = min(table.results, key=lambda t: sum(t[0].multiplicities.values()))[0]
    deepest = [s for s, _ in table.results if set(s.multiplicities) <= {(0, len(widths) - 1)}]
    assert deepest == [lowest]
    assert lowest in table.least
    assert table.minimum.exact
    for s, result in table.results:
        assert 2 * result.value <= s.dimension
        assert result.rlct >= table.minimum.lower
    assert "Gabriel" in str(table)


def test_where_the_product_is_of_full_rank_the_zero_set_is_smooth():
    """W2W1 = C invertible: K is a Morse function of n² equations."""
    ((_, result),) = strata((2, 2, 2), 2).results
    assert (result.value, result.multiplicity) == (2, 1)


@pytest.mark.parametrize(
    ("widths", "rank"), [((2,), 0), ((2, 0), 0), ((2, 2), 3), ((2, 2), -1), ((2, True), 0)]
)
def test_bad_widths_and_ranks(widths, rank):
    with pytest.raises(BadInput, match=r"widths|rank"):
        list(network_strata(widths, rank))


def test_one_layer_has_one_stratum():
    assert list(network_strata((2, 3), 1)) == [NetworkStratum((2, 3), {(0, 1): 1})]


def test_equal_strata_are_one_key():
    first, again = (NetworkStratum((2, 1, 2), {(0, 2): 1, (0, 0): 1, (2, 2): 1}) for _ in "ab")
    other = NetworkStratum((2, 1, 2), {(0, 1): 1, (1, 2): 1, (0, 0): 1, (2, 2): 1})
    assert {first, again, other} == {first, other}
    assert {first: "rank 1"}[again] == "rank 1"
