"""`persona sql STUDY` in a terminal."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from persona_assets.base.queries import examples
from persona_assets.cli.prompt import ask_by_hand, is_whole
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import publish
from tests.cli.test_run import Terminal
from tests.conftest import write_study

ENDLESS = "select count(*) from range(10000000) a, range(100000000) b where a.range * b.range % 7 = 3;"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    folder = tmp_path_factory.mktemp("prompt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_LAKE", str(folder / "lake"))
        patch.setenv("XDG_STATE_HOME", str(folder))
        patch.delenv("PERSONA_WAREHOUSE", raising=False)
        study = load_study(write_study(folder / "small"))
        publish(study)
        yield study


def typed(study: Study, *lines: str | type[BaseException]) -> list[str]:
    """Type lines at the prompt; the prompts that were shown."""
    left: Iterator[str | type[BaseException]] = iter(lines)
    prompts = []

    def read(prompt: str) -> str:
        prompts.append(prompt)
        line = next(left, EOFError)
        if isinstance(line, str):
            return line
        raise line

    ask_by_hand(study, "table", read=read)
    return prompts


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("select 1;", True),
        ("select 1; ", True),
        ("select 1", False),
        ("select ';", False),
        ("select ';'", False),
        ("select ';';", True),
        ("select 'it''s;", False),
        ("select 1 -- no;", False),
        ("select 1 -- it's\n;", True),
        ("select /* ; */ 1;", True),
        ("select /* ;", False),
        ("select $$ ; $$;", True),
        ("select $$ ;", False),
        ('select 1 as "a;', False),
    ],
)
def test_a_semicolon_ends_a_statement_but_in_a_text_a_name_or_a_comment(text: str, whole: bool) -> None:
    assert is_whole(text) is whole


def test_statements_may_take_several_lines_and_a_mistake_ends_nothing(
    published: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    two = "select 1; select 2 as b;"
    prompts = typed(published, "select 40 + 2", "as answer;", "select rol from roles;", "selec 1;", two)
    shown = capsys.readouterr().out
    assert prompts[:3] == ["small> ", "   ... ", "small> "]
    assert "answer\n    42\n1 row" in shown
    assert "did you mean role?" in shown or 'Candidate bindings: "role"' in shown
    assert "Parser Error" in shown
    assert "b\n2\n1 row" in shown


def test_what_breaks_the_session_itself_ends_nothing(
    published: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(
        published,
        "begin; select error('lost');",
        "select rol from roles;",
        ".tables",
        "rollback;",
        "select '\ud800';",
        ".schema \ud800",
        "select 'still' || ' here';",
    )
    shown = capsys.readouterr().out
    assert "lost" in shown and "please ROLLBACK" in shown.split("lost")[1]
    assert "the query holds half of a surrogate pair" in shown
    assert "the line holds half of a surrogate pair" in shown
    assert "still here" in shown


def test_ctrl_c_drops_what_is_typed_and_ctrl_d_leaves(
    published: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(published, "select 'dropped", KeyboardInterrupt, "select 'kept' as word;")
    shown = capsys.readouterr().out
    assert "kept" in shown and "dropped" not in shown


def test_within_a_statement_commands_are_obeyed_and_what_no_semicolon_ended_is_told_of(
    published: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(published, "select 40 + 2", ".help", "as answer;", "from roles")
    shown = capsys.readouterr().out
    assert "A statement ends with ;" in shown and re.search(r"answer *\n *42", shown)
    assert shown.endswith("not asked, for no ; ends it: from roles\n")
    assert typed(published, "from roles", ".quit", "select 1;") == ["small> ", "   ... "]


def test_commands_with_a_dot_tell_what_there_is(published: Study, capsys: pytest.CaptureFixture[str]) -> None:
    typed(published, ".help", ".tables", ".schema roles", ".macros", ".examples", ".quit", "never read")
    shown = capsys.readouterr().out
    assert ".examples NAME shows one and asks it" in shown
    for wanted in ("role_contrasts", "excluded", "top_features(", *examples()):
        assert wanted in shown, wanted


def test_what_is_wrong_in_a_table_of_ones_own_is_told_by_duckdb(
    published: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(
        published,
        "insert into mine values (1);",
        "create temp table mine as select 1 as n;",
        "insert into mine values (1, 2);",
        "insert into mine values (2); select sum(n) as total from mine;",
        "drop table roles;",
    )
    before, between, after = capsys.readouterr().out.split("Count")[:3]
    assert "read-only, so it takes no INSERT" in before
    assert "has 1 columns but 2 values were supplied" in between and "read-only" not in between
    assert "total\n    3\n" in after and "read-only, so it takes no DROP" in after


def test_in_a_narrow_terminal_wide_shows_what_had_no_room(
    published: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    wanted = f"select {', '.join(f'1.5 as number_{place}' for place in range(6))};"
    for before, hidden in (([], True), ([".wide"], False), ([".wide;", ".wide"], True)):
        typed(published, *before, wanted)
        shown = capsys.readouterr()
        assert ("number_5" in shown.out) is not hidden
        told = "hidden for lack of room (.wide shows them): number_4, number_5\n"
        assert shown.err == (told if hidden else "")


def test_commands_are_known_as_other_shells_have_them(
    published: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(published, ".tables;", ".schema ROLES;", ".examples ;")
    shown = capsys.readouterr().out
    assert "role_contrasts" in shown and "excluded" in shown and "what_is_still_missing" in shown
    for leave in ("exit", "QUIT", "exit;", ".quit;"):
        assert len(typed(published, leave, "never read")) == 1
    # On a later line of a statement it is a name.
    assert len(typed(published, "select 1 as", "exit", ";")) == 4


def test_an_example_is_shown_and_asked(published: Study, capsys: pytest.CaptureFixture[str]) -> None:
    typed(published, ".examples what_is_still_missing", ".examples nosuch", ".schema nosuch", ".schema", ".x")
    shown = capsys.readouterr().out
    assert examples()["what_is_still_missing"].strip() in shown
    assert "pirate" in shown.split(examples()["what_is_still_missing"].strip())[1]
    assert "no example 'nosuch'; .examples lists them" in shown
    assert "no table 'nosuch'; .tables lists them" in shown
    assert "name a table: .schema roles" in shown
    assert "no command .x; .help lists them" in shown


def test_ctrl_c_ends_a_question_and_the_next_is_answered(
    published: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = iter([ENDLESS, "select 'next' as word;"])

    def read(_: str) -> str:
        line = next(lines, None)
        if line is None:
            raise EOFError
        if line is ENDLESS:
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        return line

    ask_by_hand(published, "table", read=read)
    assert re.search(r"interrupted\nword\nnext\n1 row", capsys.readouterr().out)


@pytest.mark.timeout(300)
def test_in_a_terminal_what_was_typed_is_remembered(
    published: Study,
) -> None:
    history = Path(os.environ["XDG_STATE_HOME"]) / "persona-assets/sql_history"
    terminal = Terminal("sql", str(published.file))
    terminal.until("small> ")
    terminal.type("select 'once ' || 'more';\n")
    assert "once more" in terminal.until(r"once more\r\n1 row\r\nsmall> ")  # a key before its prompt is lost
    terminal.type("\x04")
    terminal.until("never shown")
    assert os.waitstatus_to_exitcode(os.waitpid(terminal.pid, 0)[1]) == 0
    assert "Traceback" not in terminal.shown
    assert "select 'once ' || 'more';" in history.read_text()
