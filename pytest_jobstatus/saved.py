"""Counterexamples as files: written without overwriting anything, found again by id, and told first next time."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pytest_jobstatus import __version__
from pytest_jobstatus.misuse import Misuse, listed, suggestion
from pytest_jobstatus.scenario import Found, Scenario, dump, load, short_id, timeless
from pytest_jobstatus.verdict import Counterexample

FOLDER = ".jobstatus"
"""Where the command line and pytest remember counterexamples, kept out of git."""
NAME = re.compile(r"([A-Z]+-\d+)-[0-9a-f]{8}\.toml")
"""What files are called that were written here."""
MOST_LISTED = 12
"""How many ids an error lists."""


class Seen(NamedTuple):
    """A counterexample that a check has seen before.

    Args:
        scenario: what was told, and perhaps what was found.
        file: where it is; None where that does not matter.
    """

    scenario: Scenario
    file: Path | None


def scenario_of(found: Counterexample, *, tracker: str) -> Scenario:
    """A counterexample as a scenario, with an id that no other counterexample has.

    Args:
        found: the counterexample.
        tracker: the target's name: two trackers may show the same plan otherwise, and each has a file of its own.
    """
    message, step = found.message, found.violation.step + 1
    times = found.history.profile.supports("event_time")
    words = re.sub(r"\d+", "", timeless(message, times=times))
    told = f"{short_id(found.plan, expected=found.expected)} {tracker} {step} {found.violation.field} {words}"
    number = hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    table = Found(
        tracker=tracker,
        rule=found.rule,
        step=step,
        field=found.violation.field,
        message=message,
        version=__version__,
    )
    return Scenario(
        id=f"{found.rule}-{number}",
        title=message,
        rules=(found.rule,),
        plan=found.plan,
        expected=found.expected,
        found=table,
    )


def kept(found: Counterexample, *, tracker: str, memory: Path | None, save: Path | None) -> Counterexample:
    """The counterexample with the file that it is in now; one that cannot be written says so in its note.

    Args:
        found: the counterexample; where it was seen before, its file is there already.
        tracker: the target's name.
        memory: the folder of what was seen before, which is kept out of git; None for none.
        save: a folder of the user's; None for none.
    """
    known = Path(found.file) if found.file is not None else None
    scenario = scenario_of(found, tracker=tracker)
    file, notes = known, [found.note] if found.note else []
    for folder in (memory if known is None else None, save):
        if folder is None or (known is not None and known.absolute().parent == folder.absolute()):
            continue
        own = folder / f"{scenario.id}.toml"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if folder == memory:
                write_new(folder / ".gitignore", "*\n")
            if write_new(own, dump(scenario)) or _tells(own, scenario):
                file = own
            else:
                notes.append(f"{shown(own)} is there and tells something else: it was left as it is")
        except OSError as error:
            notes.append(f"not saved: {error}")
    return replace(found, file=shown(file) if file is not None else None, note="; ".join(notes) or None)


def seen_before(found: Counterexample, seen: Iterable[Seen]) -> Counterexample | None:
    """The counterexample with the file that tells it already; None where it was not seen before.

    Args:
        found: what the plan of one of them showed now.
        seen: the counterexamples that were seen before.
    """
    times = found.history.profile.supports("event_time")
    for scenario, file in seen:
        if scenario.plan is not found.plan or scenario.found is None:
            continue
        violation, was = found.violation, scenario.found
        if was.is_like(step=violation.step + 1, field=violation.field, message=violation.message, times=times):
            told = f"seen before: {scenario.id}, which was not made small again"
            note = "; ".join(each for each in (told, found.note) if each is not None)
            return replace(found, note=note, file=shown(file) if file is not None else None, again=scenario.id)
    return None


def shown(file: Path) -> str:
    """The file as a user may name it here."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def write_new(file: Path, content: str) -> bool:
    """Write a file for whoever comes first, never half of it; what is there already stays.

    Args:
        file: in a folder that exists; two processes may write it at once.
        content: its text.

    Returns:
        Whether it was written.
    """
    if file.exists():
        return False
    part = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(3)}.part")
    try:
        with part.open("x", encoding="utf-8") as new:
            new.write(content)
        try:
            os.link(part, file)
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links: the name is taken first, then filled at once
            try:
                file.touch(exist_ok=False)
            except FileExistsError:
                return False
            part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return True


