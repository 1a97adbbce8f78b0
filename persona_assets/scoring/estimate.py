"""What a study's scorer of labels would be asked, before it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from persona_assets.base.errors import StudyError
from persona_assets.generate.asked import AskedModel
from persona_assets.generate.prompts import Prompt
from persona_assets.scoring.claims import LabelsToScore
from persona_assets.scoring.scorer import Asking, askings
from persona_assets.scoring.stage import known_scores, scoring_model
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.asked_inputs import scorer_inputs
from persona_assets.study.study import Study


@dataclass(frozen=True)
class ScorerAsked:
    """What is asked about `n_labels` labels of `n_features` features of an SAE.

    `prompt_tokens` are those of each prompt, and `prompts` those that are asked, about `n_asked` features: of
    `n_scored` others scores have landed. Where that is not known, `why_unknown`.
    """

    sae: str
    n_features: int = 0
    n_labels: int = 0
    n_scored: int = 0
    longest_answer: int = 0
    prompt_tokens: list[int] = field(default_factory=list)
    n_asked: int = 0
    prompts: list[Prompt] = field(default_factory=list)
    why_unknown: str | None = None


def what_scorer_is_asked(study: Study) -> Iterator[ScorerAsked]:
    """Yield what is asked under each SAE; nothing where the study has no labels scored.

    Raises StudyError where a prompt does not fit the model, as landing would.
    """
    if study.settings.explanation_scores is None:
        return
    across = AcrossRoles.of(study)
    for sae in study.settings.extraction.saes:
        labels = LabelsToScore(across, sae)
        if not labels.labels:
            why = "no label of the chosen features has landed"
            yield ScorerAsked(sae, why_unknown=why if labels.features else "the roles are not compared yet")
            continue
        try:
            model, claims = scoring_model(study), labels.claims
        except StudyError as error:
            yield ScorerAsked(sae, why_unknown=str(error))
            continue
        asked, known = _asked(study, model, labels), known_scores(across, sae)
        lacking = [one for one in asked if one.prompts and one.of.asked not in known]
        yield ScorerAsked(
            sae,
            n_features=len({claim.feature_id for claim in claims}),
            n_labels=len(labels.labels),
            n_scored=sum(len(one.prompts) for one in asked if one.of.asked in known),
            longest_answer=labels.settings.max_tokens,
            prompt_tokens=[len(prompt.token_ids) for one in asked for prompt in one.prompts],
            n_asked=len({one.of.feature_id for one in lacking}),
            prompts=[prompt for one in lacking for prompt in one.prompts],
        )


def _asked(study: Study, model: AskedModel, labels: LabelsToScore) -> list[Asking]:
    seed, whom = study.settings.atlas.split_seed, scorer_inputs(study)
    return [
        one for scorer in labels.settings.scorers for one in askings(model, scorer, labels.claims, whom, seed)
    ]
