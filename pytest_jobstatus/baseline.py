"""The baseline: violations that are known, rule by rule, each with the reason why it is still there."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pytest_jobstatus.misuse import Misuse, listed
from pytest_jobstatus.rules import named
from pytest_jobstatus.saved import Seen, read, scenario_of, shown, write_new
from pytest_jobstatus.scenario import dump
from pytest_jobstatus.verdict import RuleResult, Verdict

KEYS = ("reason", "link", "counterexample")
FILE = "jobstatus-baseline.toml"
"""Where a baseline is written to if nothing else is said."""
NEW = "new: say why"
"""The reason of an entry that nobody has given one yet."""


class Entry(NamedTuple):
    """A known violation.

    Args:
        key: the rule's number as it stands in the file.
        reason: why it is still there.
        counterexample: the id of the counterexample that shows it; None where nobody says.
    """

    key: str
    reason: str
    counterexample: str | None = None


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The violations that are known.

    Args:
        file: where they are listed.
        entries: by the rule's number.
    """

    file: Path
    entries: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the counterexamples are that it names: beside it, to be committed with it.

        >>> Baseline(file=Path("checks/jobstatus-baseline.toml")).folder
        PosixPath('checks/jobstatus-baseline')
        """
        return self.file.with_suffix("")


def check_name(file: Path) -> None:
    """Refuse a file whose folder of counterexamples would have its own name.

    Raises:
        Misuse: naming it.
    """
    if file.suffix != ".toml":
        raise Misuse(f"baseline {str(file)!r}: allowed is a file that ends in .toml")


def load_baseline(file: Path) -> Baseline:
    """The listed violations.

    Args:
        file: a TOML file with one table per rule: `[TERM-1]`, `reason = "…"`, and perhaps a `link` and the id of a
            `counterexample`.

    Raises:
        Misuse: naming the file, the key, its value and what is allowed.
    """
    check_name(file)
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misuse(f"{file}: the baseline cannot be read: {error}") from None
    entries: dict[str, Entry] = {}
    for key, value in table.items():
        number = named(key, source=str(file)).id
        if number in entries:
            raise Misuse(f"{file}: {key}: {entries[number].key} is the same rule: allowed is one entry for each")
        entries[number] = _entry(file, key, number, value)
    return Baseline(file=file, entries=entries)


def _entry(file: Path, key: str, number: str, value: object) -> Entry:
    for name in value if isinstance(value, Mapping) else ():
        if name not in KEYS:
            raise Misuse(f"{file}: {key}: unknown key {name!r}: allowed are {listed(KEYS, given=name)}")
    if not isinstance(value, Mapping) or not isinstance(value.get("reason"), str) or not value["reason"].strip():
        raise Misuse(f"{file}: {key} = {value!r}: allowed is a table with a reason, in words")
    for name, each in value.items():
        if not isinstance(each, str):
            raise Misuse(f"{file}: {key}: {name} = {each!r}: allowed is a text")
    shows = value.get("counterexample")
    if shows is not None and re.fullmatch(rf"{number}-[0-9a-f]{{8}}", shows) is None:
        raise Misuse(
            f"{file}: {key}: counterexample = {shows!r}: allowed is the id of a counterexample to {number},"
            f" {number}-01234567 for instance"
        )
    return Entry(key, value["reason"], shows)


def shown_by(baseline: Baseline, number: str, folders: list[Path]) -> Seen | None:
    """The counterexample that an entry names; None where it names none, or where that is in no folder.

    Args:
        baseline: with an entry for the rule.
        number: the rule's.
        folders: where else counterexamples are.

    Raises:
        Misuse: for a file that cannot be read.
    """
    entry = baseline.entries[number]
    for folder in (baseline.folder, *folders) if entry.counterexample is not None else ():
        file = folder / f"{entry.counterexample}.toml"
        if file.is_file():
            return read(file)
    return None


class Changes(NamedTuple):
    """What a check makes of a baseline, each by the rule's number.

    Args:
        added: violations that were not listed.
        changed: those whose counterexample is new, or was not beside the baseline.
        removed: entries that do not fail any more.
        left: entries that say what they said because nothing was found out, with the reason.
    """

    added: dict[str, RuleResult]
    changed: dict[str, RuleResult]
    removed: list[str]
    left: dict[str, str]

    @property
    def failing(self) -> dict[str, RuleResult]:
        """What has to be written."""
        return self.added | self.changed


def changes(baseline: Baseline, results: Mapping[str, RuleResult], *, tracker: str) -> Changes:
    """What the results make of a baseline.

    Args:
        baseline: what was known.
        results: by the rule's number, of those that came to a verdict.
        tracker: the target's name.
    """
    made = Changes({}, {}, [], {})
    for number, result in results.items():
        found = result.counterexample
        if found is None:
            continue
        known = baseline.entries.get(number)
        if known is None:
            made.added[number] = result
        elif not _is_shown(baseline, known, {found.again, scenario_of(found, tracker=tracker).id}):
            made.changed[number] = result
    for number in baseline.entries:
        verdict = results[number].verdict if number in results else None
        if verdict is Verdict.PASS:
            made.removed.append(number)
        elif verdict is not Verdict.FAIL:
            made.left[number] = "not judged" if verdict is None else verdict.replace("_", " ")
    return made


def _is_shown(baseline: Baseline, entry: Entry, now: Collection[str | None]) -> bool:
    """Whether what is found now is what the entry names, and that is at hand for a check elsewhere."""
    return entry.counterexample in now and (baseline.folder / f"{entry.counterexample}.toml").is_file()


def update(baseline: Baseline, made: Changes, *, tracker: str) -> Baseline:
    """Write the changes to the file and the counterexamples beside it, and give the baseline as it is now. Whatever
    else a person wrote to the file stays: reasons, links, comments, the order.

    Args:
        baseline: what was known; its file need not exist.
        made: what has changed.
        tracker: the target's name.

    Raises:
        Misuse: where something cannot be written, or the file was damaged meanwhile.
    """
    import tomlkit

    file = baseline.file
    try:
        document: Any = tomlkit.parse(load_text(file))
        shown_now = {}
        for number, result in made.failing.items():
            assert result.counterexample is not None  # noqa: S101 - it fails
            scenario = scenario_of(result.counterexample, tracker=tracker)
            baseline.folder.mkdir(parents=True, exist_ok=True)
            write_new(baseline.folder / f"{scenario.id}.toml", dump(scenario))
            shown_now[number] = scenario.id
        keys = {key.upper(): key for key in document}
        for number in made.removed:
            if number in keys:  # else somebody was quicker
                _remove(document, keys[number])
        for number, shows in shown_now.items():
            key = keys.get(number, number)
            if key not in document:
                if document:
                    document.add(tomlkit.nl())
                document[key] = tomlkit.item({"reason": NEW})
            _set(document[key], "counterexample", shows)
        _replace(file, tomlkit.dumps(document))
    except (OSError, tomlkit.exceptions.TOMLKitError) as error:
        raise Misuse(f"{file}: the baseline cannot be written: {error}") from None
    return load_baseline(file)


def _remove(document: Any, key: str) -> None:
    """Take an entry away, and leave what was written below it: that is about the next one."""
    from tomlkit.items import Whitespace

    place = next(place for place, (name, _) in enumerate(document.body) if name is not None and name.key == key)
    below = "".join(item.as_string() for _, item in _trailing(document[key]))
    document.remove(key)
    document.body[place] = (None, Whitespace(below))


def _set(entry: Any, key: str, value: str) -> None:
    """Set a key of an entry, above what was written below the entry."""
    below = _trailing(entry) if key not in entry else []
    entry[key] = value
    if below:
        entry.value.body.extend(below)


def _trailing(entry: Any) -> list[Any]:
    """Take the comments and blank lines away that come after an entry's last key: TOML counts them as the entry's."""
    from tomlkit.items import Table

    below: list[Any] = []
    while isinstance(entry, Table) and entry.value.body and entry.value.body[-1][0] is None:
        below.insert(0, entry.value.body.pop())
    return below


def load_text(file: Path) -> str:
    """What is in the file now, with its own ends of lines, the last one too; nothing where there is none."""
    if not file.exists():
        return ""
    with file.open(encoding="utf-8", newline="") as lines:
        text = lines.read()
    return text if not text or text.endswith("\n") else f"{text}\n"


def _replace(file: Path, text: str) -> None:
    """Put the text in the file's place at once, so that nobody ever reads half of it."""
    place = file.resolve()  # a link stays one
    part = place.with_name(f".{place.name}.{os.getpid()}.{secrets.token_hex(3)}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        if place.exists():
            shutil.copymode(place, part)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def told(baseline: Baseline, made: Changes) -> Iterator[str]:
    """What became of a baseline, line by line.

    Args:
        baseline: as it was.
        made: what has changed.
    """
    file = shown(baseline.file)
    if not made.failing and not made.removed:
        yield f"{file}: nothing to change" if baseline.entries else f"{file}: not written: no violation was found"
    else:
        yield f"{file}: written"
    if made.added:
        yield f"    added: {', '.join(made.added)}; say why, in place of {NEW!r}"
    if made.changed:
        yield f"    with a new counterexample: {', '.join(made.changed)}"
    for number in made.removed:
        file_of_it = baseline.folder / f"{baseline.entries[number].counterexample}.toml"
        stays = f"; {shown(file_of_it)} is left to you" if file_of_it.is_file() else ""
        yield f"    removed: {number}, which does not fail any more{stays}"
    for number, reason in made.left.items():
        yield f"    left alone: {number}: {reason}"
