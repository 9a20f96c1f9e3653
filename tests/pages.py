"""The pages that users read, taken apart: their blocks of code, their headings and their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "scenarios" / "README.md")

FENCED = re.compile(r"^```([^\n]*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"(?:#|//) ([\w./-]+\.\w+)\n")
ENDS = re.compile(r"(.*?)  # exit code (\d+)")
GAP = "…"


class Block(NamedTuple):
    """A block of code.

    Args:
        language: the word behind its fence.
        text: what it holds.
        place: page and line of its fence, for messages.
    """

    language: str
    text: str
    place: str

    @property
    def file(self) -> str | None:
        """The file that its first line names, if it does."""
        named = NAMED.match(self.text)
        return named[1] if named is not None else None


class Command(NamedTuple):
    """A command of a console block.

    Args:
        words: what a user types.
        code: with which it ends: 0, or what `  # exit code N` behind it says.
        shown: what it is said to print; empty where nothing is said.
    """

    words: str
    code: int
    shown: str


def name_of(page: Path) -> str:
    """The page as seen from the project's folder."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    return blocks_of(page.read_text(encoding="utf-8"), page=page)


def blocks_of(text: str, *, page: Path) -> list[Block]:
    """The blocks of a page's text, in order."""
    return [
        Block(found[1], found[2], f"{name_of(page)}:{text.count(chr(10), 0, found.start()) + 1}")
        for found in FENCED.finditer(text)
    ]


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block, each with what stands below it."""
    first, *others = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not first, f"{block.place}: a console block begins with a command: $ …"
    for each in others:
        line, _, shown = each.partition("\n")
        ends = ENDS.fullmatch(line)
        yield Command(ends[1], int(ends[2]), shown) if ends is not None else Command(line, 0, shown)


def is_as_shown(shown: str, printed: str) -> bool:
    r"""Whether a command printed what the page shows: `…` there is anything, and on a line of its own any lines.

    >>> is_as_shown("a … c\n…\nz\n", "a b c\nd\ne\nz\n"), is_as_shown("a\n", "a\nb\n")
    (True, False)
    """
    patterns = []
    for line in shown.rstrip().splitlines():
        words = ".*".join(re.escape(part) for part in line.rstrip().split(GAP))
        patterns.append(r"(?:.*\n)*?" if line.strip() == GAP else rf"{words}\n")
    lines = "".join(f"{line.rstrip()}\n" for line in printed.rstrip().splitlines())
    return re.fullmatch("".join(patterns), lines) is not None


def prose(page: Path) -> str:
    """The page without its blocks."""
    return FENCED.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """What a link may point at on the page: its headings, in the words of those who show Markdown."""
    titles = re.findall(r"^#+ (.*)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> list[str]:
    """Where the page's links point, those to other places on the web left out."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [each for each in found if not each.startswith(("https://", "http://"))]
