"""Steps to other analytic coordinates: functions that are coordinates, and slices of products along
vector fields."""

from __future__ import annotations

from typing import Any, ClassVar, TypedDict

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.hypotheses import hold
from singularity_lab.algebra.jacobians import determinant, differential
from singularity_lab.algebra.rings import ring
from singularity_lab.exact.proof.family import LOCAL, UNIT, Family, Poly
from singularity_lab.exact.proof.step import Move, index, short, theorem


class Field(TypedDict):
    """A vector field: its components by variable, and by generator [j, c] for its Σ c·f_j."""

    components: dict[str, str]
    cofactors: tuple[tuple[tuple[int, str], ...], ...]


@theorem
class Functions(Move, frozen=True):
    """Inverse functions: generators that are polynomials in functions φ, as many as there are free
    local variables x by which they are coordinates, and in the other variables. The φ become the
    variables x."""

    hypotheses: ClassVar = {
        "free": "each x is local, without monomial factor, prior and sign",
        "vanishes": "each φ is 0 on the stratum",
        "minor": "the determinant of the derivatives of the φ by the x is a unit",
        "composed": "with the φ in place of the x the new generators are the old ones, one by one",
    }
    functions: dict[str, str]
    gens: tuple[str, ...]

    def words(self) -> str:
        said = ", ".join(f"{short(f)} as {x}" for x, f in self.functions.items())
        return f"coordinates: {said}"

    def replay(self, family: Family) -> Family:
        functions = {x: family.read(f) for x, f in self.functions.items()}
        able = [family.role.get(x) == LOCAL and family.is_free(x) for x in functions]
        hold("free", all(able), "free local variables are needed")
        apart = [f for f in functions.values() if not family.at_stratum(f).is_zero()]
        hold("vanishes", not apart, "{} is not 0 on the stratum", *apart[:1])
        zero = ring(family.names).constant(0)
        slopes = [differential(f, family.locals) for f in functions.values()]
        rows = [[row.get(family.index(x), zero) for x in functions] for row in slopes]
        hold("minor", family.is_unit(determinant(rows)), "the minor is no unit")
        new = tuple(map(family.read, self.gens))
        old = map(family.substitution(functions), new)
        for f, p in zip(family.gens, old, strict=True):
            hold("composed", family.reduced(p - f).is_zero(), "{} is not composed so", f)
        return family.but(gens=new)


@theorem
class Slice(Move, frozen=True):
    """Vector fields that carry the ideal to itself, and are tangent to the walls and to the zeros
    of the prior and of the monomial factor: their flows keep the germ. It is a product along them
    (flow-box theorem), so that as many local variables may be set to 0 as the fields move
    independently."""

    hypotheses: ClassVar = {
        "index": "a generator has one name, its position",
        "kept": "each field v carries each generator into the ideal: v(f) is the sum of the c·f_j",
        "tangent": "v(x) is a multiple of x where x is a wall, or carries a prior or a factor",
        "local": "what is set to 0 are local variables",
        "minor": "the determinant of the v(x), for the fields v and what is set to 0, is a unit",
    }
    fields: tuple[Field, ...]
    vars: tuple[str, ...]

    def words(self) -> str:
        fields = "a vector field" if len(self.fields) == 1 else f"{len(self.fields)} vector fields"
        return f"a product along {fields}: the slice {', '.join(self.vars)} = 0"

    def replay(self, family: Family) -> Family:
        zero, rows = ring(family.names).constant(0), []
        for field in self.fields:
            v = {x: family.read(c) for x, c in field["components"].items()}
            self._carried(family, v, field["cofactors"])
            for x in family.role:
                if family.role[x] != UNIT and not family.is_free(x):
                    rest = family.reduced(family.substitution({x: zero})(v.get(x, zero)))
                    hold("tangent", rest.is_zero(), f"a field moves {x} away from 0")
            rows.append([v.get(x, zero) for x in self.vars])
        local = all(family.role.get(x) == LOCAL for x in self.vars)
        hold("local", local, "what is set to 0 must be local")
        square = 0 < len(self.vars) == len(self.fields)
        hold("minor", square, f"{len(self.fields)} fields and {len(self.vars)} variables")
        rows = [[family.at_stratum(c) for c in row] for row in rows]
        hold("minor", family.is_unit(determinant(rows)), "the minor is no unit")
        moved = family.each(family.substitution(dict.fromkeys(self.vars, zero)))
        return moved.but(role={x: r for x, r in family.role.items() if x not in self.vars})

    def _carried(self, family: Family, v: dict[str, Poly], cofactors: Any) -> None:
        slopes = [(c, family.index(x)) for x, c in v.items()]
        for f, terms in zip(family.gens, cofactors, strict=True):
            moved = -sum(
                (input_limits.product(c, f.derivative(i)) for c, i in slopes),
                ring(family.names).constant(0),
            )
            for j, c in terms:
                moved += input_limits.product(family.read(c), family.gens[index(j, family.gens)])
                input_limits.Size.of(moved).check("v(f)")
            hold("kept", family.reduced(moved).is_zero(), "a field does not carry {} back", f)
