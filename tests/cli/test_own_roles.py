"""docs/your_model.md brings roles of one's own: its files, commands and outputs are those that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from persona_assets.cli.app import app
from persona_assets.study.new_project import lay_out
from tests.places import PROJECT

STEP = re.compile(r"^## \d\. Bring your own roles\n(.*?)^## ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^==> (\S+) <==\n", re.MULTILINE)


def blocks() -> tuple[list[tuple[str, str]], str]:
    """Return the commands of the step with what each prints, and the settings that it gives."""
    [step] = STEP.findall((PROJECT / "docs/your_model.md").read_text(encoding="utf-8"))
    found = BLOCK.findall(step)
    [settings] = [text for text in found if not text.startswith("$ ")]
    typed = [one.partition("\n") for text in found for one in text.split("$ ")[1:]]
    return [(command, said) for command, _, said in typed], settings


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the study `first`, as the page's first step makes it."""
    folder = tmp_path / "mine"
    lay_out(folder, demo=False)
    monkeypatch.setenv("PERSONA_PROJECT", str(folder))
    monkeypatch.setenv("PERSONA_LAKE", str(folder / "lake"))
    monkeypatch.chdir(folder)
    said("persona new first --from gemma_3_270m")
    return folder


def said(command: str) -> list[str]:
    """Return the lines that a command prints, or, of a mistake, the one that it ends with."""
    done = CliRunner().invoke(app, command.removeprefix("persona ").split(), catch_exceptions=True)
    return done.output.splitlines() or [str(done.exception)]


def test_the_page_on_roles_of_ones_own_shows_what_its_commands_print(place: Path) -> None:
    (shown, files), (imports, imported), (dry, planned) = blocks()[0]
    assert shown.startswith("tail -n +1 own/")
    names, texts = FILE.findall(files), FILE.split(files)[2::2]
    for name, text in zip(names, texts, strict=True):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    assert len(names) == 4
    wanted = imported.replace("/home/me/mine", str(place)).splitlines()
    assert [line for line in said(imports) if line] == wanted

    study = place / "studies" / "defs" / "first" / "defs.yaml"
    settings = yaml.safe_load(study.read_text(encoding="utf-8"))
    given = yaml.safe_load(blocks()[1])
    wordings = given["generation"].pop("prompt_indices")
    settings["attributes"] |= given | {"generation": settings["attributes"]["generation"]}
    study.write_text(yaml.safe_dump(settings), encoding="utf-8")
    command, _, head = dry.partition(" | head -")
    [complaint] = said(command)
    step = " ".join((PROJECT / "docs/your_model.md").read_text(encoding="utf-8").split())
    assert complaint.partition("instructions/")[2] in step and "numbered from 0" in complaint

    settings["attributes"]["generation"]["prompt_indices"] = wordings
    study.write_text(yaml.safe_dump(settings), encoding="utf-8")
    assert said(command)[: int(head)] == planned.splitlines()
