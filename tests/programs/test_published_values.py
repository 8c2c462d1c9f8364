"""The 43 cases of programs.json, each from scratch."""

from __future__ import annotations

import json
import re
from fractions import Fraction

import pytest

from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.simplex import rank
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.programs import (
    SyndromeProgram,
    error_polynomials,
    hitting_number,
    program,
    zero_set,
)
from singularity_lab.programs.library import detect_a, parity_check
from singularity_lab.programs.machines.straightline import coin_xor, hidden_markov, reuse, square
from singularity_lab.programs.program_certificate import open_problem

MINI = program("detectA-mini")
ENTRIES = ("Br", "Ba", "Ar", "Aa")


@pytest.fixture(scope="module")
def rows(truth_tables):
    found = json.loads((truth_tables / "programs.json").read_text())
    return {row["id"]: row for row in found}


def value(row):
    return Fraction(row["lambda_E"]), row["m"]


def check(row, sp):
    """λ, m by cutting planes and by enumeration, and the generators where they are given."""
    solved, listed = sp.solve(), sp.enumerated()
    assert (solved.value, solved.multiplicity) == value(row)
    assert (listed.value, listed.multiplicity) == value(row)
    assert Fraction(row["lambda_H"]) == solved.value / 2
    if row["generators"]:
        assert sorted(map(normal, row["generators"])) == sorted(
            normal(sp.text(s)) for s in sp.syndromes()
        )


def normal(monomial):
    return tuple(sorted(monomial.split("*")))


def mini_code(code):
    return {f"{k}_{e}": option for e in ENTRIES for k, option in zip("wqd", code[e], strict=True)}


def test_components_of_the_small_detect_a(rows):
    found = [r for i, r in rows.items() if "_component_" in i]
    assert len(found) == 5
    for row in found:
        steps = int(re.search(r"_T(\d)_", row["id"])[1])
        support = {}
        text = re.search(r"with supports (.*) for entries", row["description"])[1].split()
        for e, block in zip(ENTRIES, text, strict=True):
            for k, options in zip("wqd", block.split("/"), strict=True):
                support[f"{k}_{e}"] = frozenset(options)
        sp = SyndromeProgram(MINI, steps, "exact", support)
        check(row, sp)
        assert sum(len(o) - 1 for o in support.values()) == row["face_dim"]
        assert {n: Fraction(x) for n, x in row["weighted_blowup"].items()} == sp.solve().weights


def test_vertices_of_the_small_detect_a(rows):
    found = [r for i, r in rows.items() if "_vertex_" in i]
    assert len(found) == 5
    for row in found:
        steps = int(re.search(r"_T(\d)_", row["id"])[1])
        p = MINI.at(mini_code(row["code"]))
        check(row, SyndromeProgram(p, steps, row["semantics"]))
        for semantics, (number, m) in row["other_semantics"].items():
            other = hitting_number(p, steps, semantics)
            assert (other.value, other.multiplicity) == (Fraction(number), m)
        names = row.get("poly_vars", {})
        for case, e in zip(p.cases, error_polynomials(p, steps, row["semantics"]), strict=True):
            text = row.get("exact_polynomials_e_x", {}).get(case.value)
            if text:
                renamed = re.sub(r"e\d+", lambda m, n=names: n[m[0]], text)
                assert parse(renamed, e.variables) == e


def counts(census):
    return {f"{v.value},{v.multiplicity}": n for v, n in census.vertex_counts().items()}


def test_the_census_of_the_small_detect_a(rows):
    row = rows["detectA_mini_census"]
    for steps, key in ((2, "W0_T2"), (3, "W0_T3")):
        census = zero_set(MINI, steps)
        assert list(census.f_vector) == row[key]["f_vector"]
        assert [len(p) for p in census.pieces] == row[key]["connected_components_vertices"]
        assert counts(census) == row[f"T{steps}"]["exact"]
        by_dimension: dict[str, list[str]] = {}
        for c in census.components:
            by_dimension.setdefault(str(c.dimension), []).append(str(c.lambda_E))
        if "irreducible_components(dim:lamE)" in row[key]:
            assert by_dimension == row[key]["irreducible_components(dim:lamE)"]
        else:
            assert len(census.components) == row[key]["n_irreducible_components"]
    assert counts(zero_set(MINI, 2, "naive")) == row["T2"]["exact"]
    assert counts(zero_set(MINI, 2, "staged")) == row["T2"]["staged"]


@pytest.mark.slow
def test_the_census_with_marginals_at_three_steps(rows):
    assert counts(zero_set(MINI, 3, "naive")) == rows["detectA_mini_census"]["T3"]["naive"]


