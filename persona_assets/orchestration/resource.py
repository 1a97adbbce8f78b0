"""A study's published snapshot as a Dagster resource: for the warehouse's check, and for users' assets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource
from pydantic import Field

from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.orchestration.keys import key, plain_name
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect, warehouse_root

_ACCESS = "access_mode"


class WarehouseResource(DuckDBResource):
    """The newest snapshot of a study, opened for reading; a lake in a bucket is asked for a newer one first.

    `database` says where the snapshot lies on this machine, `study` is the study's YAML.
    """

    study: str = Field(description="The study's defs.yaml.")

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Yield a connection that stays with its snapshot, whatever is published meanwhile.

        Raises StudyError where nothing is published yet, or another access than READ_ONLY is asked for.
        """
        settings = dict(self.connection_config)
        if str(settings.pop(_ACCESS, "READ_ONLY")).upper() != "READ_ONLY":
            raise StudyError(f"{self.database}: a snapshot is only read; leave {_ACCESS} at READ_ONLY")
        with connect(load_study(self.study)) as connection:
            for name, value in settings.items():
                connection.execute(f'set "{name}" = ?', [value])
            yield connection


def resource_key(study: Study) -> str:
    """Return the key under which assets ask for the study's snapshot: `smollm2_warehouse`."""
    return f"{plain_name(study)}_warehouse"


def warehouse_resource(study: Study) -> WarehouseResource:
    """Return the study's snapshot as a resource. Nothing is opened, and nothing need be published yet."""
    return WarehouseResource(
        database=str(warehouse_root(study.lake) / study.name / "warehouse.duckdb"),
        connection_config={_ACCESS: "READ_ONLY"},
        study=str(Path(study.file).absolute()),
    )


def warehouse_check(study: Study) -> dg.AssetChecksDefinition:
    """Return the check that every table and view of the snapshot has the rows of the files it stands on."""
    name = resource_key(study)

    @dg.asset_check(
        asset=key(study, "warehouse"),
        name="rows_as_in_files",
        required_resource_keys={name},
        description="Every table and view has as many rows as the files that it stands on.",
    )
    def rows_as_in_files(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        try:
            with getattr(context.resources, name).get_connection() as connection:
                problems = _wrong_rows(connection)
        except (StudyError, duckdb.Error) as error:
            problems = [str(error).splitlines()[0]]
        return dg.AssetCheckResult(
            passed=not problems,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(problems) or "every table has the rows of its files",
        )

    return rows_as_in_files


def _wrong_rows(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return a line per table whose rows are not those of its files."""
    problems = []
    for table, expected in connection.execute(query("checks/rows_of_files")).fetchall():
        [(found,)] = connection.execute(f'select count(*) from "{table}"').fetchall()
        if found != expected:
            problems.append(f"{table} has {found} rows, its files have {expected}")
    return problems
