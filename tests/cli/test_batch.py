"""A batch: one bad item is one error line, Ctrl-C ends the item and then the batch."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from terminal import ROOT, environment, run, shell

from singularity_lab.cli import batch
from singularity_lab.exact.engine import solve
from singularity_lab.system.deadline import check_time

GOOD = '{"id": "good", "generators": ["x^2-y^3"]}'
BAD = [
    ("id", '{"id": NaN, "generators": ["x"]}'),
    ("id", '{"id": [1], "generators": ["x"]}'),
    ("generators", '{"id": 0.5e5000, "generators": 1}'),
    ("generators", '{"generators": 5}'),
    ("generators", '{"generators": [NaN]}'),
    ("budget", '{"generators": ["x"], "budget": 1' + "0" * 400 + "}"),
    ("budget", '{"generators": ["x"], "budget": ' + "9" * 5000 + "}"),
    ("budget", '{"generators": ["x"], "budget": NaN}'),
    ("budget", '{"generators": ["x"], "budget": -1}'),
    ("budget", '{"generators": ["x"], "budget": true}'),
    ("", '{"generators": ["' + "9" * 5000 + '*x"]}'),
    ("point", '{"generators": ["x"], "point": {"x": {"a": 1}}}'),
    ("point", '{"generators": ["x"], "point": {"x": Infinity}}'),
    ("", '{"generators": ["x"], "vars": [1, 2]}'),
    ("", '{"generators": ["x"], "nonnegative": [[]]}'),
    ("box", '{"generators": ["x"], "box": {"x": 5}}'),
    ("key 'vars'", '{"vars": "x", "generators": ["x"], "vars": "y"}'),
    ("", '{"generators": ["' + "(" * 5000 + 'x"]}'),
    ("", "null"),
    ("", "NaN"),
]


@pytest.mark.parametrize(("word", "item"), BAD, ids=range(len(BAD)))
def test_a_bad_item_is_one_error_line_and_the_rest_is_answered(word, item):
    code, out, err = run("rlct", "--batch", "-", "--json", stdin=f"[{GOOD}, {item}, {GOOD}]")
    assert (code, err) == (2, "")
    first, bad, last = (json.loads(line) for line in out.splitlines())
    assert first["lambda"] == last["lambda"] == "5/12"
    assert bad["status"] == "error"
    assert word in bad["error"]
    assert len(bad["error"]) <= 500
    code, out, err = run("rlct", "--batch", "-", stdin=f"[{GOOD}, {item}, {GOOD}]")
    assert (code, err, len(out.splitlines())) == (2, "", 3)


@pytest.mark.parametrize("error", [ValueError("odd"), MemoryError(), RecursionError(), KeyError(1)])
def test_a_fault_of_the_engine_costs_its_item_alone(error, monkeypatch):
    prove = solve.rlct

    def faulty(generators, **options):
        if generators == ["z"]:
            raise error
        return prove(generators, **options)

    monkeypatch.setattr(solve, "rlct", faulty)
    items = f'[{GOOD}, {{"generators": ["z"]}}, {GOOD}]'
    code, out, _ = run("rlct", "--batch", "-", "--json", stdin=items)
    assert code == 2
    assert [json.loads(x)["status"] for x in out.splitlines()] == ["exact", "error", "exact"]


def test_a_batch_from_a_closed_input_is_one_line():
    code = (
        "import sys; sys.stdin = None; from singularity_lab.cli import main\n"
        "sys.argv = ['singlab', 'rlct', '--batch', '-']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: --batch: the standard input is closed\n"


HARD = ["x^2*y+y^4+x*z^5*w+w^7+x^3*u^2-z^3*u^5", "x*y*z*w-u^5+x^3-w^4*y^2"]


@pytest.mark.slow  # signals by the clock, which a loaded machine delays
def test_ctrl_c_ends_the_item_with_its_bounds_and_then_the_batch():
    items = [
        {"id": "first", "generators": ["x"]},
        *({"id": n, "generators": HARD, "budget": 300} for n in range(3)),
        {"id": "last", "generators": ["x"]},
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "singularity_lab.cli", "rlct", "--batch", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        cwd=ROOT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job's may be ignored
    )
    with process:
        process.stdin.write(json.dumps(items))
        process.stdin.close()
        assert json.loads(process.stdout.readline())["id"] == "first"
        time.sleep(3.0)
        process.send_signal(signal.SIGINT)
        cut = json.loads(process.stdout.readline())
        assert (cut["id"], cut["status"]) == (0, "bounds")
        assert cut["lower"] is not None
        assert cut["upper"] is not None
        time.sleep(2.0)
        process.send_signal(signal.SIGINT)
        rest, said = process.stdout.read(), process.stderr.read()
    assert process.returncode == 130
    assert rest == ""
    assert "2 of 5 problems are answered" in said
    assert "Traceback" not in said


def test_one_ctrl_c_is_told_by_the_exit_code(monkeypatch):
    """An item whose search was interrupted has its bounds; the others are answered as usual."""
    prove = solve.rlct
    calls = []

    def interrupted(generators, **options):
        calls.append(generators)
        if len(calls) == 1:
            signal.raise_signal(signal.SIGINT)
        return prove(generators, **options)

    monkeypatch.setattr(solve, "rlct", interrupted)
    code, out, _ = run("rlct", "--batch", "-", "--json", stdin=f"[{GOOD}, {GOOD}]")
    assert code == 130
    assert [json.loads(x)["id"] for x in out.splitlines()] == ["good", "good"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def interrupted_after(seconds, items, presses=1):
    """The exit code and lines of a batch that gets Ctrl-C after so many seconds, wherever it is."""

    def press():
        for _ in range(presses):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    timer = threading.Timer(seconds, press)
    guard = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer.start()
    try:
        code, out, err = run("rlct", "--batch", "-", "--json", stdin=json.dumps(items))
        late = timer.is_alive()
    except KeyboardInterrupt:  # while the words were read: the command itself ends with 130
        code, out, err, late = 130, "", "", True
    finally:
        timer.cancel()
        try:
            timer.join()
        except KeyboardInterrupt:  # it came after the batch
            late = True
        signal.signal(signal.SIGINT, guard)
    return code, [json.loads(line) for line in out.splitlines()], err, late


def sent_at_random(count, seed):
    """One Ctrl-C at a random moment: in a search, in a check, between items, in printing."""
    source = random.Random(seed)
    items = [{"id": n, "generators": [g]} for n, g in enumerate(("x^2-y^3", "x*y", "x^3-y^4*x"))]
    items.insert(1, {"id": "hard", "generators": HARD, "budget": 0.05})
    started = time.perf_counter()
    assert interrupted_after(60, items)[0] == 0
    whole = time.perf_counter() - started
    for _ in range(count):
        code, lines, err, late = interrupted_after(source.uniform(0, whole), items)
        if late or code == 0:
            continue
        assert code == 130, (code, err)
        assert "Traceback" not in err
        ids = [line["id"] for line in lines]
        assert ids == [0, "hard", 1, 2] or not ids  # none: it came before the batch began
        assert all(line["status"] in ("exact", "bounds") for line in lines)


@pytest.mark.slow
def test_one_ctrl_c_never_ends_the_batch():
    sent_at_random(8, seed=1)


@pytest.mark.slow
def test_one_ctrl_c_never_ends_the_batch_at_a_hundred_moments():
    sent_at_random(100, seed=2)


def test_ctrl_c_between_two_items_is_meant_for_the_next():
    with batch._counted_interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        assert interrupts.pending
        with interrupts.item():
            while True:
                check_time()
        assert (interrupts.count, interrupts.pending) == (1, False)
        with interrupts.item():
            signal.raise_signal(signal.SIGINT)
            while True:
                check_time()
        assert interrupts.count == 2
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_exit_codes():
    codes = {
        0: ("rlct", "x"),
        2: ("rlct", "x^"),
        3: ("rlct", *HARD, "--budget", "0.01"),
    }
    for code, words in codes.items():
        assert run(*words)[0] == code
    assert shell("rlct", "x", stdout=subprocess.PIPE).returncode == 0
