"""What `persona gc` and `persona verify` do and say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

from persona_assets.base.counts import counted
from persona_assets.base.errors import StudyError
from persona_assets.cli.bar import bar
from persona_assets.cli.instance import dagster_instance
from persona_assets.cli.table import table_lines
from persona_assets.cli.units import size
from persona_assets.health.garbage import find_garbage, remove_garbage
from persona_assets.health.inventory import Held
from persona_assets.health.repair import Removed, remove_damaged
from persona_assets.health.verify import Verified, verify
from persona_assets.orchestration.launcher import is_gone
from persona_assets.study.study import Study

_NOTHING = "nothing to delete"


def collect_garbage(study: Study, delete: bool, grace_hours: float) -> None:
    """Say which files nothing needs, or delete them. Raises StudyError beside a run of the study."""
    grace = timedelta(hours=grace_hours)
    if delete:
        _refuse_beside_a_run(study)
        removed = remove_garbage(study, grace)
        _print_tables(removed)
        print(f"deleted {_amount(removed)}")
        return
    garbage = find_garbage(study, grace)
    _print_tables(garbage.files)
    unused = f"{_amount(garbage.files)} unused; run again with --delete to remove them"
    print(unused if garbage.files else _NOTHING)
    if garbage.waiting and garbage.until is not None:
        until = garbage.until.astimezone().strftime("%Y-%m-%d %H:%M")
        print(f"{_amount(garbage.waiting)} more wait until {until}: readers and runs may still need them")


def verify_study(study: Study, delete: bool = False) -> None:
    """Read every file that anybody relies on, say what is wrong, and with `delete` remove it and all that was
    made from it. Raises StudyError where something was wrong and is still there.
    """
    if delete:
        _refuse_beside_a_run(study)
    with bar("reading") as progress:
        verified = verify(study, progress)
    for problem in verified.problems:
        print(f"{study.lake.uri(problem.path)}: {problem.what}")
    print(f"read {counted(verified.n_files, 'file')}, {size(verified.n_bytes)}")
    if verified.n_without_checksums:
        print(f"{verified.n_without_checksums} of them are of a version that wrote no checksums")
    if not verified.problems:
        print("all are whole and agree")
        return
    if delete:
        _print_removed(study, remove_damaged(study, verified))
    _raise_what_is_left(study, verified, delete)


def _print_removed(study: Study, removed: Removed) -> None:
    for file in removed.derived:
        print(f"{study.lake.uri(file.path)}: made from what is damaged")
    parts = [f"{len(removed.damaged)} damaged", f"{len(removed.derived)} made from them"]
    parts += [f"{len(removed.snapshots)} snapshots that named them"] if removed.snapshots else []
    print(f"deleted {', '.join(parts)}; make them again: persona run {study.name}")


def _raise_what_is_left(study: Study, verified: Verified, deleted: bool) -> None:
    n_refused = len({problem.path for problem in verified.problems if not problem.paths})
    n_damaged = len({problem.path for problem in verified.problems if problem.paths})
    if n_damaged and not deleted:
        raise StudyError(
            f"{study.name}: {n_damaged} of {verified.n_files} files are damaged or do not agree; delete them "
            f"with all that was made from them, then run again: persona verify {study.name} --delete"
        )
    if n_refused:
        raise StudyError(
            f"{study.name}: {n_refused} of {verified.n_files} files cannot be read now; mend what is said "
            "above, and verify again"
        )


def _print_tables(held: Sequence[Held]) -> None:
    by_table: dict[str, list[Held]] = defaultdict(list)
    for one in held:
        by_table[one.table.name].append(one)
    rows = [[name, len(files), size(_n_bytes(files))] for name, files in by_table.items()]
    if rows:
        print("\n".join(table_lines(["table", "files", "size"], rows)))


def _amount(held: Sequence[Held]) -> str:
    return f"{counted(len(held), 'file')}, {size(_n_bytes(held))}"


def _n_bytes(held: Sequence[Held]) -> int:
    return sum(one.file.size for one in held)


def _refuse_beside_a_run(study: Study) -> None:
    """A run that began under other settings may need what today's do not."""
    under_way = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    with dagster_instance() as instance:
        for run in instance.get_runs(under_way):
            assets = run.asset_selection
            of_study = assets is None or any(key.path[0] == study.name for key in assets)
            if of_study and not is_gone(instance, run):
                raise StudyError(
                    f"{study.name}: run {run.run_id} is under way, and may need what nothing else does; "
                    "wait for its end, or end it"
                )
