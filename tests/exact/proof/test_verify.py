"""Certificates of many kinds of germs verify; a single change of one is not accepted as its proof.

A mutation changes one place of the JSON document. Those of the *claim* or the *problem* that are
accepted must be implied or true. Those of the *proof* keep claim and problem, so an accepted one
is another proof of the same true statement: these are counted by what they changed, and whatever
a changed script proves, with or without the claim, must bracket the truth.
"""

import copy
import itertools
import json
import random
from collections import Counter
from fractions import Fraction

import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.parsing import names_in
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, CertificateError
from singularity_lab.exact.engine import solve
from singularity_lab.exact.engine.resolution import resolve_germ
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate, problem_from_json
from singularity_lab.exact.proof.verify import verify


def matrix_product(*shape, truth=None):
    """The entries of a product of generic matrices, with sizes shape[0] × … × shape[-1]."""
    product = None
    for level, (rows, columns) in enumerate(itertools.pairwise(shape)):
        name = "abcdefgh"[level]
        factor = [[f"{name}{i + 1}{j + 1}" for j in range(columns)] for i in range(rows)]
        if product is None:
            product = factor
        else:
            product = [
                [
                    " + ".join(f"({row[k]})*{factor[k][j]}" for k in range(rows))
                    for j in range(columns)
                ]
                for row in product
            ]
    return [
        f"{entry} - {truth[i][j]}" if truth else entry
        for i, row in enumerate(product)
        for j, entry in enumerate(row)
    ]


