"""Typed records of documents: what is written is read, and a wrong field is named."""

from __future__ import annotations

import numpy as np
import pytest

from singularity_lab.errors import BadInput
from singularity_lab.system.documents import Record, converted, decoded


class Point(Record, frozen=True):
    x: float
    name: str = ""


class Path(Record, frozen=True):
    points: list[Point]
    by_order: dict[int, float]


PATH = Path(points=[Point(x=1.5), Point(x=2.0, name="end")], by_order={2: 0.5})


def test_what_is_written_is_read():
    assert PATH.plain() == {
        "points": [{"x": 1.5, "name": ""}, {"x": 2.0, "name": "end"}],
        "by_order": {"2": 0.5},
    }
    assert converted(PATH.plain(), Path, "path") == PATH


def test_a_document_has_lists_for_tuples():
    class Pairs(Record, frozen=True):
        pairs: tuple[tuple[int, Point], ...]
        named: dict[str, tuple[int, ...]]

    written = Pairs(pairs=((1, Point(x=0.5)),), named={"a": (2, 3)}).plain()
    assert written == {"pairs": [[1, {"x": 0.5, "name": ""}]], "named": {"a": [2, 3]}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '{"points": [{"x": 1, "y": 2}], "by_order": {}}',
            r"path: field points\[0\]: unknown.*'y'",
        ),
        ('{"points": [{"x": 1}, {}], "by_order": {}}', r"path: field points\[1\]: missing.*'x'"),
        ('{"points": [{"x": "1"}], "by_order": {}}', r"field points\[0\].x: Expected `float`"),
        ('{"points": []}', "path: missing field 'by_order'"),
        ("[]", "path: Expected `object`"),
        ("{", "path: .*truncated"),
    ],
)
def test_a_wrong_field_is_named(text, words):
    with pytest.raises(BadInput, match=words):
        decoded(text, Path, "path")


def test_numbers_of_other_libraries_are_written_as_numbers():
    class Text(str):
        pass

    point = Point(x=np.float64(0.25), name=Text("here")).plain()
    assert point == {"x": 0.25, "name": "here"}
    assert (type(point["x"]), type(point["name"])) == (float, str)
    with pytest.raises(TypeError, match="holds no complex"):
        Point(x=1j).plain()
