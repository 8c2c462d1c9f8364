"""The control coordinate-slice: right where there is no valley, and the same for the same seed."""

from tests.spectroscopes.germs import check_without_a_valley


def test_it_is_right_where_there_is_no_valley():
    check_without_a_valley("coordinate-slice")
