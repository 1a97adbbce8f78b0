"""What a snapshot says of the study itself: rows of its small tables, as plain dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from persona_assets.freshness import RoleFiles
from persona_assets.generate.prompts import fill
from persona_assets.schema import RESPONSES
from persona_assets.study import Study
from persona_assets.warehouse.files import SnapshotFile, role_status

Rows = list[dict[str, Any]]


def study_rows(study: Study, published_at: datetime) -> Rows:
    """The table `study`."""
    return [
        {
            "name": study.name,
            "settings": study.settings.model_dump_json(),
            "published_at": published_at.replace(tzinfo=None),
            "lake": study.lake.root,
        }
    ]


def sae_rows(study: Study) -> Rows:
    """The table `saes`."""
    saes = study.settings.extraction.saes
    return [
        {"position": position, "sae": name, **settings.model_dump()}
        for position, (name, settings) in enumerate(saes.items())
    ]


def role_rows(study: Study, roles: Mapping[str, RoleFiles], files: Iterable[SnapshotFile]) -> Rows:
    """The table `roles`."""
    n_responses = Counter({file.role: file.n_rows for file in files if file.table is RESPONSES})
    return [_role_row(study, files_of, n_responses[role]) for role, files_of in roles.items()]


def instruction_rows(study: Study) -> Rows:
    """The table `instructions`: those of the study whose responses are read."""
    owner = study.responses_owner
    generation = owner.settings.generation
    assert generation is not None
    return [
        {
            "role": name,
            "variant": variant,
            "instruction": instruction,
            "system_prompt": fill(instruction, generation.spoken_name),
        }
        for name in study.role_names
        for variant in generation.prompt_indices
        for instruction in [owner.role(name).instructions[variant]]
    ]


def question_rows(study: Study) -> Rows:
    """The table `questions`: those of the study whose responses are read."""
    owner = study.responses_owner
    shared = owner.settings.questions.mode == "general"
    return [
        {"role": None if shared else name, "question_id": question.id, "question": question.text}
        for name in (study.role_names[:1] if shared else study.role_names)
        for question in owner.questions(owner.role(name))
    ]


def file_rows(files: Iterable[SnapshotFile]) -> Rows:
    """The table `lake_files`."""
    return [
        {
            "table_name": entry.table.name,
            "sae": entry.sae,
            "role": entry.role,
            "path": entry.file.path,
            "fingerprint": entry.file.stem,
            "n_rows": entry.n_rows,
            "bytes": entry.file.size,
            "modified": datetime.fromtimestamp(entry.file.modified, UTC).replace(tzinfo=None),
        }
        for entry in files
    ]


def _role_row(study: Study, files: RoleFiles, n_responses: int) -> dict[str, Any]:
    owner = study.responses_owner
    generation = owner.settings.generation
    assert generation is not None
    role, status = owner.role(files.role), role_status(files)
    return {
        "role": files.role,
        "status": status.overall,
        "responses_status": status.responses,
        "activations_status": status.activations,
        "role_features_status": status.role_features,
        "n_prompts": len(generation.prompt_indices) * len(owner.questions(role)),
        "n_responses": n_responses,
        "excluded": files.role in study.settings.analysis.exclude,
        "eval_prompt": role.eval_prompt,
    }
