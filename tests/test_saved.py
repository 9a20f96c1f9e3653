"""Saved counterexamples: written without overwriting anything, told first next time, found again by id."""

from __future__ import annotations

import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pytest_jobstatus import Event, Misuse, Report, engine
from pytest_jobstatus.factory import Factory
from pytest_jobstatus.saved import look_up, write_new
from pytest_jobstatus.scenario import load
from pytest_jobstatus.verdict import Counterexample
from tests.faulty_trackers import FAULTY, rules_of
from tests.small_trackers import Reopening, Small


class Shouting(Reopening):
    """Faulty in the same way, and tells it otherwise: what comes late makes the job wait."""

    def apply(self, event: Event) -> Any:
        over = event.job_id in self.rows and self.rows[event.job_id][1] in {"completed", "failed", "cancelled"}
        super().apply(event)
        if over:
            self.rows[event.job_id] = ((10_000, 3), "delayed", 1)


def checked(tracker: type, memory: Path, *, rules: str = "TERM-1", effort: str = "quick", **options: Any) -> Report:
    """A check that remembers."""
    chosen = engine.settings(rules=rules, effort=effort, memory=memory, **options)
    factory = Factory.of(tracker)
    return engine.report(factory, chosen, list(engine.results(factory, chosen)))


def counterexample(report: Report, number: str = "TERM-1") -> Counterexample:
    found = report[number].counterexample
    assert found is not None, str(report)
    return found


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def test_what_was_seen_before_is_told_first(tmp_path: Path) -> None:
    """The second check takes one history to the same counterexample, says so, and writes no second file."""
    first = counterexample(checked(Reopening, tmp_path))
    again = checked(Reopening, tmp_path)
    found = counterexample(again)
    assert first.note is None
    assert again["TERM-1"].coverage.histories == 1
    assert (found.message, found.plan.order, found.file) == (first.message, first.plan.order, first.file)
    (file,) = files(tmp_path)
    assert found.note == f"seen before: {file.stem}, which was not made small again"
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_what_holds_now_costs_one_history(tmp_path: Path) -> None:
    """Once mended the rule passes, the file stays, and the check is one history longer."""
    checked(Reopening, tmp_path)
    alone = checked(Small, tmp_path / "none")["TERM-1"].coverage.histories
    mended = checked(Small, tmp_path)
    assert mended.ok
    assert mended["TERM-1"].coverage.histories == alone + 1
    assert mended["TERM-1"].coverage.complete[0] == "1 counterexample seen before"
    assert len(files(tmp_path)) == 1


def test_what_fails_otherwise_is_made_small(tmp_path: Path) -> None:
    """What fails in another way than was found, or never told what was found, is made small as any failure is."""
    small = counterexample(checked(Reopening, tmp_path))
    (file,) = files(tmp_path)
    text = file.read_text(encoding="utf-8")
    delivered = re.search(r"delivery = (\[.*\])", text)
    assert delivered is not None
    longer = text.replace(delivered[0], f"delivery = {delivered[1][:-1]}, {delivered[1][1:]}")
    for changed in (re.sub(r"(?s)\[found\].*?\n\n", "", longer), longer.replace("step = 2", "step = 7")):
        assert changed not in {text, longer}
        file.write_text(changed, encoding="utf-8")
        found = counterexample(checked(Reopening, tmp_path))
        assert len(found.plan.order) == len(small.plan.order)
        assert "seen before" not in str(found.note)


def test_the_smallest_that_was_seen_comes_first(tmp_path: Path) -> None:
    """Of several counterexamples to a rule the one with the fewest deliveries is told first."""
    rules = "CONV-1"
    checked(Reopening, tmp_path, rules=rules)
    (file,) = files(tmp_path)
    text = file.read_text(encoding="utf-8")
    delivered = re.search(r"delivery = \[(.*)\]", text)
    assert delivered is not None
    longer = text.replace(delivered[1], f"{delivered[1]}, {delivered[1]}").replace(file.stem, "CONV-1-00000000")
    (tmp_path / "CONV-1-00000000.toml").write_text(longer, encoding="utf-8")
    again = checked(Reopening, tmp_path, rules=rules)
    assert file.stem in str(counterexample(again, rules).note)


