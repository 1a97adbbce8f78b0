"""Files of a study's lake that nothing needs any more.

Kept are: what is fresh under the settings of today; the parts that a next run goes on from; what a published
snapshot of any study in the lake names, and one that was replaced while a process of this machine still reads
it; a drift run's last record, which holds its conversation; and whatever is younger than the grace, for a run
that began under other settings may still be making and reading it.

A reader on another machine cannot be seen. It opened its snapshot before the one that stands now was
published; so nothing goes until every snapshot has stood for the grace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from persona_assets.base.atomic import turn
from persona_assets.explaining.stage import explaining_parts
from persona_assets.generate.in_flight import InFlight
from persona_assets.health.inventory import Held, everything
from persona_assets.health.snapshots import NamedBySnapshot, held_open, published
from persona_assets.judging.stage import judging_parts
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.look import Look
from persona_assets.lake.schema import (
    ANSWERING,
    DRIFT_RUNS,
    EXPLAINING,
    IN_FLIGHT,
    JUDGING,
    SCORING,
    STEERED_JUDGING,
    STEERING,
)
from persona_assets.lake.storage import bucket
from persona_assets.scoring.stage import scoring_parts
from persona_assets.stages.asked_inputs import steered_parts
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.study.study import Study
from persona_assets.warehouse import warehouse_path


@dataclass(frozen=True)
class Garbage:
    """`files` that may go now, those made last first; `waiting` for the grace to pass, and `until` when."""

    files: list[Held]
    waiting: list[Held]
    until: datetime | None


def find_garbage(study: Study, grace: timedelta, now: datetime | None = None) -> Garbage:
    """What nothing needs. Raises StudyError where that cannot be told: a study or a snapshot is damaged."""
    now = now or datetime.now(UTC)
    snapshots = published(study.lake)
    look = Look()
    needed = _needed(study, look, [*snapshots, *held_open(study.lake)])
    unneeded = [held for held in everything(study, look) if held.file.path not in needed]
    unneeded.sort(key=lambda held: held.file.modified, reverse=True)
    since = max((snapshot.published_at for snapshot in snapshots), default=None)
    if since is not None and since + grace > now:
        return Garbage([], unneeded, since + grace)
    old = {held.file.path for held in unneeded if _made(held.file) + grace <= now}
    waiting = [held for held in unneeded if held.file.path not in old]
    until = max((_made(held.file) + grace for held in waiting), default=None)
    return Garbage([held for held in unneeded if held.file.path in old], waiting, until)


def remove_garbage(study: Study, grace: timedelta) -> list[Held]:
    """Remove what nothing needs, looked at anew; nobody on this machine publishes meanwhile. Returns it."""
    folder = warehouse_path(study).parent
    if bucket(study.lake.storage) is not None:  # this machine may not have published anything yet
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        return []
    with turn(folder):
        garbage = find_garbage(study, grace)
        for held in garbage.files:
            study.lake.remove(held.file)
    return garbage.files


def _needed(study: Study, look: Look, snapshots: Iterable[NamedBySnapshot]) -> set[str]:
    paths = {held.file.path for held in StudyFiles.of(study, look).fresh()}
    paths |= {file.path for file in (*_parts(study, look), *_last_records(study, look))}
    return paths.union(*(snapshot.paths for snapshot in snapshots))


def _parts(study: Study, look: Look) -> list[LakeFile]:
    """Return of what is under way the parts that the next run takes up."""
    generation, roles = study.settings.generation, look_at_roles(study, look).values()
    alive: set[str] = set()
    if generation is not None:
        alive |= {InFlight(files, generation.backend).made_from for files in roles}
    asked = [name for name, judge in study.settings.judge.items() if judge.model is not None]
    judged = [files for files in roles if files.responses is not None]
    alive |= {judging_parts(files, name).made_from for files in judged for name in asked}
    saes, scores = study.settings.extraction.saes, study.settings.explanation_scores
    if study.settings.explanations is not None:
        alive |= {explaining_parts(study, sae).made_from for sae in saes}
    if scores is not None:
        alive |= {scoring_parts(study, sae, scorer).made_from for sae in saes for scorer in scores.scorers}
    if interventions := study.settings.interventions:
        across = StudyFiles.of(study, look).across
        alive |= {str(across.intervention(sae, name)) for sae in saes for name in interventions}
        anew = [name for name, one in interventions.items() if one.answers]
        alive |= {str(across.answers_anew(sae, name)) for sae in saes for name in anew}
        alive |= {part for sae in saes for part in steered_parts(study, sae).values()}
    under_way = (IN_FLIGHT, JUDGING, ANSWERING, STEERED_JUDGING, STEERING, EXPLAINING, SCORING)
    parts = [file for table in under_way for file in look.all(study.lake, table)]
    return [file for file in parts if file.made_from in alive]


def _last_records(study: Study, look: Look) -> list[LakeFile]:
    """Of every drift run the record that landed last."""
    last: dict[str, LakeFile] = {}
    for file in look.all(study.lake, DRIFT_RUNS):
        run = file.partition.get("run", "")
        last[run] = max(file, last.get(run, file), key=lambda one: one.modified)
    return list(last.values())


def _made(file: LakeFile) -> datetime:
    return datetime.fromtimestamp(file.modified, UTC)
