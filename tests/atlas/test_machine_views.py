"""The machine view says what the census of the program says."""

import pytest

from singularity_lab import phases
from singularity_lab.atlas.machine_views import MACHINES, machine_page, machine_phases_page
from singularity_lab.programs.answers import program_census
from singularity_lab.programs.library import program_names


@pytest.mark.parametrize("name", ["xor-4nand-shared"])
def test_components_and_codes_are_those_of_the_census(name):
    page, census = machine_page(name), program_census(name).to_json()
    assert page["solutions"] == census["solutions"]
    assert len(page["components"]) == len(census["components"])
    values = [c["lambda_E"] for c in page["components"]]
    assert values == [c["lambda_E"] for c in census["components"]]


def test_the_machines_of_the_page_are_of_the_library():
    assert set(MACHINES) <= set(program_names())
    assert len(set(MACHINES)) == len(MACHINES)


def test_the_functions_of_a_machine_are_phases_of_a_page():
    page = machine_page("parity3-automaton")
    told = machine_phases_page("parity3-automaton", page)
    assert "ladder" not in page  # it stands in the page of phases, once
    python = phases("parity3-automaton")
    listed = told["functions"]["phases"]
    assert [(f["name"], f["loss"], f["lambda"]["value"], f["m"]["value"]) for f in listed] == [
        (p.name, str(p.loss), str(p.value), p.lower[1]) for p in python.phases
    ]
    assert sum(f["loss"] == "0" for f in listed) == 1  # the wanted one
    assert machine_phases_page("none", {"summary": ""}) is None