def test_each_tracker_has_its_own_file(tmp_path: Path) -> None:
    """Where two trackers show the same plan otherwise, each file tells what its tracker does."""
    one, other = (counterexample(checked(tracker, tmp_path)) for tracker in (Reopening, Shouting))
    assert one.message != other.message
    told = {load(file).title: load(file).found for file in files(tmp_path)}
    assert told.keys() == {one.message, other.message}
    assert {found.tracker.rpartition(":")[2] for found in told.values() if found} == {"Reopening", "Shouting"}


def test_what_a_user_edited_is_left_as_it_is(tmp_path: Path) -> None:
    """A file that was changed is not overwritten, and the counterexample says that the file tells something else."""
    checked(Reopening, tmp_path)
    (file,) = files(tmp_path)
    edited = file.read_text(encoding="utf-8").replace('rules = ["TERM-1"]', 'rules = ["TRACK-3"]')
    file.write_text(edited, encoding="utf-8")
    found = counterexample(checked(Reopening, tmp_path))
    assert str(found.note).endswith(f"{file.name} is there and tells something else: it was left as it is")
    assert file.read_text(encoding="utf-8") == edited


DAMAGED = [
    (lambda text: text + "[[events", "is no TOML: "),
    (lambda text: text.replace("JSL/1", "JSL/2"), "spec = 'JSL/2': allowed is 'JSL/1'"),
    (lambda text: text.replace("step = ", "stop = "), "found: unknown key 'stop'"),
    (lambda text: text.replace("T12:00:00+00:00", "T12:00:00"), "an offset is needed, such as Z or +02:00"),
    (lambda _: "", "the key 'format' is missing"),
]


@pytest.mark.parametrize(("damaged", "said"), DAMAGED, ids=[said for _, said in DAMAGED])
def test_a_damaged_file_is_an_error(damaged: Any, said: str, tmp_path: Path) -> None:
    """It is named with what to do, before anything is judged, and left as it is; other rules' files do not matter."""
    checked(Reopening, tmp_path)
    (file,) = files(tmp_path)
    file.write_text(damaged(file.read_text(encoding="utf-8")), encoding="utf-8")
    before = file.read_bytes()
    with pytest.raises(Misuse) as caught:
        checked(Reopening, tmp_path)
    assert str(caught.value).startswith(f"{file}: ")
    assert said in str(caught.value)
    assert str(caught.value).endswith("mend the file or remove it: what is there is never overwritten")
    assert file.read_bytes() == before
    assert checked(Small, tmp_path, rules="TRACK-1").ok


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    """A file in the place of the folder is told."""
    (tmp_path / "memory").touch()
    with pytest.raises(Misuse, match="memory: cannot be read: "):
        checked(Reopening, tmp_path / "memory")


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """What is not called as a check calls its files is nobody's business."""
    for name in ("notes.toml", "TERM-1-mine.toml", ".TERM-1-01234567.toml.7.part", "TERM-1-01234567.toml~"):
        (tmp_path / name).write_text("no scenario", encoding="utf-8")
    assert checked(Small, tmp_path).ok


def test_a_counterexample_of_more_than_the_tracker_knows_is_passed_over(tmp_path: Path) -> None:
    """A file about an event that the tracker's profile lacks is not told."""
    checked(Reopening, tmp_path)
    (file,) = files(tmp_path)
    text = file.read_text(encoding="utf-8")
    kinds = re.findall(r'kind = "(\w+)"', text)
    lacking = next(kind for kind in kinds if kind in {"created", "active", "cancelled"})
    profile = type(Small.profile)(unsupported={**Small.profile.unsupported, lacking: "never told"})
    report = checked(type("Lacking", (Small,), {"profile": profile}), tmp_path)
    assert report.ok, str(report)
    assert not [title for title in report["TERM-1"].coverage.complete if "seen before" in title]


def test_scenarios_of_ones_own_that_a_check_saved_are_told_first(tmp_path: Path) -> None:
    """A folder that --save filled is a folder for --scenarios, and needs no making small."""
    kept, memory = tmp_path / "kept", tmp_path / "memory"
    first = counterexample(checked(Reopening, memory, save=kept))
    assert first.file == str(files(kept)[0])
    assert not (kept / ".gitignore").exists()
    assert [file.name for file in files(kept)] == [file.name for file in files(memory)]
    shutil.rmtree(memory)
    again = checked(Reopening, memory, scenarios=kept)
    assert again["TERM-1"].coverage.histories == 1
    assert len(files(kept)) == len(files(memory)) == 1


