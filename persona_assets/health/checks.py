"""What a scientist asks before believing a role's numbers. Each check says what it found, and how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow.compute as pc

from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import EXPLANATION_SCORES, LEAST_DISTINCT, RESPONSE_SPANS
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.dtypes import extraction_spans
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study


@dataclass(frozen=True)
class CheckResult:
    """Whether a check passed, what it found in a line, and its figures."""

    passed: bool
    description: str
    metadata: dict[str, Any]


MOST_UNREAD = 0.1  # of what a scorer answers: past this its scores speak of its obedience


def answers_read(study: Study) -> CheckResult:
    """What the scorer of labels answers can be read, all but a tenth."""
    across, found = AcrossRoles.of(study), {}
    for sae in study.settings.extraction.saes:
        file = across.file(EXPLANATION_SCORES, sae)
        if file is not None:
            rows = study.lake.read(EXPLANATION_SCORES, file)
            n, n_unparsed = (pc.sum(rows[name]).as_py() or 0 for name in ("n", "n_unparsed"))
            found[sae] = n_unparsed / n if n else 0.0
    unread = [f"{sae}: {share:.0%}" for sae, share in found.items() if share > MOST_UNREAD]
    return CheckResult(
        passed=not unread,
        description=f"answers that cannot be read: {'; '.join(unread)}" if unread else "answers are read",
        metadata={f"{sae}: share of answers unread": share for sae, share in found.items()},
    )


def responses_complete(study: Study, role: str) -> CheckResult:
    """Every prompt is answered exactly once, without control tokens; no flood of empty or cut-off answers.

    Raises StudyError where the role has no fresh responses.
    """
    owner = study.responses_owner
    generation = study.generation
    asked = {
        "variants": generation.prompt_indices,
        "question_ids": [question.id for question in owner.questions(owner.role(role))],
    }
    file = _there(RoleFiles(study, role).responses, study, role, "responses")
    spans = tuple(study.settings.extraction.span_tokens)
    told_apart = extraction_spans(study) != "all"
    control = (
        None if file.imported else _control_tokens(generation.model, generation.revision, spans, told_apart)
    )
    found = _one_row("checks/responses", owner.lake, {"responses": file}, asked | {"control": control or []})
    if control is None:  # imported text was tokenized as text; of other responses nobody can tell
        del found["n_with_control_tokens"]
    wrong = ("n_unanswered", "n_answered_twice", "n_not_asked", "n_with_control_tokens")
    complaints = _nonzero(found, [key for key in wrong if key in found])
    limits = study.settings.checks
    # Past these shares a role's mean speaks of silence or of cut-off sentences rather than of the role.
    for key, limit in (("n_empty", limits.max_empty), ("n_truncated", limits.max_truncated)):
        if found[key] > limit * found["n_responses"]:
            complaints.append(f"{found[key]} of {found['n_responses']} responses {key[2:]}")
    thinks = RoleFiles(study, role).file(RESPONSE_SPANS)
    if thinks is not None:
        found |= _one_row("checks/response_spans", owner.lake, {"response_spans": thinks})
        if found["n_without_answer"] > limits.max_empty * found["n_responses"]:
            complaints.append(
                f"{found['n_without_answer']} of {found['n_responses']} responses end within their thinking"
            )
    fine = "every prompt is answered once"
    if found["n_distinct"] < LEAST_DISTINCT * found["n_responses"]:
        fine += (
            f", but only {found['n_distinct']} of {found['n_responses']} answers differ: wordings repeat one "
            "another, and the errors of this role's effects are understated"
        )
    return _result(complaints, fine, found)


def activations_cover_responses(study: Study, role: str) -> CheckResult:
    """Every response was pooled or excluded for a reason, and every activation is finite and belongs to one.

    Raises StudyError where the role has no fresh activations.
    """
    complaints: list[str] = []
    metadata: dict[str, Any] = {}
    files = RoleFiles(study, role)
    for sae in files.saes:
        found = _one_row("checks/activations", study.lake, _extraction(files, sae))
        metadata |= {f"{sae}: {key}": value for key, value in found.items()}
        complaints += [f"{sae}: {complaint}" for complaint in _nonzero(found, list(found)[1:])]
    return _result(complaints, "activations cover the responses", metadata)


def role_features_agree(study: Study, role: str) -> CheckResult:
    """Return the role's aggregates equal a recomputation from its activations.

    Raises StudyError where the role has no fresh aggregates.
    """
    complaints: list[str] = []
    metadata: dict[str, Any] = {}
    files = RoleFiles(study, role)
    for sae in files.saes:
        role_features = _there(files.role_features(sae), study, role, "role_features")
        compared = {**_extraction(files, sae), "role_features": role_features}
        del compared["responses"]
        disagreeing = _rows("checks/role_features", study.lake, compared)
        metadata[f"{sae}: disagreeing features"] = len(disagreeing)
        if disagreeing:
            complaints.append(f"{sae}: {len(disagreeing)} features disagree, {disagreeing[0]} for one")
    return _result(complaints, "aggregates agree with the activations", metadata)


@lru_cache(maxsize=4)  # asked for each role
def _control_tokens(
    model: str, revision: str | None, spans: tuple[str, ...], told_apart: bool
) -> list[int] | None:
    """Ids that no generated answer may hold; None where the model's tokenizer is not on this machine.

    The marks of thinking may stand where it is `told_apart`.
    """
    from persona_assets.models.control import control_tokens_within
    from persona_assets.models.loading import load_tokenizer
    from persona_assets.models.thinking import Thinking

    try:
        tokenizer = load_tokenizer(model, revision)
    except StudyError:
        return None
    thinking = Thinking.of(tokenizer) if told_apart else None
    return sorted(control_tokens_within(tokenizer, spans, thinking))


def _extraction(files: RoleFiles, sae: str) -> dict[str, LakeFile]:
    study, role = files.study, files.role
    return {
        "responses": _there(files.responses, study, role, "responses"),
        "pooled": _there(files.pooled(sae), study, role, "activations"),
        "activations": _there(files.activations(sae), study, role, "activations"),
    }


def _there(file: LakeFile | None, study: Study, role: str, stage: str) -> LakeFile:
    if file is None:
        raise StudyError(
            f"{study.name}: role {role} has no fresh {stage} to check; "
            f"run `persona run {study.name} --roles {role} --select {stage}` first"
        )
    return file


def _one_row(
    name: str, lake: Lake, files: dict[str, LakeFile], values: Mapping[str, Sequence[int]] | None = None
) -> dict[str, Any]:
    [row] = _rows(name, lake, files, values)
    return row


def _rows(
    name: str, lake: Lake, files: dict[str, LakeFile], values: Mapping[str, Sequence[int]] | None = None
) -> list[dict[str, Any]]:
    with lake.readable(files.values()) as places, lake.connection() as connection:
        paths = {key: [place] for key, place in zip(files, places, strict=True)}
        answer = connection.execute(query(name), {**paths, **(values or {})})
        return answer.to_arrow_table().to_pylist()


def _nonzero(found: dict[str, Any], keys: Sequence[str]) -> list[str]:
    return [f"{found[key]} {key[2:].replace('_', ' ')}" for key in keys if found[key]]


def _result(complaints: list[str], fine: str, metadata: dict[str, Any]) -> CheckResult:
    return CheckResult(passed=not complaints, description="; ".join(complaints) or fine, metadata=metadata)
