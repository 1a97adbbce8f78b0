"""Which labels of an SAE are scored, and the excerpts that they are scored on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow.compute as pc

from persona_assets.base.errors import StudyError
from persona_assets.explaining.chosen import chosen_features
from persona_assets.explaining.examples import read_examples
from persona_assets.lake.schema import EXPLANATIONS, FEATURE_LABELS
from persona_assets.scoring.scorer import Claim
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.settings import ExplanationScoresSettings


@dataclass(frozen=True)
class LabelsToScore:
    """The labels at hand, from wherever they come, of the features that the study has scored."""

    across: AcrossRoles
    sae: str

    @property
    def settings(self) -> ExplanationScoresSettings:
        """What the study says of scores. Raises StudyError where it says nothing."""
        settings = self.across.study.settings.explanation_scores
        if settings is None:
            name = self.across.study.name
            raise StudyError(f"{name} has no labels scored; name a model in explanation_scores")
        return settings

    @cached_property
    def features(self) -> list[int]:
        """The features that were chosen: those that the study lists, or the first of each role."""
        return chosen_features(self.across, self.sae, self.settings.features, self.settings.top)

    @cached_property
    def labels(self) -> list[dict[str, Any]]:
        """`feature_id`, `source` and `description` of each label, once each, by feature and rank."""
        file = self.across.file(FEATURE_LABELS, self.sae)
        if file is None:
            return []
        columns = ["feature_id", "source", "description"]
        rows = self.across.study.lake.read(FEATURE_LABELS, file).select(columns)
        chosen = rows.filter(pc.is_in(rows["feature_id"], pc.cast(self.features, "int32")))
        return [dict(row) for row in dict.fromkeys(tuple(row.items()) for row in chosen.to_pylist())]

    @cached_property
    def claims(self) -> list[Claim]:
        """Each description of a feature once, whoever gave it, with held-out excerpts.

        Raises StudyError where some are explanations of other examples than today's.
        """
        self._check_explanations()
        told = dict.fromkeys((label["feature_id"], label["description"]) for label in self.labels)
        examples = dict(read_examples(self.across, self.sae, sorted({feature for feature, _ in told})))
        return [
            Claim(feature, label, examples[feature].held_out, examples[feature].held_out_silent)
            for feature, label in told
        ]

    def _check_explanations(self) -> None:
        """Raise StudyError where a label is no explanation of today: it may be of what is held out.

        Which questions are held out changes with the roles, their evidence and the seed.
        """
        ours = {
            (label["feature_id"], label["description"])
            for label in self.labels
            if label["source"] == "explanation"
        }
        study, file = self.across.study, self.across.file(EXPLANATIONS, self.sae) if ours else None
        rows = [] if file is None else study.lake.read(EXPLANATIONS, file).to_pylist()
        if not ours <= {(row["feature_id"], row["text"]) for row in rows}:
            explained = "" if study.settings.explanations is None else "explanations,"
            raise StudyError(
                f"{study.name}: labels under SAE {self.sae} are explanations of other examples than today's, "
                "and may be of what they would be scored on; run "
                f"`persona run {study.name} --select {explained}feature_labels` first"
            )
