"""Each check of the verifier, switched off alone: what false thing is accepted then, and why not.

A row is the beginning of a check's name (tests/mutants.py); a new check needs a row.

FOUND: random scripts, products of matrices or evidence (tests/random_scripts.py) have a false claim
accepted within seconds. CELLS: the script of tests/exact/test_hypotheses.py that breaks just this
hypothesis is accepted. DIRECTED: a false statement made for this check is accepted. IMPLIED: other
lines refuse the same, or what is accepted is true.
"""

# ruff: noqa: E501

from fractions import Fraction

import mutants
import pytest
from exact import test_hypotheses as hypotheses
from random_scripts import LOCAL, MALFORMED, PARAM, UNIT, Root, _least_of, lemma

from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.univariate import univariate

FOUND = [
    "check_covering: if min(ys, default=0) < 0: r",
    "check_covering: if (least := min(products, d",
    "check_covering: if (least := min(slack, defa",
    "check_covering: if (dual_value := Fraction(s",
    "_check: _require(_one_sign(p, domain, up_to_",
    "_check: _require(strict, 'sign: no term of {",
    "_check: _require(len(used) == 1, 'sturm: {} ",
    "_check: _require(count == 0, 'sturm: {} has ",
    "_check: _require(not p.is_zero and (not prod",
    "_check: _require(p == product * ratio, 'fact",
    "_check: _require(c > 0, f'squares: the weigh",
    "_check: _require(all((c > 0 for _, c in rest",
    "_check: _require(set(cases) == set(SIGNS[dom",
    "_check: _require(all((domain[v] == 'positive",
    "_check_torus: _require(all((v in torus for p",
    "_check_torus: _require(there == pulled, 'tor",
    "check_zero: _require(side in SIGNS[kind], f'",
    "check_zero: _require(p(points[0]) == 0, 'zer",
    "check_zero: _require((q.flint % p.flint).is_",
    "check_zero: _require(ends < 0, 'zero: {} doe",
    "check_zero: _require(kind != 'nonzero' or x ",
    "check_newton: criterion #2",
    "check: faces",
    "check: check_no_zero([*on(face, logarithmic)",
    "check_newton: check_zero(on(_face(proof['str",
    "representatives: if other is None or alike !",
    "_need: _own(f, part)",
    "_stratum: stratum",
    "check_same: need(set(moved) == set(self.role",
    "check_same: need(one_to_one, 'renaming: not ",
    "check_same: need(same and sign in (1, -1), f",
    "check_same: need(sign == 1 or n not in self.",
    "check_same: need(not self.signs and (not oth",
    "check_same: need(same, 'the two families dif",
    "check_no_zero: check_no_zero([p.in_ring(name",
    "has_point: bad without n in zero and v != 0",
    "has_point: need(not bad, f'witness: {n} = {v",
    "_generators: another",
    "_generators: unit",
    "_generators: definite",
    "_nakayama: combination #2",
    "_nakayama: minor #2",
    "_dominant: index",
    "check_lead: lead",
    "check_lead: definite",
    "check_lead: small",
    "_change: unit",
    "_change: stratum",
    "_change: scaled",
    "_contract: units",
    "_relax: role",
    "_nonvanishing: family.check_no_zero([p], sel",
    "_coordinate: free",
    "_coordinate: smooth",
    "_blowup: local",
    "_locus: family.check_no_zero([q, rest], self",
    "_no_point: signs",
    "_dehomogenise: role",
    "check_covering: if fewer and (least := flat(",
    "grading: homogeneous",
    "_inner: _unit_block(place, block(y, top, top",
    "_inner: _need(place, part, own=False)",
    "_inner: _own(place, block(y, low, low))",
    "_inner: _need(place - 1, block(x, slice(None",
    "_inner: _need(place + 1, block(z, top, slice",
    "coordinates: fit",
    "schur: size",
    "schur: kind #3",
    "_own: own",
    "_unit_block: _need(f, [[*row[:i], *row[i + 1",
    "_unit_block: _need(f, [[row[i]]], 1, own)",
    "_through: _unit_block(n, block(f, top, top),",
    "_through: _need(n, block(f, low, top), 0, ow",
    "_through: _need(n, block(f, top, low), 0, ow",
    "_pivot: _unit_block(0, block(x, top, top), o",
    "_pivot: _own(0, d)",
    "_pivot: _keeps(0, not any((e.local for e in ",
    "_pivot: _need(1, y[:rank])",
    "_pivot: _keeps(1, b_is_0 or y2_is_0)",
    "_keeps: keeps",
]
CELLS = {
    "check_roots: if len(listed) != count_roots(c": "roots-complete",
    "check_roots: if not low < high or (last is n": "roots-complete",
    "check_roots: if field.sign((value - low).fli": "roots-complete",
    "check_roots: if value.is_constant or c(univa": "roots-complete",
    "charts: two_sided without not signed": "blowup-cases",
    "charts: two_sided without w % 2 == 1": "blowup-cases",
    "coordinates: apart": "schur-apart",
    "integer: if type(value) is not int or (low i": "blowup-weights",
    "index: index": "coordinate-index",
    "_change: linear": "change-linear",
    "_change: side": "change-side",
    "_contract: positive": "contract-positive",
    "_contract: conditions": "contract-conditions",
    "_coordinate: vanishes": "coordinate-vanishes",
    "_coordinate: alone": "coordinate-alone",
    "_functions: free": "functions-free",
    "_functions: vanishes": "functions-vanishes",
    "_functions: minor": "functions-minor",
    "_functions: composed": "functions-composed",
    "_slice: tangent": "slice-tangent",
    "_slice: local": "slice-local",
    "_slice: minor #2": "slice-minor",
    "_carried: kept": "slice-kept",
    "_schur: free": "schur-free",
    "_schur: conditions": "schur-conditions",
    "_schur: entries": "schur-entries",
    "_blowup: centre": "blowup-centre",
    "_split: role": "split-role",
    "_roots: rational": "roots-rational",
    "_locus: free": "locus-free",
    "_locus: family.check_no_zero([q, *(f.derivat": "locus-smooth",
    "_no_point: loose": "locus-loose",
    "_no_point: irreducible": "locus-irreducible",
    "_no_point: units": "locus-units",
    "_no_point: check_zero(there, family.domain(h": "locus-point",
    "_locus: powers": "locus-powers",
    "_locus: unit": "locus-unit",
    "_interval: inside": "interval-inside",
    "_point: rational": "point-rational",
    "_point: values": "point-values",
    "_point: stratum": "point-stratum",
    "_saddle: one": "saddle-one",
    "_saddle: point": "saddle-point",
    "_saddle: critical": "saddle-critical",
    "_saddle: rank": "saddle-rank",
    "check_arc: along": "saddle-along",
    "check_arc: sign": "saddle-sign",
    "check_arc: rest": "saddle-rest",
    "_dehomogenise: odd": "dehomogenise-odd",
    "_dehomogenise: walls": "dehomogenise-walls",
    "_dehomogenise: signs": "dehomogenise-signs",
    "_sum: apart": "sum-apart",
    "_sum: variables": "sum-variables",
    "_sum: factor": "sum-factor",
    "_sum: ties": "sum-ties",
    "_sum: inside": "sum-inside",
    "_subideal: below": "subideal-below",
    "no_witness: witness": "free-witness",
    "_monomial: multiples": "monomial-multiples",
    "_monomial: units": "monomial-units",
    "_newton: local": "newton-local",
    "_empty: fails": "empty-fails",
    "_order: point": "order-point",
    "_zero: zero": "zero-zero",
    "_rank: all": "rank-all",
    "_rank: factor": "rank-factor",
    "_rank: free": "rank-free",
    "_rank: minor #2": "rank-minor",
    "_rank: vanishes": "rank-vanishes",
    "_product: one": "product-one",
    "_product: product": "product-product",
    "_squares: sign": "squares-sign",
    "_squares: factor": "squares-factor",
    "_squares: sum #2": "squares-sum",
    "verify: nonnegative": "claim-nonnegative",
    "verify: below": "claim-below",
    "verify: above": "claim-above",
    "_see: family.check_same(known, self.map)": "see-same",
    "check_known: moved": "definite-moved",
    "polynomial: polynomial": "analytic-polynomial",
    "_expand: atoms": "expand-atoms",
    "_expand: order": "expand-order",
    "_expand: moved": "expand-moved",
    "_operate: zero": "operate-zero",
    "_operate: another": "operate-another",
    "_operate: unit": "operate-unit",
    "_operate: divides": "operate-divides",
    "_definite: one": "definite-one",
    "_definite: definite": "definite-definite",
    "_definite: unit": "definite-unit",
    "_definite: identity": "definite-identity",
    "_definite: definite #2": "definite-definite",
    "_definite: side": "definite-side",
    "_coordinates: free #2": "coordinates-free",
    "_coordinates: smooth": "coordinates-smooth",
    "_coordinates: smooth #2": "coordinates-smooth",
    "_coordinates: identity": "coordinates-identity",
    "_coordinates: alone": "coordinates-alone",
    "_truncate: evidence": "truncate-evidence",
    "_truncate: unit": "truncate-unit",
    "_truncate: members #2": "truncate-members",
    "_truncate: members #3": "truncate-members",
    "_truncate: order": "truncate-order",
    "_truncate: spans": "truncate-spans",
    "_truncate: polyhedron": "truncate-polyhedron",
    "_truncate: leading": "truncate-leading",
    "_jet: order #2": "jet-order",
    "_monomials: order": "monomials-order",
    "_monomials: order #3": "monomials-order",
    "_lowest: tails": "lowest-tails",
    "_lowest: number": "lowest-number",
    "inner: last": "analytic-last",
    "inner: leaf": "analytic-leaf",
    "inner: above": "analytic-above",
    "inner: below": "analytic-below",
}
IMPLIED = {
    "check_covering: if len(primal) != n or any((": "form: missing entries raise IndexError, further ones are never read",
    "check_covering: if len(dual) != len(rows): r": "both callers make the dual as long as the rows",
    "_check: _require(all((type(k) is int and k >": "a factor to the power 0 is one more case to refute; a negative or broken power is an error",
    "_check: _require(len(e['cases']) == len(fact": "zip(strict=True) raises",
    "_check_torus: _require(len(new) == len(vecto": "zip(strict=True) raises",
    "_check_torus: _require(len(e['images']) == l": "zip(strict=True) raises",
    "_check_torus: _require(all((v in torus for v": "a variable with exponent that does not occur may be set to 1",
    "check_zero: _require(exact or zero['kind'] =": "an unknown kind is checked as a change of sign",
    "check_zero: _require(sign is None, 'zero: a ": "locus refuses points right after, newton has no such symbol in its ring",
    "_pick: _require(type(i) is int and 0 <= i < ": "whatever the index, a polynomial of the list is picked",
    "check_faces: _require(min(w) >= 0 and h == l": "the faces are computed, not stated: a second check of the first computation",
    "check_faces: _require(False, 'a half-space i": "the faces are computed, not stated: a second check of the first computation",
    "check_faces: _require(compact, '{} is no com": "the faces are computed, not stated: a second check of the first computation",
    "check_faces: _require(False, 'the face throu": "the faces are computed, not stated: a second check of the first computation",
    "check_newton: optimum": "exponents of the dual that are not in the support are never read",
    "check_newton: criterion": "an unknown criterion is checked as definite",
    "_all_faces: check_faces(support, [(f.normal,": "the faces are computed, not stated: a second check of the first computation",
    "read: coordinate": "unpacking None raises",
    "schur: kind": "another kind is checked as a pivot",
    "schur: kind #2": "inner checks its place itself, other kinds use it for the size only",
    "_inner: kind": "unpacking fewer than three factors raises",
    "of_lemma: need(set(family.role) <= family._v": "check_same compares names, roles, k and h with those of the family",
    "of_lemma: need(set(family.role.values()) <= ": "check_same compares names, roles, k and h with those of the family",
    "of_lemma: need(spoken <= set(family.role), '": "check_same compares names, roles, k and h with those of the family",
    "of_lemma: need(all((e > -1 for e in family.h": "check_same compares names, roles, k and h with those of the family",
    "index: need(name in self.role, f'no variable": "each caller has asked for the role before",
    "normal: need(bool(gens), 'K vanishes identic": "gens[0] raises",
    "_normal_product: need(not f.is_zero(), 'K va": "a factor of a polynomial that is not 0 is not 0, and no map of a step that applies takes it to 0",
    "verify: vanishes": "an empty verdict has no bounds: below or above fails",
    "read: if not isinstance(op, str) or op not in": "STEPS[op] raises",
    "_rank: index": "a minor without rows is none",
    "_rank: local": "the derivatives are those by local variables",
    "_nakayama: combination": "zip(strict=True) raises",
    "_nakayama: minor": "a matrix with a determinant is a square",
    "monomial: monomial": "a monomial in other variables has no coefficient; of more terms the first is read",
    "check_arc: arc": "the arc is read in the variables of the family alone",
    "_slice: minor": "a matrix with a determinant is a square",
    "_rank: minor": "a matrix with a determinant is a square",
    "_squares: sum": "zip(strict=True) raises",
    "branch: cases": "zip(strict=True) raises",
    "see: proved": "done[step] raises",
    "_schur: rational": "the symbol of the field has no role: KeyError",
    "_roots: irreducible": "each value is proved to be a root, and Sturm counts different roots",
    "combine: once": "two verdicts about one family, one of them empty, are joined to less than is proved",
    "_threshold: primal": "weights of variables that do not occur are never read",
    "_threshold: primal #2": "weights of variables that do not occur are never read",
    "_monomial: monomial": "without monomials no term is covered (multiples)",
    "grading: variables": "contract raises KeyError; elsewhere weights of absent variables have no effect",
    "build: if p.degree > input_limits.FIELD_DEGREE": "a limit of size: what is refused need not be false",
    "read: need(self.occurs(p) <= self.role.keys(": "no evidence has a domain for it, no step takes its name: what can be said of it are identities, true at every real number",
    "_roots: role": "a local variable has no domain; for a unit variable the step is true",
    "_roots: symbol": "a ring has a name once",
    "_interval: interval": "the interval of another variable is looked up: KeyError",
    "_no_point: point": "None is no proof of a zero: check_zero refuses it",
    "_pivot: _need(1, y2, None, own=False)": "keeps asks for b = 0 or Y2 = 0 on the stratum; where b = 0, parameters in Y2 do no harm",
    "_coordinates: free": "a variable named twice gives the Jacobian two equal columns; where none is named nothing changes",
    "_truncate: members": "zip(strict=True) raises",
    "_jet: order": "records have whole numbers; N = 0 gives the ideal of 1, which proves nothing, N < 0 no generator, and N > 60 is a limit of size",
    "_jet: order #3": "a limit of size: what is refused need not be false",
    "_monomials: order #2": "as for jet",
    "_monomials: order #4": "a limit of size: what is refused need not be false",
    "whole: if type(value) is not int: raise": "an index that is no integer raises; records have whole numbers as degrees",
    "inner: if set(proof) != {'op', 'steps', 'then'}": "a field that is missing raises KeyError, and no other field is read",
    "inner: if not isinstance(proof['steps'], list)": "each step is read as a record, and what follows as a script: anything else raises",
    "_vanishes: vanishes": "no step changes whether the generators vanish at the point; an empty verdict has no bounds",
    "add: if len(self.symbols) >= input_limits.VARIABLES": "a limit of size: what is refused need not be false",
    "slope: if symbol.kind == 'tail': raise": "a tail has no argument: its numerator raises",
}