# name: generators, options, (λ, m) where a theorem or a formula states it
GERMS = {
    "normal crossing": (["x*y*z"], {}, "1/2, 3"),
    "Howald 2001": (["x*y^4*z^6", "x^5*y", "y^7*z", "x^8*z^8"], {}, "34/191, 1"),
    "two powers": (["x^2", "y^3"], {}, "5/12, 1"),
    "weights of a prior": (["x*y^2"], {"prior": {"x": 1, "y": 3}}, "1, 2"),
    "negative prior": (["x^2 - y^3"], {"prior": {"y": "-1/2"}}, "1/3, 1"),
    "cusp": (["x^2 - y^3"], {}, "5/12, 1"),
    "cusp as a loss": (["(x^2 - y^3)^2"], {"convention": "loss"}, "5/12, 1"),
    "definite loss": (["x^2 + y^2"], {"convention": "loss"}, "1, 1"),
    "cusp elsewhere": (["(x - 1)^2 - (y + 1/2)^3"], {"at": {"x": 1, "y": "-1/2"}}, "5/12, 1"),
    "E8": (["x^3 - y^5"], {}, "4/15, 1"),
    "D5": (["x^2*y - y^4"], {}, "5/16, 1"),
    "node of cusps": (["(y^2 - x^3)*(x^2 - y^3)"], {}, "1/4, 2"),
    "two Puiseux pairs": (["(y^2 - x^3)^2 - x^5*y"], {}, "5/24, 1"),
    "other two pairs": (["(y^2 - x^3)^2 - 4*x^5*y - x^7"], {}, "5/24, 1"),
    "tangent line doubled": (["(x - y)^2*(x + y)"], {}, "1/4, 1"),
    "degenerate edge": (["(x - y)^2*(x + 2*y)^3*y"], {}, "1/6, 2"),
    "space curve": (["x^2 - y*z", "y^3 - x*z^2"], {}, None),
    "smooth ideal": (["x + y^2", "z"], {}, "1, 1"),
    "Whitney umbrella": (["x^2 - y^2*z"], {}, "1/2, 2"),
    "definite quadric": (["x^2 + y^2 + z^2"], {}, "3/4, 1"),
    "indefinite quadric": (["x^2 + y^2 - z^2"], {}, "1/2, 1"),
    "definite factor": (["y*(x^2 + y^2 + z^2)^2"], {}, "3/10, 1"),
    "unit factor": (["(x^2 + 1)^3*y"], {}, "1/2, 1"),
    "plane": (["x^2 + y^2"], {}, "1/2, 1"),
    "lines": (["x^2 - y^2"], {}, "1/2, 2"),
    "positive sum": (["x + y"], {"nonnegative": "x y"}, "1, 1"),
    "difference on a quadrant": (["x - y"], {"nonnegative": "x y"}, "1/2, 1"),
    "one wall": (["x^2 - y^3"], {"nonnegative": "x"}, "5/12, 1"),
    "a box": (["x*y - x"], {"box": {"x": (0, 1), "y": (0, 1)}, "at": {"y": 1}}, "1/2, 2"),
    "powers of a sum": (["x*(a + b)^5"], {"nonnegative": "a b"}, "1/5, 1"),
    "1-1-1-1": (["a*b*c"], {}, "1/2, 3"),
    "regression 2-1-2": (matrix_product(2, 1, 2), {}, "1, 2"),
    "regression 1-2-1": (matrix_product(1, 2, 1), {}, "1/2, 1"),
    "regression 2-2-2": (matrix_product(2, 2, 2), {}, "3/2, 1"),
    "deep 2-2-2-2": (matrix_product(2, 2, 2, 2), {}, None),
    "rank one in 2-2-2": (
        matrix_product(2, 2, 2, truth=((1, 0), (0, 0))),
        {"at": {"a11": 1, "b11": 1}},
        "2, 2",
    ),
    "rank one in 3-3-3": (
        matrix_product(3, 3, 3, truth=((1, 0, 0), (0, 0, 0), (0, 0, 0))),
        {"at": {"a11": 1, "b11": 1}},
        "4, 1",
    ),
    "rank one in 3-2-2-2": (
        matrix_product(3, 2, 2, 2, truth=((1, 0), (0, 0), (0, 0))),
        {"at": {"a11": 1, "b11": 1, "c11": 1}},
        None,
    ),
    "rank two in 3-2-3": (
        matrix_product(3, 2, 3, truth=((1, 0, 0), (0, 1, 0), (0, 0, 0))),
        {"at": {"a11": 1, "b11": 1, "a22": 1, "b22": 1}},
        "4, 1",
    ),
    "determinant": (["a*d - b*c"], {}, "1/2, 1"),
    "determinant of order 3": (
        ["a*(e*i - f*h) - b*(d*i - f*g) + c*(d*h - e*g)"],
        {},
        "1/2, 1",
    ),
    "two-layer perceptron": (["a*b + c*d", "a*b^3 + c*d^3"], {}, "2/3, 1"),
    "symmetric factor": (["a^2 + b^2", "a*c + b*d", "c^2 + d^2"], {}, None),
    "irrational lines": (["(x^2 - 2*y^2)^2"], {}, "1/4, 2"),
    "double cone": (["(x^2 + y^2 - 2*z^2)^2"], {}, "1/4, 1"),
    "elliptic cone": (["x^3 + y^3 - 3*z^3"], {}, "1/2, 2"),
    "cone and plane": (["(x^2 - 2*y^2 - 3*z^2)^3*x"], {}, "1/6, 1"),
    "lines and a germ": (["(x^2 - 2*y^2)^3", "(x^2 - 2*y^2)*z^2"], {}, "1/3, 2"),
    "cusp at an irrational point": (["(x^2 - 2)^2 - y^3"], {"at": {"x": "sqrt(2)"}}, "5/12, 1"),
    "tacnode in a cubic field": (
        ["(x^3 - 2)*(x^3 - 2 + y^2)"],
        {"at": {"x": "root(t^3 - 2, 1, 2)"}},
        "3/8, 1",
    ),
    "conjugate tangents": (["(x^2 - 2*y^2)^2 + x*y^5"], {}, "1/4, 2"),
    "three conjugate tangents": (["(x^3 - 2*y^3)^2 + x*y^6"], {}, "1/6, 1"),
    "sum of separate parts": (["x^2 - y^3", "u*v"], {}, "11/12, 2"),
}
LARGE = {
    "regression 3-3-3": (matrix_product(3, 3, 3), {}, None),
    "Motzkin": (["x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2"], {}, "1/4, 1"),
    "three Puiseux pairs": (["((y^2 - x^3)^2 - x^5*y)^2 - x^10*(y^2 - x^3)"], {}, None),
}


def certify(name):
    generators, options, expected = {**GERMS, **LARGE}[name]
    found = rlct(generators, budget=60, **options)
    assert found.exact, f"{name}: {found}"
    if expected is not None:
        assert str(found.rlct) == f"({expected})", name
    return found.certificate.to_json()


def by_resolution(name):
    """The chart tree's proof, where the Newton polyhedron would have been enough, too."""
    generators, options, _ = GERMS[name]
    problem = LocalProblem.build(generators, **options)
    found = resolve_germ(problem.localize(algebraic=True), budget=60)
    assert found.exact, name
    factor = 2 if problem.convention == "loss" else 1
    value = RLCT(factor * found.lower.value, found.lower.multiplicity)
    return Certificate(problem, "exact", value, found.step).to_json()


