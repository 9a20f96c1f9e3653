"""Golden files: a difference fails and is shown, and an update writes what is printed now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden_files import Golden


def test_a_difference_is_shown(tmp_path: Path) -> None:
    """The failure is a diff of the file and the text."""
    (tmp_path / "said.txt").write_text("one\ntwo\n", encoding="utf-8")
    compared = Golden(update=False, folder=tmp_path)
    compared.compare("said.txt", "one\ntwo")
    with pytest.raises(pytest.fail.Exception, match="-two\n\\+three"):
        compared.compare("said.txt", "one\nthree")


def test_a_part_is_compared_and_written_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case neither sees nor loses the lines of the others."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    for name in ("B", "A", "B"):
        Golden(update=True, folder=tmp_path).compare("cases.txt", f"{name} one\n{name} two", part=f"{name} ")
    assert (tmp_path / "cases.txt").read_text(encoding="utf-8") == "A one\nA two\nB one\nB two\n"
    Golden(update=False, folder=tmp_path).compare("cases.txt", "A one\nA two", part="A ")


def test_workers_of_xdist_write_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes would overwrite each other's lines."""
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    with pytest.raises(pytest.fail.Exception, match="run it without -n"):
        Golden(update=True, folder=tmp_path).compare("said.txt", "one")
    assert not (tmp_path / "said.txt").exists()
