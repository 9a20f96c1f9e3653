"""Values as Python source: short where a megabyte is meant, and without what an editor cannot show."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

LONG = 100
"""From how many characters on a text is looked at for what repeats in it."""
DEEPEST = 20
"""How deep a value may be nested to be written as it is: Python's own parser gives up at some hundred."""
REPEATED = re.compile(r"(.{1,16}?)\1{19,}", re.DOTALL)
"""The same few characters at least twenty times in a row."""
COUNTED: tuple[tuple[str, Callable[[int], str]], ...] = (
    ('" ".join(map(str, range({:_})))', lambda count: " ".join(map(str, range(count)))),
    (
        '"\\n".join(f"line {{number}} of a long text" for number in range({:_}))',
        lambda count: "\n".join(f"line {number} of a long text" for number in range(count)),
    ),
)
"""Long texts of ours that count, and how each is written."""


def text(value: str, *, plain: bool = False) -> str:
    r"""A text as Python source, or with `plain` as a line of a comment: what cannot be seen is escaped.

    >>> print(text("x" * 1_000_000 + "\0"), text('a "b"'), text("\ud800"), text("é\n", plain=True))
    "x" * 1_000_000 + "\x00" 'a "b"' "\ud800" é\n
    """
    if plain:
        return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in value)
    if len(value) <= LONG:
        return _quoted(value)
    counts = (value.count(" ") + 1, value.count("\n") + 1)
    for (written, made), count in zip(COUNTED, counts, strict=True):
        if value == made(count):
            return written.format(count)
    return " + ".join(_pieces(value))


def _pieces(value: str) -> Iterator[str]:
    end = 0
    for run in REPEATED.finditer(value):
        if run.start() > end:
            yield _quoted(value[end : run.start()])
        yield f"{_quoted(run[1])} * {len(run[0]) // len(run[1]):_}"
        end = run.end()
    if end < len(value):
        yield _quoted(value[end:])


def _quoted(value: str) -> str:
    """In double quotes where it has none, and in ASCII, so that ids that look alike are told apart."""
    written = ascii(value)
    if written.startswith("'") and '"' not in written:
        return '"' + written[1:-1].replace("\\'", "'") + '"'
    return written


def source(value: Any) -> str:
    """A JSON value as Python source.

    >>> source({"a": [True, None, float("nan")], "b": list(range(300))})
    '{"a": [True, None, float("nan")], "b": list(range(300))}'
    """
    if _depth(value) > DEEPEST:
        return f"json.loads({text(json.dumps(value))})"
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text(key)}: {source(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        counts = len(value) > DEEPEST and value == [*range(len(value))] and {*map(type, value)} == {int}
        return f"list(range({len(value)}))" if counts else f"[{', '.join(map(source, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _depth(value: Any) -> int:
    """How deep a value is nested; not by recursion, which it may be too deep for."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        inner = [
            [*each.values()] if isinstance(each, dict) else each for each in level if isinstance(each, dict | list)
        ]
        depth, level = depth + 1, [each for part in inner for each in part]
    return depth


def argument(called: str, arguments: Iterable[str], *, width: int) -> list[str]:
    """A call in one line, or with an argument in each where that is too long.

    >>> argument("f", ["1", "x=2"], width=10), argument("f", ["1", "x=2"], width=8)
    (['f(1, x=2)'], ['f(', '    1,', '    x=2,', ')'])
    """
    listed = [*arguments]
    line = f"{called}({', '.join(listed)})"
    return [line] if len(line) <= width else [f"{called}(", *(f"    {each}," for each in listed), ")"]
