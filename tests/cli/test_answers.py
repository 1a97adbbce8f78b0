from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from persona_assets.base.errors import StudyError
from persona_assets.cli.answers import ask, print_rows, read_given
from persona_assets.cli.app import app
from persona_assets.study.study import Study
from persona_assets.warehouse import publish
from tests.typed import typed

PERSONA = Path(sys.executable).with_name("persona")
ROWS = [("pirate", 0.25, None), ("[bold]ghost[/]", 2.0, 'a,b\n"c"')]


MANY = "select range as n from range(5000)"
ENDLESS = "select count(*) from range(10000000) a, range(100000000) b where a.range * b.range % 7 = 3"


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


def test_json_has_null_for_what_is_no_finite_number(capsys: pytest.CaptureFixture[str]) -> None:
    infinite, of_none = float("-inf"), float("nan")
    print_rows(["a", "b", "c"], [(infinite, [1.5, of_none, {"x": infinite}], "NaN")], "json")
    told = json.loads(capsys.readouterr().out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert told == [{"a": None, "b": [1.5, None, {"x": None}], "c": "NaN"}]


def test_a_table_shows_markup_in_answers_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["role", "mean", "note"], ROWS, "table")
    shown = capsys.readouterr().out
    assert "[bold]ghost[/]" in shown
    assert re.search(r"pirate\s+0\.25\s+–", shown)
    assert "2 rows" in shown


def test_a_table_is_the_first_thousand_rows_and_says_how_to_get_all(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(study)
    ask(study, MANY, "table")
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1].strip() == "999"
    assert shown.err == "the first 1,000 rows; --format csv or json gives all\n"
    ask(study, f"{MANY} limit 1000", "table")
    shown = capsys.readouterr()
    assert (shown.out.splitlines()[-1], shown.err) == ("1000 rows", "")


def test_an_answer_without_rows_says_which_table_is_empty_and_why(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(study)
    for sql, said in {
        "from judgements": "0 rows; judgements has no rows: this study has no `judge:`",
        "select 1 where false": "0 rows",
    }.items():
        ask(study, sql, "table")
        assert said in capsys.readouterr().out.splitlines()


def test_a_terminal_is_told_which_columns_have_no_room_and_how_to_see_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    header, rows = [f"number_{place}" for place in range(6)], [[1.0] * 6]
    print_rows(header, rows, "table")
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0].split() == header[:4]
    assert shown.err == "hidden for lack of room (--wide shows them): number_4, number_5\n"
    print_rows(header, rows, "table", wide=True)
    shown = capsys.readouterr()
    assert (shown.out.splitlines()[0].split(), shown.err) == (header, "")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    print_rows(header, rows, "table")
    assert capsys.readouterr().out.splitlines()[0].split() == header, "a pipe gets all"


