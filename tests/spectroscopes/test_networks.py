"""Torch models as people have them: what is moved, what is refused, and that a reading is of its
target."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from singularity_lab import llc, network_loss, track
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import ModuleLoss, measure, networks
from singularity_lab.spectroscopes.networks import planned
from singularity_lab.system.stopwatch import Stopwatch


def classifier(seed: int = 0):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    return net, torch.randn(60, 4), torch.randint(3, (60,))


def test_a_mean_a_sum_and_single_losses_are_one_criterion():
    """Values, gradients and the losses of the examples agree, whatever the reduction."""
    net, x, y = classifier()
    made = [
        ModuleLoss(net, x, y, lambda o, t, r=r: F.cross_entropy(o, t, reduction=r), batch_size=20)
        for r in ("none", "mean", "sum")
    ]
    w = made[0].center + 0.1 * torch.randn(4, made[0].dim, dtype=torch.float64)
    for other in made[1:]:
        for a, b in zip(made[0].value_and_grad(w), other.value_and_grad(w), strict=True):
            assert torch.allclose(a, b, rtol=1e-12)
        assert torch.allclose(made[0].example_values(w), other.example_values(w), rtol=1e-12)
    assert made[1].example_values(w).shape == (4, 60)


def test_rows_in_runs_change_nothing():
    net, x, y = classifier()
    whole = ModuleLoss(net, x, y, F.cross_entropy)
    parts = ModuleLoss(net, x, y, F.cross_entropy, rows=7, chunk=2)
    w = whole.center + 0.1 * torch.randn(5, whole.dim, dtype=torch.float64)
    for a, b in zip(whole.value_and_grad(w), parts.value_and_grad(w), strict=True):
        assert torch.allclose(a, b, rtol=1e-12)
    assert torch.allclose(whole.value(w), parts.value(w), rtol=1e-12)


def test_frozen_parameters_stay_and_tied_ones_count_once():
    net, x, y = classifier()
    net[0].requires_grad_(False)
    loss = network_loss(net, (x, y), F.cross_entropy)
    assert loss.dim == 5 * 3 + 3

    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x))

    tied = network_loss(Tied(), (x, x), dtype=torch.float64)
    assert tied.dim == 16
    moved = tied.center + torch.randn(1, 16, dtype=torch.float64)
    m = moved.reshape(4, 4)
    assert float(tied.value(moved)) == pytest.approx(
        float(((x.double() @ m.t() @ m.t() - x) ** 2).sum(1).mean())
    )


def test_loaders_data_sets_and_dicts_give_one_loss():
    net, x, y = classifier()
    data = TensorDataset(x, y)
    w = network_loss(net, (x, y), F.cross_entropy).center[None]
    made = [
        network_loss(net, (x, y), F.cross_entropy),
        network_loss(net, data, nn.CrossEntropyLoss()),
        network_loss(net, DataLoader(data, batch_size=16, shuffle=True), F.cross_entropy),
        network_loss(
            net,
            [{"x": x[:30], "y": y[:30]}, {"x": x[30:], "y": y[30:]}],
            loss=lambda model, batch: F.cross_entropy(model(batch["x"]), batch["y"]),
        ),
    ]
    values = [float(m.value(w)) for m in made]
    assert values == pytest.approx([values[0]] * 4, rel=1e-6)
    assert {m.n_data for m in made} == {60}


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTM(4, 3, batch_first=True)

    def forward(self, x):
        return self.cell(x[:, None, :])[0][:, 0]


class Calls(nn.Module):
    """A linear map, and what a function makes of it."""

    def __init__(self, function):
        super().__init__()
        self.net, self.function = nn.Linear(4, 3), function

    def forward(self, x):
        return self.function(self.net, x)


@dataclass
class Answer:
    """An output as models of language give it."""

    logits: torch.Tensor
    loss: torch.Tensor | None = None


def broken():
    net = nn.Linear(4, 3)
    with torch.no_grad():
        net.weight[0, 0] = math.nan
    return net


def each(out, y):
    return F.cross_entropy(out, y, reduction="none")


@pytest.mark.parametrize(
    ("model", "data", "kind", "word"),
    [
        (nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), "xy", F.cross_entropy, "model.eval()"),
        (nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)), "xy", F.cross_entropy, "model.eval()"),
        (nn.Linear(4, 3), "xy", None, "cross_entropy"),
        (nn.Linear(4, 3), "x", F.cross_entropy, "inputs, targets"),
        (nn.Linear(4, 3), "none", F.cross_entropy, "at least one batch"),
        (nn.Linear(4, 3), "xy", lambda o, y: F.cross_entropy(o, y) ** 2 + len(o), "their mean"),
        (nn.Linear(4, 3).requires_grad_(False), "xy", F.cross_entropy, "requires a gradient"),
        (Recurrent(), "xy", F.cross_entropy, "tensor operations"),
        (nn.LSTMCell(4, 3), "xy", F.cross_entropy, "one kernel that torch.func cannot map"),
        ("no module", "xy", F.cross_entropy, "torch.nn.Module"),
        (nn.Linear(4, 3).to("meta"), "xy", F.cross_entropy, "load_state_dict"),
        (nn.LazyLinear(3), "xy", F.cross_entropy, "no shape yet"),
        (nn.Linear(4, 3, dtype=torch.complex64), "xy", F.cross_entropy, "two real"),
        (broken(), "xy", F.cross_entropy, "not finite"),
        (nn.Linear(4, 1), "rows", None, "reshape them"),
        (Calls(lambda net, x: net(x).log()), "xy", F.cross_entropy, "finite loss at w*"),
        (Calls(lambda net, x: F.dropout(net(x))), "xy", F.cross_entropy, "model.eval()"),
        (Calls(lambda net, x: net(x) - net(x).mean(0)), "xy", each, "the others in its batch"),
        (Calls(lambda net, x: net(x) * (2 if net.bias[0] > 0 else 1)), "xy", each, "where"),
        (Calls(lambda net, x: (net(x), x)), "xy", F.cross_entropy, "out[0]"),
        (Calls(lambda net, x: Answer(net(x))), "xy", F.cross_entropy, "out.logits"),
        (Calls(lambda net, x: net(x).detach() + 0.1 * net(x)), "xy", each, "a gradient that"),
        (nn.Linear(4, 3), "xy", lambda o, y: (o.argmax(1) != y).float(), "counted"),
        (nn.Linear(4, 3), "xy", lambda o, y: float(F.cross_entropy(o, y)), "a float"),
        (nn.Linear(4, 3), "xy", "cross_entropy", "a function"),
        (nn.Linear(4, 3), "xy", nn.CrossEntropyLoss, "pass CrossEntropyLoss()"),
        (nn.Linear(4, 3), "xy", nn.CrossEntropyLoss(torch.tensor([1.0, 2, 3])), "='none'"),
        (nn.Linear(5, 3), "xy", F.cross_entropy, "fails on a float32 tensor (16, 4)"),
        (nn.Linear(4, 2), "xy", F.cross_entropy, "out of bounds"),
    ],
    ids=[
        "batch norm", "dropout", "integers", "no targets", "no batch", "no mean", "frozen", "LSTM",
        "LSTMCell", "no module", "meta", "lazy", "complex", "NaN weight", "shapes", "NaN",
        "random", "mixed", "branch", "tuple", "logits", "detached", "accuracy", "float", "string",
        "class", "class weights", "width", "labels",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line_that_says_what_to_do(model, data, kind, word):
    _, x, y = classifier()
    given = {"xy": (x, y), "x": [x[:5], x[5:7]], "none": [], "rows": (x, x[:, 0])}[data]
    if data == "x":
        given = DataLoader(TensorDataset(x), batch_size=16)
    with pytest.raises(BadInput, match=re.escape(word)) as told:
        network_loss(model, given, kind)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"device": "cuda"}, "torch_device="),
        ({"device": torch.device("cpu")}, "torch_device="),
        ({"device": "SGLD"}, "SGLD is 'llc'"),
        ({"device": "sgnht"}, "'sgnht' is a sampler of 'llc': sampler='sgnht'"),
        ({"device": "wbic"}, "measure('wbic', network_loss(…)) is for other devices"),
        ({"torch_device": "nowhere"}, "torch_device: 'nowhere' cannot be used"),
        ({"gamma": "10"}, "gamma: expected a positive number, received '10'"),
        ({"gamma": -1.0}, "gamma: expected a positive number"),
        ({"seconds": "5"}, "seconds: expected a positive number"),
        ({"n": True}, "n: expected a positive number"),
        ({"only": nn.Linear(1, 1)}, "only: expected names"),
        ({"freeze": [0]}, "freeze: expected names"),
        ({"epsilon": -1.0}, "epsilon"),  # a setting of llc alone, which is then the device
        ({"lr": 1e-3}, "llc has none that is called 'lr'; did you mean epsilon?"),
    ],
    ids=lambda x: str(x)[:24],
)
def test_an_argument_that_cannot_be_right_is_one_line(given, word):
    net, x, y = classifier()
    with pytest.raises(BadInput, match=re.escape(word)) as told:
        llc(net, (x, y), F.cross_entropy, seconds=given.pop("seconds", 1.0), **given)
    assert "\n" not in str(told.value)


def test_a_module_in_place_of_a_loss_is_told_what_makes_one():
    net, _, _ = classifier()
    with pytest.raises(BadInput, match="network_loss"):
        measure("llc-hmc", net, seed=0)


def test_what_is_wrapped_or_given_otherwise_is_one_loss():
    """DataParallel, arrays, a data set of examples in a stream, dicts, outputs with logits, and a
    module of half precision."""
    net, x, y = classifier()
    w = network_loss(net, (x, y), F.cross_entropy).center[None]

    class Stream(IterableDataset):
        def __iter__(self):
            yield from zip(x, y, strict=True)

    answers = Calls(lambda _, x: Answer(net(x)))
    answers.net = net
    made = [
        network_loss(net, (x, y), F.cross_entropy),
        network_loss(nn.DataParallel(net), (x, y), F.cross_entropy),
        network_loss(net, (x.numpy(), y.numpy()), F.cross_entropy),
        network_loss(net, Stream(), F.cross_entropy),
        network_loss(net, {"x": x, "y": y}, loss=lambda m, b: F.cross_entropy(m(b["x"]), b["y"])),
        network_loss(
            Two(net),
            ((x, x), y),
            loss=lambda m, b: F.cross_entropy(m(*b[0]), b[1], reduction="none"),
        ),
    ]
    values = [float(m.value(w)) for m in made]
    assert values == pytest.approx([values[0]] * len(made), rel=1e-6)
    own = network_loss(answers, (x, y), F.cross_entropy, self_teacher=True)
    assert float(own.value(own.center[None]).abs()) < 1e-6
    half = network_loss(
        nn.Linear(4, 3).bfloat16(), (x.bfloat16(), y), F.cross_entropy, self_teacher=True
    )
    assert float(half.value(half.center[None]).abs()) < 1e-6


class Two(nn.Module):
    """The mean of a network at two inputs."""

    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x, z):
        return (self.net(x) + self.net(z)) / 2


def test_attention_is_mapped_over_chains_without_its_fused_kernels():
    torch.manual_seed(0)
    net = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True).eval()
    x = torch.randn(12, 3, 4)
    loss = network_loss(net, (x, x), batch_size=4)
    w = loss.center + 0.1 * torch.randn(3, loss.dim, dtype=torch.float64)
    value, _ = loss.value_and_grad(w)
    assert torch.allclose(value, loss.value(w), rtol=1e-5)
    with torch.no_grad():
        assert float(loss.value(loss.center[None])) == pytest.approx(
            float(((net(x) - x) ** 2).sum((1, 2)).mean()), rel=1e-5
        )


def test_what_is_trained_on_afterwards_leaves_a_loss_as_it_was():
    """Frozen parameters and buffers are copied."""
    net, x, y = classifier()
    net[0].requires_grad_(False)
    loss = network_loss(net, (x, y), F.cross_entropy)
    before = loss.value(loss.center[None])
    with torch.no_grad():
        net[0].weight.add_(1.0)
    assert torch.equal(before, loss.value(loss.center[None]))


@pytest.mark.parametrize("kind", ["squared", "kl"])
def test_the_loss_against_the_own_function_is_zero_at_the_centre_and_positive_beside_it(kind):
    net, x, y = classifier()
    loss = network_loss(net, (x, y), F.cross_entropy, self_teacher=kind, dtype=torch.float64)
    value, slope = loss.value_and_grad(loss.center[None])
    assert abs(float(value)) < 1e-12
    assert float(slope.abs().max()) < 1e-6
    assert bool((loss.value(loss.center + 0.1 * torch.randn(20, loss.dim)) > 0).all())


def test_a_regular_model_reads_half_its_dimension():
    """K = E(x·(w − w*))²/1: d/2 at every n, here against the Gaussian target with γ."""
    torch.manual_seed(1)
    x = torch.randn(500, 4)
    net = nn.Linear(4, 1, bias=False)
    n, gamma = 500.0, 5.0
    r = llc(net, (x, net(x).detach()), gamma=gamma, burn_in=120, draws=240, progress=False)
    nbeta = n / math.log(n)
    h = torch.linalg.eigvalsh(2 * (x.T @ x / len(x)).double())
    target = float((0.5 * nbeta * h / (nbeta * h + gamma)).sum())
    assert r.ok
    assert r.estimate.low < target < r.estimate.high
    assert r.estimate.value == pytest.approx(target, rel=0.1)
    assert "uncalibrated" in str(r)


@pytest.mark.slow
def test_a_reading_says_which_device_computed_where_and_how_it_was_extrapolated():
    torch.manual_seed(0)
    net = nn.Linear(2, 1)
    x = torch.randn(200, 2)
    data = (x, net(x).detach())
    usual = str(llc(net, data, seconds=60, burn_in=20, draws=40, progress=False))
    assert "llc-hmc, by a pilot, of the length that was given; on cpu, where the model" in usual
    asked = llc(
        net, data, device="llc", torch_device="cpu", dtype=torch.float64, burn_in=40, draws=40,
        progress=False,
    )  # fmt: skip
    assert "llc, as asked; on cpu, as asked; float64" in str(asked)
    assert "llc, as asked" in asked._repr_html_()
    half, whole = re.search(r"2·(\S+) at ε/2 − (\S+) at ε", str(asked)).groups()
    assert 2 * float(half) - float(whole) == pytest.approx(asked.estimate.value, rel=1e-3)
    known = llc(net, data, sampler="sgld", burn_in=40, draws=40, progress=False)
    assert "llc, which knows a setting that was given" in str(known)


def test_numbers_of_numpy_and_torch_are_numbers():
    import numpy as np

    torch.manual_seed(0)
    net = nn.Linear(2, 1)
    x = torch.randn(50, 2)
    data = (x, net(x).detach())
    short = {"burn_in": 20, "draws": 40, "device": "llc-hmc", "progress": False}
    one = llc(net, data, gamma=10, n=1000, seed=3, chains=8, **short)
    two = llc(
        net, data, gamma=np.float32(10), n=np.int64(1000), seed=np.int64(3), chains=8.0, **short
    )
    assert one.fingerprint() == two.fingerprint()
    with pytest.raises(BadInput, match=r"chains: expected an integer, received 8\.5"):
        llc(net, data, chains=8.5, **short)


def test_a_box_holds_the_chains():
    """Without localisation, in a box: K = (w − w*)² on [−½, ½]."""
    x = torch.ones(200, 1)
    net = nn.Linear(1, 1, bias=False)
    loss = network_loss(net, (x, net(x).detach()), box=0.5, dtype=torch.float64)
    r = measure("llc-hmc", loss, seed=0, n=200, gamma=0.0, chains=64, burn_in=100, draws=200)
    assert r.ok
    assert r.estimate.value == pytest.approx(0.5, rel=0.1)


def test_the_hessian_of_a_trained_network_is_read_at_the_resolution_of_its_data():
    """Least squares on 400 examples, two of three inputs equal: rank 2, and w* is a minimum as far
    as the data tell when a step of the sampling error is added, not when ten are."""
    torch.manual_seed(0)
    x = torch.randn(400, 2) @ torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]])
    y = x @ torch.tensor([[1.0], [2.0], [0.0]]) + torch.randn(400, 1)
    best = torch.linalg.pinv(x) @ y
    for steps, found in ((0.5, "degenerate Hessian: 2 of 3"), (20, "no critical point")):
        net = nn.Linear(3, 1, bias=False)
        with torch.no_grad():
            net.weight.copy_((best + steps * torch.tensor([[1.0], [0.0], [0.0]]) / 20).t())
        half = lambda out, y: 0.5 * (out - y) ** 2  # noqa: E731
        r = measure("hessian", network_loss(net, (x, y), half), seed=0)
        assert r.diagnostics["rank"] == 2
        assert found in r.reason
        assert "uncalibrated" in str(r)


def test_eight_draws_of_minibatches_are_a_reading():
    """The batch that never changes is looked at every five steps: once or twice here."""
    net, x, y = classifier()
    loss = network_loss(net, (x, y), F.cross_entropy, batch_size=20)
    r = measure(
        "llc", loss, seed=0, n=60, gamma=100.0, epsilon=1e-5, chains=8, burn_in=0, draws=8,
        minibatch=True,
    )  # fmt: skip
    assert not r.ok
    assert math.isfinite(r.estimate.value)


class Tracing:
    """A loss that spends half a second once, at its eighth evaluation, as a traced one does."""

    dim, n_data, center = 2, 100, torch.zeros(2, dtype=torch.float64)

    def __init__(self):
        self.calls = 0

    def value_and_grad(self, points):
        self.calls += 1
        watch = Stopwatch()
        while self.calls == 8 and watch.seconds < 0.5:
            pass
        return (points**2).sum(1), 2 * points


def test_a_pilot_does_not_count_the_making_of_a_trace():
    """Ten CPU seconds are plenty for microseconds, whatever one evaluation costs once."""
    loss = Tracing()
    name, plan = planned(loss, None, 10.0, {})
    assert loss.calls >= 8
    assert name == "llc-hmc"
    assert plan["draws"] == planned(loss, None, 1000.0, {})[1]["draws"]


@pytest.mark.parametrize("device", [None, "llc"])
def test_a_pilot_below_the_tick_of_the_clock_has_a_plan(monkeypatch, device):
    loss = Tracing()
    loss.calls = 8  # past the trace
    monkeypatch.setattr(Stopwatch, "seconds", property(lambda watch: 0.0))
    name, plan = planned(loss, device, 10.0, {})
    assert name == device or device is None
    assert plan["draws"] > 0


@pytest.mark.parametrize("given", [True, False])
def test_a_criterion_that_nobody_gave_is_named(given):
    net = torch.nn.Linear(2, 1)
    x = torch.randn(64, 2)
    criterion = torch.nn.MSELoss() if given else None
    told = str(llc(net, (x, net(x).detach()), criterion, seconds=1, progress=False))
    assert ("squared error, as no criterion was given" in told) is not given


def regression():
    torch.manual_seed(0)
    net, x = nn.Linear(2, 1), torch.randn(64, 2)
    return net, (x, net(x).detach())


@pytest.mark.parametrize(
    ("share", "settings", "words"),
    [
        (1e6, {}, "fits in 1e+06 CPU s (draws= and burn_in= lengthen it, seconds= does not)"),
        (1e6, {"draws": 40, "burn_in": 20}, "of the length that was given"),
        (0.5, {}, "shortened to"),
    ],
)
def test_what_seconds_have_to_do_with_the_length_is_told(monkeypatch, share, settings, words):
    """Whatever the seconds are, they never lengthen the usual run."""
    net, data = regression()
    usual = {"chains": 12, "burn_in": 120, "draws": 240, "leapfrogs": 2, "scales": 12}
    plan = {**usual, "draws": int(240 * min(share, 1)), **settings}
    monkeypatch.setattr(networks, "planned", lambda *_: ("llc-hmc", plan))
    told = str(llc(net, data, seconds=share, progress=False, **settings))
    assert words in told
    assert f"12 chains of {plan['burn_in']} + {plan['draws']} steps" in told


def test_a_reading_that_has_not_mixed_says_with_which_settings_it_might():
    net, data = regression()
    reading = llc(net, data, device="llc-hmc", burn_in=20, draws=20, leapfrogs=1, progress=False)
    needed = reading.diagnostics["draws_needed"]
    burn_in = math.ceil(needed)  # as many as draws here
    assert f"draws={needed}, burn_in={burn_in} (seconds= does not make them)" in reading.reason


def test_examples_that_a_loader_leaves_out_are_counted():
    net, (x, y) = regression()
    short = {"device": "llc-hmc", "burn_in": 20, "draws": 20, "leapfrogs": 1, "progress": False}
    for drop in (True, False):
        loader = DataLoader(TensorDataset(x, y), batch_size=20, drop_last=drop)
        told = str(llc(net, loader, **short))
        words = "n counts 60 of 64 examples, as the loader's drop_last=True leaves 4 out"
        assert (words in told) is drop
        path = track({0: net.state_dict()}, model=net, data=loader, **short)
        assert (words in str(path)) is drop


def test_data_in_the_place_of_the_criterion_are_told_by_type_and_shape():
    net, data = regression()
    with pytest.raises(BadInput) as told:
        llc(net, nn.MSELoss(), data)
    assert str(told.value) == (
        "criterion: expected a function such as torch.nn.functional.mse_loss, received a tuple of "
        "2 (a float32 tensor (64, 2), a float32 tensor (64, 1)); data come before the criterion"
    )
