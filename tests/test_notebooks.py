"""The notebooks run from first to last, and what stands beneath their cells is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from nbformat import NotebookNode

from persona_assets.cli.demo import LIVE, OTHERS
from tests.conftest import StudyMaker
from tests.notebooks import NAMES, executed, read, sources
from tests.places import PROJECT, TOY
from tests.warehouse.world import publish_compared, write_catalog

# What a small made-up lake has in place of roles and answers of the real study.
OF_THE_WORLD = {
    '"vampire"': '"pirate"',
    '"farmer"': '"ghost"',
    'plot("line")': 'plot("role", "pirate")',
    "'?'": "'Aye. Aye. Aye. Aye.'",
    ">= 5": ">= 1",
}


def code(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that are run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def with_words(name: str, words: dict[str, str]) -> NotebookNode:
    """Return a notebook whose cells say one thing in place of another."""
    notebook = read(name)
    for cell in code(notebook):
        for before, after in words.items():
            cell.source = cell.source.replace(before, after)
    return notebook


def said(notebook: NotebookNode) -> str:
    """Return all that the cells print and show as text."""
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    return "\n".join(one.get("text", "") or one.get("data", {}).get("text/plain", "") for one in outputs)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_was_run_whole_and_says_nothing_of_the_machine(name: str) -> None:
    notebook = read(name)
    assert notebook.metadata.answers_to == sources(notebook), "python -m tests.notebooks"
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    assert outputs and all(output.output_type != "error" for output in outputs)
    for place in ("/home/", "/root/", "/tmp/", str(PROJECT)):
        assert place not in str(outputs)


def test_the_notebooks_ask_of_roles_that_the_demo_has() -> None:
    for name in ("first_questions", "from_answers_to_a_figure"):
        asked = "".join(cell.source for cell in code(read(name)))
        roles = re.findall(r'(?:top_features|compare_roles|"role",)\(?"(\w+)"(?:, "(\w+)")?', asked)
        assert {role for pair in roles for role in pair if role} <= {LIVE, *OTHERS}


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("first_questions", r"\d+ of 3\d features at q < 0\.05; the first of the list is \d+"),
        ("from_answers_to_a_figure", r"16 of 36 answers hold(.|\n)*found after shuffling: 0 in the middle"),
    ],
)
def test_a_notebook_asks_a_published_study(
    name: str, answer: str, make_study: StudyMaker, tmp_path: Path
) -> None:
    study = make_study("smollm2", write_catalog(tmp_path / "catalog"))
    publish_compared(study)
    answers = executed(with_words(name, OF_THE_WORLD | {'"smollm2"': repr(str(study.file))}), tmp_path)
    assert re.search(answer, said(answers)), said(answers)
    shown = [kind for cell in code(answers) for output in cell.outputs for kind in output.get("data", {})]
    assert {"text/html", "image/png"} <= set(shown)


def test_a_notebook_takes_a_model_and_an_sae_to_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    own = repr((str(TOY / "model"), str(TOY / "sae")))[1:-1]
    notebook = with_words("your_model", {'"models/smollm2", "data/smollm2/sae"': own})
    assert own in notebook.cells[1].source
    answers = said(executed(notebook, tmp_path))
    assert "4 of 4 roles complete" in answers
    assert "fvu" in answers
