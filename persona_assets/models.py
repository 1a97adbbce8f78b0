"""Where a language model is found, and what identifies it: a local directory or a hub id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_assets.errors import StudyError
from persona_assets.fingerprint import directory_hash
from persona_assets.given import is_folder, shown_path
from persona_assets.project import in_project

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")


def locate(model: str) -> str:
    """The local directory of `model` (relative ones start at the project folder), or its hub id.

    Raises StudyError where it can be neither.
    """
    directory = in_project(model)
    if is_folder(directory):
        return str(directory)
    if not _HUB_ID.fullmatch(model):
        raise StudyError(f"{shown_path(directory)}: no such model directory; check `model` in the study")
    return model


def identity(model: str, revision: str | None) -> dict[str, Any]:
    """What a fingerprint holds of a model: the hash of a directory's files, or hub id and revision."""
    place = locate(model)
    if place != model or Path(place).is_absolute():
        return {"files": directory_hash(Path(place))}
    return {"hub": model, "revision": revision or "main"}


def load_tokenizer(model: str, revision: str | None = None) -> PreTrainedTokenizerBase:
    """The model's tokenizer. Raises StudyError where it cannot be had or has no chat template."""
    from transformers import AutoTokenizer

    with loading(model):
        tokenizer = AutoTokenizer.from_pretrained(locate(model), revision=revision)
    if not tokenizer.chat_template:
        raise StudyError(f"{model}: its tokenizer has no chat template; use an instruction-tuned model")
    return tokenizer


@contextmanager
def loading(model: str) -> Iterator[None]:
    """Load `model` quietly; a failure to have it from disk or hub becomes one clear `StudyError`."""
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        yield
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise StudyError(
            f"cannot load model {model!r}: {reason}; check the path or the hub id, and that you may read it"
        ) from error