def test_csv_and_json_hold_every_row(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    publish(study)
    ask(study, MANY, "csv")
    assert capsys.readouterr().out.split() == ["n", *map(str, range(5000))]
    ask(study, MANY, "json")
    assert json.loads(capsys.readouterr().out) == [{"n": number} for number in range(5000)]
    ask(study, f"{MANY} limit 0", "json")
    assert json.loads(capsys.readouterr().out) == []


def test_columns_of_one_name_are_all_in_json(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    publish(study)
    ask(study, "select 1 as n, 2 as n, 3 as n_1, 4 as n", "json")
    assert json.loads(capsys.readouterr().out) == [{"n": 1, "n_2": 2, "n_1": 3, "n_3": 4}]


@pytest.mark.parametrize("output", ["csv", "json"])
def test_a_reader_that_has_seen_enough_ends_an_endless_answer_quietly(study: Study, output: str) -> None:
    publish(study)
    command = [PERSONA, "sql", str(study.file), "from range(1000000000000)", "--format", output]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        assert asked.stdout is not None
        assert asked.stderr is not None
        asked.stdout.readline()
        asked.stdout.close()
        assert asked.stderr.read() == b""
    assert asked.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize("query", [ENDLESS, "from range(1000000000000)"])
def test_ctrl_c_ends_a_query_whether_it_is_thinking_or_answering(study: Study, query: str) -> None:
    publish(study)
    command = [PERSONA, "sql", str(study.file), query, "--format", "csv"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as asked:
        while asked.poll() is None and not any(
            "duckdb" in os.path.realpath(file) for file in Path(f"/proc/{asked.pid}/fd").iterdir()
        ):
            time.sleep(0.05)
        time.sleep(1)  # the snapshot is open; now the query begins
        assert asked.poll() is None
        asked.send_signal(signal.SIGINT)
        _, complaint = asked.communicate(timeout=300)
    assert (asked.returncode, complaint) == (130, b"")


def test_ctrl_c_is_heard_while_what_duckdb_wants_for_values_is_imported(study: Study, tmp_path: Path) -> None:
    publish(study)
    (tmp_path / "pandas.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    command = [PERSONA, "sql", str(study.file), "select 1"]
    path = {"PYTHONPATH": str(tmp_path)}
    asked = subprocess.run(command, env=os.environ | path, capture_output=True, text=True)
    assert (asked.returncode, asked.stdout, asked.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("select 1; select 2", "2 statements given; ask one at a time"),
        ("-- nothing", "no query given"),
        ("", "no query given"),
    ],
)
def test_exactly_one_statement_is_asked_at_a_time(study: Study, query: str, says: str) -> None:
    publish(study)
    with pytest.raises(StudyError, match=says):
        ask(study, query, "table")


def test_a_file_given_as_a_query_is_answered_with_how_to_ask_it(tmp_path: Path) -> None:
    file = tmp_path / "question.sql"
    file.write_text("from roles")
    with pytest.raises(StudyError, match=f"is a file; to give what it holds: persona try STUDY < {file}"):
        read_given(str(file), "a text", "persona try STUDY")
    long = f"select '{'x' * 5000}'"
    assert read_given(long, "a query", "persona sql STUDY") == long


def test_a_query_that_is_wrong_is_answered_with_duckdbs_own_words(study: Study) -> None:
    publish(study)
    with pytest.raises(StudyError, match="Table with name nothing does not exist"):
        ask(study, "from nothing", "table")


def test_a_warehouse_cannot_be_written_from_the_command_line(study: Study) -> None:
    publish(study)
    for change in ("drop table roles", "drop table x", "insert into x values (1)", "delete from roles"):
        with pytest.raises(StudyError) as refused:
            ask(study, change, "table")
        kind = change.split()[0].upper()
        said = f"the snapshot is read-only, so it takes no {kind}; ask with SELECT"
        assert str(refused.value).startswith(said)
        assert "\n" not in str(refused.value)
    with pytest.raises(StudyError, match="read-only, so it takes no CREATE"):
        ask(study, "create table mine as from roles", "table")


def test_values_are_written_as_duckdb_writes_them(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    publish(study)
    sql = (
        "select interval '1 month' as i, date 'infinity' as d, 'a\\xFF'::blob as b, "
        "timestamp '2026-01-02 03:04:05' as t, map {'x': 2 / 3} as m"
    )
    for output, said in {
        "table": ["i        d         b      t                    m", "1 month  infinity  a\\xFF  "],
        "csv": ["i,d,b,t,m", "1 month,infinity,a\\xFF,2026-01-02 03:04:05,"],
    }.items():
        ask(study, sql, output)
        header, row, *_ = capsys.readouterr().out.splitlines()
        assert header == said[0] and row.startswith(said[1])
    ask(study, sql, "json")
    [record] = json.loads(capsys.readouterr().out)
    assert (record["i"], record["d"], record["b"]) == ("1 month", "infinity", "a\\xFF")
    assert (record["t"], record["m"]) == ("2026-01-02T03:04:05", {"x": 2 / 3})


def test_sql_reads_the_query_from_standard_input(study: Study) -> None:
    publish(study)
    answer = persona("sql", str(study.file), "--format", "csv", stdin="select count(*) as n from roles")
    assert (answer.stdout, answer.returncode) == ("n\n3\n", 0)


@pytest.mark.parametrize("words", [("--format", "csv"), ()])
def test_sql_that_begins_with_a_comment_is_a_query_and_an_unknown_option_is_none(
    study: Study, words: tuple[str, ...]
) -> None:
    publish(study)
    for comment in ("-- how many?", "--n=3?"):
        said = typed("sql", study.file, f"{comment}\nselect count(*) as n from roles where 1 = 1", *words)
        assert (said.status, said.err) == (0, "")
    assert said.out.split()[:2] == ["n", "3"]
    wrong = typed("sql", study.file, "--formt", "csv")
    assert (wrong.status, wrong.out) == (2, "")
    assert wrong.err.startswith("persona: No such option: --formt")
    said = typed("labels", "search", study.file, "-ing forms", "--limit", "3")
    assert said.status == 0 and "no label has all of these words: -ing forms" in said.out


def test_a_text_that_begins_with_a_dash_is_told_from_an_options_value() -> None:
    command = typer.main.get_command(app).commands["steer"]  # type: ignore[attr-defined]
    context = command.make_context(
        "steer", ["--system", "- be brief", "--axis", "- milk, - eggs", "small", "--seed=1"]
    )
    assert {key: context.params[key] for key in ("study", "text", "system", "axis", "seed")} == {
        "study": "small",
        "text": "- milk, - eggs",
        "system": "- be brief",
        "axis": True,
        "seed": 1,
    }


def test_an_options_value_of_several_lines_is_no_text() -> None:
    command = typer.main.get_command(app).commands["steer"]  # type: ignore[attr-defined]
    context = command.make_context("steer", ["small", "--axis", "--system=Be brief.\nBe a pirate."])
    assert (context.params["system"], context.params["text"]) == ("Be brief.\nBe a pirate.", None)


def test_a_study_without_a_warehouse_says_how_to_make_one(study: Study) -> None:
    answer = persona("sql", str(study.file), "from roles")
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1
    assert "nothing is published yet" in answer.stderr


def test_a_feature_that_the_sae_lacks_is_a_mistake_and_one_that_never_fires_is_not(study: Study) -> None:
    publish(study)
    answer = persona("which-roles", str(study.file), "2048")
    assert answer.returncode == 2
    assert answer.stderr == "persona: no feature 2048: SAE demo has 2,048 features, 0 to 2047\n"
    answer = persona("which-roles", str(study.file), "2047", "--format", "csv")
    assert answer.stdout.splitlines()[1:] == []
    assert answer.returncode == 0


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
