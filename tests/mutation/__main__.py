"""Runs cosmic-ray on a copy of the project: `python -m tests.mutation FOLDER [FILE …]`."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import NamedTuple

from tests.mutation.probe import MERGE, ROOT

COPIED = ("pytest_jobstatus", "reference_tracker", "scenarios", "tests", "pyproject.toml")
TEMPLATE = ROOT / "tests/mutation/cosmic_ray.toml"


class Mutant(NamedTuple):
    """One change and what became of it.

    Args:
        file: that was changed.
        outcome: "survived", "killed" or "incompetent"; None where its operator is excluded.
        diff: the change.
    """

    file: str
    outcome: str | None
    diff: str

    @property
    def lines(self) -> str:
        """The changed lines."""
        return "\n".join(
            line for line in self.diff.splitlines() if line[:1] in "+-" and line[:4] not in ("--- ", "+++ ")
        )


def targets() -> list[str]:
    """The files that are mutated."""
    rules = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "pytest_jobstatus/rules").glob("*.py"))
    return [*rules, MERGE]


def copied(folder: Path) -> Path:
    """A copy of the project, compiled so that a change of a file is noticed by its content."""
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tree / name)
    compileall.compile_dir(tree, quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    return tree


def run(tree: Path, *command: str) -> str:
    """The output of a command in the tree, whose own packages come before installed ones."""
    ours = os.environ | {
        "PYTHONPATH": str(tree),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(command, cwd=tree, env=ours, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def mutants(tree: Path, file: str) -> Iterator[Mutant]:
    """Make every mutant of a file and test it."""
    name = file.replace("/", "_").removesuffix(".py")
    config, session = f"{name}.toml", f"{name}.sqlite"
    text = TEMPLATE.read_text(encoding="utf-8").replace("MODULE", file).replace("PYTHON", sys.executable)
    (tree / config).write_text(text, encoding="utf-8")
    run(tree, "cosmic-ray", "init", config, session)
    run(tree, "cr-filter-operators", session, config)
    run(tree, "cosmic-ray", "baseline", config)
    run(tree, "cosmic-ray", "exec", config, session)
    for line in run(tree, "cosmic-ray", "dump", session).splitlines():
        _, result = json.loads(line)
        yield Mutant(file, result["test_outcome"], result["diff"] or "")


def main(folder: Path, files: list[str]) -> None:
    """Mutate the files, and print what survived."""
    tree = copied(folder)
    survived: list[Mutant] = []
    print("| file | mutants | killed | survived | seconds |\n|---|---|---|---|---|")
    for file in files or targets():
        began = time.monotonic()
        tested = [mutant for mutant in mutants(tree, file) if mutant.outcome is not None]
        left = [mutant for mutant in tested if mutant.outcome == "survived"]
        survived += left
        took = time.monotonic() - began
        print(f"| {file} | {len(tested)} | {len(tested) - len(left)} | {len(left)} | {took:.0f} |", flush=True)
    for mutant in survived:
        print(f"\n{mutant.file}\n{mutant.lines}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
