"""`persona run`: a study's assets materialized in this process, recorded in the same Dagster instance.

Asset after asset, so that a model is loaded once however the roles are chosen; each contiguous range of
roles is one Dagster run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import dagster as dg
from rich.console import Console

from persona_assets.base.errors import RunInterruptedError, StudyError, UnforeseenError
from persona_assets.cli.arguments import check_role, check_saes_are_here
from persona_assets.cli.edge import defect, is_debugging
from persona_assets.cli.instance import dagster_instance, database_plainly
from persona_assets.cli.interrupts import never_lost
from persona_assets.orchestration import loaded
from persona_assets.orchestration.checks import is_stopped
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.keys import key, plain_name
from persona_assets.orchestration.launcher import is_gone, process_tag
from persona_assets.orchestration.progress import bars
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.stages.table import PER_ROLE, PER_STUDY, RUNNABLE
from persona_assets.study.study import Study
from persona_assets.warehouse import warehouse_path

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

_MOST_NAMED = 10  # roles that one line can name

_PER_ROLE = {stage.name: stage for stage in PER_ROLE}
_PER_STUDY = {stage.name for stage in PER_STUDY}


def run_study(
    study: Study, roles: Sequence[str] | None, select: Sequence[str] | None, overwrite: bool
) -> None:
    """Materialize the selected assets for the chosen roles. Raises StudyError where one of them failed."""
    chosen = _chosen_roles(study, roles)
    definitions = study_definitions(study)
    assets = _chosen_assets(study, definitions, select)
    if "activations" in assets:
        check_saes_are_here(study)
    if "warehouse" in assets:
        warehouse_path(study)  # a place where none can lie is told before anything is made
    console = Console(stderr=True)
    n_made = 0
    failed: list[str] = []
    with never_lost(), dagster_instance() as instance, database_plainly(), bars(console) as expect:
        _close_dead_runs(instance)
        try:
            for asset in assets:
                selected = select is not None and asset in select
                todo = chosen if overwrite else _unfinished(study, instance, asset, chosen, selected)
                if asset in _PER_ROLE:
                    n_made += len(todo)
                    _announce(console, expect, asset, len(todo), len(chosen))
                elif asset in _PER_STUDY:
                    n_lacking = _n_lacking(study, asset)
                    n_made += n_lacking
                    if n_lacking == 0:
                        console.print(f"{asset}: fresh")
                    expect(asset, len(study.settings.extraction.saes))
                try:
                    _make(study, definitions, instance, asset, todo, overwrite, console)
                except StudyError as error:
                    if asset in RUNNABLE or type(error) is not StudyError:
                        raise
                    failed.append(str(error))  # of a mart, of which no other depends
        finally:
            loaded.release()
    if failed:
        raise StudyError("; ".join(failed))
    _say_what_is_next(console, study, assets, n_made)


def _announce(
    console: Console, expect: Callable[[str, int], None], asset: str, n_todo: int, n_chosen: int
) -> None:
    if n_todo < n_chosen:
        console.print(f"{asset}: {n_chosen - n_todo} of {n_chosen} roles are fresh")
    if n_todo:
        expect(asset, n_todo)


def _say_what_is_next(console: Console, study: Study, assets: Sequence[str], n_made: int) -> None:
    if not n_made and not _PER_ROLE.keys().isdisjoint(assets):
        console.print("nothing was made (--overwrite makes fresh roles again)")
    if "warehouse" in assets:
        console.print(f'ask it: persona sql {study.name} "from which_roles(7) limit 5"', highlight=False)


def _chosen_roles(study: Study, roles: Sequence[str] | None) -> list[str]:
    for role in roles or []:
        check_role(study, role)
    return study.role_names if roles is None else sorted(set(roles))


def _chosen_assets(study: Study, definitions: dg.Definitions, select: Sequence[str] | None) -> list[str]:
    graph = definitions.resolve_asset_graph()
    ordered = [
        asset.path[-1]
        for asset in graph.toposorted_asset_keys
        if asset in graph.materializable_asset_keys
        and not isinstance(graph.get(asset).partitions_def, dg.DynamicPartitionsDefinition)  # persona drift
    ]
    unknown = set(select or []) - set(ordered)
    if "drift" in unknown:
        raise StudyError(f"drift is made by conversation, not by role: `persona drift {study.name}`")
    if unknown:
        raise StudyError(f"{study.name} has no asset {min(unknown)!r}; its assets: {', '.join(ordered)}")
    return [asset for asset in ordered if select is None or asset in select]


def _unfinished(
    study: Study, instance: dg.DagsterInstance, asset: str, chosen: Sequence[str], selected: bool
) -> list[str]:
    """Return the chosen roles whose files are not fresh, or not known to Dagster, or stopped by a check.

    Of an asset that is `selected` by name those too that lack what a later version added.
    """
    if asset not in _PER_ROLE:
        return list(chosen)
    stage, files = _PER_ROLE[asset], look_at_roles(study)
    known = instance.get_materialized_partitions(key(study, asset))
    return [
        role
        for role in chosen
        if role not in known
        or not all(files[role].has(stage, sae, selected=selected) for sae in files[role].saes_of(stage))
        or is_stopped(files[role], instance, asset)
    ]


def _n_lacking(study: Study, asset: str) -> int:
    """Return under how many SAEs the stage of all roles together has something to make."""
    files = StudyFiles.of(study)
    [stage] = (stage for stage in PER_STUDY if stage.name == asset)
    return sum(files.state(stage, part) != "fresh" for part in files.parts(stage))


def _runs_of(study: Study, asset: str, todo: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the tags of the runs that `asset` takes: one, or one for each contiguous range of roles."""
    if asset not in _PER_ROLE:
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
            rest = [role for role in todo if role not in landed] if asset in _PER_ROLE else []
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
    options = {"overwrite": overwrite} if asset in _PER_ROLE else {}
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
