"""Each check of the verifier, switched off alone: what the random scripts find, and why not.

A row is the beginning of a check's name (tests/mutants.py); a new check needs a row. FOUND: the
generator has a false claim accepted within seconds. IMPLIED: other lines refuse the same, or what is
accepted is true. SOUGHT: not found so far, and not
known to be implied; the table is not finished before these rows are gone.
"""

# ruff: noqa: E501

import mutants
import pytest

FOUND = [
    "check_covering: if min(ys, default=0) < 0: r",
    "check_covering: if (least := min(products, d",
    "check_covering: if (least := min(slack, defa",
    "check_covering: if (dual_value := Fraction(s",
    "check_covering: if fewer and (least := _flat",
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
    "_change: unit",
    "_change: stratum",
    "_change: scaled",
    "_grading: homogeneous",
    "_contract: units",
    "_relax: role",
    "_nonvanishing: family.check_no_zero([p], ste",
    "_coordinate: free",
    "_coordinate: smooth",
    "_blowup: local",
    "_locus: family.check_no_zero([q, rest], step",
    "_no_point: signs",
    "_dehomogenise: role",
]
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
    "schur: kind #3": "another kind is checked as a pivot",
    "_inner: kind": "unpacking fewer than three factors raises",
    "of_lemma: need(set(family.role) <= family._v": "check_same compares names, roles, k and h with those of the family",
    "of_lemma: need(set(family.role.values()) <= ": "check_same compares names, roles, k and h with those of the family",
    "of_lemma: need(spoken <= set(family.role), '": "check_same compares names, roles, k and h with those of the family",
    "of_lemma: need(all((e > -1 for e in family.h": "check_same compares names, roles, k and h with those of the family",
    "index: need(name in self.role, f'no variable": "each caller has asked for the role before",
    "normal: need(bool(gens), 'K vanishes identic": "gens[0] raises",
    "verify: vanishes": "an empty verdict has no bounds: below or above fails",
    "run: if op not in LEAVES: raise": "LEAVES[op] raises",
    "branch: cases": "zip(strict=True) raises",
    "see: proved": "done[step] raises",
    "_generators: if name != 'split': raise": "any other name is checked as split",
    "_grading: variables": "contract raises KeyError; elsewhere weights of absent variables have no effect",
    "_schur: rational": "the symbol of the field has no role: KeyError",
    "_roots: irreducible": "each value is proved to be a root, and Sturm counts different roots",
    "combine: once": "two verdicts about one family, one of them empty, are joined to less than is proved",
    "_threshold: primal": "weights of variables that do not occur are never read",
    "_threshold: primal #2": "weights of variables that do not occur are never read",
    "_monomial: monomial": "without monomials no term is covered (multiples)",
}
SOUGHT = {
    "check_covering: if min(vs, default=0) < 0: r": "sought by 1664 scripts, not found",
    "_check_torus: _require(len(a) == len(names) ": "sought by 6272 scripts, not found",
    "check_roots: if len(listed) != count_roots(c": "sought: no run on record",
    "check_roots: if low < 0 and kind in ('positi": "sought by 704 scripts, not found",
    "check_roots: if not low < high or (last is n": "sought by 896 scripts, not found",
    "check_roots: if field.sign((value - low).fli": "sought by 640 scripts, not found",
    "check_roots: if value.is_constant or c(univa": "sought: no run on record",
    "check_newton: strict": "sought: no run on record",
    "charts: two_sided without not signed": "sought by 1088 scripts, not found",
    "charts: two_sided without w % 2 == 1": "sought by 832 scripts, not found",
    "coordinates: fit": "sought: no run on record",
    "coordinates: apart": "sought: no run on record",
    "schur: size": "sought: no run on record",
    "_own: own": "sought by 1216 scripts, not found",
    "_unit_block: _need(f, [[*row[:i], *row[i + 1": "sought by 1024 scripts, not found",
    "_unit_block: _need(f, [[row[i]]], 1, own)": "sought by 832 scripts, not found",
    "_through: _unit_block(n, block(f, top, top),": "sought by 1088 scripts, not found",
    "_through: _need(n, block(f, low, top), 0, ow": "sought by 1152 scripts, not found",
    "_through: _need(n, block(f, top, low), 0, ow": "sought by 1280 scripts, not found",
    "_through: _need(n, block(f, low, low), None)": "sought by 1152 scripts, not found",
    "_pivot: _unit_block(0, block(x, top, top), o": "sought by 1216 scripts, not found",
    "_pivot: _own(0, d)": "sought by 896 scripts, not found",
    "_pivot: _keeps(0, not any((e.local for e in ": "sought by 1024 scripts, not found",
    "_pivot: _need(1, y[:rank])": "sought: no run on record",
    "_pivot: _need(1, y2, None, own=False)": "sought: no run on record",
    "_pivot: _keeps(1, b_is_0 or y2_is_0)": "sought: no run on record",
    "_keeps: keeps": "sought: no run on record",
    "_inner: _unit_block(place, block(y, top, top": "sought: no run on record",
    "_inner: _need(place, part, own=False)": "sought: no run on record",
    "_inner: _own(place, block(y, low, low))": "sought: no run on record",
    "_inner: _need(place - 1, block(x, slice(None": "sought: no run on record",
    "_inner: _need(place + 1, block(z, top, slice": "sought: no run on record",
    "read: need(self.occurs(p) <= self.role.keys(": "sought: no run on record",
    "check_same: need((self.names, self.field) ==": "sought by 1728 scripts, not found",
    "has_point: bad without n in self.positive an": "sought by 2112 scripts, not found",
    "has_point: bad without self.role.get(n) == U": "sought by 1792 scripts, not found",
    "has_point: need(all((self.sign(there(u)) != ": "sought: no run on record",
    "has_point: need(all((self.sign(there(p)) > 0": "sought: no run on record",
    "integer: need(type(value) is int and (low is": "sought: no run on record",
    "verify: zero": "sought: no run on record",
    "verify: below": "sought: no run on record",
    "verify: above": "sought: no run on record",
    "_index: index": "sought: no run on record",
    "see: family.check_same(other, step['map'])": "sought by 1344 scripts, not found",
    "_change: linear": "sought by 1088 scripts, not found",
    "_change: side": "sought by 1088 scripts, not found",
    "_contract: positive": "sought by 1216 scripts, not found",
    "_contract: conditions": "sought by 1472 scripts, not found",
    "_coordinate: vanishes": "sought by 1344 scripts, not found",
    "_coordinate: alone": "sought by 1344 scripts, not found",
    "_schur: free": "sought: no run on record",
    "_schur: conditions": "sought: no run on record",
    "_schur: entries": "sought: no run on record",
    "_blowup: centre": "sought by 384 scripts, not found",
    "_split: role": "sought: no run on record",
    "_roots: role": "sought: no run on record",
    "_roots: rational": "sought: no run on record",
    "_roots: alone": "sought: no run on record",
    "_roots: symbol": "sought: no run on record",
    "_locus: free": "sought by 448 scripts, not found",
    "_locus: family.check_no_zero([q, *(f.derivat": "sought by 512 scripts, not found",
    "_no_point: point": "sought by 384 scripts, not found",
    "_no_point: loose": "sought: no run on record",
    "_no_point: irreducible": "sought: no run on record",
    "_no_point: units": "sought: no run on record",
    "_no_point: check_zero(there, family.domain(h": "sought: no run on record",
    "_no_point: point #2": "sought by 384 scripts, not found",
    "_dehomogenise: odd": "sought by 1024 scripts, not found",
    "_dehomogenise: walls": "sought by 960 scripts, not found",
    "_dehomogenise: signs": "sought by 1344 scripts, not found",
    "_sum: apart": "sought: no run on record",
    "_sum: variables": "sought: no run on record",
    "_sum: factor": "sought: no run on record",
    "_sum: ties": "sought: no run on record",
    "_sum: inside": "sought: no run on record",
    "_subideal: below": "sought: no run on record",
    "_no_witness: witness": "sought: no run on record",
    "_monomial: multiples": "sought: no run on record",
    "_monomial: units": "sought: no run on record",
    "_newton: local": "sought: no run on record",
    "_empty: fails": "sought: no run on record",
    "_order: point": "sought: no run on record",
}
# found in a second, of different parts of the verifier
QUICK = [
    "check_covering: if (least := min(slack",
    "_check: _require(strict, 'sign",
    "check_same: need(one_to_one",
    "_generators: another",
    "_generators: unit",
    "check: check_no_zero(",
]


def named(row):
    """The check that a row speaks of; a whole name goes before a beginning."""
    found = [c for c in mutants.listed() if c == row] or [
        c for c in mutants.listed() if c.startswith(row)
    ]
    assert len(found) == 1, (row, found)
    return found[0]


def test_each_check_has_its_row():
    rows = [named(row) for row in (*FOUND, *IMPLIED, *SOUGHT)]
    assert len(set(rows)) == len(rows)
    assert not set(mutants.listed()) - set(rows)


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
