"""`persona run`: a study's assets materialized in this process, recorded in the same Dagster instance.

Asset after asset, so that a model is loaded once however the roles are chosen; each contiguous range of
roles is one Dagster run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import dagster as dg
from rich.console import Console

from persona_assets.base.errors import RunInterruptedError, StudyError, UnforeseenError
from persona_assets.cli.bar import error_console
from persona_assets.cli.chosen import (
    PER_ROLE_BY_NAME,
    PER_STUDY_BY_NAME,
    lacking,
    not_fresh,
    to_look_at_again,
)
from persona_assets.cli.chosen import (
    chosen as what_is_chosen,
)
from persona_assets.cli.edge import defect, is_debugging
from persona_assets.cli.instance import dagster_instance, database_plainly
from persona_assets.cli.interrupts import never_lost
from persona_assets.cli.made import Made, questions, said_of
from persona_assets.orchestration import loaded
from persona_assets.orchestration.keys import key, plain_name
from persona_assets.orchestration.launcher import is_gone, process_tag
from persona_assets.orchestration.progress import bars
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.stages.table import RUNNABLE
from persona_assets.study.named_roles import without_anchor
from persona_assets.study.study import Study
from persona_assets.warehouse import losing

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

_MOST_NAMED = 10  # roles that one line can name


def run_study(
    study: Study, roles: Sequence[str] | None, select: Sequence[str] | None, overwrite: bool
) -> None:
    """Materialize the selected assets for the chosen roles. Raises StudyError where one of them failed."""
    chosen, assets, definitions = what_is_chosen(study, roles, select)
    console = error_console()
    if lacks := without_anchor(study):
        console.print(lacks, highlight=False, soft_wrap=True, markup=False)
    made: Made = {}
    failed: list[str] = []
    with never_lost(), dagster_instance() as instance, database_plainly(), bars(console) as expect:
        _close_dead_runs(instance)
        try:
            for asset in assets:
                selected = select is not None and asset in select
                todo: list[str] = []
                if asset in PER_ROLE_BY_NAME:
                    files = look_at_roles(study)
                    made[asset] = list(chosen) if overwrite else not_fresh(files, asset, chosen, selected)
                    fresh = [role for role in chosen if role not in made[asset]]
                    again = to_look_at_again(study, files, instance, asset, fresh)
                    todo = [role for role in chosen if role in {*made[asset], *again}]
                    _announce(console, asset, len(fresh), len(again), len(chosen))
                    if todo:
                        expect(asset, len(todo), made[asset])
                elif asset in PER_STUDY_BY_NAME:
                    made[asset] = lacking(StudyFiles.of(study), asset)
                    if not made[asset]:
                        console.print(f"{asset}: fresh")
                    expect(asset, len(study.settings.extraction.saes), made[asset])
                elif asset == "warehouse" and (line := losing(study)) is not None:
                    console.print(line, style="yellow", highlight=False, soft_wrap=True, markup=False)
                try:
                    _make(study, definitions, instance, asset, todo, overwrite, console)
                except StudyError as error:
                    if asset in RUNNABLE or type(error) is not StudyError:
                        raise
                    failed.append(str(error))  # of a mart, of which no other depends
                if asset in PER_STUDY_BY_NAME:  # an SAE that waits for more roles is left out
                    left = lacking(StudyFiles.of(study), asset)
                    made[asset] = [sae for sae in made[asset] if sae not in left]
        finally:
            loaded.release()
    if failed:
        raise StudyError("; ".join(failed))
    for line in _at_the_end(study, assets, chosen, made):
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def _announce(console: Console, asset: str, n_fresh: int, n_again: int, n_chosen: int) -> None:
    """Say how many of the chosen roles are fresh, and to how many of these Dagster or a check comes again."""
    again = f"; {n_again} of these are checked again, not made" if n_again else ""
    if n_fresh:
        console.print(f"{asset}: {n_fresh} of {n_chosen} roles are fresh{again}")


def _at_the_end(study: Study, assets: Sequence[str], chosen: Sequence[str], made: Made) -> Iterator[str]:
    """Yield what was made, and where there is a new snapshot, two questions to ask it."""
    if any(made.values()):
        yield said_of(study, made)
    elif not PER_ROLE_BY_NAME.keys().isdisjoint(assets):
        published = ", and what was there is published" if "warehouse" in assets else ""
        yield f"nothing was made (--overwrite makes fresh roles again){published}"
    if "warehouse" in assets:
        yield "ask it:"
        yield from (f"  {command}" for command in questions(study, chosen))


def _runs_of(study: Study, asset: str, todo: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the tags of the runs that `asset` takes: one, or one for each contiguous range of roles."""
    if asset not in PER_ROLE_BY_NAME:
        yield {}
        return
    for first, last in contiguous_ranges(study.role_names, todo):
        yield {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


def contiguous_ranges(ordered: Sequence[str], chosen: Sequence[str]) -> list[tuple[str, str]]:
    """Return the chosen of `ordered` as (first, last) pairs of runs without a gap."""
    ranges: list[tuple[str, str]] = []
    wanted = set(chosen)
    previous_chosen = False
    for name in ordered:
        if name in wanted:
            ranges[-1:] = [(ranges[-1][0], name)] if previous_chosen else [*ranges[-1:], (name, name)]
        previous_chosen = name in wanted
    return ranges


def _make(
    study: Study,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    asset: str,
    todo: Sequence[str],
    overwrite: bool,
    console: Console,
) -> None:
    """Materialize `asset` for the roles `todo`. Raises StudyError where a run of it failed."""
    landed: set[str | None] = set()
    for tags in _runs_of(study, asset, todo):
        result = _materialize(study, definitions, instance, asset, tags, overwrite)
        landed |= _landed(instance, result.run_id)
        if not result.success:
            if _was_interrupted(result):
                _close_as_canceled(instance, result.run_id)
            rest = [role for role in todo if role not in landed] if asset in PER_ROLE_BY_NAME else []
            raise _failure(result, way_on(study, asset, rest, overwrite))
        _show_failed_checks(console, asset, result)


def _materialize(
    study: Study,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    asset: str,
    tags: dict[str, str],
    overwrite: bool,
) -> dg.ExecuteInProcessResult:
    options = {"overwrite": overwrite} if asset in PER_ROLE_BY_NAME else {}
    ops = {"ops": {f"{plain_name(study)}__{asset}": {"config": options}}} if options else {}
    return definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        run_config=_QUIET | ops,
        asset_selection=[key(study, asset)],
        instance=instance,
        tags=tags | process_tag(os.getpid()),
        raise_on_error=False,
    )


