"""What a publication would take from the snapshot that is published: files that are not fresh any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from persona_assets.base.errors import StudyError
from persona_assets.lake.schema import MARTS, ROLE_FEATURES, TABLES
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.table import stage_of
from persona_assets.study.study import Study
from persona_assets.warehouse.reading import connect, newest_snapshot

_HELD = "select distinct table_name, role from lake_files"
_FEATURES = stage_of(ROLE_FEATURES).name

Held = tuple[str, str | None]  # a stage, and the role; None where it is of all roles together


def losing(study: Study) -> str | None:
    """Return a line on what the snapshot has that the next one would lack; None where that is nothing.

    Roles and stages that the study does not ask for any more do not count. Raises StudyError where the next
    one would have features of no role.
    """
    earlier = _earlier(study)
    if not earlier:
        return None
    held = StudyFiles.of(study).published()
    now: set[Held] = {(stage_of(one.table).name, part.role) for part, one in held if one.table is not MARTS}
    n_roles = _n_roles(earlier)
    if n_roles and not _n_roles(now):
        raise StudyError(
            f"{study.name}: the published snapshot has the features of {_roles(n_roles)}, and a new one "
            f"would have none, for they are not fresh now (`persona status {study.name} --why` says why); it "
            f"stays as it is: run `persona run {study.name}`, or put the settings back"
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
    except StudyError:  # of another version, or damaged: nobody can ask it
        return set()
    asked = {name for name, table in TABLES.items() if stage_of(table).wanted(study.settings)}
    roles = {None, *study.role_names}
    return {(stage_of(TABLES[name]).name, role) for name, role in rows if name in asked and role in roles}


def _told(study: Study, lost: Iterable[Held]) -> str:
    """Return the line on what is lost."""
    of_roles = Counter(stage for stage, role in lost if role is not None)
    together = sorted(stage for stage, role in lost if role is None)
    what = ", ".join([*(f"{stage} of {_roles(n)}" for stage, n in of_roles.most_common()), *together])
    return (
        f"not in the new snapshot, though in the one before: {what}, not fresh any more "
        f"(`persona status {study.name} --why` says why); `persona run {study.name}` makes them again, and "
        "they come back with the settings of before"
    )


def _n_roles(held: Iterable[Held]) -> int:
    return sum(stage == _FEATURES for stage, _ in held)


def _roles(n: int) -> str:
    return f"{n} role{'' if n == 1 else 's'}"