@pytest.fixture(scope="module")
def certificates():
    """Two proofs of each germ, where the front door and the chart tree give different ones."""
    first = {name: certify(name) for name in GERMS}
    trees = {f"{name}, resolved": by_resolution(name) for name in GERMS}
    known = [json.dumps(d) for d in first.values()]
    return {**first, **{n: d for n, d in trees.items() if json.dumps(d) not in known}}


def test_certificates_of_all_kinds_verify(certificates):
    for name, document in certificates.items():
        claim = document["claim"]
        value = RLCT(Fraction(claim["lambda"]), claim["multiplicity"])
        found = verify(json.dumps(document))
        assert (found.lower, found.upper) == (value, value), name
    ops = Counter(s["op"] for d in certificates.values() for s in Certificate.from_json(d).steps())
    assert {
        "newton",
        "blowup",
        "change",
        "generators",
        "monomial",
        "split",
        "free",
        "sum",
        "locus",
        "roots",
        "see",
        "schur",
    } <= set(ops)
    kinds = Counter()
    for d in certificates.values():
        for s in Certificate.from_json(d).steps():
            kinds.update([s["kind"]] if s["op"] == "schur" else [])
            kinds.update(["symmetries"] if s.get("symmetries") else [])
    assert min(kinds[what] for what in ("through", "pivot", "symmetries")) >= 2, kinds


# -- mutations ------------------------------------------------------------------------------------

UNORDERED = ("dual", "blocks", "points", "multipliers", "variables", "generators")
UNORDERED += ("faces", "face", "empty", "symmetries")
OPS = ("monomial", "terms", "order", "empty", "open", "split", "free", "both", "sum", "zero")


def places(document):
    """Every value in claim, problem and proof, with the path to it."""

    def walk(value, path):
        yield path, value
        if isinstance(value, dict):
            for key in value:
                yield from walk(value[key], (*path, key))
        elif isinstance(value, list):
            for i, item in enumerate(value):
                yield from walk(item, (*path, i))

    for part in ("claim", "problem", "proof"):
        yield from walk(document[part], (part,))


def alter(value, path, names, source):
    """Another value for one place; None if there is nothing to change."""
    key = path[-1]
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return value + source.choice((-1, 1, 2))
    if isinstance(value, dict):
        if not value or len(path) == 1:
            return None
        gone = source.choice(sorted(value))
        return {k: v for k, v in value.items() if k != gone}
    if isinstance(value, list):
        if not value:
            return None
        i = source.randrange(len(value))
        if len(value) > 1 and source.random() < 0.5:
            j = source.choice([j for j in range(len(value)) if j != i])
            swapped = list(value)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            return swapped
        return value[:i] + value[i + 1 :]
    if key == "op":
        return source.choice([op for op in OPS if op != value])
    if path == ("claim", "kind"):
        return None  # "at least" and "at most" are implied: see test_half_a_claim_is_implied
    if key in ("criterion", "kind", "convention"):
        return source.choice(("sign", "sturm", "add", "loss", "ideal", "definite", "transversal"))
    if value in names:
        return source.choice([n for n in names if n != value] or ["w"])
    try:
        number = Fraction(value)
    except ValueError:
        return alter_polynomial(value, names, source)
    return str(source.choice((number + 1, number - 1, 2 * number, number / 2, -number)))


def alter_polynomial(text, names, source):
    try:
        used = tuple(dict.fromkeys((*names, *names_in(text))))
        terms = dict(parse(text, used).terms())
    except ValueError:
        return None
    if not terms:
        return None
    a = source.choice(sorted(terms))
    c = terms.pop(a)
    what = source.randrange(3)
    if what == 0:
        c = source.choice((c + 1, -c, 2 * c))
    elif what == 1:
        i = source.randrange(len(a))
        a = (*a[:i], max(0, a[i] + source.choice((-1, 1))), *a[i + 1 :])
    else:
        a, c = tuple(source.sample(a, len(a))), c
    terms[a] = terms.get(a, 0) + c
    return str(Polynomial.from_terms(terms, used))


