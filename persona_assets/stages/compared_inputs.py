"""What decides the content of the stages that compare roles: the files of all of them, and their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.lake.fingerprint import file_identity, fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    JUDGEMENTS,
    PLAYED_ROLES,
    ROLE_CONTRASTS,
    ROLE_FEATURES,
    ROLE_MATRIX,
    STEERED_RESPONSES,
)
from persona_assets.models.loading import identity
from persona_assets.stages.dtypes import extraction_dtype, generation_dtype
from persona_assets.stages.inputs import added_later, read_by
from persona_assets.stages.stage import Inputs
from persona_assets.study.contrasts import groups_of
from persona_assets.study.declining import named_declining, patterns
from persona_assets.study.named_roles import roles_of_intervention

if TYPE_CHECKING:
    from persona_assets.stages.across_roles import AcrossRoles
    from persona_assets.study.study import Study

# What decides which features are selected; the rest of the study's `atlas` is how they are mapped.
_SELECTING = ("strategy", "question_centering", "split_seed", "selection")


def of_statistics(across: AcrossRoles, sae: str) -> Inputs:
    """Return the activations of all roles that are compared; None where there are fewer than two."""
    compared, settings = across.compared(sae), across.study.settings
    if len(compared) < 2:
        return None
    atlas = settings.atlas.decisive()
    return {
        **_read_of(across, compared),
        "selection": {key: atlas[key] for key in _SELECTING if key in atlas},
        **added_later(analysis=settings.analysis),
    }


def of_played(across: AcrossRoles, sae: str) -> Inputs:
    """Return what decides the statistics, the roles' judgements, and which of the answers play their role."""
    statistics, analysis = of_statistics(across, sae), across.study.settings.analysis
    if statistics is None or analysis.min_score is None:
        return None
    del statistics["selection"]
    judged = {role: across.roles[role].file(JUDGEMENTS) for role in across.compared(sae)}
    return {
        **statistics,
        "judgements": {role: file.stem for role, file in judged.items() if file is not None},
        "judge": analysis.judge or next(iter(across.study.settings.judge)),
        "anchor": analysis.anchor,
        "min_score": analysis.min_score,
        "min_responses": analysis.min_responses,
    }


def of_first_tokens(across: AcrossRoles, sae: str) -> Inputs:
    """Return what is pooled over the first tokens of all roles that are compared; None of fewer than two."""
    compared, study = across.compared_first(sae), across.study
    if len(compared) < 2:
        return None
    return {
        **_read_of(across, compared),
        **added_later(analysis=study.settings.analysis),
    }


def of_contrasts(across: AcrossRoles, sae: str) -> Inputs:
    """Return the activations of the roles that take part in the study's own contrasts, and the groups.

    Raises StudyError where a contrast's groups are not right.
    """
    taking_part, settings = across.contrasted(sae), across.study.settings
    if not taking_part:
        return None
    return {
        **_read_of(across, taking_part),
        "contrasts": {name: groups.as_json() for name, groups in groups_of(across.study).items()},
        **added_later(analysis=settings.analysis),
    }


def of_baselines(across: AcrossRoles, sae: str) -> Inputs:
    """Return the compared roles' activations, their answers' texts, and the seed of what is drawn.

    And the answers' vectors, where they are kept.
    """
    answers, vectors = answers_of(across, sae), across.vectors_of_all(sae)
    if answers is None:
        return None
    kept = {"vectors": {role: file.stem for role, file in vectors.items()}} if vectors else {}
    return {**answers, "seed": across.study.settings.atlas.split_seed, **kept}


def of_declined(across: AcrossRoles, sae: str) -> Inputs:
    """Return the compared roles' answers, and what tells which of the anchor's decline.

    Raises StudyError where the study's file of these is not right.
    """
    answers, named = answers_of(across, sae), named_declining(across.study)
    if answers is None:
        return None
    told = {"named": named} if named is not None else {"patterns": patterns()}
    return {**answers, "anchor": across.study.settings.analysis.anchor, **told}


def answers_of(across: AcrossRoles, sae: str) -> Inputs:
    """Return the compared roles' activations and their answers' texts; None of fewer than two roles."""
    compared = across.compared(sae)
    if len(compared) < 2:
        return None
    responses = {role: across.roles[role].responses for role in compared}
    return {
        "roles": {role: [file.stem for file in files] for role, files in compared.items()},
        "responses": {role: file.stem for role, file in responses.items() if file is not None},
    }


