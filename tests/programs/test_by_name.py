"""Programs by name, by text, or themselves."""

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.programs.by_name import find_any, find_program, program_list
from singularity_lab.programs.library import program, program_names


def test_a_program_is_found_by_its_name_its_file_and_itself(tmp_path):
    one = program("xor-lookup")
    path = tmp_path / "mine.txt"
    path.write_text(one.to_text())
    for source in ("xor-lookup", path, one):
        assert find_program(source).to_text() == one.to_text()
        assert find_any(source).to_text() == one.to_text()


def test_real_programs_have_no_codes():
    assert find_any("slp-reuse").kind == "straight-line"
    with pytest.raises(BadInput, match="slp-reuse is a straight-line program"):
        find_program("slp-reuse")


@pytest.mark.parametrize("name", ["xor-lokup", "", "no such program"])
def test_another_name_is_refused(name):
    with pytest.raises(BadInput, match="program"):
        find_any(name)


def test_the_list_has_every_program_once():
    listed = program_list()
    names = [row["name"] for row in listed]
    assert len(set(names)) == len(names)
    assert set(program_names()) <= set(names)
    machines = [row["steps"] is not None for row in listed]
    assert machines == sorted(machines, reverse=True)  # real programs stand last
    for row in listed:
        found = find_any(row["name"])
        assert row["kind"] == (found.kind if row["steps"] is None else found.machine.kind)
        assert row["dimension"] >= 1
