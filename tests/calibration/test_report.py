"""The report: one file that needs nothing else, in which every number of the table can be read."""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction
from html.parser import HTMLParser

import pytest

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.ledger import account
from singularity_lab.calibration.measurement import Measurement, Truth
from singularity_lab.calibration.report import render, what_one_sees
from singularity_lab.calibration.results import Calibration


def proved(value, m):
    at = RLCT(Fraction(value), m)
    return Truth(Bounds(at, at), "proved", "certificate of 1 step", 0.5)


@pytest.fixture(scope="module")
def calibration():
    rows = (
        CalibrationRow("nc-1-1", "normal_crossing", 2, LocalProblem.build("x*y")),
        CalibrationRow("odd <row> & co", "fam", 5, LocalProblem.build("x^2 - y^3")),
        CalibrationRow("open", "fam", 3, LocalProblem.build("x*y*z")),
    )
    truths = {
        "nc-1-1": proved("1/2", 2),
        "odd <row> & co": proved("5/12", 1),
        "open": Truth(Bounds(RLCT(Fraction(1, 4), 1), RLCT(Fraction(1, 2), 1)), "bracketed"),
    }

    def reading(row, arm, value, half=0.01, **more):
        return Measurement(
            row, arm, 0, truths[row.id], value, value - half, value + half, 0.9, "ok",
            evaluations=100, gradients=0, cpu_seconds=1.5, **more,
        )  # fmt: skip

    found = []
    for row in rows:
        exact = float(truths[row.id].value or 0.4)
        found.append(reading(row, "llc", 0.8 * exact))
        found.append(reading(row, "volume", 1.001 * exact, probabilities={1: 0.3, 2: 0.7}))
    found.append(
        Measurement(rows[0], "broken", 0, truths["nc-1-1"], None, None, None, None, "died",
                    "killed by signal 9")
    )  # fmt: skip
    arms = (("llc", {"n": 1e4}), ("volume", {}), ("broken", {}))
    made = Calibration(rows, arms, (0,), truths, tuple(found))
    line = account(
        "nc-1-1", truths["nc-1-1"], made.of("nc-1-1", "llc"), [], 0.39,
        {"n": 1e4, "gamma": 1.0, "beta": None},
    )  # fmt: skip
    return dataclasses.replace(made, ledger=(line,))


@pytest.fixture(scope="module")
def page(calibration):
    return render(calibration)


class Reader(HTMLParser):
    """Checks that elements nest, and gathers text and attributes."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self):
        super().__init__()
        self.open, self.text, self.images, self.links = [], [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        attributes = dict(attrs)
        if tag == "img":
            self.images.append(attributes)
        self.links += [v for k, v in attributes.items() if k in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def read(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def test_it_needs_nothing_from_outside(page, read):
    outward = [link for link in read.links if not link.startswith("#")]
    assert all(link.startswith("data:image/svg+xml;base64,") for link in outward)
    inward = {link[1:] for link in read.links if link.startswith("#")}
    assert all(f'id="{anchor}"' in page for anchor in inward)  # from figures to rows
    assert "<script" not in page
    assert not re.search(r"@import|url\(", page)


def test_every_figure_says_what_it_shows(read):
    assert len(read.images) == 6  # scatter, errors, coverage, ledger, cost, five levels
    assert all(len(image["alt"]) > 20 for image in read.images)


def test_names_are_escaped(page, read):
    assert "<row>" not in page
    assert "odd &lt;row&gt; &amp; co" in page
    assert "odd <row> & co" in "".join(read.text)


def test_the_table_has_what_was_proved_read_and_lost(read):
    text = " ".join(" ".join(read.text).split())
    for expected in ("1/2", "5/12", "[1/4, 1/2]", "0.4 ", "−20.0 %", "died", "yes", "no", "open"):
        assert expected in text, expected


def test_the_first_paragraph_says_what_one_sees(calibration):
    sentences = what_one_sees(calibration)
    assert sentences[0].startswith("λ and m are proved for 2 of 3 rows")
    assert sentences[1].startswith("volume")  # the best arm first
    assert "2 of the 2 intervals" in sentences[1]
    assert "median error 20.0 %" in sentences[2]
    assert "broken gave no reading" in sentences[3]
    assert "0.78 λ" in sentences[-1]
    assert "bias of the device" in sentences[-1]


def test_the_same_calibration_gives_the_same_bytes(calibration, page):
    assert render(calibration) == page


def test_a_report_without_any_reading_is_still_a_report(calibration):
    empty = dataclasses.replace(
        calibration,
        arms=(("broken", {}),),
        measurements=tuple(m for m in calibration.measurements if m.arm == "broken"),
        ledger=(),
    )
    page = render(empty)
    assert "broken gave no reading" in page
    assert "<img" not in page


def test_means_over_seeds_have_no_interval_and_the_page_does_not_say_that_they_have(calibration):
    again = [dataclasses.replace(m, seed=1) for m in calibration.measurements]
    two = dataclasses.replace(
        calibration, seeds=(0, 1), measurements=(*calibration.measurements, *again)
    )
    text = " ".join(render(two).split())
    assert "interval is that of a single reading, and of several “covered?” says how many" in text
    assert "that of the first" not in text
    table = text.partition(">Every row<")[2]
    row = table[table.index("<td>volume</td>") :].partition("</tr>")[0]
    assert "<td>–</td>" in row
    assert "2 of 2" in row
    assert "that of a single reading" not in render(calibration)  # there all are single


def test_a_device_has_one_colour_in_all_figures(calibration, monkeypatch):
    from singularity_lab.calibration import report

    drawn = {}

    def keep(name, alt, caption, figure):
        drawn[name] = figure
        return report.Drawing(name, "", alt, caption)

    monkeypatch.setattr(report, "_draw", keep)
    report._figures(two_devices(calibration))
    assert {"scatter", "errors", "coverage", "cost"} <= set(drawn)
    colours = {}
    for name in ("scatter", "errors", "coverage", "cost"):
        (ax,) = drawn[name].axes
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            if label in ("llc", "volume"):
                colours.setdefault(label, set()).add(colour_of(handle))
    assert all(len(found) == 1 for found in colours.values()), colours
    assert colours["llc"] != colours["volume"]


def two_devices(calibration):
    """One in which the first arm claims no interval, and so is in fewer figures."""
    silent = [
        dataclasses.replace(m, outcome="not mixed") if m.arm == "llc" else m
        for m in calibration.measurements
    ]
    return dataclasses.replace(calibration, measurements=tuple(silent))


def colour_of(handle):
    from matplotlib.colors import to_hex

    if hasattr(handle, "patches"):
        return to_hex(handle.patches[0].get_facecolor()[:3])
    line = handle[0] if isinstance(handle, tuple) else handle
    return to_hex(line.get_color())
