"""The result of a calibration, with its page and its picture."""

import matplotlib.pyplot as plt

from tests.calibration.planted import only_easy, right, table


def test_the_page_is_one_file(tmp_path):
    found = table({"right": right})
    path = found.report(tmp_path / "deep" / "report.html")
    text = path.read_text(encoding="utf-8")
    assert "right" in text
    assert "<script src" not in text
    assert "http-equiv" in text or "<html" in text


def test_the_picture_has_a_point_for_each_reading():
    found = table({"right": right, "easy": only_easy})
    ax = found.plot()
    assert {t.get_text() for t in ax.get_legend().get_texts()} >= {"right", "easy"}
    plt.close(ax.figure)
    assert len(found.points()) < len(found.measurements)  # silence has no point
