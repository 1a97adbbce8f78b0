"""A study's marts as assets, each below the tables that it reads; the publication makes them."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import dagster as dg

from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import MARTS
from persona_assets.orchestration.assets import FOLLOW
from persona_assets.orchestration.keys import key, table_key, tables_group
from persona_assets.orchestration.launcher import tag_run
from persona_assets.orchestration.metadata import about_file, preview
from persona_assets.orchestration.versions import Landed, result
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.marts import Mart, find_marts
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, newest_snapshot, publish

_PREVIEWED = 10  # rows


def mart_assets(study: Study) -> list[dg.AssetsDefinition]:
    """Return an asset for each mart; one that is not right says why, and fails with that when it is made."""
    return [_mart_asset(study, mart) for mart in find_marts(study).values()]


def check_marts(study: Study) -> None:
    """Raise StudyError for the first mart that is not right."""
    for mart in find_marts(study).values():
        assert mart.bound


def land_mart(study: Study, name: str) -> Landed:
    """Have a mart in the published snapshot, made by its SQL of today, and say what it holds.

    Raises StudyError where the SQL is not right, or fails.
    """
    looked = StudyFiles.of(study).marts
    if name not in looked.marts:
        raise StudyError(f"{study.name}: the file of mart {name} is gone; reload Dagster's definitions")
    if not _is_published(study, looked.file(MARTS, name)):
        problem = publish(study).problems.get(name)
        if problem is not None:
            raise StudyError(problem)
    with connect(study, check=False) as warehouse:
        found = warehouse.execute(query("snapshot/file"), [name]).fetchall()
        if not found:
            raise StudyError(f"{study.name}: {name} is not published; run `persona run {study.name}` again")
        described = warehouse.execute(f"describe {name}").fetchall()
        first = warehouse.execute(f"from {name} limit {_PREVIEWED}").fetchall()
    [(path, size, modified, n_rows)] = found
    file = LakeFile(path, size, modified)
    columns = [(column, kind.lower()) for column, kind, *_ in described]
    about = {
        "dagster/column_schema": _schema(columns),
        "preview": preview([column for column, _ in columns], first),
    }
    return Landed(file.stem, about_file(study.lake, file, n_rows) | about)


def _is_published(study: Study, file: LakeFile | None) -> bool:
    if file is None or not newest_snapshot(study).is_file():
        return False
    with connect(study, check=False) as warehouse:
        sql = "select 1 from lake_files where path = ?"
        return warehouse.execute(sql, [file.path]).fetchone() is not None


def _mart_asset(study: Study, mart: Mart) -> dg.AssetsDefinition:
    @dg.asset(group_name=tables_group(study), automation_condition=FOLLOW, **_about(study, mart))
    def made(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        tag_run(context)
        try:
            return result(land_mart(study, mart.name))
        except StudyError as error:
            raise dg.Failure(str(error), allow_retries=False) from error

    return made


def _about(study: Study, mart: Mart) -> dict[str, Any]:
    try:
        bound = mart.bound
    except StudyError as error:
        return {
            "key": key(study, _shown(mart)),
            "deps": [table_key(study, "snapshot")],
            "description": str(error),
        }
    return {
        "key": key(study, mart.name),
        "deps": [table_key(study, table) for table in bound.tables] or [table_key(study, "snapshot")],
        "description": mart.about,
        "kinds": {"sql", "parquet"},
        "code_version": fingerprint({"sql": mart.sql}),
        "metadata": {
            "dagster/table_name": f"{study.name}.warehouse.{mart.name}",
            "dagster/uri": study.lake.uri(f"{study.name}/marts/mart={mart.name}"),
            "dagster/column_schema": _schema(bound.columns),
        },
    }


def _schema(columns: Iterable[tuple[str, str]]) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(name, kind) for name, kind in columns])


def _shown(mart: Mart) -> str:
    """Return the mart's name; where it cannot be one, what no other asset of the study is called."""
    try:
        mart.check_name()
    except StudyError:
        name = re.sub(r"[^A-Za-z0-9_]", "_", mart.name)
        return f"{name}_{sha256(mart.name.encode()).hexdigest()[:6]}"
    return mart.name
