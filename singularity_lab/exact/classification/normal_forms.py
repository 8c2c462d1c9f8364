"""Arnold's types of germs and their normal forms. Arnold, Gusein-Zade and Varchenko 1985, Ch.
15."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.errors import OutOfScope

EXCEPTIONAL = {
    # name: (normal form without modulus, modulus term)
    "E12": ("x^3 + y^7", "x*y^5"),
    "E13": ("x^3 + x*y^5", "y^8"),
    "E14": ("x^3 + y^8", "x*y^6"),
    "Z11": ("x^3*y + y^5", "x*y^4"),
    "Z12": ("x^3*y + x*y^4", "x^2*y^3"),
    "Z13": ("x^3*y + y^6", "x*y^5"),
    "W12": ("x^4 + y^5", "x^2*y^3"),
    "W13": ("x^4 + x*y^4", "y^6"),
    "Q10": ("x^3 + y^4 + y*z^2", "x*y^3"),
    "Q11": ("x^3 + y^2*z + x*z^3", "z^5"),
    "Q12": ("x^3 + y^5 + y*z^2", "x*y^4"),
    "S11": ("x^4 + y^2*z + x*z^2", "x^3*z"),
    "S12": ("x^2*y + y^2*z + x*z^3", "z^5"),
    "U12": ("x^3 + y^3 + z^4", "x*y*z^2"),
}


@dataclass(frozen=True)
class Arnold:
    """A class of Arnold's lists: symbol, series, parameters, modality, real form.

    symbol: as Arnold writes it, for example ``D5``, ``E6``, ``X9``, ``T_{3,4,5}``, ``Q10``; or, for
    germs beyond the lists, a description of the tangent cone with modality None.
    series: the letter of the series. exponents: (p, q, r) of T_{p,q,r}, else (). real: what signs
    say over R, for example ``A3+``. normal_form: of the residual part; ``a`` is the modulus.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> from singularity_lab.exact.classification.arnold import classify
    >>> print(classify(parse("x^2*y - y^3"), 4))
    D4 (real form D4-): x^2*y - y^3, modality 0
    """

    symbol: str
    series: str
    milnor: int
    modality: int | None
    exponents: tuple[int, ...] = ()
    real: str = ""
    normal_form: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def simple(self) -> bool:
        """Whether the singularity is simple: of modality 0."""
        return self.modality == 0

    def representative(self) -> Polynomial | None:
        """The normal form of the residual part with a generic modulus; None beyond the lists."""
        return representative(self)

    def plot(self, ax: Any = None) -> Any:
        """The real curve or surface of the normal form, with a square for A_k."""
        from singularity_lab.pictures.singularities import zero_set

        form = self.representative()
        if form is None:
            raise OutOfScope(f"{self.symbol}: there is no normal form to draw")
        if len(form.variables) == 1:
            form = form - parse("y^2")
        return zero_set(form, ax=ax, title=f"{self.symbol}: {form} = 0")

    def __str__(self) -> str:
        real = f" (real form {self.real})" if self.real else ""
        form = f": {self.normal_form}" if self.normal_form else ""
        modality = "unknown" if self.modality is None else str(self.modality)
        return f"{self.symbol}{real}{form}, modality {modality}"


def representative(kind: Arnold) -> Polynomial | None:
    """A germ of the class, nondegenerate for its Newton polyhedron, in 1, 2 or 3 variables.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> from singularity_lab.exact.classification.arnold import classify
    >>> print(representative(classify(parse("x^3 + y^6"), 10)))
    x^3 + y^6
    """
    mu = kind.milnor
    if kind.series == "A":
        return parse(f"x^{mu + 1}")
    if kind.series == "D":
        return parse(f"x^2*y + y^{mu - 1}")
    if kind.series == "E" and mu in (6, 7, 8):
        return parse({6: "x^3 + y^4", 7: "x^3 + x*y^3", 8: "x^3 + y^5"}[mu])
    if kind.symbol in EXCEPTIONAL:
        return parse(EXCEPTIONAL[kind.symbol][0])
    if kind.exponents:
        p, q, r = kind.exponents
        if (p, q) == (2, 3):
            return parse("x^3 + y^6") if r == 6 else parse(f"x^3 + x^2*y^2 + y^{r}")
        if p == 2:
            return parse("x^4 + y^4") if (q, r) == (4, 4) else parse(f"x^{q} + x^2*y^2 + y^{r}")
        parabolic = (p, q, r) == (3, 3, 3)
        return parse(f"x^{p} + y^{q} + z^{r}" + ("" if parabolic else " + x*y*z"))
    return None