def _tells(file: Path, scenario: Scenario) -> bool:
    """Whether a file that is there tells the same plan for the same rules."""
    try:
        there = load(file)
    except Misuse:
        return False
    plans = [short_id(each.plan, expected=each.expected) for each in (there, scenario)]
    return there.rules == scenario.rules and plans[0] == plans[1]


def seen_in(folder: Path, rules: Collection[str]) -> Iterator[Seen]:
    """The counterexamples in a folder that name one of the rules; files that are called otherwise are left alone.

    Args:
        folder: where they were saved; it need not exist.
        rules: the numbers of the rules that are judged.

    Raises:
        Misuse: for a file that cannot be read, saying what to do.
    """
    try:
        files = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        raise Misuse(f"{folder}: cannot be read: {error}") from None
    for file in files:
        called = NAME.fullmatch(file.name)
        if called is None or called[1] not in rules:
            continue
        seen = read(file)
        if called[1] in seen.scenario.rules:
            yield seen


def read(file: Path) -> Seen:
    """The counterexample in a file that was written here.

    Raises:
        Misuse: saying what to do.
    """
    try:
        return Seen(load(file), file)
    except Misuse as error:
        raise Misuse(f"{error}; mend the file or remove it: what is there is never overwritten") from None


def still_expected(seen: Iterable[Seen], scenarios: Iterable[Scenario]) -> list[Seen]:
    """What was seen before, but for what failed only by what a scenario expected, where none expects it any more: who
    has mended a scenario, or does not name its folder, is not held to what it said.

    Args:
        seen: what was seen before, in the memory of earlier checks.
        scenarios: those of this check.
    """
    kept = [*seen]
    if not any(each.scenario.expected for each in kept):
        return kept
    told = {short_id(each.plan, expected=each.expected) for each in scenarios if each.expected}
    own = ((each, each.scenario) for each in kept)
    return [each for each, its in own if not its.expected or short_id(its.plan, expected=its.expected) in told]


def in_turn(seen: Iterable[Seen], *, first: Iterable[Seen] = ()) -> tuple[Seen, ...]:
    """Each of them once, the smallest first, so that the first failure is a small one.

    Args:
        seen: what was seen before.
        first: what comes before all of these.
    """
    before = {each.scenario.id: each for each in first}
    once = {each.scenario.id: each for each in reversed([*seen]) if each.scenario.id not in before}
    smallest = sorted(once.values(), key=lambda each: (len(each.scenario.plan.order), each.scenario.id))
    return (*before.values(), *smallest)


def look_up(word: str, folders: Iterable[Path]) -> Path:
    """The scenario file that a user means.

    Args:
        word: a file, or the id of a scenario (its name without `.toml`), or the beginning of one id.
        folders: where ids are looked up, with the folders below them.

    Raises:
        Misuse: where there is none, or more than one; naming those that there are.
    """
    if Path(word).is_file() or "/" in word or os.sep in word or word.endswith(".toml"):
        return Path(word)
    files: dict[str, Path] = {}
    for file in (file for folder in folders for file in sorted(folder.rglob("*.toml"))):
        files.setdefault(file.stem, file)
    if word in files:
        return files[word]
    begun = [name for name in files if name.lower().startswith(word.lower())]
    if len(begun) == 1:
        return files[begun[0]]
    if begun:
        raise Misuse(f"{word!r}: {len(begun)} scenarios begin so: {_few(begun)}")
    there = f"there are {_few(files, given=word)}" if files else f"there is none: `jobstatus check` saves to {FOLDER}"
    raise Misuse(f"{word!r}: no file, and no scenario of that id; {there}")


def _few(names: Collection[str], *, given: str | None = None) -> str:
    """The first names, those of the user's own folders before the others, and which was probably meant."""
    ordered = [*names]
    more = f" and {len(ordered) - MOST_LISTED} more" if len(ordered) > MOST_LISTED else ""
    return listed(ordered[:MOST_LISTED]) + more + suggestion(given, ordered)