# -- false statements, one for a check -------------------------------------------------------------

DIRECTED = {}


def directed(row):
    """A function of a verifier that says what is false about what it accepts; it raises, or says
    nothing, where the verifier does not accept it."""

    def enter(function):
        DIRECTED[row] = function
        return function

    return enter


def crossed(v, role, gens, step, signs=(), **more):
    """How what is proved of a family contradicts the (λ, m) of its germs."""
    root = Root(tuple(role), lemma(role, gens, **more), tuple(signs))
    return root.crossed(v.verify.replay(root.family(v), step)) or ""


@directed("check_covering: if min(vs, default=0) < 0: r")
def a_negative_weight(v):
    step = {"op": "monomial", "primal": {"x": "-1", "y": "2"}, "dual": [[1, "1"]]}
    return crossed(v, {"x": LOCAL, "y": LOCAL}, ["y", "x*y"], step)


MINUS = {"symbol": "s", "field": "s^2 - 2", "value": "-s", "between": ["-2", "-1"]}
PLUS = {"symbol": "s", "field": "s^2 - 2", "value": "s", "between": ["1", "2"]}


@directed("build: if p.degree < 2 or [e for _, e in p.f")
def zero_is_a_product_of_units(v):
    """Two numbers of a ring that is no field are not 0, and their product is: y is lost."""
    one, two = "s^2 - 2", "s^2 + 10*s + 23"
    value = "2/17*s^3 + 15/17*s^2 + 13/17*s - 30/17"
    root = {"symbol": "s", "field": f"({one})*({two})", "value": value, "between": ["1", "2"]}
    end = {"op": "monomial", "primal": {"x": "1"}, "dual": [[0, "1"]]}
    there = {"op": "generators", "do": [["mul", 1, one], ["mul", 1, two]], "then": end}
    step = {"op": "roots", "var": "t", "poly": "t^2 - 2", "roots": [root],
            "cases": [there, {"op": "open"}]}  # fmt: skip
    role = {"t": PARAM, "x": LOCAL, "y": LOCAL}
    return crossed(v, role, ["x", "y"], step, positive=["t"])