def mutations(document, count, source):
    """(path, document) with one place changed, ``count`` times."""
    names = document["problem"]["variables"]
    listed = [(path, value) for path, value in places(document) if len(path) > 1]
    made = 0
    while made < count:
        # claim, problem and proof in turn, so that long proofs do not hide the rest
        part = source.choices(("claim", "problem", "proof"), (1, 2, 7))[0]
        path, value = source.choice([p for p in listed if p[0][0] == part])
        new = alter(value, path, names, source)
        changed = copy.deepcopy(document)
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = new
        if new is None or meaning(changed) == meaning(document):
            continue
        made += 1
        yield path, changed


def meaning(document):
    """The document without what means nothing: the order of sets, scalars, numbers of steps that
    no step refers to."""

    def referred(value):
        if isinstance(value, dict):
            here = {str(value.get("step"))} if value.get("op") == "see" else set()
            return here.union(*map(referred, value.values()))
        return set().union(*map(referred, value)) if isinstance(value, list) else set()

    seen = referred(document["proof"])

    def plain(value, key=None):
        if isinstance(value, dict):
            zero = key in ("primal", "point", "prior")
            kept = {k: v for k, v in value.items() if not (zero and v == "0")}
            return {k: plain(v, k) for k, v in kept.items() if k != "id" or str(v) in seen}
        if isinstance(value, list):
            items = [plain(v, key) for v in value]
            return sorted(items, key=repr) if key in UNORDERED else items
        if key == "generators":
            try:
                p = parse(value)
            except ValueError:
                return value
            return str(p / max(p.terms())[1]) if not p.is_zero else "0"
        return value

    return plain(document)


def step_of(document, path):
    """The op of the step that a path lies in, and the field."""
    inner, op, field = document, "", ""
    for key in path:
        inner = inner[key]
        if isinstance(inner, dict) and "op" in inner:
            op, field = inner["op"], ""
        elif isinstance(key, str) and not field:
            field = key
    return op, field


def accepted(document):
    try:
        verify(document)
    except CertificateError:
        return False
    return True


def brackets(document, truth):
    """What a changed script proves, whatever is claimed, holds."""
    problem = problem_from_json(document["problem"])
    for kind, weakest in (("lower", RLCT(Fraction(-1), 1)), ("upper", RLCT(Fraction(10**6), 1))):
        try:
            found = verify(Certificate(problem, kind, weakest, document["proof"]))
        except CertificateError:
            continue
        assert found.lower is None or found.lower <= truth, document
        assert found.upper is None or truth <= found.upper, document


def check_mutations(documents, count, seed):
    """How many changes were rejected, and the accepted ones by what was changed."""
    source = random.Random(seed)
    rejected, kept = Counter(), Counter()
    for name, document in documents.items():
        truth = verify(document).lower
        for path, changed in mutations(document, count, source):
            if path[0] == "proof":
                brackets(changed, truth)
            if not accepted(changed):
                rejected[path[0]] += 1
                continue
            if path[0] == "problem":
                # the same script proves another germ: the statement must be true all the same
                problem = problem_from_json(changed["problem"])
                assert rlct(problem, budget=20).rlct == truth, (name, path, changed["problem"])
            kept[path[0], *step_of(document, path)] += 1
    return rejected, kept


def report(rejected, kept):
    lines = [f"{n} {' '.join(what)}" for what, n in sorted(kept.items(), key=lambda t: -t[1])]
    return f"rejected {dict(rejected)}, accepted {kept.total()}:\n" + "\n".join(lines)


