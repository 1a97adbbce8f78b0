from __future__ import annotations

import signal
import threading
from pathlib import Path

import duckdb
import pytest

from persona_assets.base.duck import exact_path, heeding_ctrl_c, list_literal, literal, lock
from persona_assets.base.errors import StudyError

TEXTS = [
    "",
    "plain",
    "it's",
    "''",
    "100%",
    'a "b"',
    "back\\slash",
    "line\nbreak",
    "-- no comment",
    "$1 {x} ?",
    "ünï",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_literal_is_read_back_as_it_was(text: str) -> None:
    assert duckdb.sql(f"select {literal(text)}").fetchall() == [(text,)]


def test_a_list_of_literals_is_read_back_as_it_was() -> None:
    assert duckdb.sql(f"select {list_literal(TEXTS)}").fetchall() == [(TEXTS,)]


@pytest.mark.parametrize(
    "name", ["a*", "a?", "[ab]", "**", "[", "]", "[!a]", "{a,b}", "plain", "[*]", "a\\b"]
)
def test_an_exact_path_matches_that_file_alone(tmp_path: Path, name: str) -> None:
    for decoy in ("a", "b", "ab", "[", name):
        (tmp_path / decoy).mkdir(exist_ok=True)
        (tmp_path / decoy / "x.csv").write_text(decoy)
    found = duckdb.execute("from glob(?)", [exact_path(str(tmp_path / name / "x.csv"))]).fetchall()
    assert found == [(str(tmp_path / name / "x.csv"),)]


def test_a_path_that_no_pattern_can_name_is_refused() -> None:
    with pytest.raises(StudyError, match=r"a folder with '\\' and any of \* \? \[; rename it"):
        exact_path("/lake/a\\b/[c]/x.parquet")


@pytest.mark.parametrize(
    "path", ["../secret.txt", "a/../../secret.txt", "/secret.txt", "a//b", "./a", "", "a\\..\\b"]
)
def test_a_path_that_may_lead_out_of_the_lake_opens_nothing(tmp_path: Path, path: str) -> None:
    with duckdb.connect() as connection, pytest.raises(StudyError, match="may lie outside"):
        lock(connection, str(tmp_path / "lake"), ["a/b.parquet", path])


def test_what_is_locked_reads_its_files_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    for name in ("lake/a.txt", "lake/b.txt", "secret.txt"):
        (tmp_path / name).write_text(name)
    with duckdb.connect() as connection:
        lock(connection, str(tmp_path / "lake"), ["a.txt"])
        read = f"select content from read_text('{tmp_path}/lake/%s')"
        assert connection.execute(read % "a.txt").fetchall() == [("lake/a.txt",)]
        for other in ("b.txt", "../secret.txt", "*.txt"):
            with pytest.raises(duckdb.PermissionException):
                connection.execute(read % other)


def test_ctrl_c_is_heard_though_it_comes_just_before_the_wait():
    """A signal that another thread takes does not end the main thread's wait, as one before it began."""
    ended, heard = threading.Event(), list[bool]()

    def endless() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        heard.append(ended.wait(20))

    with pytest.raises(KeyboardInterrupt), heeding_ctrl_c(ended.set) as call:
        call(endless)
    assert heard == [True]