@directed("build: if count != 1: raise")
def a_number_without_a_sign(v):
    """2 ± √2 are both positive: s − 2 is not 0, and has both signs."""
    field = v.number_field.NumberField.build("s", "s^2 - 4*s + 2")
    return "" if field.sign(parse("s - 2", "s").flint) else "the sign of s - 2 is 0"


@directed("check_roots: if low < 0 and kind in ('positi")
def a_negative_root_among_positive_numbers(v):
    c = univariate(parse("t^2 - 2", "t"), "t")
    return f"the positive root of t^2 - 2 is {v.number_field.check_roots(c, 'positive', [MINUS])}"


@directed("_check_torus: _require(len(a) == len(names) ")
def a_root_of_a_number_that_may_be_negative(v):
    evidence = {"kind": "torus", "variables": ["t"], "vectors": [[0.5]], "images": ["t^2 + 1"],
                "then": {"kind": "sign", "index": 0}}  # fmt: skip
    v.evidence.check_no_zero([parse("x + 1", "x")], {"x": "nonzero"}, evidence)
    return "x + 1 is nowhere 0"


@directed("_through: _need(n, block(f, low, low), None)")
def a_complement_that_nothing_takes_up(v):
    """D₂ = 0 becomes −c·U⁻¹·b, which is not in the ideal of the rest."""
    texts = [[["a + 1", "0"], ["c", "1"]], [["1", "b"], ["e", "0"]], [["1", "g"], ["0", "1"]]]
    names = tuple("abceg")
    read = [[[parse(e, names).flint for e in row] for row in f] for f in texts]
    m = v.matrices
    sides = m.schur(m.coordinates(read, range(len(names))), 1, "through")
    role = tuple(dict.fromkeys(names, LOCAL).items())
    one, two = (
        _least_of(tuple(sorted({str(p) for p in side} - {"0"})), names, role) for side in sides
    )
    return "" if one == two else f"{one} became {two}"


