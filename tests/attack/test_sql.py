"""What the SQL console does with statements that would do more than read, or take all there is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from persona_assets.explorer.console.console import Console, Limits
from persona_assets.explorer.console.statement import complaint, only_reading
from persona_assets.explorer.console.worker import locked
from persona_assets.explorer.problems import ProblemError
from persona_assets.warehouse import warehouse_path
from tests.attack.cases import chosen
from tests.attack.sql_statements import BOMBS, READING, refused
from tests.warehouse.world import World

SECRET = "the text that nobody may see"
_STATE = (
    "select (select string_agg(name || value, ',' order by name) from duckdb_settings()), "
    "(select string_agg(database_name || path, ',' order by database_oid) from duckdb_databases()), "
    "(select count(*) from duckdb_tables()), (select count(*) from duckdb_functions()), getvariable('lake')"
)


@pytest.fixture(scope="module")
def console(published: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Console]:
    """The console's own connection, and a file beside its lake."""
    folder = tmp_path_factory.mktemp("beside")
    (folder / "secret.csv").write_text(f"a,b\n{SECRET},1\n")
    lake = str(published.study.lake.root)
    warehouse = str(warehouse_path(published.study))
    with locked(warehouse, lake, 2**29, 1) as connection, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", SECRET)
        patch.setenv("A", SECRET)
        yield _Console(connection, folder, lake, warehouse)


class _Console:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, lake: str, warehouse: str
    ) -> None:
        self.connection, self.folder = connection, folder
        [(file,)] = connection.execute("select path from lake_files limit 1").fetchall()
        self._places = {
            "secret": str(folder / "secret.csv"), "folder": str(folder), "lake": lake, "warehouse": warehouse,
            "file": f"{lake}/{file}",
        }  # fmt: skip
        self._watched = [folder, Path(lake)]

    def state(self) -> object:
        """Everything that a statement could change."""
        files = [(path, path.stat().st_mtime_ns) for top in self._watched for path in sorted(top.rglob("*"))]
        return self.connection.execute(_STATE).fetchall(), files

    def ask(self, sql: str) -> str:
        """The answer, or what is said instead of one."""
        for name, place in self._places.items():
            sql = sql.replace(f"{{{name}}}", place)
        frame = secret_frame = pa.table({"x": [SECRET]})  # what a scan of Python's variables would find
        assert frame is secret_frame
        try:
            return str(self.connection.execute(only_reading(self.connection, sql)).fetchmany(100))
        except duckdb.Error as error:
            raise complaint(self.connection, sql, error) from error


@pytest.mark.parametrize("sql", chosen(refused()), ids=lambda sql: ascii(sql)[1:60])
def test_what_does_more_than_read_is_refused_and_changes_nothing(console: _Console, sql: str):
    before = console.state()
    with pytest.raises(ProblemError) as raised:
        console.ask(sql)
    assert raised.value.status == 400
    assert SECRET not in raised.value.error
    assert "Traceback" not in raised.value.error and "INTERNAL" not in raised.value.error
    assert console.state() == before


@pytest.mark.parametrize("sql", chosen(READING), ids=lambda sql: ascii(sql)[1:60])
def test_what_only_reads_is_answered_however_odd(console: _Console, sql: str):
    before = console.state()
    assert SECRET not in console.ask(sql)
    assert console.state() == before


@pytest.mark.parametrize("sql", chosen(BOMBS), ids=lambda sql: ascii(sql)[1:60])
def test_what_takes_too_much_is_ended_in_its_time_and_memory(published: World, sql: str):
    limits = Limits(seconds=4, memory=2**29)
    peaks: list[int] = []

    async def run() -> None:
        watching = asyncio.create_task(_watch(peaks))
        try:
            outcome = await Console(published.study).run(sql, "json", limits)
            outcome.file.close()
        finally:
            watching.cancel()

    try:
        asyncio.run(run())
    except ProblemError as problem:
        assert problem.status in (400, 408)
        assert len(problem.error) < 2000
    assert 2**24 < max(peaks) < 2**29 + 2**30 + 2**28  # DuckDB's part and a GiB


async def _watch(peaks: list[int]) -> None:
    """Note the most memory, in bytes, that a query's process has had so far, again and again."""
    while True:
        for children in Path("/proc/self/task").glob("*/children"):
            with suppress(OSError):  # it has ended
                for child in (Path("/proc") / pid for pid in children.read_text().split()):
                    if "explorer.console.worker" in (child / "cmdline").read_text():
                        peaks.extend(_peak(child / "status"))
        await asyncio.sleep(0.02)


def _peak(status: Path) -> list[int]:
    lines = status.read_text().splitlines()
    return [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]


def test_there_are_more_statements_than_were_ever_tried():
    assert len(refused()) + len(READING) + len(BOMBS) > 251
