"""Proof trees: what a chart says must follow from its parent, and add up to the claim."""

from fractions import Fraction

import networkx
import pytest
from proof_trees import EXAMPLES, PRODUCT, charts, cusp_by_hand

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, CertificateError
from singularity_lab.exact.engine.explain import explain
from singularity_lab.exact.engine.resolution import resolve_germ
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.tree import ProofNode, in_words, proof_tree


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda e: str(e[0])[:24])
def example(request):
    generators, options = request.param
    result = rlct(generators, budget=20, **options)
    return result, proof_tree(result)


def test_it_is_a_tree_that_proves_the_claim(example):
    result, tree = example
    assert networkx.is_arborescence(tree)
    root = tree.nodes[0]["chart"]
    assert root.value == result.rlct
    assert root.critical
    assert tree.graph["certificate"] == result.certificate


def test_values_combine_by_the_rules(example):
    _, tree = example
    for number, chart in charts(tree).items():
        children = [tree.nodes[c]["chart"] for c in tree.successors(number)]
        if chart.op in ("blowup", "split", "dehomogenise", "locus"):
            met = [c for c in children if not c.empty]
            assert chart.empty or chart.lower == min(c.lower for c in met)
            assert any(c.critical for c in children) == chart.critical
        elif chart.op == "sum":
            assert chart.value.value == sum(c.value.value for c in children)
            assert chart.value.multiplicity - 1 == sum(c.value.multiplicity - 1 for c in children)
        elif chart.op == "see":
            assert chart.same_as in tree
            assert tree.nodes[chart.same_as]["chart"].value == chart.value


def test_candidates_never_undercut_the_value_of_their_chart(example):
    """Divisors of a chart have candidates ≥ λ; the optimal ray of a monomial leaf attains it."""
    result, tree = example
    for number, chart in charts(tree).items():
        above = networkx.ancestors(tree, number)
        below_squares = sum(tree.nodes[n]["chart"].op == "squares" for n in above)
        scale = (1 if result.problem.convention == "loss" else 2) * 2**below_squares
        for divisor in chart.divisors:
            assert divisor.candidate == (divisor.h + 1) / (scale * divisor.k)
            local = all(chart.roles[n] == "local" for n in divisor.ray)
            if local and chart.value is not None:
                lam = chart.value.value
                assert divisor.candidate >= lam
        if chart.op == "monomial" and chart.value is not None and scale == 2:
            assert chart.reaching


def test_exponents_are_those_of_the_blow_up():
    """The divisor of weights (3, 2): k = 6, h = 3 + 2 − 1 = 4, candidate 5/12."""
    root, *cells = charts(proof_tree(cusp_by_hand())).values()
    assert root.words == "blow up (x^(1/3); y^(1/2))"
    assert [chart.case for chart in cells] == ["chart x", "chart y > 0", "chart y < 0"]
    assert [chart.roles for chart in cells] == [
        {"x": "local", "y": "param"},
        {"x": "local", "y": "local"},
        {"x": "local", "y": "local"},
    ]
    for chart in cells:
        (divisor,) = chart.divisors
        assert (divisor.k, divisor.h, divisor.candidate) == (6, 4, Fraction(5, 12))
    assert [chart.reaching for chart in cells] == [(), cells[1].divisors, cells[2].divisors]
    assert cells[0].verdict == "open"
    assert root.verdict == "(λ, m) ≤ (5/12, 1)"


def test_symmetric_charts_are_told():
    """One chart of four, and the pivot in it; the candidates of its divisors are ≥ 3/2."""
    result = rlct(PRODUCT)
    assert {"schur", "blowup"} <= {s["op"] for s in result.certificate.steps()}
    tree = proof_tree(result)
    root = tree.nodes[0]["chart"]
    assert root.words.startswith("blow up (")
    assert "symmetries" in root.words
    (child,) = tree.successors(0)
    chart = tree.nodes[child]["chart"]
    assert "product of matrices 2×2×2, Schur complement of the 1×1 pivot" in chart.moves
    assert chart.critical
    assert chart.value == root.value == RLCT(Fraction(3, 2), 1)
    told = str(explain(PRODUCT))
    assert "Schur complement" in told
    assert "symmetries" in told


