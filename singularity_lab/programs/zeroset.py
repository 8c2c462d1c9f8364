"""The zero set W₀ of a program's loss as a polyhedral complex, with λ and m on every face.

W is a product of simplices; a face of W is a choice of allowed options (a *support*). E is a sum of
products of probabilities, so it vanishes at an interior point of a face if and only if no wrong run
stays within the support, and then on the whole face: W₀ is a subcomplex. Its vertices are the codes
that solve the task; its irreducible components are its maximal faces. Since every step draws
afresh, a product of solutions need not be one: a face is more than its vertices.

On the relative interior of a face λ_E and m are constant: the monomials of E in the options outside
the support, with those inside set to 1, decide (:mod:`~singularity_lab.programs.syndromes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.linear import covering_lp
from singularity_lab.errors import BadInput, Undecided
from singularity_lab.programs.machines.machines import Code, Program
from singularity_lab.programs.program_documents import (
    ComponentDocument,
    VertexCount,
    ZeroSetDocument,
)
from singularity_lab.programs.syndromes import ProgramChart, SyndromeProgram, homogeneous_monomials
from singularity_lab.programs.uncertainty.arithmetic import Formula
from singularity_lab.programs.uncertainty.noisy import check_semantics, wrong_runs
from singularity_lab.system.counting import counted
from singularity_lab.system.extras import pyplot

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    from matplotlib.axes import Axes

Face = tuple[int, ...]  # for each free choice, the allowed options as a bit mask


def solutions(program: Program, steps: int | None = None) -> Iterator[dict[str, str]]:
    """All solving codes, as disjoint cylinders: only choices that some input asks for are named.

    The tree of partial codes is walked by running the inputs one after the other and branching on a
    choice the first time it is asked for (Radó 1962 and Brady 1983 enumerate Turing machines so);
    choices that are not named are free.

    >>> from singularity_lab.programs import program
    >>> found = list(solutions(program("detectA-mini"), 2))
    >>> sum(2 ** (12 - len(code)) for code in found)
    256
    """
    options = {c.name: c.options for c in program.free}
    steps = program.steps if steps is None else steps
    machine = program.machine
    stack: list[dict[str, str]] = [{}]
    while stack:
        partial = stack.pop()
        for case in program.cases:
            state, asked = machine.start(case.value, steps), None
            while (choice := machine.query(state)) is not None:
                if choice in options and choice not in partial:
                    asked = choice
                    break
                state = machine.answer(state, partial.get(choice, program.code[choice]))
            if asked is not None:
                stack += [{**partial, asked: o} for o in reversed(options[asked])]
                break
            if machine.output(state) != case.target:
                break
        else:
            yield partial


def count_solutions(program: Program, steps: int | None = None) -> int:
    """The number of solving codes, without listing them.

    >>> from singularity_lab.programs import program
    >>> count_solutions(program("detectA-mini"), 2)
    256
    """
    sizes = {c.name: len(c.options) for c in program.free}
    every = prod(sizes.values())
    return sum(every // prod(sizes[n] for n in code) for code in solutions(program, steps))


@dataclass(frozen=True)
class Component:
    """An irreducible component of W₀: a maximal face, with λ_E and m at its generic point.

    codes: how many solutions it contains. degenerate: some minimal syndrome is not a single error,
    so that W₀ is not the regular intersection of the hyperplanes ε = 0 there.
    """

    face: Face
    dimension: int
    rlct: RLCT
    codes: int
    support: Mapping[str, tuple[str, ...]]
    degenerate: bool
    piece: int

    @property
    def lambda_E(self) -> Fraction:
        """λ of the error probability along the component."""
        return self.rlct.value

    @property
    def multiplicity(self) -> int:
        return self.rlct.multiplicity

    def document(self) -> ComponentDocument:
        """The component as a document, fractions as text."""
        return ComponentDocument(
            dimension=self.dimension,
            lambda_E=str(self.rlct.value),
            lambda_H=str(self.rlct.value / 2),
            multiplicity=self.multiplicity,
            codes=self.codes,
            degenerate=self.degenerate,
            piece=self.piece,
            support={
                name: "".join(options)
                if len("".join(options)) == len(options)
                else " ".join(options)
                for name, options in self.support.items()
            },
        )


@dataclass(frozen=True, eq=False)
class ZeroSet:
    """W₀ of a program: ``faces[k]`` are its faces of dimension k, the vertices are the solutions.

    >>> from singularity_lab.programs import program
    >>> w0 = zero_set(program("detectA-mini"), 2)
    >>> w0.f_vector
    (256, 832, 1152, 880, 400, 108, 16, 1)
    >>> [(c.dimension, str(c.lambda_E), c.codes) for c in w0.components]
    [(7, '5', 128), (6, '6', 64), (6, '6', 64), (5, '13/2', 32), (5, '7', 32)]
    >>> sorted(map(len, w0.pieces))
    [32, 32, 192]
    """

    program: Program
    steps: int
    semantics: str
    chart: ProgramChart
    faces: tuple[tuple[Face, ...], ...]
    formula: Formula
    _known: dict[Any, RLCT] = field(default_factory=dict, repr=False)

    @property
    def f_vector(self) -> tuple[int, ...]:
        """The number of faces of each dimension."""
        return tuple(map(len, self.faces))

    @property
    def euler_characteristic(self) -> int:
        """The alternating sum of the numbers of faces."""
        return sum((-1) ** k * n for k, n in enumerate(self.f_vector))

    @cached_property
    def maximal(self) -> tuple[Face, ...]:
        """The faces that lie in no larger one, largest first."""
        found = []
        for k in reversed(range(len(self.faces))):
            above = set(self.faces[k + 1]) if k + 1 < len(self.faces) else set()
            found += [f for f in self.faces[k] if not any(g in above for g in self._cofaces(f))]
        return tuple(found)

    def _cofaces(self, face: Face) -> Iterator[Face]:
        for i, (mask, choice) in enumerate(zip(face, self.program.free, strict=True)):
            for j in range(len(choice.options)):
                if not mask >> j & 1:
                    yield (*face[:i], mask | 1 << j, *face[i + 1 :])

    @cached_property
    def pieces(self) -> tuple[frozenset[Face], ...]:
        """The connected pieces, as sets of vertices; largest first."""
        import networkx as nx

        graph: nx.Graph[Face] = nx.Graph()
        graph.add_nodes_from(self.faces[0])
        for edge in self.faces[1] if len(self.faces) > 1 else ():
            i = next(i for i, mask in enumerate(edge) if mask.bit_count() == 2)
            low = edge[i] & -edge[i]
            ends = [(*edge[:i], m, *edge[i + 1 :]) for m in (low, edge[i] ^ low)]
            graph.add_edge(*ends)
        return tuple(sorted((frozenset(c) for c in nx.connected_components(graph)), key=len,
                            reverse=True))  # fmt: skip

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """The irreducible components, by falling dimension and rising λ."""
        piece = {v: i for i, vertices in enumerate(self.pieces) for v in vertices}
        found = []
        for face in self.maximal:
            rows = self.syndromes(face)
            found.append(
                Component(
                    face,
                    dimension(face),
                    self.rlct(face),
                    prod(m.bit_count() for m in face),
                    self.support(face),
                    any(sum(row) > 1 for row in rows),
                    piece[tuple(m & -m for m in face)],
                )
            )
        return tuple(sorted(found, key=lambda c: (-c.dimension, c.rlct.value, c.face)))

    # -- λ and m on faces -------------------------------------------------------------------------

    def support(self, face: Face) -> dict[str, tuple[str, ...]]:
        """The options that a face allows, by choice."""
        return {
            c.name: tuple(o for j, o in enumerate(c.options) if mask >> j & 1)
            for mask, c in zip(face, self.program.free, strict=True)
        }

    def face(self, support: Mapping[str, Any]) -> Face:
        """The face with these options; choices that are not named stay at the program's code.

        Raises BadInput if it does not lie in W₀.
        """
        found = []
        for c in self.program.free:
            options = support.get(c.name, (self.program.code[c.name],))
            options = (options,) if isinstance(options, str) else tuple(options)
            if not options or any(o not in c.options for o in options):
                raise BadInput(f"support: {c.name} needs some of {', '.join(c.options)}")
            found.append(sum(1 << c.options.index(o) for o in set(options)))
        face = tuple(found)
        k = dimension(face)
        if k >= len(self.faces) or face not in set(self.faces[k]):
            raise BadInput("support: some run of these options is wrong; no face of W0")
        return face

    @cached_property
    def _monomials(self) -> np.ndarray[Any, np.dtype[np.int64]] | None:
        """Exponents of E in the probabilities of all options; None where there are too many."""
        import numpy as np

        try:
            leaves, exponents = homogeneous_monomials(
                self.program, self.steps, self.semantics, 60_000
            )
        except Undecided:
            return None
        return np.array(sorted(exponents), dtype=np.int64).reshape(-1, len(leaves))

    def _outside(self, face: Face) -> list[int]:
        flat, at = [], 0
        for mask, c in zip(face, self.program.free, strict=True):
            flat += [at + j for j in range(len(c.options)) if not mask >> j & 1]
            at += len(c.options)
        return flat

    def syndromes(self, face: Face) -> list[tuple[int, ...]]:
        """The minimal syndromes at the generic point of a face, over the options outside it."""
        if self._monomials is None:
            support = {n: frozenset(o) for n, o in self.support(face).items()}
            local = SyndromeProgram(
                self.program, self.steps, self.semantics, support, self.chart, self.formula
            )
            return [s.exponent for s in local.syndromes()]
        import numpy as np

        rows = np.unique(self._monomials[:, self._outside(face)], axis=0)
        rows = rows[np.argsort(rows.sum(axis=1), kind="stable")]
        kept: list[np.ndarray[Any, Any]] = []
        while len(rows):
            kept.append(rows[0])
            rows = rows[(rows < rows[0]).any(axis=1)]
        return [tuple(map(int, row)) for row in kept]

    def rlct(self, face: Face) -> RLCT:
        """λ_E and m at the generic point of a face.

        Faces whose syndromes differ by a permutation of the errors share one linear program.
        """
        rows = self.syndromes(face)
        columns = sorted(zip(*rows, strict=True))
        used = [c for c in columns if any(c)]
        key = tuple(sorted(zip(*used, strict=True)))
        if key not in self._known:
            solution = covering_lp([self.chart.alpha] * len(used), list(key))
            self._known[key] = RLCT(solution.value, 1 + solution.face_dimension)
        return self._known[key]

    def census(self) -> dict[Face, RLCT]:
        """λ_E and m on every face."""
        return {face: self.rlct(face) for level in self.faces for face in level}

    def vertex_counts(self) -> dict[RLCT, int]:
        """How many codes have which (λ_E, m)."""
        found: dict[RLCT, int] = {}
        for face in self.faces[0]:
            value = self.rlct(face)
            found[value] = found.get(value, 0) + 1
        return dict(sorted(found.items(), key=lambda t: (t[0].value, t[0].multiplicity)))

    def code(self, vertex: Face) -> Code:
        """The code of a vertex."""
        return {**self.program.code, **{n: o[0] for n, o in self.support(vertex).items()}}

    # -- graphs -----------------------------------------------------------------------------------

    def face_poset(self) -> nx.DiGraph[Face]:
        """The Hasse diagram of the faces, from each face to those that cover it.

        Nodes carry ``dimension``, ``lambda_E`` and ``multiplicity``.
        """
        import networkx as nx

        graph: nx.DiGraph[Face] = nx.DiGraph()
        for k, level in enumerate(self.faces):
            for face in level:
                value = self.rlct(face)
                graph.add_node(
                    face, dimension=k, lambda_E=value.value, multiplicity=value.multiplicity
                )
        for face in list(graph):
            graph.add_edges_from((face, g) for g in self._cofaces(face) if g in graph)
        return graph

    def component_graph(self) -> nx.Graph[int]:
        """Components as nodes (numbers in ``components``); an edge where two of them meet, with the
        dimension and (λ_E, m) of the generic point of the face in which they meet."""
        import networkx as nx

        graph: nx.Graph[int] = nx.Graph()
        for i, c in enumerate(self.components):
            graph.add_node(
                i,
                dimension=c.dimension,
                lambda_E=c.rlct.value,
                multiplicity=c.multiplicity,
                codes=c.codes,
            )
        for (i, a), (j, b) in combinations(enumerate(self.components), 2):
            meet = tuple(x & y for x, y in zip(a.face, b.face, strict=True))
            if all(meet):
                value = self.rlct(meet)
                graph.add_edge(
                    i,
                    j,
                    dimension=dimension(meet),
                    lambda_E=value.value,
                    multiplicity=value.multiplicity,
                )
        return graph

    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the components: one disc each, its size the number of codes, joined where they meet.

        The label is (λ_E, m) and the dimension; an edge carries those of the intersection.
        """
        plt = pyplot()
        import networkx as nx

        axes = axes or plt.subplots(figsize=(7, 5))[1]
        graph = self.component_graph()
        place = nx.spring_layout(graph, seed=1, k=2.5 / max(1, len(graph)) ** 0.5)
        for a, b, data in graph.edges(data=True):
            (x0, y0), (x1, y1) = place[a], place[b]
            axes.plot([x0, x1], [y0, y1], color="0.7", zorder=1)
            axes.annotate(
                f"{data['lambda_E']}, {data['multiplicity']} (dim {data['dimension']})",
                ((x0 + x1) / 2, (y0 + y1) / 2),
                fontsize=7,
                color="0.4",
                ha="center",
            )
        values = [float(c.rlct.value) for c in self.components]
        x, y = ([place[i][k] for i in range(len(self.components))] for k in (0, 1))
        discs = axes.scatter(
            x,
            y,
            s=[60 + 6 * c.codes for c in self.components],
            c=values,
            cmap="viridis",
            edgecolors="black",
            zorder=2,
        )
        for i, c in enumerate(self.components):
            axes.annotate(
                f"λ = {c.lambda_E}, m = {c.multiplicity}\n"
                f"dim {c.dimension}, {counted(c.codes, 'code')}",
                place[i],
                xytext=(0, 14),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        axes.figure.colorbar(discs, ax=axes, label="λ of E")
        axes.set_title(
            f"W₀ of {self.program.name}, T = {self.steps}, {self.semantics}: "
            f"{counted(self.f_vector[0], 'code')}, {counted(len(self.components), 'component')}"
        )
        axes.set_axis_off()
        axes.margins(0.25)
        return axes

    def plot_faces(self, axes: Axes | None = None) -> Axes:
        """Draw how λ_E spreads over the faces: a disc at (dimension, λ_E), its area the number of
        faces, one colour for each multiplicity."""
        plt = pyplot()

        axes = axes or plt.subplots(figsize=(7, 5))[1]
        counts: dict[tuple[int, RLCT], int] = {}
        for face, value in self.census().items():
            key = (dimension(face), value)
            counts[key] = counts.get(key, 0) + 1
        most = max(counts.values())
        colours = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")
        for m in sorted({value.multiplicity for _, value in counts}):
            points = [(k, v, n) for (k, v), n in counts.items() if v.multiplicity == m]
            axes.scatter(
                [k for k, _, _ in points],
                [float(v.value) for _, v, _ in points],
                s=[30 + 700 * n / most for _, _, n in points],
                color=colours[(m - 1) % len(colours)],
                alpha=0.7,
                label=f"m = {m}",
            )
            for k, v, n in points:
                axes.annotate(f"{n}", (k, float(v.value)), ha="center", va="center", fontsize=7)
        axes.set_xlabel("dimension of the face")
        axes.set_ylabel("λ of E")
        axes.set_title(f"The {sum(counts.values())} faces of W₀ of {self.program.name}")
        axes.legend()
        return axes

    def to_json(self) -> dict[str, Any]:
        """The census as a document: counts, f-vector, components, pieces."""
        return ZeroSetDocument(
            program=self.program.name,
            steps=self.steps,
            semantics=self.semantics,
            chart=str(self.chart),
            codes=self.program.codes,
            solutions=self.f_vector[0],
            f_vector=self.f_vector,
            euler_characteristic=self.euler_characteristic,
            components=tuple(c.document() for c in self.components),
            pieces=tuple(len(p) for p in self.pieces),
            vertices=tuple(VertexCount.of(v, n) for v, n in self.vertex_counts().items()),
        ).plain()

    def __str__(self) -> str:
        lines = [
            f"W0 of {self.program.name}, T = {self.steps}, {self.semantics} semantics: "
            f"{self.f_vector[0]} of {self.program.codes} codes, f-vector {self.f_vector}",
            f"{counted(len(self.components), 'component')} in "
            f"{counted(len(self.pieces), 'connected piece')}:",
        ]
        lines += [
            f"  dimension {c.dimension}: lambda_E = {c.rlct.value}, m = {c.multiplicity}, "
            f"{counted(c.codes, 'code')}{', degenerate' if c.degenerate else ''}"
            for c in self.components
        ]
        return "\n".join(lines)


def dimension(face: Face) -> int:
    """Σ (options allowed − 1)."""
    return sum(mask.bit_count() - 1 for mask in face)


def zero_set(
    program: Program,
    steps: int | None = None,
    semantics: str = "exact",
    chart: ProgramChart | str = "corner",
    limit: int = 200_000,
) -> ZeroSet:
    """W₀ as a complex, dimension by dimension.

    A candidate of dimension k + 1 has all its facets in W₀ (as in Agrawal and Srikant 1994), and no
    wrong run within its support, which is one Boolean propagation for a whole batch of candidates.

    Raises Undecided when there are more than ``limit`` faces of one dimension; BadInput if no code
    solves the task.
    """
    chart = ProgramChart.parse(chart)
    if chart.kind == "open":
        raise BadInput("chart: the zero set in the simplex needs corner or amplitude")
    steps = program.steps if steps is None else steps
    check_semantics(program, semantics)
    formula = wrong_runs(program, steps, semantics)
    free = program.free
    vertices: list[Face] = []
    for partial in solutions(program, steps):
        masks = [
            [1 << c.options.index(partial[c.name])]
            if c.name in partial
            else [1 << j for j in range(len(c.options))]
            for c in free
        ]
        if len(vertices) + prod(map(len, masks)) > limit:
            raise Undecided(f"zero set: more than {limit} solving codes")
        fresh: list[Face] = [()]
        for column in masks:
            fresh = [(*f, m) for f in fresh for m in column]
        vertices += fresh
    if not vertices:
        raise BadInput(f"program {program.name}: no code solves it in {steps} steps")
    levels = [tuple(sorted(vertices))]
    while True:
        below = set(levels[-1])
        candidates = set()
        for face in levels[-1]:
            for i, c in enumerate(free):
                # every face is met from its facet without the highest option of its last
                # choice with several options
                if any(m.bit_count() > 1 for m in face[i + 1 :]):
                    continue
                for j in range(face[i].bit_length(), len(c.options)):
                    grown = (*face[:i], face[i] | 1 << j, *face[i + 1 :])
                    if all(f in below for f in _facets(grown)):
                        candidates.add(grown)
        if not candidates:
            break
        if len(candidates) > limit:
            raise Undecided(f"zero set: more than {limit} candidates in one dimension")
        level = _without_wrong_runs(program, formula, sorted(candidates))
        if not level:
            break
        levels.append(tuple(level))
    return ZeroSet(program, steps, semantics, chart, tuple(levels), formula)


def _facets(face: Face) -> Iterator[Face]:
    for i, mask in enumerate(face):
        if mask.bit_count() > 1:
            rest = mask
            while rest:
                bit = rest & -rest
                rest ^= bit
                yield (*face[:i], mask ^ bit, *face[i + 1 :])


def _without_wrong_runs(program: Program, formula: Formula, faces: list[Face]) -> list[Face]:
    """Those faces on which no run is wrong."""
    import numpy as np

    kept: list[Face] = []
    for start in range(0, len(faces), 4096):
        block = faces[start : start + 4096]
        masks = np.array(block)
        values = {
            (c.name, o): (masks[:, i] >> j & 1).astype(bool)
            for i, c in enumerate(program.free)
            for j, o in enumerate(c.options)
        }
        table = formula.batch(values, np.logical_or, np.logical_and, False, True)
        right = np.flatnonzero(~table[list(formula.roots)].any(axis=0))
        kept += [block[int(i)] for i in right]
    return kept
