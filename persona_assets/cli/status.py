"""What `persona status` shows."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from persona_assets.base.errors import StudyError
from persona_assets.cli.answers import print_if_any, print_inserted, print_rows
from persona_assets.cli.arguments import check_saes_are_here
from persona_assets.cli.table import table_lines
from persona_assets.cli.units import ago, size
from persona_assets.health.reasons import Reason, find_changes, find_reasons
from persona_assets.health.summary import RoleSummary, StageSummary, summarize
from persona_assets.stages.default_prompt import default_system_prompt
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.stage import State
from persona_assets.study.named_roles import check_named_roles, without_anchor
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, makes_again, newest_snapshot

_STATES: tuple[State, ...] = ("fresh", "stale", "missing")
_MOST_CHANGES = 2  # that the line on what is stale names


def print_status(study: Study, output: str) -> None:
    """Print one line per stage, and one per role unless all are alike; for programs one row per role."""
    check_saes_are_here(study)
    check_named_roles(study)
    roles, stages = summarize(study)
    if output != "table":
        header = ["role", *roles[0].states, "bytes", "modified"]
        print_rows(header, [_row(role) for role in roles], output)
        return
    files = StudyFiles.of(study)
    print("\n".join(_stage_lines(files, stages)))
    if any(stage.states["stale"] for stage in stages):
        print_if_any(_changed(files))
    elif newest_snapshot(study).is_file() and not _is_of_today(files):
        print(f"the snapshot is stale: `persona run {study.name} --select warehouse` publishes a new one")
    print_inserted(default_system_prompt(study))
    print_if_any(without_anchor(study))
    print_if_any(_no_lake(study))
    print()
    n_complete = sum(set(role.states.values()) == {"fresh"} for role in roles)
    summary = f"{n_complete} of {len(roles)} roles complete"
    if len({tuple(role.states.values()) for role in roles}) == 1:
        print(summary)
    else:
        print_rows(
            ["role", *roles[0].states], [_states(role) for role in roles], output, footer=summary, wide=True
        )


def print_reasons(study: Study, output: str) -> None:
    """Print one row per stage and reason why some of it is not fresh."""
    check_named_roles(study)
    files = StudyFiles.of(study)
    reasons = find_reasons(files)
    if not newest_snapshot(study).is_file():
        reasons.append(Reason("warehouse", "study", 1, None, 1, "not published yet"))
    elif not _is_of_today(files):
        reasons.append(Reason("warehouse", "study", 1, None, 1, "stands on other files than are fresh now"))
    if not reasons and output == "table":
        print("everything is fresh")
        return
    header = ["stage", "per", "parts", "responses", "files", "why"]
    rows = [[r.stage, r.per, r.n_parts, r.n_responses, r.n_files, r.reason] for r in reasons]
    print_rows(header, rows, output, wide=True)


def _changed(files: StudyFiles) -> str | None:
    """Return a line on what made files stale, and the remedy; None where they only wait for others."""
    try:
        changes = find_changes(files)
    except StudyError as error:  # a file is damaged
        return str(error)
    if not changes:
        return None
    more = [f"and {len(changes) - _MOST_CHANGES} more"] if len(changes) > _MOST_CHANGES else []
    return (
        f"stale, but kept: {', '.join([*changes[:_MOST_CHANGES], *more])}; put that back, or "
        f"{makes_again(files.study)} makes it again (--why says more)"
    )


def _stage_lines(files: StudyFiles, stages: Sequence[StageSummary]) -> list[str]:
    now = time.time()
    rows = [
        [
            stage.name,
            *(stage.states[state] or None for state in _STATES),
            size(stage.size.n_bytes),
            ago(stage.size.oldest, now),
            ago(stage.size.newest, now),
        ]
        for stage in stages
    ]
    return table_lines(["stage", *_STATES, "size", "oldest", "newest"], [*rows, _warehouse(files, now)])


def _warehouse(files: StudyFiles, now: float) -> list[str | int | None]:
    """Return the snapshot's line: it is stale where it stands on other files than are fresh now."""
    path = newest_snapshot(files.study)
    if not path.is_file():
        return ["warehouse", None, None, 1, size(0), None, None]
    status = path.stat()
    published = ago(status.st_mtime, now)
    states = [1, None] if _is_of_today(files) else [None, 1]
    return ["warehouse", *states, None, size(status.st_size), published, published]


def _no_lake(study: Study) -> str | None:
    """Return a line where the lake's folder is not there: everything is missing then, whatever was made."""
    folder = study.lake.storage.folder
    if folder is None or folder.is_dir():
        return None
    above = next(one for one in (folder, *folder.parents) if one.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        return f"no lake: the folder {folder} cannot be made in {above}; point PERSONA_LAKE elsewhere"
    return f"no lake yet: there is no folder {folder}; a run makes it, or PERSONA_LAKE names another"


def _is_of_today(files: StudyFiles) -> bool:
    """Return whether the snapshot stands on the very files that would be published now."""
    try:
        with connect(files.study) as connection:
            paths = {path for (path,) in connection.execute("select path from lake_files").fetchall()}
    except StudyError:  # of another version, or damaged
        return False
    return paths == {held.file.path for _, held in files.published()}


def _states(role: RoleSummary) -> list[str]:
    return [role.role, *role.states.values()]


def _row(role: RoleSummary) -> list[str | int | None]:
    newest = role.size.newest
    modified = None if newest is None else datetime.fromtimestamp(newest, UTC).isoformat(timespec="seconds")
    return [*_states(role), role.size.n_bytes, modified]
