"""Why a study's stages are not fresh, and how much there is to make again."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.health.summary import named
from persona_assets.lake.fingerprint import MADE_FROM_NOTE, fingerprint
from persona_assets.lake.schema import Table
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.stage import Part, Stage
from persona_assets.stages.table import STAGES, needed
from persona_assets.study.study import Study

_MOST_TOLD = 4  # inputs of one file that one line names

NOT_MADE = "not made yet"
NO_NOTE = "made under other settings, by a version that did not note which"

_NAMELESS = re.compile(r"#|[0-9a-f]{16}")  # hashes of texts, and names of files


@dataclass(frozen=True)
class Reason:
    """Why `n_parts` of a stage (roles, conversations, or 1) are not fresh, and what making them takes.

    `n_responses` are generated, or read by the model; None of a stage that runs no model over responses.
    """

    stage: str
    per: str
    n_parts: int
    n_responses: int | None
    n_files: int
    reason: str


def find_reasons(files: StudyFiles) -> list[Reason]:
    """Return the reasons of everything that is not fresh, stage by stage."""
    saes = list(files.study.settings.extraction.saes)
    found: dict[tuple[Stage, str | None, str], list[Part]] = defaultdict(list)
    for stage in STAGES:
        for part in files.parts(stage):
            if files.state(stage, part) != "fresh":
                found[stage, part.sae, _reason(files, stage, part)].append(part)
    return [
        Reason(
            named(stage, sae, saes),
            stage.per,
            len(parts),
            _n_responses(files.study, parts) if stage.per == "role" and stage.uses_model else None,
            sum(len(_to_make(files, stage, part)) for part in parts),
            reason,
        )
        for (stage, sae, reason), parts in found.items()
    ]


def find_changes(files: StudyFiles) -> list[str]:
    """Return each stage that a change made stale, and the change: `responses (temperature 0.7 → 1.0)`.

    Conversations are left out, stages that wait for others, and marts unless they alone are stale.
    """
    of_roles = [stage for stage in STAGES if stage.per in ("role", "study")]
    of_marts = [stage for stage in STAGES if stage.per == "mart"]
    return _changes(files, of_roles) or _changes(files, of_marts)


def _changes(files: StudyFiles, stages: Iterable[Stage]) -> list[str]:
    saes = list(files.study.settings.extraction.saes)
    found = [
        f"{named(stage, part.sae, saes)} ({_change_of(files, stage, part)})"
        for stage in stages
        for part in files.parts(stage)
        if files.state(stage, part) == "stale" and _hindered(files, stage, part) is None
    ]
    return list(dict.fromkeys(found))


def _reason(files: StudyFiles, stage: Stage, part: Part) -> str:
    return _hindered(files, stage, part) or _change_of(files, stage, part)


def _hindered(files: StudyFiles, stage: Stage, part: Part) -> str | None:
    """Return why the part cannot be made now; None where it can."""
    try:
        if stage.made_from is not None and files.inputs(stage.mark, part) is None:
            return _waiting(files, stage)
    except StudyError as error:
        return _waiting(files, stage) if stage.per == "conversation" else str(error)
    return None


def _change_of(files: StudyFiles, stage: Stage, part: Part) -> str:
    """Return what the part's newest files were made from that is another today."""
    lacking = _to_make(files, stage, part)
    tables = [stage.mark] if stage.mark in lacking else lacking  # what else lands follows from it
    told = [_of_table(files, table, part) for table in tables]
    return "; ".join(dict.fromkeys(one for one in told if one)) or NOT_MADE


def _waiting(files: StudyFiles, stage: Stage) -> str:
    return f"waits for {' and '.join(needed(stage, files.study.settings))}"


def _of_table(files: StudyFiles, table: Table, part: Part) -> str | None:
    """Return what the newest file was made from that is another today; None where there is no file."""
    newest = max(files.all(table, part), key=lambda file: file.modified, default=None)
    if newest is None:
        return None
    if newest.imported:
        return "imported for other responses"
    noted = files.study.lake.note(newest, MADE_FROM_NOTE)
    return NO_NOTE if noted is None else _difference(json.loads(noted), files.inputs(table, part) or {})


def _difference(was: dict[str, str], inputs: dict[str, Any]) -> str | None:
    now = fingerprint(inputs).note
    keys = [key for key in now | was if was.get(key) != now.get(key)]
    told = [_change(key, was.get(key, "unset"), now.get(key, "unset")) for key in keys[:_MOST_TOLD]]
    more = [f"and {len(keys) - _MOST_TOLD} more"] if len(keys) > _MOST_TOLD else []
    return ", ".join(told + more) or None


def _change(key: str, was: str, now: str) -> str:
    if _NAMELESS.search(was) or _NAMELESS.search(now):
        return f"other {key}"
    return f"{key} {was} → {now}"


def _to_make(files: StudyFiles, stage: Stage, part: Part) -> list[Table]:
    settings = files.study.settings
    sometimes = {extra.table for extra in stage.extras if not (extra.always and extra.wanted(settings))}
    try:
        return [one for one in stage.landed if one not in sometimes and files.file(one, part) is None]
    except StudyError:  # nothing that drift could be measured against
        return list(stage.landed)


def _n_responses(study: Study, parts: Iterable[Part]) -> int:
    owner, n_variants = study.responses_owner, len(study.generation.prompt_indices)
    return sum(n_variants * len(owner.questions(owner.role(part.role or ""))) for part in parts)
