"""What code and pages cite is here: sections, files, sources; and messages and docstrings speak one
dialect."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import singularity_lab
from singularity_lab.exact.proof import step, verify

REPOSITORY = Path(__file__).parents[1]
HYPOTHESES = getattr(verify, "HYPOTHESES", None) or step.HYPOTHESES  # op -> name -> sentence
FOLDERS = ("singularity_lab", "docs", "tests", "benchmarks", "catalog", "notebooks", "scripts")
SUFFIXES = {".py", ".md", ".toml", ".bib", ".ipynb", ".sh", ".jinja", ".pyi"}
# Texts that were never part of the repository: the names of their files, and their sections.
_ELSEWHERE = "MATH|PROGRAMS|CATALOG|DEVICES|STYLE|ARCHITECTURE|MOVES|DEPENDENCIES|ATLAS"
ELSEWHERE = re.compile(rf"\b({_ELSEWHERE})(\.md|,?\s+§)")
PAGE = re.compile(r"\bdocs/[\w./-]+\.(?:md|py)\b")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(#[\w-]+)?\)")
AUTHORS = r"[A-Z][\w’'-]+(?:(?:, [A-Z][\w’'-]+)* and [A-Z][\w’'-]+)?"
SOURCE = re.compile(rf"\b({AUTHORS}) ((?:18|19|20)\d\d)\b")


@cache
def texts() -> list[tuple[Path, str]]:
    """Every file of the repository that people read, with its text."""
    found = []
    listed = [f for folder in FOLDERS for f in sorted((REPOSITORY / folder).rglob("*"))]
    for file in [*listed, *sorted(REPOSITORY.glob("*.md"))]:
        built = {"_build", "jupyter_execute", "__pycache__"}.intersection(file.parts)
        copied = file.is_relative_to(REPOSITORY / "docs" / "notebooks")
        if file.suffix in SUFFIXES and file.is_file() and not built and not copied:
            found.append((file, file.read_text(encoding="utf-8")))
    return found


def sections(page: str) -> dict[str, str]:
    """Heading -> text below it, of a Markdown page; backticks are dropped."""
    parts = re.split(r"^#+ (.*)$", page, flags=re.MULTILINE)
    return {h.replace("`", ""): body for h, body in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.fixture(scope="module")
def theory() -> dict[str, str]:
    return sections((REPOSITORY / "docs" / "theory.md").read_text(encoding="utf-8"))


def test_nothing_cites_a_text_that_is_not_here():
    planted = "λ is here (MATH §2.5)", "MATH\n§2", "see PROGRAMS.md", "CATALOG.md, 'What a row is'"
    assert all(map(ELSEWHERE.search, planted))
    found = [(f.name, m.group()) for f, text in texts() for m in ELSEWHERE.finditer(text)]
    assert [one for one in found if one[0] != Path(__file__).name] == []


def test_every_page_that_is_cited_is_there():
    cited = {m.group() for _, text in texts() for m in PAGE.finditer(text)}
    assert "docs/theory.md" in cited
    assert [page for page in sorted(cited) if not (REPOSITORY / page).is_file()] == []


def unknown(cited: str) -> bool:
    """Whether a dotted name is neither a module of the package nor something that one defines."""
    place, names = REPOSITORY, cited.split(".")
    while names and (place / names[0]).is_dir():
        place /= names.pop(0)
    if names and (place / f"{names[0]}.py").is_file():
        place /= f"{names.pop(0)}.py"
    if not names or re.fullmatch(r"__\w+__", names[0]):  # what each module has, such as __file__
        return False
    homes = [place / "__init__.py", place / "__init__.pyi"] if place.is_dir() else [place]
    said = "\n".join(home.read_text(encoding="utf-8") for home in homes if home.is_file())
    return not re.search(rf"\b{names[0]}\b", said)


def test_modules_that_are_named_are_there():
    assert not unknown("singularity_lab.exact.proof.verify.verify")
    assert unknown("singularity_lab.exact.verify")
    dotted = re.compile(r"(?<![\w./-])singularity_lab(?:\.[A-Za-z_]\w*)+")
    found = {
        (file.name, m.group())
        for file, text in texts()
        for m in dotted.finditer(text)
        if not file.is_relative_to(REPOSITORY / "tests") and file.name != "CHANGELOG.md"
    }
    assert [one for one in sorted(found) if unknown(one[1])] == []


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub and Sphinx make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_links_of_pages_lead_somewhere():
    for file, text in texts():
        if file.suffix != ".md":
            continue
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
        for target, anchor in LINK.findall(prose):
            if target == "families/index":  # made with the site; see test_family_pages
                continue
            page = (file.parent / target).resolve() if target else file
            if not page.exists() and target.startswith("notebooks/"):
                page = (REPOSITORY / target).with_suffix(".ipynb")  # copied beside the pages
            page = page if page.exists() else page.with_name(f"{page.name}.md")
            assert page.exists(), (file.name, target)
            if anchor:
                known = {slug(h) for h in sections(page.read_text(encoding="utf-8"))}
                assert anchor[1:] in known, (file.name, target, anchor)


def test_every_step_has_a_section_with_its_hypotheses(theory):
    branches = next(text for heading, text in theory.items() if heading.startswith("Branches"))
    for op, hypotheses in HYPOTHESES.items():
        assert op in theory, op
        stated = set(re.findall(r"`(\w+)`", theory[op] + branches))
        assert set(hypotheses) <= stated, (op, set(hypotheses) - stated)


def test_what_the_theory_cites_is_among_its_references(theory):
    listed = set(SOURCE.findall(theory["References"]))
    body = " ".join(text for heading, text in theory.items() if heading != "References")
    assert ("Howald", "2001") in listed
    assert {s for s in SOURCE.findall(" ".join(body.split()))} - listed == set()
    assert listed - set(SOURCE.findall(" ".join(body.split()))) == set()


def test_the_theory_has_every_source_of_the_proof_steps(theory):
    body = " ".join(" ".join(theory.values()).split())
    for file in sorted((REPOSITORY / "singularity_lab" / "exact" / "proof").glob("*.py")):
        text = " ".join(file.read_text(encoding="utf-8").split())
        for authors, year in SOURCE.findall(text):
            assert f"{authors} {year}" in body, (file.name, authors, year)


def test_keys_of_sources_are_in_the_bibliography():
    known = set(
        re.findall(r"^@\w+\{([^,]+),", (REPOSITORY / "catalog/references.bib").read_text(), re.M)
    )
    key = re.compile(r'"([a-z]+(?:18|19|20)\d\d[a-z]?)"')
    files = [f for f, _ in texts() if f.is_relative_to(REPOSITORY / "singularity_lab")]
    files += sorted((REPOSITORY / "catalog").glob("*.toml"))
    cited = {k for f in files for k in key.findall(f.read_text(encoding="utf-8"))}
    assert "howald2001" in cited
    assert cited - known == set()


def messages(source: str) -> Iterator[str]:
    """The literal texts in what a module raises."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and node.exc is not None:
            for part in ast.walk(node.exc):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def test_messages_say_what_was_received():
    """NAME: RULE, received VALUE."""
    assert list(messages("raise BadInput(f'n: expected 1, got {n}')")) == ["n: expected 1, got "]
    for file in sorted((REPOSITORY / "singularity_lab").rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        for text in messages(source) if re.search(r"\bgot\b", source) else ():
            assert not re.search(r"\bgot\b", text), (file.name, text)


def public_docstrings(source: str) -> Iterator[tuple[str, str]]:
    """(name, docstring) of the public functions and methods of a module."""
    nodes: list[ast.AST] = [ast.parse(source)]
    for node in nodes:
        for child in getattr(node, "body", ()):
            named = isinstance(child, ast.FunctionDef | ast.ClassDef)
            if named and not child.name.startswith("_"):
                nodes.append(child)
                if isinstance(child, ast.FunctionDef) and (text := ast.get_docstring(child)):
                    yield child.name, text


def test_docstrings_say_what_is_returned_and_ask_nothing():
    question = re.compile(r"(Is|Has|Have|Do|Does|Are|Can|Which|What|Who)\b[^.:;]*\?")
    assert question.match("Is there a binary on this machine?")
    for file in sorted((REPOSITORY / "singularity_lab").rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        for name, text in public_docstrings(source) if "?" in source else ():
            assert not question.match(text), (file.name, name)
    for name in singularity_lab.__all__:
        if inspect.isfunction(function := getattr(singularity_lab, name)):
            assert (inspect.getdoc(function) or "").startswith("Return "), name


TEST = re.compile(r"`([\w/]*test_\w+\.py)?(?:::(test_\w+))?`")


def missing_tests(page: str, tests: dict[str, set[str]]) -> list[str]:
    """The tests that a page names as ``file::test``, or as ``::test`` of the file named before,
    and that are not there; so of the files. tests: the names of the tests of each file."""
    found, last = [], ""
    for file, test in TEST.findall(page):
        last = file or last
        names = [n for f, n in tests.items() if f == last or f.endswith(f"/{last}")]
        if last and not any(not test or test in known for known in names):
            found.append(f"{last}::{test}")
    return found


def test_pages_name_tests_that_are_there():
    """A test may move to another file; a page that sends a reader to it has to know."""
    tests = {
        file.relative_to(REPOSITORY).as_posix(): set(re.findall(r"^def (test_\w+)", text, re.M))
        for file, text in texts()
        if file.name.startswith("test_")
    }
    planted = {"tests/a/test_b.py": {"test_c"}}
    assert missing_tests("`a/test_b.py::test_c`, `::test_c`, `test_b.py`", planted) == []
    wrong = "`a/test_b.py::test_d`, `::test_e`, `test_f.py`"
    assert missing_tests(wrong, planted) == [
        "a/test_b.py::test_d",
        "a/test_b.py::test_e",
        "test_f.py::",
    ]
    pages = [(file.name, text) for file, text in texts() if file.suffix == ".md"]
    assert [(name, one) for name, text in pages for one in missing_tests(text, tests)] == []
