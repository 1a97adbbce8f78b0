"""`persona dataset`: a study's newest snapshot as a folder of Parquet files, a card and a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import duckdb

from persona_assets.base.duck import writing_database
from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.base.swap import check_replaceable, replacing_folder
from persona_assets.dataset.card import card, rows_of
from persona_assets.dataset.identities import identities
from persona_assets.dataset.snapshot import build_snapshot
from persona_assets.dataset.tables import write_tables
from persona_assets.health.verify import Verified, verify
from persona_assets.study.dataset import CARD, MANIFEST, SNAPSHOT, DataSet, is_dataset, read_dataset
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, stands_on


@dataclass(frozen=True)
class Checked:
    """What was read to its end: the files, and the snapshot that stands on them (`stands_on`)."""

    verified: Verified
    snapshot: str


def checked(study: Study, progress: Progress) -> Checked:
    """Read every file of the study. Raises StudyError where one is damaged, or they do not agree."""
    with connect(study, check=False) as connection:
        snapshot = stands_on(connection)
    verified = verify(study, progress)
    if verified.problems:
        [first, *more] = verified.problems
        others = f" (and {len(more)} more)" if more else ""
        remedy = f"`persona verify {study.name}` says what to do"
        raise StudyError(f"{first.path}: {first.what}{others}; {remedy}")
    return Checked(verified, snapshot)


def write_dataset(
    study: Study, folder: Path, license_: str, url: str | None, check: Checked, progress: Progress
) -> DataSet:
    """Write the study's newest snapshot into `folder`, whole or not at all, under the licence that is named.

    `url` is where the folder will lie, `check` what `checked` returned. Raises StudyError where nothing is
    published, something else than was checked, or `folder` holds something else.
    """
    refuse_other(folder)
    with (
        connect(study) as connection,  # a snapshot that is published meanwhile changes nothing
        writing_database(folder),
        replacing_folder(folder.absolute()) as beside,
    ):
        if stands_on(connection) != check.snapshot:
            raise StudyError(f"{study.name}: a run published while its files were read; run again")
        dataset = _write(study, connection, beside, license_, url, progress)
        (beside / CARD).write_text(card(connection, dataset, check.verified, url), encoding="utf-8")
    return dataset


def _write(
    study: Study,
    connection: duckdb.DuckDBPyConnection,
    beside: Path,
    license_: str,
    url: str | None,
    progress: Progress,
) -> DataSet:
    [row] = rows_of(connection, "told")
    files = write_tables(connection, study.lake, study.name, beside, progress)
    settings = json.loads(row["settings"])
    if settings.get("responses_from"):  # a study that its readers do not have
        owner = json.loads(study.responses_owner.settings.published())
        settings |= {"generation": owner["generation"], "responses_from": None}
    dataset = DataSet(
        study=study.name,
        license=license_,
        made_by=f"persona-assets {version('persona-assets')}",
        published_at=f"{row['published_at']:%Y-%m-%dT%H:%M:%S}Z",
        snapshot=stands_on(connection),
        settings=settings,
        comments={file.mart: row["comments"].get(file.mart, "") for file in files if file.mart},
        identities=identities(connection, study),
        files=files,
    )
    build_snapshot(beside / SNAPSHOT, dataset, beside, url)
    (beside / MANIFEST).write_text(dataset.model_dump_json(indent=1) + "\n", "utf-8")
    return dataset


def refuse_other(folder: Path) -> None:
    """Raise StudyError where `folder` holds anything but what an earlier data set consists of."""
    check_replaceable(folder, "data set", lambda: _owned(folder))


def _owned(folder: Path) -> Callable[[str], bool] | None:
    if not is_dataset(folder):
        return None
    return {CARD, MANIFEST, SNAPSHOT, *(file.path for file in read_dataset(folder).files)}.__contains__
