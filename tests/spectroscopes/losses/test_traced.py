"""Traces of functions give the same bits; what depends on more than its arguments has none."""

import pytest
import torch

from singularity_lab.spectroscopes.losses.traced import Traced

CALLS = 12  # more than a trace waits for


def points(k, rows=3):
    return torch.randn(rows, 2, generator=torch.Generator().manual_seed(k), dtype=torch.float64)


def test_a_trace_is_used_and_gives_the_same_bits():
    calls = []

    def f(x):
        calls.append(len(x))
        return {"value": (x @ x.t()).sin().sum(1), "twice": 2 * x}

    traced = Traced(f)
    for k in range(CALLS):
        found, expected = traced(points(k)), f(points(k))
        assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert traced.traces == 1
    before = len(calls)
    traced(points(99))
    assert len(calls) == before  # the function is not asked any more


def test_each_shape_and_type_has_its_own():
    traced = Traced(lambda x: x.sum(1))
    for k in range(CALLS):
        assert traced(points(k)).shape == (3,)
        assert traced(points(k, 5)).shape == (5,)
        assert traced(points(k).float()).dtype == torch.float32
    assert traced.traces == 3


def test_what_changes_otherwise_is_called_as_it_is():
    counter = iter(range(1000))
    traced = Traced(lambda x: x + next(counter))
    found = [float(traced(torch.zeros(1))) for _ in range(CALLS)]
    assert traced.traces == 0
    assert found == sorted(set(found))


def test_a_branch_on_values_is_no_trace():
    traced = Traced(lambda x: x if float(x.sum()) > 0 else -x)
    for k in range(CALLS):
        assert float(traced(points(k)).sum()) >= 0
    assert traced.traces == 0


def test_a_branch_on_the_data_is_not_traced():
    """The same shapes, other data, the other branch."""

    def branch(w, x):
        return w * 2 if float(x.max()) > 1 else w * 3

    traced = Traced(branch)
    w, low, high = torch.ones(2), torch.zeros(3), torch.full((3,), 2.0)
    for _ in range(CALLS):
        assert traced(w, low).tolist() == [3.0, 3.0]
    assert traced(w, high).tolist() == [2.0, 2.0]
    assert traced.traces == 0


def test_random_numbers_are_not_traced_into_constants():
    traced = Traced(lambda w: w + torch.rand(2))
    seen = {tuple(traced(torch.zeros(2)).tolist()) for _ in range(2 * CALLS)}
    assert len(seen) == 2 * CALLS


def looks(w, x):
    """Views of views, of a part that does not begin where its tensor begins, and of an argument."""
    a, b = w.split([4, 2], dim=1)
    y = (x @ a.reshape(-1, 2, 2)).transpose(1, 2).reshape(len(w), -1)
    return (y[:, None] * b[:, :, None].expand(-1, 2, y.shape[1])).permute(2, 0, 1), b.t()


def changes_a_view(w, x):
    """What is written through a view is seen in its tensor."""
    y = w.contiguous().clone()
    y.view(-1)[2:].reshape(-1).mul_(2)
    y.t().masked_fill_(y.t() > 1, 5.0)
    return y, y.unsqueeze(0).squeeze(0)


@pytest.mark.parametrize("function", [looks, changes_a_view])
def test_views_are_taken_together_and_give_the_same_bits(function):
    traced = Traced(function)
    x = points(1)[:, :2]
    for k in range(2 * CALLS):
        w = torch.randn(3, 6, generator=torch.Generator().manual_seed(k), dtype=torch.float64)
        for at in (w, w.t().contiguous().t(), torch.cat([w, w], 1)[:, 6:]):
            found, expected = traced(at, x), function(at, x)
            for a, b in zip(found, expected, strict=True):
                assert torch.equal(a, b)
                assert a.stride() == b.stride()
    assert traced.traces == 3  # one for each way to lie in memory
    (graph, *_) = traced._found.values()
    names = [n.name for n in graph.graph.nodes]
    assert not any(n.startswith(("view", "transpose", "expand", "permute")) for n in names)


def test_a_trace_is_not_used_within_a_map_or_for_a_gradient():
    """Its operations are below what differentiates and maps."""
    traced = Traced(lambda w: (w.reshape(-1) ** 3).sum())
    w = points(0)
    for _ in range(CALLS):
        traced(w)
    assert traced.traces == 1
    assert torch.equal(torch.func.grad(traced)(w), 3 * w**2)
    assert torch.vmap(traced)(torch.stack([w, 2 * w])).shape == (2,)
    at = w.clone().requires_grad_()
    traced(at).backward()
    assert torch.equal(at.grad, 3 * w**2)