def _landed(instance: dg.DagsterInstance, run_id: str) -> set[str | None]:
    """Return the roles of which the run said that they landed."""
    records = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    return {record.dagster_event.partition for record in records if record.dagster_event is not None}


def _show_failed_checks(console: Console, asset: str, result: dg.ExecuteInProcessResult) -> None:
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed and evaluation.partition is None:
            console.print(
                f"[yellow]check {asset}/{evaluation.check_name} failed:[/] {evaluation.description}"
            )


def _failure(result: dg.ExecuteInProcessResult, then: str) -> StudyError:
    """Return what the failed step said: the description of a `Failure`, or the error itself."""
    events = result.get_step_failure_events()
    if not events:  # a signal came before any step began
        return RunInterruptedError(f"interrupted before anything began{then}")
    failure = events[0].step_failure_data
    if failure.user_failure_data is not None and failure.user_failure_data.description:
        return StudyError(failure.user_failure_data.description)
    error = failure.error
    assert error is not None
    if _was_interrupted(result):
        return RunInterruptedError(f"interrupted; the roles that landed stay{then}")
    cause = error.cause or error
    if is_debugging():
        return UnforeseenError(cause.to_string())
    kind, place = cause.cls_name or "error", cause.stack[-1].split("\n")[0].strip() if cause.stack else ""
    return UnforeseenError(defect(kind, cause.message.strip().removeprefix(f"{kind}: "), f"in {place}"))


def _was_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    """Return whether Ctrl-C ended the run; before its first step no step has failed."""
    events = result.get_step_failure_events()
    error = events[0].step_failure_data.error if events else None
    return not events or (error is not None and error.cls_name == "DagsterExecutionInterruptedError")


def _close_as_canceled(instance: dg.DagsterInstance, run_id: str) -> None:
    """Have Dagster's history say that the run was ended by a person; Dagster itself calls it failed."""
    run = instance.get_run_by_id(run_id)
    if run is not None:
        instance.report_run_canceled(run, message="interrupted by Ctrl-C")


def way_on(study: Study, asset: str, rest: Sequence[str], overwrite: bool) -> str:
    """How to go on after Ctrl-C. Roles that were fresh before --overwrite are so still: `rest` names them."""
    if not overwrite:
        return ", and the same command goes on from there"
    if not rest:
        return ", and the same command without --overwrite goes on from there"
    if len(rest) > _MOST_NAMED:
        return f"; {len(rest)} roles of {asset} were not made again, and the same command starts over"
    again = f"persona run {study.name} --overwrite --select {asset} --roles {','.join(rest)}"
    return f"; to make the rest again: {again}; then the same command without --overwrite"


def _close_dead_runs(instance: dg.DagsterInstance) -> None:
    """Mark runs whose process was killed as canceled; Dagster itself would show them running for ever."""
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        if is_gone(instance, run):
            instance.report_run_canceled(run, message="its process is gone")
