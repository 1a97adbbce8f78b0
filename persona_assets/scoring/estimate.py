"""What a study's scorer of labels would be asked, before it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from persona_assets.base.errors import StudyError
from persona_assets.generate.asked import AskedModel
from persona_assets.generate.counting import PromptLengths, drawn
from persona_assets.generate.prompts import Prompt
from persona_assets.scoring.claims import LabelsToScore
from persona_assets.scoring.score import Score
from persona_assets.scoring.scorer import Asking, askings
from persona_assets.scoring.stage import known_scores, scoring_model
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.asked_inputs import scorer_inputs
from persona_assets.study.study import Study


@dataclass(frozen=True)
class ScorerAsked:
    """What is asked about `n_labels` labels of `n_features` features of an SAE.

    `lengths` are those of all prompts. Of `n_scored` prompts scores have landed; the `n_prompts` others are
    asked, about `n_asked` features, and `prompts` are some of these, drawn by lot. Where that is not known,
    `why_unknown`.
    """

    sae: str
    n_features: int = 0
    n_labels: int = 0
    n_scored: int = 0
    longest_answer: int = 0
    lengths: PromptLengths = field(default_factory=PromptLengths)
    n_asked: int = 0
    n_prompts: int = 0
    prompts: list[Prompt] = field(default_factory=list)
    why_unknown: str | None = None


def what_scorer_is_asked(study: Study, n_kept: int = 0) -> Iterator[ScorerAsked]:
    """Yield what is asked under each SAE; nothing where the study has no labels scored.

    Of the prompts `n_kept` are held, no more: all labels have many. Raises StudyError where one does not fit
    the model, as landing would.
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
        counted = _Counted()
        left = counted.lacking(_asked(study, model, labels), known_scores(across, sae))
        prompts = drawn(left, n_kept)
        yield ScorerAsked(
            sae,
            n_features=len({claim.feature_id for claim in claims}),
            n_labels=len(labels.labels),
            n_scored=counted.n_scored,
            longest_answer=labels.settings.max_tokens,
            lengths=counted.lengths,
            n_asked=len(counted.features),
            n_prompts=counted.lengths.n - counted.n_scored,
            prompts=prompts,
        )


@dataclass
class _Counted:
    """What is counted of prompts while they are made, one label after the other."""

    lengths: PromptLengths = field(default_factory=PromptLengths)
    n_scored: int = 0
    features: set[int] = field(default_factory=set)  # that are asked about

    def lacking(self, asked: Iterable[Asking], known: Mapping[str, Score]) -> Iterator[Prompt]:
        """Yield the prompts of labels without a score that is `known`, all counted."""
        for one in asked:
            prompts = list(self.lengths.counted(one.prompts))
            if one.of.asked in known:
                self.n_scored += len(prompts)
            elif prompts:
                self.features.add(one.of.feature_id)
                yield from prompts


def _asked(study: Study, model: AskedModel, labels: LabelsToScore) -> Iterator[Asking]:
    seed, whom = study.settings.atlas.split_seed, scorer_inputs(study)
    for scorer in labels.settings.scorers:
        yield from askings(model, scorer, labels.claims, whom, seed)
