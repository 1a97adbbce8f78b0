"""What a study leaves open: the type of a model's weights, and which spans of its responses are pooled.

That changes the numbers, so it is decided once: where the study's first file lands, and every other machine,
and whoever only reads, takes it from the lake.
"""

from __future__ import annotations

import json
from typing import Literal, cast

from persona_assets.base.errors import StudyError
from persona_assets.lake.fingerprint import MADE_FROM_NOTE
from persona_assets.lake.schema import ACTIVATIONS, RESPONSES
from persona_assets.study.settings import ExtractionSettings, GenerationSettings, Spans, StudySettings
from persona_assets.study.study import Study

_LANDS = {"generation": RESPONSES, "extraction": ACTIVATIONS}
_BEFORE = "bfloat16"  # what earlier versions took where nothing was said
_KNOWN = ("float32", "bfloat16", "float16")
_SPANS = ("answer", "all")


def generation_dtype(study: Study) -> str:
    """Return the type of the weights that answer. Raises StudyError where the lake's note of it is none."""
    return _decided(study.responses_owner, study.generation, "generation")


def extraction_dtype(study: Study) -> str:
    """Return the type of the weights that read. Raises StudyError where the lake's note of it is none."""
    return _decided(study, study.settings.extraction, "extraction")


def extraction_spans(study: Study) -> Spans:
    """Return which spans of the responses are pooled. Raises StudyError where the lake's note of it is none.

    Files that were made before it could be said hold all of each response, and a study goes on as it began.
    """
    said = study.settings.extraction.spans
    if said != "auto":
        return said
    spans = study.lake.notes.settled("extraction.spans", lambda: _spans_from_now_on(study), "all")
    if spans not in _SPANS:
        raise StudyError(
            f"{study.lake.uri(study.name)}/settled/extraction.spans: is none of {', '.join(_SPANS)}; write "
            "there which were pooled as the study's files were made"
        )
    return cast(Spans, spans)


def asked_dtype(study: Study, block: str, asking: GenerationSettings) -> str:
    """Return the type of the weights of a model that is asked in this process, settled as the others are.

    `block` is where the study names the model, such as `judge.one`.
    """
    if asking.dtype != "auto":
        return asking.dtype
    return study.lake.notes.settled(f"{block}.dtype", lambda: _best_here(asking))


def decided_generation(study: Study) -> GenerationSettings:
    """Return how the study's responses are sampled, with the type decided.

    Raises StudyError as `generation_dtype` and `Study.check_named_files`.
    """
    study.check_named_files()
    return study.generation.model_copy(update={"dtype": generation_dtype(study)})


def decided_extraction(study: Study) -> ExtractionSettings:
    """Return how the study's responses are read, all of it decided.

    Raises StudyError as `extraction_dtype` and `Study.check_named_files`.
    """
    study.check_named_files()
    decided = {"dtype": extraction_dtype(study), "spans": extraction_spans(study)}
    return study.settings.extraction.model_copy(update=decided)


def with_decided(study: Study) -> StudySettings:
    """Return the study's settings, with the types under which files have landed. Raises as the others."""
    blocks: dict[str, GenerationSettings | ExtractionSettings] = {}
    generation, extraction = study.settings.generation, study.settings.extraction
    if generation is not None and generation.dtype == "auto" and study.lake.files(RESPONSES):
        blocks["generation"] = decided_generation(study)
    if "auto" in (extraction.dtype, extraction.spans) and study.lake.files(ACTIVATIONS):
        blocks["extraction"] = decided_extraction(study)
    return study.settings.model_copy(update=blocks)


def _decided(
    study: Study,
    settings: GenerationSettings | ExtractionSettings,
    block: Literal["generation", "extraction"],
) -> str:
    if settings.dtype != "auto":
        return settings.dtype
    dtype = study.lake.notes.settled(f"{block}.dtype", lambda: _before(study, block) or _best_here(settings))
    if dtype not in _KNOWN:
        raise StudyError(
            f"{study.lake.uri(study.name)}/settled/{block}.dtype: is none of {', '.join(_KNOWN)}; write the "
            "type there with which the study's files were made"
        )
    return dtype


def _before(study: Study, block: Literal["generation", "extraction"]) -> str | None:
    """The type with which the lake's files were made before it was noted; None where there are none."""
    made_here = (file for file in study.lake.files(_LANDS[block]) if not file.imported)
    last = max(made_here, key=lambda file: file.modified, default=None)
    if last is None:
        return None
    note = study.lake.note(last, MADE_FROM_NOTE)
    return _BEFORE if note is None else str(json.loads(json.loads(note).get("dtype", f'"{_BEFORE}"')))


def _spans_from_now_on(study: Study) -> Spans:
    from persona_assets.models.loading import load_tokenizer
    from persona_assets.models.thinking import Thinking

    extraction = study.settings.extraction
    made_here = any(not file.imported for file in study.lake.files(ACTIVATIONS))
    if made_here or extraction.token_selection == "all":
        return "all"
    try:
        tokenizer = load_tokenizer(extraction.model, extraction.revision)
    except StudyError:  # it is not on this machine, where nothing can be read then
        return "all"
    return "all" if Thinking.of(tokenizer) is None else "answer"


def _best_here(settings: GenerationSettings | ExtractionSettings) -> str:
    from persona_assets.models.dtypes import best_dtype

    return best_dtype(settings.model, settings.revision, settings.engine.get("device"))
