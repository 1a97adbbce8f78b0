"""The examples show what commands print: the same columns, and the same words around other numbers.

`python -m tests.cli.test_examples` asks the finished study anew, in a terminal, and writes what it prints to
examples.txt; `python -m tests.cli.test_page` then writes docs/cli.md.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from persona_assets.cli.app import app
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect
from tests.cli.test_page import EXAMPLES, commands, examples
from tests.conftest import write_study
from tests.places import PROJECT
from tests.warehouse.world import publish_compared, write_catalog

# What the example names, and what the small study has in its place.
OURS = {"ship": "sea"}
CHEAP = [
    "init",
    "status",
    "gc",
    "verify",
    "sql",
    "keep",
    "which-roles",
    "top-features",
    "plot",
    "dataset",
    "labels search",
]
ASKED_ANEW = [
    "estimate",
    "drift",
    "status",
    "adopt",
    "gc",
    "verify",
    "sql",
    "which-roles",
    "top-features",
]
BEST = "select feature_id from top_features('pirate') order by auroc_low desc nulls last limit 1"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    folder = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.setenv("DAGSTER_HOME", str(folder))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        study = load_study(write_study(folder / "small", write_catalog(folder / "catalog")))
        publish_compared(study)
        yield study


def columns(line: str) -> set[str]:
    return set(re.split(r"\s{2,}", line.strip())) - {"effect [95%]"}


def plain(line: str) -> str:
    """A line without the numbers, sizes and paths that are one study's own."""
    return re.sub(r"\S*[\d/]\S*", "#", re.sub(r"[\d.]+ [kMG]?B\b", "#", line.replace("smollm2", "small")))


def test_every_command_has_an_example() -> None:
    assert examples().keys() == {words for words, _ in commands(typer.main.get_command(app))}


@pytest.mark.parametrize("name", CHEAP)
def test_an_example_shows_what_its_command_prints(
    name: str,
    compared: Study,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    typed, shown, *_ = examples()[f"persona {name}"].splitlines()
    here = OURS | {"smollm2": str(compared.file)}
    words = shlex.split(re.sub(r" \d+ *\|.*", " 5", typed).replace("$ persona", ""))
    app([here.get(word, word) for word in words], standalone_mode=False)
    printed = capsys.readouterr().out.splitlines()[0]
    if "   " in shown:
        assert columns(shown) <= columns(printed)
    else:
        assert plain(printed) == plain(shown)


def test_keep_asks_of_a_feature_that_the_study_has(
    compared: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    app(["keep", str(compared.file), "asked"], standalone_mode=False)
    *_, told = capsys.readouterr().out.splitlines()
    app(shlex.split(told)[3:], standalone_mode=False)
    assert capsys.readouterr().out.splitlines()[-1] in {f"{n} rows" for n in range(2, 6)}


def in_a_terminal(typed: str) -> str:
    """Return what a command line prints to a terminal of 100 columns, errors and progress left out."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, 100))
    with subprocess.Popen(typed, shell=True, stdout=theirs, stderr=subprocess.DEVNULL, cwd=PROJECT):
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 1 << 16):
                said += part
        except OSError:  # on Linux the end of a terminal that nobody holds
            pass
    os.close(ours)
    return said.decode().replace("\r\n", "\n").strip("\n")


def write_examples() -> None:
    """Write what the commands in `ASKED_ANEW` print for the finished study `smollm2`; keep the others."""
    with connect(load_study("smollm2")) as warehouse:
        [(best,)] = warehouse.execute(BEST).fetchall()
    text = EXAMPLES.read_text()
    for name in ASKED_ANEW:
        before = examples()[f"persona {name}"]
        typed = re.sub(r"(which-roles smollm2) \d+", rf"\1 {best}", before.splitlines()[0])
        text = text.replace(before, f"{typed}\n{in_a_terminal(typed.removeprefix('$ '))}")
    EXAMPLES.write_text(text)


if __name__ == "__main__":
    write_examples()
