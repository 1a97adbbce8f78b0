"""The one stage whose model this process holds: a GPU has no room for the next stage's beside it.

The process has a GPU of its own then, where `PERSONA_GPUS` names some.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from persona_assets.orchestration.gpus import claim_gpu
from persona_assets.study.study import Study

if TYPE_CHECKING:
    from persona_assets.attribution.stage import AttributionStage
    from persona_assets.extract.stage import ExtractionStage
    from persona_assets.generate.stage import GenerationStage
    from persona_assets.judging.stage import JudgingStage

Stage = TypeVar("Stage", "GenerationStage", "ExtractionStage", "JudgingStage", "AttributionStage")

_held: GenerationStage | ExtractionStage | JudgingStage | AttributionStage | None = None


def generation(study: Study) -> GenerationStage:
    """Return the study's generation stage, kept from the run before if it was the last one used."""
    claim_gpu()
    from persona_assets.generate.stage import GenerationStage

    if isinstance(_held, GenerationStage) and _held.study == study:
        return _held
    return _hold(GenerationStage(study))


def extraction(study: Study) -> ExtractionStage:
    """Return the study's extraction stage, kept from the run before if it was the last one used."""
    claim_gpu()
    from persona_assets.extract.stage import ExtractionStage

    if isinstance(_held, ExtractionStage) and _held.study == study:
        return _held
    return _hold(ExtractionStage(study))


def judging(study: Study) -> JudgingStage:
    """Return the study's judging stage, kept from the run before if it was the last one used."""
    claim_gpu()
    from persona_assets.judging.stage import JudgingStage

    if isinstance(_held, JudgingStage) and _held.study == study:
        return _held
    return _hold(JudgingStage(study))


def attribution(study: Study) -> AttributionStage:
    """Return the study's attribution stage, kept from the run before if it was the last one used."""
    claim_gpu()
    from persona_assets.attribution.stage import AttributionStage

    if isinstance(_held, AttributionStage) and _held.study == study:
        return _held
    return _hold(AttributionStage(study))


def make_room() -> None:
    """Drop whatever model is held, for weights that this process is about to read by itself."""
    claim_gpu()
    release()


def release() -> None:
    """Drop whatever model is held."""
    global _held
    if _held is not None:
        _held.close()
    _held = None


def _hold(stage: Stage) -> Stage:
    global _held
    release()
    _held = stage
    return stage
