"""``singlab dictionary`` and ``singlab find``: lists, pages, searches, exports."""

import pytest
from terminal import answer, run


def test_the_lists_count_every_cell_by_its_status():
    code, found = answer("dictionary", "list")
    assert code == 0
    assert set(found) == {"rows", "strata", "readings"}  # the tables that have cells
    assert len({sum(by_status.values()) for by_status in found["strata"].values()}) == 1


@pytest.mark.parametrize("query", ["ade-a2", "λ=5/12", "A2 d:2..2"])
def test_find_and_search_give_the_same(query):
    one, other = run("find", query, "--json"), run("dictionary", "search", query, "--json")
    assert one == other
    assert one[0] == 0
    assert "ade-a2" in one[1]


def test_a_word_that_no_row_has_is_named_and_no_empty_table_is_printed():
    code, out, _ = run("find", "tansformer")
    assert code == 0
    assert out.splitlines()[0] == "no row has 'tansformer'; perhaps transformer"
    assert "title" not in out


def test_polynomials_that_no_row_has_are_not_told_word_by_word():
    code, out, _ = run("find", "a*b^2-c^3, a*c")
    assert code == 0
    assert out.startswith("no row has these generators up to renaming and signs")
    assert "'a*c'" in out.splitlines()[1]
    assert "--from DIR" in out
    _, told, _ = run("find", "λ=7/12")
    assert told.startswith("no row has λ=7/12; the nearest values are ")
    assert "singlab rlct" not in told


def test_a_dictionary_of_some_rows_has_their_readings(tmp_path):
    folder = tmp_path / "own"
    words = ("--ids", "ade-a2,bp-2-3", "--limit", 1, "--jobs", 1, "--out", folder)
    code, built = answer("dictionary", "build", *words)
    assert (code, built["problems"]) == (0, [])
    _, own = answer("dictionary", "show", "ade-a2", "--from", folder)
    _, shipped = answer("dictionary", "show", "ade-a2")
    assert own["stratum"]["reading"]["status"] == "value"
    assert own["stratum"] == shipped["stratum"]
    assert own["readings"] == shipped["readings"] != []


def test_a_hit_says_what_k_is_and_where():
    _, found = answer("find", "nc-1-1-prior-0-1")
    assert (found[0]["loss"], found[0]["at"]) == ("K = (w1*w2)^2", "at 0; prior |w2|")


def test_a_page_shows_every_state():
    code, out, _ = run("dictionary", "show", "ade-a2")
    assert code == 0
    assert "5/12" in out
    assert "A2" in out


def test_functions_of_a_machine_sum_to_one():
    code, found = answer("dictionary", "functions", "xor-lookup")
    assert code == 0
    assert found


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "no-such-row"], "no row"),
        (["list", "tables"], "table: one of"),
        (["phases", "nothing-of-the-kind"], "source"),
        (["phases", "rrr-4-4-3-r3", "--reading", "five"], "--reading"),
        (["measure", "nc-1", "--seeds", "", "--device", "hessian"], "--seeds"),
    ],
)
def test_mistakes_are_one_line(words, message, tmp_path):
    more = ["--out", tmp_path] if words[0] == "measure" else []
    code, _, err = run("dictionary", *words, *more)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
