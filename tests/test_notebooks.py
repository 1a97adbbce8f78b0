"""The notebooks run from first to last, and what stands beneath their cells is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode

from persona_assets.warehouse import publish
from tests.conftest import StudyMaker
from tests.notebooks import NAMES, executed, read
from tests.places import PROJECT, TOY
from tests.warehouse.world import compare, fill, write_catalog

# What a small made-up lake has in place of roles and answers of the real study.
OF_THE_WORLD = {
    '"vampire"': '"pirate"',
    '"judge"': '"ghost"',
    'plot("line")': 'plot("role", "pirate")',
    "'?'": "'Aye. Aye. Aye. Aye.'",
    ">= 5": ">= 1",
}


def code(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that are run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def with_words(name: str, words: dict[str, str]) -> NotebookNode:
    """Return a notebook whose cells say one thing in place of another; each is said somewhere."""
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
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    assert outputs and all(output.output_type != "error" for output in outputs)
    assert "/home/" not in str(outputs) and "/root/" not in str(outputs) and str(PROJECT) not in str(outputs)


@pytest.mark.parametrize("name", ["first_questions", "from_answers_to_a_figure"])
def test_a_notebook_asks_a_published_study(name: str, make_study: StudyMaker, tmp_path: Path) -> None:
    study = make_study("smollm2", write_catalog(tmp_path / "catalog"))
    fill(study)
    compare(study)
    publish(study)
    notebook = with_words(name, OF_THE_WORLD | {'"smollm2"': repr(str(study.file))})
    answers = executed(notebook, tmp_path)
    assert "feature" in said(answers)
    shown = [kind for cell in code(answers) for output in cell.outputs for kind in output.get("data", {})]
    assert {"text/html", "image/png"} <= set(shown)


def test_a_notebook_takes_a_model_and_an_sae_to_a_study(tmp_path: Path) -> None:
    own = {'"models/smollm2", "data/smollm2/sae"': repr((str(TOY / "model"), str(TOY / "sae")))[1:-1]}
    answers = said(executed(with_words("your_model", own), tmp_path))
    assert "4 of 4 roles complete" in answers
    assert "fvu" in answers
