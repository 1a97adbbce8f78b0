"""The edge of the command line: one line on stderr, the right status, nothing that a terminal obeys."""

from __future__ import annotations

import csv
import errno
import io
import json
import subprocess
import sys
from importlib.metadata import version

import pytest

from persona_assets.base.errors import StudyError, UnforeseenError
from persona_assets.study.study import Study
from persona_assets.warehouse import publish
from tests.typed import Said, typed

Patch = pytest.MonkeyPatch


def failing(patch: Patch, error: BaseException) -> Said:
    """`persona status smollm2`, in which `error` is raised where nobody expects it."""

    def fail(name: str) -> None:
        raise error

    patch.setattr("persona_assets.cli.commands.keeping.load_own", fail)
    return typed("status", "smollm2")


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (StudyError("wrong"), 2, "persona: wrong\n"),
        (MemoryError(), 2, "persona: the memory is full; end other programs, or ask for less\n"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/x"),
            2,
            "persona: /x: Permission denied; check",
        ),
        (OSError("odd"), 2, "persona: odd; check"),
        (KeyboardInterrupt(), 130, ""),
        (RuntimeError("Query interrupted"), 130, ""),
        (ValueError("Error building `default` serializer:\n  KeyboardInterrupt: "), 130, ""),
        (KeyError("a\nb\x1b"), 70, "persona: unexpected KeyError "),
        (UnforeseenError("in a step"), 70, "persona: in a step\n"),
        (UnicodeEncodeError("ascii", "é", 0, 1, "why"), 70, "persona: unexpected UnicodeEncodeError "),
    ],
)
def test_whatever_is_raised_is_one_line_and_its_status(
    monkeypatch: Patch, error: BaseException, status: int, words: str
) -> None:
    monkeypatch.delenv("PERSONA_DEBUG")
    said = failing(monkeypatch, error)
    assert (said.status, said.out) == (status, "")
    assert said.err.startswith(words) and said.err.count("\n") == (1 if words else 0)
    assert "\x1b" not in said.err


ASKING = """
import os, signal, threading, duckdb
from persona_assets.cli.edge import ending_in_a_line
with ending_in_a_line():
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    duckdb.execute("select 1 from range(1000000000) a, range(1000000000) b where a.range % 7 = 1")
"""


def test_ctrl_c_in_a_query_is_no_defect() -> None:
    done = subprocess.run([sys.executable, "-c", ASKING], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "")


def test_a_defect_says_where_it_is_and_how_to_report_it(monkeypatch: Patch) -> None:
    monkeypatch.delenv("PERSONA_DEBUG")
    monkeypatch.setattr("persona_assets.cli.status.summarize", lambda study: 1 / 0)
    line = typed("status", "smollm2").err
    assert "unexpected ZeroDivisionError at cli/status.py:" in line
    assert "report it with what the same command prints under PERSONA_DEBUG=1" in line


def test_a_defects_traceback_is_shown_to_who_wants_it(monkeypatch: Patch) -> None:
    monkeypatch.setenv("PERSONA_DEBUG", "1")
    said = failing(monkeypatch, KeyError("x"))
    assert said.status == 70
    assert said.err.startswith("Traceback") and "\npersona: unexpected KeyError" in said.err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nope"], "No such command 'nope'; `persona --help`"),
        (["statsu"], "Did you mean 'status'?; `persona --help`"),
        (["status"], "Missing argument 'STUDY'; `persona status --help`"),
        (["drift", "smollm2", "--nope"], "No such option: --nope; `persona drift --help`"),
        (
            ["status", "smollm2", "--format", "xml"],
            "'xml' is not one of 'table', 'csv', 'json'; `persona status",
        ),
        (["gc", "smollm2", "--grace", "-1"], "greater than or equal to 0; `persona gc --help`"),
        (["which-roles", "smollm2", "seven"], "which-roles: 'seven' is no feature's id"),
    ],
)
def test_a_word_that_is_wrong_is_one_line(words: list[str], line: str) -> None:
    said = typed(*words)
    assert said.status == 2
    assert said.err.startswith("persona: ") and line in said.err and said.err.count("\n") == 1


def test_without_a_command_there_is_help_and_the_version_is_told() -> None:
    assert "Usage: persona" in typed().out and typed().status == 2
    assert typed("--version") == Said(0, f"persona-assets {version('persona-assets')}\n", "")


def test_what_the_terminals_encoding_lacks_is_written_as_an_escape(study: Study) -> None:
    publish(study)
    assert "\\u2013" in typed("status", study.file, encoding="latin-1", written_in="latin-1").out
    said = typed("sql", study.file, "select '海 ☠' as sea", encoding="cp1252", written_in="cp1252")
    assert said.status == 0 and "\\u6d77 \\u2620" in said.out


def test_csv_and_json_are_utf8_whatever_the_terminal_is(study: Study) -> None:
    publish(study)
    query = "select '=1+1' as formula, '海 ☠' as sea"
    table = typed("sql", study.file, query, "--format", "csv", encoding="latin-1").out
    assert list(csv.reader(io.StringIO(table)))[1] == ["=1+1", "海 ☠"]  # the value, and nothing put before it
    records = typed("sql", study.file, query, "--format", "json", encoding="latin-1").out
    assert json.loads(records) == [{"formula": "=1+1", "sea": "海 ☠"}]


def test_a_terminal_obeys_nothing_that_a_message_quotes(study: Study) -> None:
    publish(study)
    said = typed("sql", study.file, 'select * from "\x1b[2J\x1b]0;title\x07"')
    assert said.status == 2 and "\\x1b[2J" in said.err
    assert not {"\x1b", "\x07"} & set(said.err)
