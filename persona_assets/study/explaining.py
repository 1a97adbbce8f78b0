"""What a model is asked about a feature that it explains."""

from __future__ import annotations

import re
from pathlib import Path

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_text
from persona_assets.study.study import Study

EXAMPLES, CONTRAST = "{examples}", "{contrast}"


def explaining_prompt(study: Study) -> str:
    """Return what is asked: the study's own text, or the one that is shipped; its places are not filled in.

    Raises StudyError where the study's cannot be read, or has no place for examples.
    """
    settings = study.settings.explanations
    if settings is None or settings.prompt is None:
        return Path(__file__).with_name("explaining.txt").read_text(encoding="utf-8").strip()
    file = study.path(settings.prompt)
    text = read_text(file).strip()
    if EXAMPLES not in text:
        raise StudyError(f"{file}: holds no {EXAMPLES}, where the examples go; explanations.prompt needs it")
    return text


def filled(prompt: str, examples: str, contrast: str) -> str:
    """Return the prompt about one feature; what stands in braces within the two texts stays as it is."""
    texts = {EXAMPLES: examples, CONTRAST: contrast}
    return re.sub("|".join(map(re.escape, texts)), lambda found: texts[found[0]], prompt)