def test_single_changes_are_rejected(certificates):
    """About 1,400 changes. No changed claim is accepted; a changed problem only if (λ, m) stays
    the same. A changed script with the same claim is another proof of it where a step allows
    choices: generators divided by other units, or to which other multiples are added (the ideal is
    the same); another grading to contract by; another coordinate; other points of opposite sign;
    another polynomial of a face that does not vanish either, another zero on it."""
    rejected, kept = check_mutations(certificates, 1 + 1_400 // len(certificates), seed=1)
    story = report(rejected, kept)
    assert rejected.total() >= 1_000, story
    assert not [what for what in kept if what[0] == "claim"], story
    assert kept.total() <= 0.06 * rejected.total(), story


def test_single_changes_of_products_of_matrices_are_rejected(certificates):
    """More than 1,000 changes of proofs with Schur complements and symmetries of a centre. Those of
    the scripts that are accepted are another grading, another coordinate, and in another order the
    rows of a factor (the product has the same entries) or the charts of a group."""
    documents = {
        n: d
        for n, d in certificates.items()
        if n.startswith(("regression", "rank", "deep"))
        and any(s["op"] == "schur" or "symmetries" in s for s in Certificate.from_json(d).steps())
    }
    assert len(documents) >= 5
    rejected, kept = check_mutations(documents, 1 + 1_030 // len(documents), seed=3)
    story = report(rejected, kept)
    assert rejected.total() >= 1_000, story
    another = {("proof", "contract", "weights"), ("proof", "change", "num")}
    another |= {("proof", "schur", "factors"), ("proof", "blowup", "groups")}
    assert set(kept) <= another, story
    assert kept.total() <= 12, story


def test_single_changes_of_an_inner_block_are_rejected(monkeypatch):
    """A product of three factors, the middle one of rank 1 at the point; other coordinates, which
    decide it too, are not looked for."""
    routes = tuple(route for route in solve._ROUTES if route is not solve._shorter)
    monkeypatch.setattr(solve, "_ROUTES", routes)
    entries = [
        f"p{i}*(b11*r1 + b12*r2) + q{i}*(b21*r1 + b22*r2)"
        for i in (1, 2)
    ]  # fmt: skip
    document = rlct(entries, at={"b11": 1}).certificate.to_json()
    steps = Certificate.from_json(document).steps()
    assert [s["place"] for s in steps if s.get("kind") == "inner"] == [1]
    rejected, kept = check_mutations({"inner": document}, 200, seed=4)
    story = report(rejected, kept)
    assert rejected.total() >= 150, story
    assert not [what for what in kept if what[0] == "claim"], story
    assert kept.total() <= 0.06 * rejected.total(), story


@pytest.mark.slow
def test_many_single_changes_are_rejected(certificates):
    """The same for more than 14,000 changes, large certificates included."""
    documents = {**certificates, **{name: certify(name) for name in LARGE}}
    rejected, kept = check_mutations(documents, 200, seed=2)
    story = report(rejected, kept)
    assert rejected.total() >= 10_000, story
    assert not [what for what in kept if what[0] == "claim"], story
    assert kept.total() <= 0.06 * rejected.total(), story


def test_every_claim_but_the_true_one_is_rejected(certificates):
    """All neighbours of (λ, m), of which none follows from the proof."""
    for name, document in certificates.items():
        value, m = Fraction(document["claim"]["lambda"]), document["claim"]["multiplicity"]
        near = Fraction(1, 10**6)
        for other in ((value + near, m), (value - near, m), (value, m + 1), (value, m - 1)):
            changed = copy.deepcopy(document)
            changed["claim"].update({"lambda": str(other[0]), "multiplicity": other[1]})
            assert not accepted(changed), (name, other)


def test_half_a_claim_is_implied(certificates):
    """An exact proof proves the two inequalities, and the weaker ones, and no stronger one."""
    for name, document in certificates.items():
        value, m = Fraction(document["claim"]["lambda"]), document["claim"]["multiplicity"]
        for kind, step, more in (("lower", -1, 1), ("upper", 1, -1)):
            for other, multiplicity, implied in (
                (value, m, True),
                (value + Fraction(step, 1000), m, True),
                (value - Fraction(step, 1000), m, False),
                (value, m + more, True),
                (value, m - more, False),
            ):
                if multiplicity < 1:
                    continue
                changed = copy.deepcopy(document)
                claim = {"kind": kind, "lambda": str(other), "multiplicity": multiplicity}
                changed["claim"] = claim
                assert accepted(changed) == implied, (name, claim)


def test_certificates_survive_json_and_files(certificates, tmp_path):
    for name, document in certificates.items():
        certificate = Certificate.from_json(json.dumps(document))
        assert certificate.to_json() == document, name
        path = certificate.save(tmp_path / "certificate.json")
        assert Certificate.load(path).digest() == certificate.digest()


def test_an_answer_is_verified_by_its_certificate_and_its_document_is_told():
    from singularity_lab import proof_tree

    answer = rlct("x^2 - y^3")
    assert verify(answer) == verify(answer.certificate)
    with pytest.raises(CertificateError, match="an answer; its certificate is"):
        verify(answer.to_json())
    with pytest.raises(CertificateError, match="is needed"):
        verify(3)
    with pytest.raises(BadInput, match="source: a result of rlct or a certificate is needed"):
        proof_tree("x^2 - y^3")
