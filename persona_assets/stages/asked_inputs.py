"""What decides what models are asked and answer: judgements, explanations of features, scores of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.schema import DRAWN_EVIDENCE, EVIDENCE, FEATURE_LABELS, ROLE_CONTRASTS, Table
from persona_assets.lake.schema.of_judges import LEAST_MASS
from persona_assets.models.loading import identity
from persona_assets.stages.compared_inputs import answers_of, of_answers_anew
from persona_assets.stages.dtypes import asked_dtype
from persona_assets.stages.stage import Inputs
from persona_assets.study.backends import generation_backend
from persona_assets.study.explaining import explaining_prompt
from persona_assets.study.judges import judge_asked, judging_prompt, scores_of
from persona_assets.study.settings import (
    ExplanationScoresSettings,
    ExplanationsSettings,
    GenerationSettings,
)
from persona_assets.study.study import Study

if TYPE_CHECKING:
    from persona_assets.stages.across_roles import AcrossRoles
    from persona_assets.stages.of_roles import RoleFiles


def of_judgements(files: RoleFiles, _: None) -> Inputs:
    """Return the responses, and for each judge what decides its scores."""
    if files.responses is None:
        return None
    return {
        "responses": files.responses.stem,
        "judges": {name: judge_inputs(files.study, name, files.role) for name in files.study.settings.judge},
    }


def of_steered(across: AcrossRoles, sae: str) -> Inputs:
    """Return what decides each intervention's steered responses, and their judge's scores.

    None where one cannot be made yet.
    """
    settings = across.study.settings.interventions.items()
    found = {name: of_answers_anew(across, sae, name) for name, one in settings if one.answers}
    if not found or None in found.values():
        return None
    roles = {one.role or role for name, one in settings if name in found for role in one.read}
    judged = {role: hash_ for role in sorted(roles) if (hash_ := steered_judge(across.study, role))}
    return {"interventions": found, **({"judged": judged} if judged else {})}


def steered_judge(study: Study, role: str) -> str | None:
    """Return the hash of what decides the scores of answers under edits as a role's; None without a judge."""
    name = judge_asked(study)
    if name is None or judging_prompt(study, name, role) is None:
        return None
    return fingerprint({"judge": name, "least_mass": LEAST_MASS, **judge_inputs(study, name, role)})


def steered_parts(study: Study, sae: str) -> dict[str, str]:
    """Return by role how the parts are called of scores under way: those of answers under an SAE's edits."""
    name = judge_asked(study)
    if name is None:
        return {}
    backend = study.settings.judge[name].backend
    judged = {role: steered_judge(study, role) for role in study.role_names}
    return {
        role: fingerprint({"steered": hash_, "backend": backend, "sae": sae})
        for role, hash_ in judged.items()
        if hash_ is not None
    }


def judge_inputs(study: Study, name: str, role: str) -> dict[str, Any]:
    """Return what decides a judge's scores of a role, besides the role's responses.

    Raises StudyError where the judge's file is not right.
    """
    judge = study.settings.judge[name]
    if judge.file is not None:
        scores = {str(response_id): score for response_id, score in scores_of(study, name, role).items()}
        return {"scores": scores, **judge.decisive()}
    return {
        "prompt": judging_prompt(study, name, role),
        **_of_asked(study, f"judge.{name}", judge.asking),
        **judge.decisive(),
    }


def _of_asked(study: Study, block: str, asking: GenerationSettings) -> dict[str, Any]:
    """Return what decides a model's answers besides what it is asked; `block` is where the study names it."""
    holds_model = generation_backend(asking.backend).holds_model
    served = None if holds_model else asking.engine.get("served_model")
    return {
        "model": identity(asking.model, asking.revision, study.lake),
        **({"dtype": asked_dtype(study, block, asking)} if holds_model else {}),
        **({"engine": engine} if (engine := asking.decisive_engine) else {}),
        **({"served_model": served} if served is not None else {}),
    }


def of_explanations(across: AcrossRoles, sae: str) -> Inputs:
    """Return the features that are chosen, what examples are drawn from, and what decides an answer."""
    settings, examples = across.study.settings.explanations, _examples(across, sae)
    chosen = _chosen(across, sae, settings)
    if examples is None or chosen is None:
        return None
    return {**examples, **chosen, "asked": explainer_inputs(across.study)}


def explainer_inputs(study: Study) -> dict[str, Any]:
    """Return what decides an explanation, besides the examples."""
    settings = study.settings.explanations
    assert settings is not None
    return {
        "prompt": explaining_prompt(study),
        **_of_asked(study, "explanations", settings.asking),
        **settings.decisive(),
    }


def of_explanation_scores(across: AcrossRoles, sae: str) -> Inputs:
    """Return the labels, the features chosen, the answers that are shown, and whom they are shown."""
    settings, examples = across.study.settings.explanation_scores, _examples(across, sae)
    labels, chosen = across.file(FEATURE_LABELS, sae), _chosen(across, sae, settings)
    if settings is None or examples is None or labels is None or chosen is None:
        return None
    return {
        **examples,
        **chosen,
        "labels": labels.stem,
        "asked": scorer_inputs(across.study),
        "scorers": settings.scorers,
    }


def scorer_inputs(study: Study) -> dict[str, Any]:
    """Return what decides the scorer's answers, besides what it is asked."""
    settings = study.settings.explanation_scores
    assert settings is not None
    return {**_of_asked(study, "explanation_scores", settings.asking), **settings.decisive()}


def _chosen(
    across: AcrossRoles, sae: str, settings: ExplanationsSettings | ExplanationScoresSettings | None
) -> Inputs:
    """Return what chooses the features: a list, or a number of each role's and the comparison of roles."""
    if settings is None:
        return None
    if settings.features:
        return {"features": settings.features}
    contrasts = across.file(ROLE_CONTRASTS, sae)
    return None if contrasts is None else {"top": settings.top, "role_contrasts": contrasts.stem}


def _examples(across: AcrossRoles, sae: str) -> Inputs:
    """Return what features' examples are drawn from."""
    answers = answers_of(across, sae)
    if answers is None:
        return None

    def stems(table: Table) -> dict[str, str]:
        files = {role: across.roles[role].file(table, sae) for role in across.compared(sae)}
        return {role: file.stem for role, file in files.items() if file is not None}

    return {
        **answers,
        "evidence": stems(EVIDENCE),
        "drawn_evidence": stems(DRAWN_EVIDENCE),
        "seed": across.study.settings.atlas.split_seed,
    }