@directed("check_newton: strict")
def a_zero_on_what_is_no_face(v):
    """x² − x⁴ is 0 at x = 1, but {x², x⁴} is no face."""
    step = {"op": "newton", "criterion": "transversal", "primal": ["1/2", "1/2", "1/2"],
            "dual": [[[2, 0, 0], "1/2"], [[0, 2, 0], "1/2"], [[0, 0, 2], "1/2"]], "faces": [],
            "strict": {"face": [[2, 0, 0], [4, 0, 0]],
                       "zero": {"kind": "point", "point": ["1", "1", "1"]}}}  # fmt: skip
    squares = [[2, 0, 0], [0, 2, 0], [0, 0, 2]]
    for left in ([0, 1], [0, 2], [1, 2], [0, 1, 2]):
        face = {"face": [squares[i] for i in left], "evidence": {"kind": "sign", "index": 0}}
        step["faces"].append(face)
    role = dict.fromkeys("xyz", LOCAL)
    return crossed(v, role, ["x^2 + y^2 + z^2 - x^4"], step)


@directed("check_same: need((self.names, self.field) ==")
def a_family_over_another_field(v):
    """u² + 2su + 2 is a square for s = √2, and has two roots for s = √3."""
    names, data = ("s", "u", "x"), lemma({"u": PARAM, "x": LOCAL}, ["x*(u^2 + 2*s*u + 2)"])
    build = v.number_field.NumberField.build
    two, three = (v.family.Family.of_lemma(names, data, build("s", f"s^2 - {n}")) for n in (2, 3))
    three.check_same(two, {"u": ["u", 1], "x": ["x", 1]})
    return "what is true of s = √2 is true of s = √3"