def of_atlas(across: AcrossRoles, sae: str) -> Inputs:
    """Return the selected features, how they are mapped, and which answers play their role, if known."""
    role_matrix, settings = across.file(ROLE_MATRIX, sae), across.study.settings
    if role_matrix is None:
        return None
    mapping, played = settings.atlas.decisive().items(), across.file(PLAYED_ROLES, sae)
    return {
        **({} if played is None else {"played": played.stem}),
        "role_matrix": role_matrix.stem,
        "map": {key: value for key, value in mapping if key not in _SELECTING},
        "anchor": settings.analysis.anchor,
    }


def of_vectors(across: AcrossRoles, sae: str) -> Inputs:
    """Return the compared roles' vectors and activations, and the axis' anchor; None of fewer than two."""
    compared, settings = across.with_vectors(sae), across.study.settings
    if len(compared) < 2:
        return None
    return {
        **_read_of(across, compared),
        "anchor": settings.analysis.anchor,
    }


def of_interventions(across: AcrossRoles, sae: str) -> Inputs:
    """Return what decides each of the study's interventions, and the steered responses, if they are there.

    None where one cannot be made yet.
    """
    found = {name: of_intervention(across, sae, name) for name in across.study.settings.interventions}
    if not found or None in found.values():
        return None
    steered = across.file(STEERED_RESPONSES, sae)
    return {"interventions": found, **({} if steered is None else {"steered_responses": steered.stem})}


def of_answers_anew(across: AcrossRoles, sae: str, name: str) -> Inputs:
    """Return what decides the intervention, how many answers are given under it, and how these are sampled.

    Raises StudyError as `of_intervention`.
    """
    intervention, study = of_intervention(across, sae, name), across.study
    if intervention is None:
        return None
    generation, asked = study.generation, study.settings.interventions[name]
    backend = asked.answers_by(generation.backend)
    engine = {"answering_backend": backend, "answering_engine": generation.decisive_engine}
    return {
        **intervention,
        "answers": asked.of_answers(),
        **(engine if backend != "transformers" else {}),
        "answering": identity(generation.model, generation.revision, study.lake),
        "answering_dtype": generation_dtype(study),
        **{f"answering_{key}": value for key, value in generation.decisive().items()},
    }


def of_intervention(across: AcrossRoles, sae: str, name: str) -> Inputs:
    """Return the roles' answers, what tells features and their controls, and the intervention's settings.

    Raises StudyError where it names a role that is not compared.
    """
    study, answers = across.study, answers_of(across, sae)
    settings, contrasts = study.settings.interventions[name], across.file(ROLE_CONTRASTS, sae)
    named = roles_of_intervention(study, name)
    features = {role: across.roles[role].file(ROLE_FEATURES, sae) for role in settings.read}
    if answers is None or contrasts is None or None in features.values() or named - answers["roles"].keys():
        return None
    return {
        **answers,
        "role_contrasts": contrasts.stem,
        "role_features": {role: file.stem for role, file in features.items() if file is not None},
        "anchor": study.settings.analysis.anchor,
        "dtype": extraction_dtype(study),
        **read_by(study, sae),
        "intervention": settings.decisive(),
        **({"file": _file_content(study, settings.file)} if settings.file else {}),
        **({"from_file": _file_content(study, settings.from_file)} if settings.from_file else {}),
    }


def _file_content(study: Study, written: str) -> str:
    """Return the hash of a file that is edited; of one that is not here, the one last seen with the lake.

    So what was made with it stays fresh where the lake is shared. Raises StudyError where nobody has seen it.
    """
    fact = fingerprint({"axis_file": written})
    try:
        found = file_identity(study.path(written))
    except StudyError:
        if (noted := study.lake.notes.newest(fact, None)) is None:
            raise
        return noted
    study.lake.notes.newest(fact, found)
    return found


def _read_of(across: AcrossRoles, files: Mapping[str, Sequence[LakeFile]]) -> dict[str, Any]:
    """Return the files of roles that are compared, and whether these are asked the same questions."""
    return {
        "roles": {role: [file.stem for file in of_role] for role, of_role in files.items()},
        "questions": across.study.responses_owner.settings.questions.mode,
    }
