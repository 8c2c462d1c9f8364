"""Random proof scripts: none of them proves too much, and each lack of a check is found out."""

import json
from dataclasses import replace

import mutants
import pytest
import random_scripts
from random_scripts import LOCAL, MALFORMED

from singularity_lab.algebra import maps
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import ring
from singularity_lab.exact.proof.evidence import check_zero
from singularity_lab.exact.proof.family import need

THOUSANDS = 10
RARE = {"roots", "schur", "coordinate", "slice", "functions"}


def told(found):
    return [(why, root.data, root.signs, json.dumps(step)) for root, step, why in found]


def test_ten_thousand_scripts_prove_nothing_false():
    """Every accepted lower bound is at most, every upper bound at least, the least (λ, m) of the
    germs of its family; and a replay finds what the steps gave one by one."""
    roots = random_scripts.pool(30, 5)
    found = random_scripts.attack(mutants.without(), roots, THOUSANDS * 1000, 5, most=3)
    assert not found.false, told(found.false)
    assert not found.wrong, told(found.wrong[:3])
    assert found.scripts == THOUSANDS * 1000
    assert found.proved > found.scripts / 2  # most scripts prove a bound
    assert found.exact > found.scripts / 10  # many prove (λ, m)
    taken = {op for op, n in found.steps.items() if n >= 3}
    assert taken >= set(random_scripts.WEIGHTS) - RARE, found.steps


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_thousand_scripts_prove_nothing_false(seed):
    """Five times twenty thousand, from a hundred families each; a million by
    benchmarks/script_attack.py."""
    roots = random_scripts.pool(100, f"slow {seed}")
    found = random_scripts.attack(mutants.without(), roots, 20_000, seed, most=3)
    assert not found.false, told(found.false)
    assert not found.wrong, told(found.wrong[:3])
    assert set(found.steps) >= {*random_scripts.WEIGHTS, *random_scripts.LEAF_OPS}


# -- the rule that was wrong ----------------------------------------------------------------------


def forgetful_locus(verifier):
    """The step "locus" as it once was: a unit that meets ``by`` but not q is dropped where q = 0,
    although it binds variables that go on."""
    least = verifier.branches.least_of

    def locus(family, step):
        f, by = family.read(step["poly"]), [str(x) for x in step["by"]]
        q = family.at_stratum(f)
        need(bool(by) and all(x in family.role and family.is_free(x) for x in by), "by")
        family.check_no_zero([q, *(f.derivative(family.index(x)) for x in by)], step["smooth"])
        z, gens = family.gen(by[0]), []
        for i, g in enumerate(family.gens):
            rest, count = family.stripped(g, f)
            if family.occurs(rest) & set(by):
                family.check_no_zero([q, rest], step["rest"][str(i)])
                rest = ring(family.names).constant(1)
            gens.append(z**count * rest)
        role = {n: r for n, r in family.role.items() if n not in by}
        free = family.only(lambda p: not family.occurs(p) & set(by))
        zero = free.but(role={**role, by[0]: LOCAL}, gens=tuple(gens))
        other = family.but(units=(*family.units, q))
        used = family.occurs(*gens) | set(family.k)
        inside = [u for u in family.units if family.occurs(u) & family.occurs(q)]
        prime = all(family.occurs(u) <= family.occurs(q) and q.gcd(u).is_constant() for u in inside)
        prime = prime and family.field is None and [e for _, e in q.factor()[1]] == [1]
        loose = not (family.occurs(q) - set(by)) & used
        real = step["exists"] is not None and not family.signs and prime and loose
        if real:
            domain = family.domain(family.occurs(q))
            check_zero([Polynomial(family.names, q)], domain, step["exists"])

        def combine(verdicts):
            on, off = verdicts
            return least([on if real else replace(on, upper=None), off])

        return [zero, other], combine

    return locus


@pytest.mark.parametrize(
    ("focus", "kinds"),
    [("locus", ("bound",)), pytest.param("", ("bound", "any"), marks=pytest.mark.slow)],
)
def test_a_locus_that_forgets_units_is_found_out(focus, kinds):
    """The generator finds a false proof by the rule that once was accepted, also where no step is
    preferred; the verifier as it is refuses it."""
    roots = random_scripts.pool(20, 1, kinds)
    old = mutants.without()
    locus = forgetful_locus(old)
    old.branches.Locus.replay = lambda self, family: locus(family, self.encode())
    found = random_scripts.attack(old, roots, 40_000, 1, focus=focus)
    assert found.false, f"not found by {found.scripts} scripts"
    root, step, why = found.false[0]
    assert '"locus"' in json.dumps(step)
    assert why.startswith("upper")
    now = mutants.without()
    try:
        verdict = now.verify.replay(root.family(now), step)
    except MALFORMED:
        return
    assert root.crossed(verdict) is None, told(found.false)


# -- a short cut of wide rings ---------------------------------------------------------------------


@pytest.mark.parametrize("mended", [True, False])
def test_a_sign_that_hides_a_variable_is_found_out(monkeypatch, mended):
    """Exponents of a term are read off its text in a ring of many variables. As that was once
    done, -x*y had no x, and false claims were accepted where more than 64 variables occur; the
    scripts have few, so the short cut is taken for all rings here."""
    roots = random_scripts.pool(100, "wide.0")
    monkeypatch.setattr(maps, "WIDE", 0)
    if not mended:
        right = maps.content

        def content(p):
            found = right(p)
            if len(p) == 1 and p.leading_coefficient() == -1:
                found.pop(min(found, default=None), None)
            return found

        monkeypatch.setattr(maps, "content", content)
    found = random_scripts.attack(mutants.without(), roots, 1000, "wide.0", most=3)
    assert bool(found.false) is not mended, told(found.false[:1])
    assert mended is (found.scripts == 1000)
