from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from persona_assets.cli.answers import ask, print_rows
from persona_assets.errors import StudyError
from persona_assets.study import Study
from persona_assets.warehouse import publish

PERSONA = Path(sys.executable).with_name("persona")
ROWS = [("pirate", 0.25, None), ("[bold]ghost[/]", 2.0, 'a,b\n"c"')]


def persona(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([PERSONA, *words], capture_output=True, text=True, input=stdin)


def test_csv_is_read_back_by_any_csv_reader(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["role", "mean", "note"], ROWS, "csv")
    read = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert read == [["role", "mean", "note"], ["pirate", "0.25", ""], ["[bold]ghost[/]", "2.0", 'a,b\n"c"']]


def test_json_is_a_list_of_records(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["role", "mean", "note"], ROWS, "json")
    records = json.loads(capsys.readouterr().out)
    assert records[0] == {"role": "pirate", "mean": 0.25, "note": None}


def test_a_table_shows_markup_in_answers_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["role", "mean", "note"], ROWS, "table")
    shown = capsys.readouterr().out
    assert "[bold]ghost[/]" in shown
    assert re.search(r"pirate\s+0\.25\s+–", shown)
    assert "2 rows" in shown


def test_a_query_that_is_wrong_is_answered_with_duckdbs_own_words(study: Study) -> None:
    publish(study)
    with pytest.raises(StudyError, match="Table with name nothing does not exist"):
        ask(study, "from nothing", "table")


def test_a_warehouse_cannot_be_written_from_the_command_line(study: Study) -> None:
    publish(study)
    with pytest.raises(StudyError, match="read-only"):
        ask(study, "drop table roles", "table")


def test_sql_reads_the_query_from_standard_input(study: Study) -> None:
    publish(study)
    answer = persona("sql", str(study.file), "--format", "csv", stdin="select count(*) as n from roles")
    assert (answer.stdout, answer.returncode) == ("n\n3\n", 0)


def test_a_study_without_a_warehouse_says_how_to_make_one(study: Study) -> None:
    answer = persona("sql", str(study.file), "from roles")
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "nothing is published yet" in answer.stderr


def test_status_shows_every_role_and_stage(study: Study) -> None:
    answer = persona("status", str(study.file), "--format", "csv")
    assert answer.stdout.splitlines() == [
        "role,responses,activations,role_features",
        "default,missing,missing,missing",
        "ghost,missing,missing,missing",
        "pirate,missing,missing,missing",
    ]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["run"],
        ["status"],
        ["sql"],
        ["which-roles"],
        ["top-features"],
        ["roles"],
        ["roles", "import"],
        ["import"],
        ["export"],
    ],
)
def test_every_command_explains_itself(words: list[str]) -> None:
    answer = persona(*words, "--help")
    assert answer.returncode == 0
    assert "Usage: persona" in answer.stdout


@pytest.mark.parametrize("study_name", ["nothing", "../x", "demo'; drop table roles"])
def test_an_unknown_study_is_one_line_and_status_2(study_name: str) -> None:
    answer = persona("status", study_name)
    assert answer.returncode == 2
    assert answer.stderr.startswith("persona: no study ")
    assert answer.stderr.count("\n") == 1
