"""What a study's YAML file may say: one model for each block, unknown keys refused.

The text below a key is its documentation: in Dagster's pages, in `dg`, and in docs/study.md.
"""

from persona_assets.study.settings.analysis import (
    AnalysisSettings,
    AtlasSettings,
    DriftSettings,
    LabelSource,
    LabelsSettings,
)
from persona_assets.study.settings.asking import AskingSettings
from persona_assets.study.settings.attribution import AttributionSettings
from persona_assets.study.settings.block import NAME, NAMED_BY, Block
from persona_assets.study.settings.contrast import ContrastSettings
from persona_assets.study.settings.explanations import ExplanationsSettings
from persona_assets.study.settings.extraction import (
    EvidenceSettings,
    ExtractionSettings,
    FitSettings,
    SaeSettings,
    Spans,
    TokenSelection,
)
from persona_assets.study.settings.generation import (
    ChatTemplateSettings,
    GenerationSettings,
    QuestionsSettings,
    RolesSettings,
)
from persona_assets.study.settings.judge import JudgeSettings
from persona_assets.study.settings.scores import ExplanationScoresSettings
from persona_assets.study.settings.steering import InterventionSettings
from persona_assets.study.settings.whole import CheckName, ChecksSettings, StudySettings

__all__ = [
    "NAME",
    "NAMED_BY",
    "AnalysisSettings",
    "AskingSettings",
    "AtlasSettings",
    "AttributionSettings",
    "Block",
    "ChatTemplateSettings",
    "CheckName",
    "ChecksSettings",
    "ContrastSettings",
    "DriftSettings",
    "EvidenceSettings",
    "ExplanationScoresSettings",
    "ExplanationsSettings",
    "ExtractionSettings",
    "FitSettings",
    "GenerationSettings",
    "InterventionSettings",
    "JudgeSettings",
    "LabelSource",
    "LabelsSettings",
    "QuestionsSettings",
    "RolesSettings",
    "SaeSettings",
    "Spans",
    "StudySettings",
    "TokenSelection",
]