def point(v, witness, signs, units=(), positive=(), role=PARAM):
    data = lemma({"p": role, "x": LOCAL}, ["x*(p + 9)"], units=units, positive=positive)
    family = Root(("p", "x"), data, signs).family(v)
    return "a point off the stratum" if family.has_point((), {"p": witness}) else ""


@directed("has_point: bad without n in self.positive an")
def a_point_beyond_a_wall(v):
    return point(v, "-1", ("p + 5",), positive=["p"])


@directed("has_point: bad without self.role.get(n) == U")
def a_point_where_a_unit_variable_is_0(v):
    return point(v, "0", ("p + 5",), role=UNIT)


@directed("has_point: need(all((self.sign(there(u)) != ")
def a_point_where_a_unit_is_0(v):
    return point(v, "1", ("p + 5",), units=["p - 1"])


@directed("has_point: need(all((self.sign(there(p)) > 0")
def a_point_against_a_sign(v):
    return point(v, "-1", ("p",))


def bounded(v, low):
    problem = LocalProblem.build("x", over={"x": (low, 2)})
    return v.verify.starting_family(problem)


@directed("run: if family.within and op not in UNCUT: r")
def a_zero_outside_the_domain(v):
    """x is 0 nowhere in [1, 2]."""
    step = {"op": "monomial", "primal": {"x": "1"}, "dual": [[0, "1"]]}
    found = v.verify.replay(bounded(v, 1), step)
    return f"x is 0 in [1, 2], with {found.upper}" if found.upper else ""