def test_the_open_chart_at_two_steps(rows):
    """Jacobian rank 4 at 192 vertices, 3 at 64; λ_H = 2 with m = 1 and m = 2."""
    census = zero_set(MINI, 2)
    found: dict[int, list] = {}
    for vertex in census.faces[0]:
        p = MINI.at(census.code(vertex))
        jacobian = [
            [e.derivative(v)([0] * 12) for v in e.variables] for e in error_polynomials(p, 2)
        ]
        found.setdefault(rank(jacobian), []).append(p)
    assert {r: len(ps) for r, ps in found.items()} == {4: 192, 3: 64}
    for r, m in ((4, 1), (3, 2)):
        answer = rlct(open_problem(found[r][0], 2), budget=30)
        assert (answer.value, answer.multiplicity) == (2, m)


@pytest.mark.parametrize("semantics", ["exact", "naive", "staged"])
def test_detect_a_with_thirty_parameters(rows, semantics):
    for row in rows.values():
        match = re.fullmatch(rf"detectA_GPS_L1\.\.(\d)_T(\d)_{semantics}", row["id"])
        if match:
            found = hitting_number(detect_a(int(match[1])), int(match[2]), semantics)
            assert (found.value, found.multiplicity) == value(row), row["id"]


def test_parity_check(rows):
    seen = 0
    for row in rows.values():
        match = re.fullmatch(r"parityCheck_TM_(\w+)_T(\d)_(\w+)", row["id"])
        if match:
            p = parity_check(2, match[1] == "erase")
            check(row, SyndromeProgram(p, int(match[2]), match[3]))
            seen += 1
    assert seen == 4


def test_register_machines(rows):
    for name, key, more in [
        ("register-copy", "register_copy_dec_inc_jnz", True),
        ("register-copy-nop-last", "register_copy_inc_dec_jnz_nop", True),
        ("register-copy-nop-first", "register_copy_nop_inc_dec_jnz", False),
        ("register-copy-nop-first-3", "register_copy_nop_inc_dec_jnz_3", False),
    ]:
        p = program(name)
        assert " ".join(p.code.values()) == rows[key]["program"]
        check(rows[key], SyndromeProgram(p))
        if more:
            longer = hitting_number(program(f"{name}-3"), 10)
            assert (longer.value, longer.multiplicity) == value(rows[key])


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("circuit_identity_direct", "identity-direct"),
        ("circuit_identity_TMR_shared_noisyMAJ", "identity-tmr"),
        ("circuit_identity_5MR_shared_frozenMAJ5", "identity-5mr-frozen"),
        ("circuit_xor_lookup", "xor-lookup"),
        ("circuit_xor_4nand_shared", "xor-4nand-shared"),
        ("circuit_xor_and_or_nand", "xor-and-or-nand"),
        ("circuit_and3_tree_shared", "and3-tree-shared"),
        ("circuit_parity3_dfa_shared", "parity3-automaton"),
        ("circuit_parity3_branching_program", "parity3-branching"),
        ("circuit_parity3_lookup", "parity3-lookup"),
        ("shift_transducer_L1", "shift-transducer-1"),
        ("shift_transducer_L3", "shift-transducer-3"),
    ],
)
def test_circuits_and_transducers(rows, key, name):
    check(rows[key], SyndromeProgram(program(name)))


def test_the_parity_automaton_in_the_open_chart(rows):
    for length, expected in rows["parity_DFA_open"]["lambda_H"].items():
        p = program(f"parity-automaton-{length.removeprefix('L=')}")
        answer = rlct(open_problem(p), budget=60)
        assert (answer.value, answer.multiplicity) == (Fraction(expected), 1)


@pytest.mark.parametrize(
    ("key", "thing"),
    [
        ("coin_xor_2", coin_xor(2)),
        ("hmm2_L3_x0", hidden_markov(3)),
        ("slp_reuse", reuse()),
        ("slp_square", square()),
    ],
)
def test_programs_with_cancellation(rows, key, thing):
    answer = rlct(thing.problem(), budget=60)
    assert (answer.value, answer.multiplicity) == (Fraction(rows[key]["lambda_K"]), rows[key]["m"])


def test_every_row_is_met(rows):
    """The tests above name all 43 rows."""
    patterns = [
        r"detectA_mini_T\d_component_.*", r".*_vertex_.*", "detectA_mini_census", "detectA_GPS_.*",
        "parityCheck_.*", "register_copy_.*", "circuit_.*", "shift_transducer_.*",
        "parity_DFA_open", "coin_xor_2", "hmm2_L3_x0", "slp_reuse", "slp_square",
    ]  # fmt: skip
    assert len(rows) == 43
    assert not [i for i in rows if not any(re.fullmatch(p, i) for p in patterns)]
