"""Points as people write them in one text: ``x=1, y=0`` by name, ``1, 0`` in the order of the
variables, either in brackets."""

from __future__ import annotations

from singularity_lab.errors import BadInput, quoted


def pairs(text: str, option: str, form: str) -> dict[str, str]:
    """``x=1,y=-1/2`` as a mapping of texts. Raises BadInput naming the option and the form.

    >>> pairs("x=1, y=-1/2", "--prior", "x=1,y=2")
    {'x': '1', 'y': '-1/2'}
    """
    found: dict[str, str] = {}
    for part in parts(text):
        name, equals, value = (p.strip() for p in part.partition("="))
        if not (name and equals and value):
            raise BadInput(f"{option}: expected the form {form!r}, received {quoted(text.strip())}")
        if name in found:
            raise BadInput(f"{option}: {name} is given twice in {quoted(text.strip())}")
        found[name] = value
    if not found:
        raise BadInput(f"{option}: expected the form {form!r}, received nothing")
    return found


def read_point(text: str, name: str = "at") -> dict[str, str] | list[str]:
    """The coordinates by name, or in order, each as text.

    name: what error messages call the point. Raises BadInput for a text without coordinates, and
    for one that gives some by name and some in order.

    >>> read_point("(1, -1/2)"), read_point("y=sqrt(2)")
    (['1', '-1/2'], {'y': 'sqrt(2)'})
    """
    found = parts(text)
    while len(found) == 1 and (inside := _in_brackets(found[0])) is not None:
        found = parts(inside)
        text = inside
    if "=" in text:
        return pairs(text, name, "x=1,y=0")
    if not found:
        raise BadInput(f"{name}: expected 'x=1,y=0' or '1,0', received nothing")
    return found


def _in_brackets(text: str) -> str | None:
    """What stands in the brackets that enclose a text, or None.

    >>> _in_brackets("(1, (2))"), _in_brackets("(1) + (2)")
    ('1, (2)', None)
    """
    if len(text) < 2 or text[0] + text[-1] not in ("()", "[]"):
        return None
    depth = 0
    for at, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth == 0:
            return text[1:-1] if at == len(text) - 1 else None
    return None


def parts(text: str, separators: str = ",;") -> list[str]:
    """The text between separators (commas, semicolons) that stand in no bracket and no quotes.

    >>> parts("x=root(t^2 - 2, 1, 2), y=0")
    ['x=root(t^2 - 2, 1, 2)', 'y=0']
    """
    found: list[list[str]] = [[]]
    depth, quote = 0, ""
    for c in text:
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        else:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(c, 0)
        if c in separators and depth <= 0 and not quote:
            found.append([])
        else:
            found[-1].append(c)
    texts = ("".join(p).strip() for p in found)
    return [t for t in texts if t]