@directed("check_same: need(not self.within and (not ot")
def one_domain_for_another(v):
    """What is proved of [0, 2] says nothing of [1, 2]."""
    bounded(v, 1).check_same(bounded(v, 0), {"x": ["x", 1]})
    return "the germs over [1, 2] are those over [0, 2]"


@directed("applies: if family.exponents and op not ")
def factors_for_generators(v):
    """(x − y)²(x + y)³ has not the λ of the ideal of its factors."""
    ends = {"op": "rank", "gens": [0, 1], "vars": ["x", "y"]}
    step = {"op": "product", "factors": [["x - y", 2], ["x + y", 3]], "cases": [ends]}
    return crossed(v, {"x": LOCAL, "y": LOCAL}, ["(x - y)^2*(x + y)^3"], step)


@directed("check_same: need(not self.exponents and (not")
def one_product_for_another(v):
    """(x − y)(x + y)² is not (x − y)³(x + y)⁴."""
    family = v.verify.starting_family(LocalProblem.build("x*y"))
    gens = tuple(parse(f, "x y").flint for f in ("x - y", "x + y"))
    one, other = (family.but(gens=gens, exponents=e) for e in ((1, 2), (3, 4)))
    one.check_same(other, {"x": ["x", 1], "y": ["y", 1]})
    return "one product is said to be the other"


@directed("_roots: alone")
def roots_of_a_polynomial_in_two_variables(v):
    """t² = 2u, u ≠ 1, is neither t = ±√2 nor t² ≠ 2u."""
    line = {"op": "monomial", "primal": {"x": "1"}, "dual": [[0, "1"]]}
    divided = {"op": "generators", "do": [["div", 0, "t^2 - 2*u"]] * 3, "then": line}
    step = {"op": "roots", "var": "t", "poly": "t^2 - 2*u", "roots": [MINUS, PLUS],
            "cases": [line, line, divided]}  # fmt: skip
    role = {"t": PARAM, "u": PARAM, "x": LOCAL}
    return crossed(v, role, ["x*(t^2 - 2*u)^3"], step, units=["u - 1"])


@directed("_no_point: point #2")
def a_zero_that_a_unit_excludes(v):
    """b² + c² is 0 at (0, 0) alone, where the unit b is 0."""
    on = {"op": "monomial", "primal": {"x": "1/3"}, "dual": [[0, "1/3"]]}
    step = {"op": "locus", "poly": "x + b^2 + c^2", "by": ["x"], "rest": {},
            "smooth": {"kind": "sign", "index": 1}, "exists": {"kind": "point", "point": ["0", "0"]},
            "cases": [on, {"op": "open"}]}  # fmt: skip
    role = {"b": PARAM, "c": PARAM, "x": LOCAL, "y": LOCAL}
    return crossed(v, role, ["(x + b^2 + c^2)^3*y"], step, units=["b"])


