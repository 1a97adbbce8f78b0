"""The stage `explanation_scores`: what every label at hand is worth, landed in the lake."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.explaining.examples import files_of_examples
from persona_assets.generate.asked import AskedModel
from persona_assets.generate.in_flight import Parts
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import EXPLANATION_SCORES, FEATURE_LABELS, SCORING
from persona_assets.scoring.claims import LabelsToScore
from persona_assets.scoring.score import Score
from persona_assets.scoring.scorer import LabelScore, Said, score_claims
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.asked_inputs import scorer_inputs
from persona_assets.study.study import Study

BLOCK = "explanation_scores"


def land_scores(across: AcrossRoles, sae: str, progress: Progress | None = None) -> dict[str, LakeFile]:
    """Return the file of `EXPLANATION_SCORES`: found, or made now. A killed run's answers are taken up.

    Raises StudyError where labels or what they are scored on are missing, or the model cannot be asked.
    """
    landed, made_from = across.file(EXPLANATION_SCORES, sae), across.fingerprint(EXPLANATION_SCORES, sae)
    if landed is not None:
        return {EXPLANATION_SCORES.name: landed}
    labels = LabelsToScore(across, sae)
    if made_from is None:
        raise StudyError(f"{across.study.name}: there are no labels to score under SAE {sae} yet")
    study, scorers = across.study, list[str](labels.settings.scorers)
    parts = {scorer: scoring_parts(study, sae, scorer) for scorer in scorers}
    with closing(scoring_model(study)) as model:
        scores = score_claims(
            model,
            labels.claims,
            scorers,
            parts,
            whom=scorer_inputs(study),
            known=known_scores(across, sae),
            seed=study.settings.atlas.split_seed,
            progress=progress,
        )
    content = _table(labels.labels, scores, scorers, labels.settings.model)
    files = across.land({EXPLANATION_SCORES: content}, made_from, sae, inputs=_inputs(across, sae))
    study.lake.clear(SCORING, sae=sae)
    return files


def scoring_model(study: Study) -> AskedModel:
    """Return the model that scores the study's labels. Raises StudyError where it cannot be had."""
    settings = study.settings.explanation_scores
    assert settings is not None
    return AskedModel.of(study, settings.asking, block=BLOCK, who="scorer")


def scoring_parts(study: Study, sae: str, scorer: str) -> Parts[Said]:
    """Return what killed runs have kept of a scorer's answers, whichever labels they scored."""
    made_from = fingerprint({"scorer": scorer, "asked": scorer_inputs(study)})
    return Parts(study.lake, SCORING, Said, made_from, sae=sae, key="number")


def known_scores(across: AcrossRoles, sae: str) -> dict[str, Score]:
    """Return the scores of earlier files by the hash of what was asked."""
    names = ("score", "low", "high", "p", "n", "n_unparsed")
    return {
        asked: Score(**{name: row[name] for name in names})
        for asked, row in across.rows_asked(EXPLANATION_SCORES, sae).items()
        if row["score"] is not None
    }


def _inputs(across: AcrossRoles, sae: str) -> list[LakeFile]:
    """Return the files that the scores are made of."""
    labels = across.file(FEATURE_LABELS, sae)
    return files_of_examples(across, sae) + ([] if labels is None else [labels])


def _table(
    labels: Iterable[dict[str, Any]], scores: Iterable[LabelScore], scorers: list[str], model: str
) -> pa.Table:
    by_label = {(one.scorer, one.feature_id, one.label): one for one in scores}
    rows = [
        _row(label, by_label[scorer, label["feature_id"], label["description"]], position, model)
        for label in labels
        for position, scorer in enumerate(scorers)
    ]
    return pa.Table.from_pylist(rows, schema=EXPLANATION_SCORES.schema)


def _row(label: dict[str, Any], one: LabelScore, position: int, model: str) -> dict[str, Any]:
    score = vars(one.score) if one.score is not None else {"n_unparsed": 0}
    told = {key: value for key, value in vars(one).items() if key not in ("label", "score")}
    return label | told | score | {"position": position, "scored_by": model}
