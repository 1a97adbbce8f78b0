"""What a snapshot says of the study itself: rows of its small tables, as plain dictionaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from persona_assets.lake.schema import RESPONSES
from persona_assets.lake.schema.of_snapshots import ROLES
from persona_assets.models.sae import width_on_disk
from persona_assets.stages.default_prompt import default_system_prompt
from persona_assets.stages.dtypes import with_decided
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.roles import Role, fill
from persona_assets.study.study import Study
from persona_assets.warehouse.files import SnapshotFile, role_status, worst

Row = dict[str, Any]
Rows = list[Row]


def small_tables(
    study: Study, roles: Mapping[str, RoleFiles], files: Sequence[SnapshotFile], published_at: datetime
) -> dict[str, Rows]:
    """The rows of each small table, by its name. Instructions and questions are those that were asked: of the
    study whose responses are read.
    """
    owner = study.responses_owner
    catalog = {name: owner.role(name) for name in roles}
    n_responses = Counter({file.role: file.n_rows for file in files if file.table is RESPONSES})
    return {
        "study": [_study_row(study, published_at)],
        "saes": _sae_rows(study),
        "roles": [
            _role_row(study, catalog[name], files_of, n_responses[name]) for name, files_of in roles.items()
        ],
        "instructions": [row for role in catalog.values() for row in _instruction_rows(owner, role)],
        "questions": _question_rows(owner, list(catalog.values())),
        "lake_files": file_rows(files),
    }


def _study_row(study: Study, published_at: datetime) -> Row:
    return {
        "name": study.name,
        "settings": with_decided(study).published(),
        "published_at": published_at.replace(tzinfo=None),
        "lake": study.lake.root,
        "default_system_prompt": default_system_prompt(study),
    }


def _sae_rows(study: Study) -> Rows:
    return [
        {
            "position": position,
            "sae": name,
            **settings.model_dump(exclude={"library"}),  # `study.settings` has it
            "d_sae": width_on_disk(settings),
        }
        for position, (name, settings) in enumerate(study.settings.extraction.saes.items())
    ]


def _role_row(study: Study, role: Role, files: RoleFiles, n_responses: int) -> Row:
    owner, status = study.responses_owner, role_status(files)
    return {
        "role": role.name,
        "status": worst(status.values()),
        **{f"{stage}_status": state for stage, state in status.items() if f"{stage}_status" in ROLES.shown},
        "n_prompts": len(owner.generation.prompt_indices) * len(owner.questions(role)),
        "n_responses": n_responses,
        "excluded": role.name in study.settings.analysis.exclude,
        "eval_prompt": role.eval_prompt,
    }


def _instruction_rows(owner: Study, role: Role) -> Rows:
    generation = owner.generation
    return [
        {
            "role": role.name,
            "variant": variant,
            "instruction": role.instructions[variant],
            "system_prompt": fill(role.instructions[variant], generation.spoken_name),
        }
        for variant in generation.prompt_indices
    ]


def _question_rows(owner: Study, roles: Sequence[Role]) -> Rows:
    shared = owner.settings.questions.mode == "general"
    return [
        {"role": None if shared else role.name, "question_id": question.id, "question": question.text}
        for role in (roles[:1] if shared else roles)
        for question in owner.questions(role)
    ]


def file_rows(files: Iterable[SnapshotFile]) -> Rows:
    """Return the rows of `lake_files`."""
    return [_file_row(file) for file in files]


def _file_row(entry: SnapshotFile) -> Row:
    return {
        "table_name": entry.name,
        "sae": entry.sae,
        "role": entry.role,
        "path": entry.file.path,
        "fingerprint": entry.file.stem,
        "n_rows": entry.n_rows,
        "bytes": entry.file.size,
        "modified": datetime.fromtimestamp(entry.file.modified, UTC).replace(tzinfo=None),
    }
