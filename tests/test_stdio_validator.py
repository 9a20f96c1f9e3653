"""`jobstatus validate`: one conversation with every request, and each problem told with its place."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_jobstatus.adapters import stdio_child, stdio_validator
from pytest_jobstatus.adapters.stdio_child import Child
from pytest_jobstatus.cli import main
from tests.golden_files import Golden
from tests.test_stdio import NODE, PYTHON
from tests.test_stdio_broken import BROKEN

EXAMPLE = [*PYTHON, "tests.stdio.example:Example"]


def validated(command: Sequence[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and output."""
    target = f"stdio:{' '.join(command)}"
    code = main(["validate", target])
    out, err = capsys.readouterr()
    assert f"jobstatus: rows will be written by {target}\n" in err
    return code, out


VALID = [
    (NODE, "settle, another"),
    ((*NODE, "--refusing"), "settle, another"),
    ((*NODE, "--reopening"), "settle, another"),
    (EXAMPLE, "another"),
    ((*PYTHON, "tests.stdio.stored:Stored", "--file"), "settle, for_tenant"),
    ((*PYTHON, "tests.small_trackers:Small"), "settle, forget, for_tenant, another"),
    ((*PYTHON, "tests.sound_trackers.write_behind:Threaded"), "forget, for_tenant, another"),
]


@pytest.mark.parametrize(("command", "missing"), VALID, ids=[" ".join(command[1:])[-40:] for command, _ in VALID])
def test_these_are_valid(command: Sequence[str], missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether the tracker is right or wrong is not asked; what the child does not offer is told."""
    code, out = validated(command, capsys)
    *_, skipped, last = out.splitlines()
    assert (code, skipped) == (0, f"not played, since the child does not offer it: {missing}")
    assert re.fullmatch(r"valid: \d+ requests, and each reply is as the protocol says", last)


def test_every_request_is_played(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Each event kind that is known, twice; odd texts, values and ids; tenants; and a second child."""
    sent: list[dict[str, object]] = []
    exchange = Child.exchange

    def noting(child: Child, line: bytes) -> bytes:
        sent.append(json.loads(line))
        return exchange(child, line)

    monkeypatch.setattr(Child, "exchange", noting)
    assert validated(EXAMPLE, capsys)[0] == 0
    assert {line["request"] for line in sent} == {"hello", "apply", "read", "settle", "forget", "for_tenant"}
    events = [json.dumps(line["event"]) for line in sent if "event" in line]
    assert {json.loads(event)["kind"] for event in events} == {
        "created", "active", "progress", "retrying", "completed", "failed", "cancelled",
    }  # fmt: skip
    assert set(Counter(events).values()) == {2}
    assert any("\\u0000" in event and "\\ud800" in event for event in events)
    assert any('{"$number": "NaN"}' in event for event in events)
    assert max(map(len, events)) > 500_000
    assert {line.get("tenant") for line in sent} == {None, "tenant-1"}
    sent.clear()
    assert validated((*PYTHON, "tests.stdio.stored:Stored", "--file"), capsys)[0] == 0
    assert [line.get("storage") is None for line in sent if line["request"] == "hello"] == [True, False]


WAYS = (
    "another protocol", "another reply", "byte order mark", "dies in read", "error", "late twin", "last word", "logs",
    "misspelt method", "profile: misspelt key", "profile: timezone", "profile: unsupported", "profile: waived",
    "snapshot: error without a type", "snapshot: misspelt key", "snapshot: no status", "snapshot: status",
    "snapshot: time without offset", "snapshot: $number", "two lines", "undeclared kind", "error with a number",
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_it_says_what_is_wrong(way: str, golden: Golden, capsys: pytest.CaptureFixture[str]) -> None:
    """Once, however often it is met: the place in the value, what is allowed, the line sent and received."""
    code, out = validated([sys.executable, "-S", str(BROKEN), f"'{way}'"], capsys)
    out = out.replace(f"{sys.executable} -S {BROKEN} ", "broken.py ")
    out = re.sub(r"validate-[0-9a-f]{6}", "validate", re.sub(r"\d{4}-\d{2}-\d{2}T12:", "DAY-T12:", out))
    out = re.sub(r"\b\d{3}\b", "N", out)  # how much is played depends on the tables of values
    numbered = [f"{way} → {number}: {line}" for number, line in enumerate(out.splitlines(), 1)]
    golden.compare("stdio_validate.txt", "\n".join(numbered), part=f"{way} → ")
    assert code == 2


ODD_ENDS = [
    ("time.sleep(60)", "it did not end within 0.3 s after its standard input was closed: let it end then"),
    ("sys.exit(3)", "it ended with exit status 3: allowed is 0, once its input is closed"),
]


@pytest.mark.parametrize(("how", "said"), ODD_ENDS)
def test_it_must_end(
    how: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once its standard input is closed, in time and with exit status 0."""
    for module in (stdio_child, stdio_validator):
        monkeypatch.setattr(module, "PATIENCE", 0.3 if "sleep" in how else 20.0)
    wrapper = tmp_path / "wrapper.py"
    text = f"import subprocess, sys, time\nsubprocess.run({list(EXAMPLE)!r})\n{how}\n"
    wrapper.write_text(text, encoding="utf-8")
    code, out = validated([sys.executable, str(wrapper)], capsys)
    assert (code, out.splitlines()[0]) == (2, f"problem 1: {said}")
    assert re.fullmatch(r"not valid: 1 problem, in \d+ requests?", out.splitlines()[-1])


def test_children_that_do_not_share_their_storage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A storage that a second child does not find is a problem."""
    forgetful = tmp_path / "forgetful.py"
    text = "import sys\nfrom tests.stdio.child import Served, main\n"
    text += "hello = Served.hello\nServed.hello = lambda own, asked: {**hello(own, {**asked, 'storage': None})}\n"
    forgetful.write_text(f"import sys\nsys.path.insert(0, {str(BROKEN.parent.parent.parent)!r})\n{text}main()\n")
    code, out = validated([sys.executable, str(forgetful), "tests.stdio.stored:Stored", "--file"], capsys)
    assert code == 2
    assert re.match(r"problem 1: two children with the storage '/\S+/jobs.db' show one job differently: \{", out), out


@pytest.mark.parametrize("target", ["tests.small_trackers:Small", "node adapter.mjs", "celery:db+sqlite:///me:pw@x"])
def test_another_target_is_misuse(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Only what speaks the protocol can be held against it."""
    assert main(["validate", target]) == 2
    err = capsys.readouterr().err
    assert re.fullmatch(r"jobstatus: validate '.*': allowed is stdio:COMMAND\n", err)
    assert "pw" not in err
