"""A study in whole: its blocks, and what Dagster checks of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from persona_assets.study.settings.analysis import (
    AnalysisSettings,
    AtlasSettings,
    DriftSettings,
    LabelsSettings,
)
from persona_assets.study.settings.attribution import AttributionSettings
from persona_assets.study.settings.block import Block, Name
from persona_assets.study.settings.contrast import ContrastSettings
from persona_assets.study.settings.explanations import ExplanationsSettings
from persona_assets.study.settings.extraction import ExtractionSettings
from persona_assets.study.settings.generation import GenerationSettings, QuestionsSettings, RolesSettings
from persona_assets.study.settings.judge import JudgeSettings
from persona_assets.study.settings.scores import ExplanationScoresSettings
from persona_assets.study.settings.steering import InterventionSettings

CheckName = Literal[
    "every_prompt_answered", "sae_fits_the_model", "activations_cover_responses", "agree_with_activations"
]
Share = Annotated[float, Field(ge=0, le=1)]


class ChecksSettings(Block):
    """Which of Dagster's checks stop a run, and how much each of them lets pass."""

    IGNORED = dict.fromkeys(
        ("stop_on", "max_empty", "max_truncated", "max_variance_unexplained"),
        "checks look at files and make none",
    )

    stop_on: list[CheckName] = []
    """Checks that stop a run where a role fails them: the step fails once all its roles are checked, and
    nothing that depends on it is made; by default a failed check warns."""
    max_empty: Share = 0.05
    """The share of a role's answers that may be empty (`every_prompt_answered`)."""
    max_truncated: Share = 0.5
    """The share of a role's answers that may be cut off at `generation.max_tokens`
    (`every_prompt_answered`)."""
    max_variance_unexplained: Annotated[float, Field(ge=0)] = 0.5
    """The share of the residuals' variance that the SAE may leave unexplained (`sae_fits_the_model`)."""


class StudySettings(Block):
    """The whole of a study's `attributes`."""

    ELSEWHERE = {"responses_from": "the responses that are read enter"}

    roles: RolesSettings
    """Which roles take part."""
    questions: QuestionsSettings
    """What they are asked."""
    generation: GenerationSettings | None = None
    """How responses are sampled, and by what."""
    responses_from: Name | None = None
    """In place of `generation`: the study whose responses are read."""
    extraction: ExtractionSettings
    """Which model and SAEs read the responses."""
    judge: dict[Name, JudgeSettings] = {}
    """Who judges whether answers play their role, by a name of yours; by default nobody does."""
    attribution: AttributionSettings | None = None
    """Whose answers are attributed to features, by the model's gradient; by default nobody's."""
    analysis: AnalysisSettings = AnalysisSettings()
    """How roles are compared."""
    contrasts: dict[Name, ContrastSettings] = {}
    """Contrasts of your own, by a name of yours (see below)."""
    atlas: AtlasSettings = AtlasSettings()
    """How features are selected and mapped."""
    interventions: dict[Name, InterventionSettings] = {}
    """What is changed in the stream that an SAE reads, by a name of yours (docs/interventions.md)."""
    explanations: ExplanationsSettings | None = None
    """Who says what features are about; by default nobody is asked."""
    labels: LabelsSettings = LabelsSettings()
    """Where descriptions of features come from."""
    explanation_scores: ExplanationScoresSettings | None = None
    """Who says how well descriptions foretell; by default nobody is asked."""
    drift: DriftSettings = DriftSettings()
    """How conversations are followed."""
    checks: ChecksSettings = ChecksSettings()
    """What Dagster checks, and whether a failed check stops a run."""

    @model_validator(mode="after")
    def _blocks_fit_together(self) -> Self:
        if (self.generation is None) == (self.responses_from is None):
            raise ValueError("a study has either `generation` or `responses_from`")
        if self.questions.mode == "role_specific" and self.atlas.question_centering:
            raise ValueError(
                "atlas.question_centering: true needs questions that all roles share; "
                "with questions.mode role_specific set it to false"
            )
        if self.analysis.min_score is not None and not self.judge:
            raise ValueError("analysis.min_score needs a judge: name one in `judge`")
        if self.analysis.judge is not None and self.analysis.judge not in self.judge:
            names = ", ".join(self.judge) or "none"
            raise ValueError(f"analysis.judge: no judge {self.analysis.judge!r}; there are: {names}")
        if self.drift.space == "residual" and self.extraction.mask_norm_outliers:
            raise ValueError(
                "drift.space: residual reads every token of a turn, and the roles' vectors are without "
                "outliers: leave out extraction.mask_norm_outliers"
            )
        return self

    def published(self) -> str:
        """Return the settings as JSON for all to read: of `engine` only what changes the numbers."""
        public: dict[str, Any] = {"extraction": self.extraction.model_copy(update={"engine": {}})}
        if self.generation is not None:
            engine = self.generation.decisive_engine
            public["generation"] = self.generation.model_copy(update={"engine": engine})
        unheard: Any = {} if self.contrasts else {"contrasts": True}  # as a study says that has none
        if not self.interventions:
            unheard |= {"interventions": True}
        if not self.judge:
            unheard |= {"judge": True, "analysis": {"min_score", "min_responses", "judge"}}
        if self.explanations is None:
            unheard |= {"explanations": True}
        else:
            public["explanations"] = self.explanations.model_copy(update={"engine": {}})
        if self.attribution is None:
            unheard |= {"attribution": True}
        public["judge"] = {
            name: judge.model_copy(update={"engine": {}}) for name, judge in self.judge.items()
        }
        if self.explanation_scores is None:
            unheard |= {"explanation_scores": True}
        else:
            public["explanation_scores"] = self.explanation_scores.model_copy(update={"engine": {}})
        return self.model_copy(update=public).model_dump_json(exclude=unheard)
