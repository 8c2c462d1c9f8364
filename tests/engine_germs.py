"""Families of germs for tests of the engine, and what is proved of them, told to the verifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from proof_scripts import family

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.germs import Generator, Germs
from singularity_lab.exact.engine.outcome import SearchOutcome, chain
from singularity_lab.exact.engine.rules import RESOLVING
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.proof.family import Family
from singularity_lab.exact.proof.step import Verdict
from singularity_lab.exact.proof.verify import replay


def germs(*gens: str, **options: Any) -> Germs:
    """The germ at the origin of polynomials, as the engine moves it."""
    return Germs.of(LocalProblem.build(list(gens), **options).localize())


def in_roles(gens: Sequence[str], nonnegative: str = "", **roles: str) -> Germs:
    """The germs at the origin, with other roles for some variables."""
    g = germs(*gens, nonnegative=nonnegative)
    return g.but(role={i: roles.get(n, g.role[i]) for i, n in enumerate(g.names)}).normal()


def with_roles(role: str, *gens: str, **options: Any) -> Germs:
    """A family of germs from roles such as "x:local p:param"."""
    subject = family(role, gens, **options)
    at = {n: i for i, n in enumerate(subject.names)}
    return Germs(
        names=subject.names,
        role={at[n]: r for n, r in subject.role.items()},
        positive=frozenset(at[n] for n in subject.positive),
        k={at[n]: e for n, e in subject.k.items()},
        h={at[n]: e for n, e in subject.h.items()},
        gens=tuple(Generator(p) for p in subject.gens),
        units=subject.units,
    )


def texts(g: Germs) -> list[str]:
    """The generators as text."""
    return [str(f.poly) for f in g.gens]


def search(**options: Any) -> Search:
    """A search with the rules of a resolution, bounded by its number of charts."""
    return Search(RESOLVING, most_nodes=300, horizon=6, **options)


def told(g: Germs, step: dict[str, Any]) -> Verdict:
    """What the verifier says of a script about the family."""
    return replay(Family.of_lemma(g.names, g.to_json()), step)


def proved(g: Germs, moved: Germs | None = None, moves: Sequence[dict[str, Any]] = ()) -> Verdict:
    """(λ, m) of a family, proved for the one that moves lead to; the verifier follows the moves."""
    here = search()
    found = here.solve(g if moved is None else moved, None, 6)
    return told(g, here.lemmas.assemble(chain(moves, found.step)))


def keeps_the_value(move: Callable[[Germs], Any], g: Germs) -> Germs:
    """The family after a move, checked: the verifier follows, and (λ, m) is the same."""
    found = move(g)
    assert found is not None
    moved, steps = found
    verdict = proved(g, moved, steps if isinstance(steps, list) else [steps])
    assert verdict.lower is not None
    assert verdict == proved(g)
    return moved


def outcome_told(g: Germs, here: Search, found: SearchOutcome | None) -> Verdict:
    """The verifier's verdict on the outcome of a rule, which has to prove its bounds."""
    assert found is not None
    verdict = told(g, here.lemmas.assemble(found.step))
    assert found.lower is None or (verdict.lower is not None and found.lower <= verdict.lower)
    assert found.upper is None or (verdict.upper is not None and verdict.upper <= found.upper)
    return verdict
