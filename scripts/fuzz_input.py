"""Hostile texts for the readers of expressions, points, JSON, catalog files and ids of rows.

    python scripts/fuzz_input.py expressions|catalog [--runs N] [--seed S] [--seconds T]

Texts are made by rules (towers of powers, nested parentheses, digits of other scripts, huge
exponents, broken TOML) and by mutation of those that were accepted. Every text has to be read or
refused by the laboratory's own errors, within some CPU seconds; anything else is printed as a
finding, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from singularity_lab.algebra.algebraic import algebraic
from singularity_lab.algebra.input_limits import limited_json
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import fraction
from singularity_lab.catalog.load import families, load, read_family
from singularity_lab.errors import QUOTE, SingularityLabError

ALPHABET = "xyzw19.^*+-/() _eE,٣²λ−\u00a0'\"\\{}[]=\n#@:t"
ATOMS = ("x", "y", "1", "3", ".5", "1/3", "٣", "x²", "2^1000000", "1e999999999", "w10", "x^999999",
         "(x+y)", "0", "00", "1.", "x_1", "sqrt(2)", "root(t^3-2,1,2)", "cbrt(5)", "9" * 5000)  # fmt: skip  # noqa: E501
LONG = 0.02  # how often a text is long: long ones cost most of the time, and are seldom new
EXPONENTS = ("0", "1", "2", "3", "7", "24", "64", "1000", "100000", "1000000", "1000001", "-1",
             "1/2", "x", "9" * 20, "٣", "")  # fmt: skip


def expression(source: random.Random, depth: int = 0) -> str:
    """A random expression, well formed or nearly so."""
    kind = source.randrange(9) if depth < 6 else 0
    if kind <= 1:
        many = len(ATOMS) - (source.random() > LONG)
        return source.choice(ATOMS[: source.choice((6, many))])
    if kind <= 4:
        operator = source.choice("+-*/+*") * source.choice((1, 1, 1, 1, 1, 2))
        return f"{expression(source, depth + 1)}{operator}{expression(source, depth + 1)}"
    if kind <= 6:
        inner = expression(source, depth + 1)
        return f"({inner}){source.choice(('^', '^', '**'))}{source.choice(EXPONENTS)}"
    if kind == 7:
        many = source.choice((1, 2, 5, 60, 120, 3000) if source.random() < LONG else (1, 2, 5))
        return "(" * many + expression(source, depth + 1) + ")" * (many - source.choice((0, 0, 1)))
    many = source.choice((1, 2, 500) if source.random() < LONG else (1, 2))
    return source.choice("+-") * many + expression(source, depth + 1)


def mutated(source: random.Random, text: str) -> str:
    """A text with some characters changed, removed, doubled."""
    for _ in range(source.randint(1, 4)):
        i = source.randint(0, len(text))
        j = min(len(text), i + source.choice((0, 1, 1, 2, 8)))
        part = source.choice(("", source.choice(ALPHABET), text[i:j] * 2, source.choice(ATOMS[:8])))
        text = text[:i] + part + text[j:]
    return text


def read_expression(text: str, source: random.Random) -> None:
    """Everything that reads numbers and expressions."""
    reader = source.randrange(6)
    if reader <= 1:
        parse(text)
    elif reader == 2:
        parse(text, ("x", "y"))
    elif reader == 3:
        fraction(text, "value")
    elif reader == 4:
        algebraic(text, "point[x]")
    else:
        LocalProblem.build([text], at={"x": source.choice(ATOMS)}).localize(algebraic=True)


VALUES = ("1", "0", "-1", "2", "7", "1000", "1000000", "9" * 30, "9" * 5000, "true", '"x"', "[]",
          "[1,1,1]", "[2,2,2,2]", "[1000,1000,1000]", "[[1,0],[0,1]]", "{a=1}", "1e400", "nan", "٣",
          "1979-05-27", '"1e999999999"', "[" * 500, '"independent"', "[0,1]", '"A"', '"tanh"',
          '["1/2",3]')  # fmt: skip


def row_id(source: random.Random) -> str:
    """The id of a row that a family is to generate."""
    from singularity_lab.models.model import signature

    family = source.choice(list(families().values()))
    known = list(signature(family.model)) if family.model else []
    others = ["folder", "grid", "family", "max_dimension", "tags", "at", "self", "x.y", "٣", ""]
    names = [n for n in known if source.random() < 0.9]
    names += [source.choice(others)] if source.random() < 0.2 else []
    pairs = ",".join(f"{n}={source.choice(VALUES)}" for n in names)
    end = source.choice(("", "", "", "@*", "@deepest", "@origin", "@", "@@", "\n"))
    return f"{family.name}:{pairs}{end}"


def family_file(source: random.Random) -> str:
    """The text of a catalog file."""
    fields = ("id", "title", "model", "vars", "ideal", "at", "prior", "nonnegative", "box", "tags",
              "claim", "parameters", "convention", "scope", "note", "reading", "other")  # fmt: skip
    values = (*VALUES, '"x^2"', '["x^2 - y^3"]', '["(x+y)^1000000"]', '["x", "y"]', "{x = 1}",
              '{x = "1e999999999"}', '{x = ["0", "1"]}', '"ideal"', '"a-b"', '"deep_linear"')  # fmt: skip  # noqa: E501
    lines = [source.choice(('family = "f"', 'family = "f"', "family = 1", ""))]
    lines += [f"{source.choice(('title', 'model'))} = {source.choice(values)}"] * source.randrange(
        2
    )
    lines.append(source.choice(("[[entry]]", "[[entry]]", "[entry]", "entry = [1, 2]")))
    lines += ['id = "a"', 'ideal = ["x^2 - y^3"]'] if source.random() < 0.5 else []
    for _ in range(source.randrange(4)):
        lines.append(f"{source.choice(fields)} = {source.choice(values)}")
    text = "\n".join(lines)
    return mutated(source, text) if source.random() < 0.3 else text


def read_catalog_text(text: str, source: random.Random, folder: Path) -> None:
    """An id of a row, or a file with its rows and their germs."""
    if ":" in text.partition("\n")[0] and "=" in text:
        load(text)
        return
    path = folder / "f.toml"
    path.write_bytes(text.encode("utf-8") if source.random() < 0.95 else text.encode("utf-16"))
    for entry in read_family(path).rows:
        entry.problem()


def check(read: Callable[[], Any], seconds: float) -> str:
    """What is wrong with how a text is read; the empty text if nothing is."""

    def late(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, late)
    try:
        signal.setitimer(signal.ITIMER_PROF, seconds)
        read()
    except SingularityLabError as error:
        words = str(error).split()
        longest = max(map(len, words), default=0)
        return f"a message quotes {longest} characters" if longest > QUOTE + 20 else ""
    except TimeoutError:
        return f"more than {seconds} s"
    except BaseException as error:  # whatever it is, it is the finding
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return ""


def fuzz(
    target: str, runs: int, seed: int = 0, limit: float = 10.0, seconds: float = 10**9
) -> tuple[int, list[tuple[str, str]]]:
    """The number of texts that were tried, and the findings: (text, what went wrong)."""
    source = random.Random(seed)
    kept: list[str] = []
    findings: list[tuple[str, str]] = []
    started, done = time.monotonic(), 0
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with TemporaryDirectory(dir=memory) as folder:
        while done < runs and time.monotonic() - started < seconds:
            done += 1
            if kept and source.random() < 0.4:
                text = mutated(source, source.choice(kept))
            elif target == "expressions":
                text = expression(source)
            else:
                text = row_id(source) if source.random() < 0.6 else family_file(source)

            def read(text: str = text) -> None:
                if target == "expressions":
                    if source.random() < 0.02:
                        limited_json(text, "text", exact=True)
                    read_expression(text, source)
                else:
                    read_catalog_text(text, source, Path(folder))
                if len(text) < 400:
                    kept.append(text)
                    del kept[:-500]

            if wrong := check(read, limit):
                findings.append((text, wrong))
    return done, findings


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("target", choices=("expressions", "catalog"))
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0**9)
    given = parser.parse_args()
    done, findings = fuzz(given.target, given.runs, given.seed, seconds=given.seconds)
    for text, wrong in findings[:50]:
        print(f"{wrong[:200]}\n    {text[:300]!r}")
    print(f"{done} executions, {len(findings)} findings")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
