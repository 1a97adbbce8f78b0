"""The examples show what commands print: the same columns, and the same words around other numbers."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from persona_assets.cli.app import app
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import publish
from tests.cli.test_page import commands, examples
from tests.conftest import write_study
from tests.warehouse.world import compare, fill, write_catalog

# What the demo's example names, and what the small study has in its place.
OURS = {"817": "5", "ship": "sea"}
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
    "labels search",
]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    folder = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.setenv("DAGSTER_HOME", str(folder))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        study = load_study(write_study(folder / "small", write_catalog(folder / "catalog")))
        fill(study)
        compare(study)
        publish(study)
        yield study


def columns(line: str) -> set[str]:
    return set(re.split(r"\s{2,}", line.strip())) - {"effect [95%]"}


def plain(line: str) -> str:
    """A line without the numbers, sizes and paths that are one study's own."""
    return re.sub(r"\S*[\d/]\S*", "#", re.sub(r"[\d.]+ [kMG]?B\b", "#", line.replace("demo", "small")))


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
    here = OURS | {"demo": str(compared.file)}
    words = shlex.split(typed.partition("|")[0].replace("$ persona", ""))
    app([here.get(word, word) for word in words], standalone_mode=False)
    printed = capsys.readouterr().out.splitlines()[0]
    if "   " in shown:
        assert columns(shown) <= columns(printed)
    else:
        assert plain(printed) == plain(shown)
