"""Models from GGUF files, the format of llama.cpp: made into the folders that everything else here reads."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr
from pathlib import Path
from typing import Any

from persona_assets.base.atomic import sync
from persona_assets.base.errors import StudyError, writing
from persona_assets.base.given import opened, read_json

SOURCE = (
    "source.json"  # in a converted folder: the file that it was made from, so that a fingerprint holds it
)

_MAGIC = b"GGUF"
_ABOUT_THIS_MACHINE = ("_name_or_path", "quantization_config")  # in a config: says nothing of the model


def convert(file: Path, folder: Path) -> None:
    """Write the model and the tokenizer of a GGUF file as a Hugging Face folder, weights in bfloat16.

    The folder appears whole or not at all; one that holds just this already stays as it is. Raises StudyError
    where the file is no GGUF, where its architecture or tokenizer cannot be converted, where its tokenizer
    has no chat template, or where `folder` holds something else.
    """
    origin = {"gguf": file.name, "sha256": _sha256(file)}
    if folder.exists():
        _check_same(folder, origin)
        return
    # Progress bars are for a terminal; in a log each of their steps is a line.
    bars = nullcontext() if sys.stderr.isatty() else redirect_stderr(io.StringIO())
    with _folder_placed(folder) as beside, bars:
        _write_model(file, beside)
        (beside / SOURCE).write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")


def _write_model(file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True, "trust_remote_code": False}
    with _parsing(file):
        tokenizer = AutoTokenizer.from_pretrained(file.parent, **place)
        if not tokenizer.chat_template:
            raise StudyError(f"{file}: holds no chat template; give the file of an instruction-tuned model")
        model = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **place)
    for name in _ABOUT_THIS_MACHINE:
        if hasattr(model.config, name):
            delattr(model.config, name)
    model.hf_quantizer = None  # what was quantized is plain numbers now; with it there nothing can be saved
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@contextmanager
def _parsing(file: Path) -> Iterator[None]:
    """Turn whatever a parser of somebody else's makes of a damaged or unknown file into a `StudyError`."""
    import transformers

    transformers.logging.set_verbosity_error()
    try:
        yield
    except StudyError:
        raise
    except Exception as error:  # struct's, numpy's, tokenizers' own errors: a damaged file meets them all
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise StudyError(
            f"{file}: cannot be converted ({reason}); give a whole file of an architecture that transformers "
            "reads from GGUF, or a Hugging Face folder of the model"
        ) from error


def _sha256(file: Path) -> str:
    with opened(file) as stream:
        if stream.read(len(_MAGIC)) != _MAGIC:
            raise StudyError(f"{file}: is not a GGUF file; give one that llama.cpp can run")
        stream.seek(0)
        return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


def _check_same(folder: Path, origin: dict[str, str]) -> None:
    """Raise StudyError unless `folder` is what the conversion of `origin` makes."""
    note = folder / SOURCE
    if not note.is_file() or read_json(note) != origin:
        raise StudyError(f"{folder}: holds something else; name another folder, or delete it first")


@contextmanager
def _folder_placed(target: Path) -> Iterator[Path]:
    """Yield a folder beside `target` to fill; it becomes `target` at the end, and is gone after an error."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with writing(target):
        beside.mkdir(parents=True)
        try:
            yield beside
            for file in beside.iterdir():
                sync(file)
            beside.rename(target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