def test_what_was_seen_before_is_kept_too(tmp_path: Path) -> None:
    """A folder to keep counterexamples in gets those as well that are remembered already."""
    checked(Reopening, tmp_path / "memory")
    found = counterexample(checked(Reopening, tmp_path / "memory", save=tmp_path / "kept"))
    assert found.file == str(files(tmp_path / "kept")[0])
    assert "seen before" in str(found.note)


def test_two_writers_at_once(tmp_path: Path) -> None:
    """Of many who write one file at once one wins, and the file is his, whole."""
    contents = [str(number) * 100_000 for number in range(8)]
    file = tmp_path / "TERM-1-01234567.toml"
    with ThreadPoolExecutor(len(contents)) as pool:
        written = list(pool.map(lambda content: write_new(file, content), contents))
    assert written.count(True) == 1
    assert file.read_text(encoding="utf-8") == contents[written.index(True)]
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_file_systems_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no hard link can be made the file is written all the same, and nothing is overwritten."""

    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    assert write_new(tmp_path / "new", "first")
    assert not write_new(tmp_path / "new", "second")
    assert (tmp_path / "new").read_text(encoding="utf-8") == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The counterexample is told all the same, with why it was not saved."""
    (tmp_path / "file").touch()
    found = counterexample(_unsaved(tmp_path))
    assert found.file is None
    assert str(found.note).startswith("not saved: ")


def _unsaved(folder: Path) -> Report:
    chosen = engine.settings(rules="TERM-1", effort="quick")
    factory = Factory.of(Reopening)
    broken = engine.Settings(rules=chosen.rules, effort=chosen.effort, memory=folder / "file" / "memory")
    return engine.report(factory, broken, list(engine.results(factory, broken)))


LOOK_UPS = [
    ("TERM-1-aaaa0000", "one/TERM-1-aaaa0000.toml"),
    ("term-1-aaaa", "one/TERM-1-aaaa0000.toml"),
    ("TERM-1-ab", "two/below/TERM-1-abbb0000.toml"),
    ("TIME-1", "two/TIME-1.toml"),
    ("TERM", "'TERM': 2 scenarios begin so: 'TERM-1-aaaa0000', 'TERM-1-abbb0000'"),
    (
        "CONV-1",
        "'CONV-1': no file, and no scenario of that id; there are 'TERM-1-aaaa0000', ",
    ),
    ("TIME-2", "'TIME-1-cccc0000', 'TIME-1', 'TERM-1-abbb0000'; did you mean 'TIME-1'?"),
    ("one/nothing.toml", "one/nothing.toml"),
]


@pytest.mark.parametrize(("word", "found"), LOOK_UPS, ids=[word for word, _ in LOOK_UPS])
def test_ids_are_looked_up(word: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id, or as much of it as tells it from others, will do; else the message says what there is."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "one/TERM-1-aaaa0000",
        "two/TERM-1-aaaa0000",
        "two/below/TERM-1-abbb0000",
        "two/TIME-1",
        "two/TIME-1-cccc0000",
    ):
        file = Path(f"{name}.toml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    folders = [Path("none"), Path("one"), Path("two")]
    if found.endswith(".toml"):
        assert look_up(word, folders) == Path(found)
        return
    with pytest.raises(Misuse) as caught:
        look_up(word, folders)
    assert found in str(caught.value)


def test_no_ids_at_all(tmp_path: Path) -> None:
    """Where nothing was saved, the message says who saves."""
    with pytest.raises(Misuse, match="of that id; there is none: `jobstatus check` saves"):
        look_up("TERM-1", [tmp_path])


SMALLER = [
    (tracker, rules_of(tracker)[0]) for tracker in FAULTY if rules_of(tracker)[0] in {"RETRY-2", "TERM-3", "TIME-3"}
]


@pytest.mark.parametrize(("tracker", "number"), SMALLER, ids=lambda each: getattr(each, "__name__", each))
def test_each_counterexample_is_seen_again(tracker: type, number: str, tmp_path: Path) -> None:
    """A counterexample is known again, also where the failure shows before its last delivery, or nothing is left of
    what the rule is about.
    """
    first = counterexample(checked(tracker, tmp_path, rules=number, effort="default"), number)
    again = checked(tracker, tmp_path, rules=number)[number]
    assert again.counterexample is not None
    assert again.coverage.histories == 1
    assert (again.counterexample.message, again.counterexample.file) == (first.message, first.file)
    assert again.counterexample.again is not None