@directed("apply: if name in ('log', 'sqrt') and c.")
def a_root_of_a_negative_number(v):
    x = v.tower.Element.symbol(v.tower.Tower(("x",)), "x")
    root = v.elementary.apply("sqrt", x - v.tower.Element.number(x.tower, 1))
    return f"sqrt(x - 1) is {root} near 0"


@directed("__truediv__: if not self.tower.is_unit(found.")
def a_pole(v):
    x = v.tower.Element.symbol(v.tower.Tower(("x",)), "x")
    return f"{x / (x * x)} is analytic at 0"


@directed("add: if name in self.symbols: raise")
def one_name_for_two_numbers(v):
    tower = v.tower.Tower(("x",))
    one, other = (tower.add("c", v.tower.Symbol("constant", key)) for key in ("log(2)", "log_l2_r"))
    return f"two numbers are {one}" if one == other else ""


@directed("_exp: if tower.root % q.denominator: raise")
def a_power_that_is_cut_off(v):
    half = v.tower.Element.number(v.tower.Tower(("x",)), Fraction(1, 2))
    try:
        found = v.constants.number("exp", half)
    except v.constants.NeedsRoot:
        return ""
    return f"exp(1/2) = {found}"


# -- the table ------------------------------------------------------------------------------------

# found in a second, of different parts of the verifier
QUICK = [
    "check_covering: if (least := min(slack",
    "_check: _require(strict, 'sign",
    "_own: own",
]


def named(row):
    """The check that a row speaks of; a whole name goes before a beginning."""
    found = [c for c in mutants.listed() if c == row] or [
        c for c in mutants.listed() if c.startswith(row)
    ]
    assert len(found) == 1, (row, found)
    return found[0]


def test_each_check_has_its_row():
    rows = [named(row) for row in (*FOUND, *CELLS, *DIRECTED, *IMPLIED)]
    assert len(set(rows)) == len(rows)
    assert not set(mutants.listed()) - set(rows)


def test_each_module_of_a_replay_is_listed():
    """A module that a replay imports is cut up for checks, or said to have none."""
    quiet = {f"singularity_lab.{name}" for name in mutants.ARITHMETIC}
    assert not quiet & set(mutants.MODULES)
    assert mutants.imported() == quiet | set(mutants.MODULES)


def accepted(verifier, cell):
    """Whether a verifier accepts the broken script of a cell."""
    subject, *script = cell.bad
    v = verifier.verify
    try:
        if not script:
            v.verify(v.Certificate(subject.problem, subject.kind, subject.claim, subject.proof))
            return True
        fields = {name: getattr(subject, name) for name in subject.__match_args__}
        found = v.replay(verifier.family.Family(**fields), *script)
    except MALFORMED:
        return False
    return found.upper is not None or found.empty or not found.why


@pytest.mark.parametrize("row", CELLS)
def test_without_its_check_a_broken_script_is_accepted(row):
    cells = [c for c in hypotheses.CELLS if hypotheses.label(c) == CELLS[row]]
    assert not any(accepted(mutants.without(), c) for c in cells)
    lacking = mutants.without(named(row))
    assert any(accepted(lacking, c) for c in cells)


@pytest.mark.parametrize("row", DIRECTED)
def test_without_its_check_a_false_statement_is_accepted(row):
    assert DIRECTED[row](mutants.without(named(row)))
    try:
        why = DIRECTED[row](mutants.without())
    except MALFORMED:
        return
    assert why == ""


@pytest.mark.parametrize("row", QUICK)
def test_a_check_that_is_switched_off_is_missed(row):
    why, asked = mutants.hunt(named(row), 60, size=12)
    assert why is not None, asked


@pytest.mark.slow
@pytest.mark.parametrize("row", FOUND)
def test_every_check_that_is_found_is_found_again(row):
    why, asked = mutants.hunt(named(row), 240)
    assert why is not None, asked


@pytest.mark.slow
@pytest.mark.parametrize("row", IMPLIED)
def test_a_check_that_is_implied_is_not_missed(row):
    why, _ = mutants.hunt(named(row), 10)
    assert why is None, why