def test_a_rank_stratum_is_a_schur_complement():
    gens = [f"{g} - {int(i == 0)}" for i, g in enumerate(PRODUCT)]
    root = proof_tree(rlct(gens, at={"a": 1, "e": 1})).nodes[0]["chart"]
    assert root.moves[0] == "product of matrices 2×2×2, Schur complement of the 1×1 block"
    assert root.value == RLCT(Fraction(2), 2)


def test_three_lines_and_a_square():
    """x³ − 3xy² + z², the surface D4 with three real lines: {K = 0} has smooth real points near
    0, so λ ≤ 1/2; the divisor of weights (2, 2, 3) has 7/12."""
    result = rlct("x^3 - 3*x*y^2 + z^2")
    tree = proof_tree(result)
    root = tree.nodes[0]["chart"]
    assert networkx.is_arborescence(tree)
    assert root.value == RLCT(Fraction(1, 2), 1) == result.rlct
    problem = LocalProblem.build("x^3 - 3*x*y^2 + z^2")
    found = resolve_germ(problem.localize())
    assert found.exact
    certificate = Certificate(problem, "exact", RLCT(Fraction(1, 2), 1), found.step)
    tree = proof_tree(certificate)
    assert tree.nodes[0]["chart"].op == "blowup"
    divisors = [d for n in tree for d in tree.nodes[n]["chart"].divisors]
    assert min(d.candidate for d in divisors) >= Fraction(1, 2)
    assert any(tree.nodes[n]["chart"].critical for n in tree if not tree.out_degree(n))
    text = tree.graph["text"]
    assert "blow up" in text
    assert "(λ, m) = (1/2, 1)" in text


def test_text_names_every_node(example):
    _, tree = example
    text = tree.graph["text"].splitlines()
    assert text[0] == str(tree.graph["certificate"])
    numbered = [line.split()[0] for line in text[1:] if line.split()[0] != "first"]
    assert numbered == [str(n) for n in range(len(tree))]


def test_bounds_have_a_tree_each():
    result = rlct("x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2 + x^9*y^3*z^5", budget=1e-3)
    assert not result.exact
    for certificate in result.certificates:
        tree = proof_tree(result, kind=certificate.kind)
        root = tree.nodes[0]["chart"]
        side = root.lower if certificate.kind == "lower" else root.upper
        assert side == certificate.claim
    with pytest.raises(BadInput, match="kind"):
        proof_tree(result, kind="exact")


def test_open_charts_are_shown_as_open():
    problem = LocalProblem.build("x*y")
    leaf = {"op": "monomial", "primal": {"x": "1/2", "y": "1/4"}, "dual": [[0, "1"]]}
    proof = {
        "op": "blowup",
        "groups": [[["x", 1]], [["y", 1]]],
        "cases": [{"op": "open"}, leaf],
    }
    tree = proof_tree(Certificate(problem, "upper", RLCT(Fraction(1, 2), 1), proof))
    assert [chart.op for chart in charts(tree).values()] == ["blowup", "open", "monomial"]
    assert charts(tree)[1].verdict == "open"
    reaching = {str(d) for d in charts(tree)[2].reaching}
    assert reaching == {"x (k 1, h 0): 1/2", "y (k 2, h 1): 1/2", "x:2, y (k 4, h 3): 1/2"}


def test_an_altered_certificate_has_no_tree():
    result = rlct("x^2 - y^3")
    document = result.certificate.to_json()
    document["claim"]["lambda"] = "1/2"
    with pytest.raises(CertificateError):
        proof_tree(Certificate.from_json(document))


def test_zero_ideal():
    tree = proof_tree(rlct("x - x", variables="x"))
    assert tree.nodes[0]["chart"].words == "K is identically 0"


def test_words_for_steps():
    assert in_words({"op": "split", "var": "x"}) == "x = 0, or not"
    long = {"op": "change", "var": "x", "num": "+".join(["y^2"] * 40), "den": "1"}
    assert len(in_words(long)) < 80
    assert isinstance(proof_tree(rlct("x*y")).nodes[0]["chart"], ProofNode)
