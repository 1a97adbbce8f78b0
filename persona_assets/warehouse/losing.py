"""What a publication would take from the snapshot that is published: files that are not fresh any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

import duckdb

from persona_assets.base.counts import counted
from persona_assets.base.errors import StudyError
from persona_assets.lake.schema import DRIFT_RUNS, MARTS, ROLE_FEATURES, TABLES
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.table import stage_of
from persona_assets.study.study import Study
from persona_assets.warehouse.reading import connect, newest_snapshot

_HELD = r"""
    select distinct table_name, sae, role, nullif(regexp_extract(path, '/run=(\w+)/', 1), '') from lake_files
"""
_FEATURES = stage_of(ROLE_FEATURES).name
_DRIFT = stage_of(DRIFT_RUNS).name


class Held(NamedTuple):
    """What a snapshot has of a stage: under an SAE, of a role, of a drift run, or of all together."""

    stage: str
    sae: str | None
    role: str | None
    run: str | None


def losing(
    study: Study, files: StudyFiles | None = None, to_make: Mapping[str, Collection[str]] | None = None
) -> str | None:
    """Return a line on what the snapshot has that the next one would lack; None where that is nothing.

    `to_make` says what is made beforehand: roles or SAEs, by stage. Roles, SAEs and stages that the study
    does not ask for any more do not count. Raises StudyError where all roles would lose their features.
    """
    earlier = _earlier(study)
    if not earlier:
        return None
    held = (files or StudyFiles.of(study)).published()
    now = {
        Held(stage_of(one.table).name, part.sae, part.role, part.run)
        for part, one in held
        if one.table is not MARTS
    }
    made = to_make or {}
    now |= {one for one in earlier if (one.role or one.sae) in made.get(one.stage, ())}
    n_roles = _n_roles(earlier)
    if n_roles and not _n_roles(now):
        raise StudyError(
            f"{study.name}: the published snapshot has the features of {counted(n_roles, 'role')}, and a "
            f"new one would have none, for they are not fresh now (`persona status {study.name} --why` says "
            f"why); it stays as it is: run {makes_again(study)}, or put the earlier settings back"
        )
    lost = earlier - now
    return _told(study, lost) if lost else None


def _earlier(study: Study) -> set[Held]:
    """Return what the published snapshot has, of what the study asks for."""
    if not newest_snapshot(study).is_file():
        return set()
    try:
        with connect(study, check=False) as connection:
            rows = connection.execute(_HELD).fetchall()
    except (StudyError, duckdb.Error):  # of another version, or damaged: nobody can ask it
        return set()
    asked = {name for name, table in TABLES.items() if stage_of(table).wanted(study.settings)}
    saes, roles = {None, *study.settings.extraction.saes}, {None, *study.role_names}
    found = {Held(stage_of(TABLES[name]).name, *of) for name, *of in rows if name in asked}
    return {one for one in found if one.sae in saes and one.role in roles}


def _told(study: Study, lost: Iterable[Held]) -> str:
    """Return the line on what is lost."""
    of_roles = Counter(stage for stage, _ in {(one.stage, one.role) for one in lost if one.role})
    together = sorted({one.stage for one in lost if not one.role and not one.run})
    n_runs = len({one.run for one in lost if one.run})
    what = [f"{stage} of {counted(n, 'role')}" for stage, n in of_roles.most_common()]
    what += [*together, *([f"{_DRIFT} of {counted(n_runs, 'conversation')}"] if n_runs else [])]
    remedies = [f"{makes_again(study)} makes them again"] if of_roles or together else []
    remedies += [f"`persona drift {study.name}` measures conversations again"] if n_runs else []
    return (
        f"not in the new snapshot, though in the one before: {', '.join(what)}, not fresh any more "
        f"(`persona status {study.name} --why` says why); {', and '.join(remedies)}, or put the earlier "
        "settings back"
    )


def makes_again(study: Study) -> str:
    """Return the commands that make what is stale again: answers may be another study's."""
    names = dict.fromkeys((study.responses_owner.name, study.name))
    return " and then ".join(f"`persona run {name}`" for name in names)


def _n_roles(held: Iterable[Held]) -> int:
    return len({one.role for one in held if one.stage == _FEATURES})
