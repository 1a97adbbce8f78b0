"""SAE folders that are not in SAELens's format, told by their files: what each is, and how to convert it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_json

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"

# Architectures that SAELens trains, and saves for inference as JumpReLU.
_TRAINED_ONLY = {"batchtopk", "matryoshka_batchtopk"}

_RECIPES = "docs/formats.md shows how to convert it"


@dataclass(frozen=True)
class _Form:
    """A form of another library, known by one of its files."""

    of: str
    known_by: Callable[[set[str]], str | None]
    remedy: str


def _one_of(*names: str) -> Callable[[set[str]], str | None]:
    return lambda files: next((name for name in names if name in files), None)


def _shard(files: set[str]) -> str | None:
    parts = (name for name in sorted(files) if name.endswith(".safetensors") and "-000" in name)
    return next(parts, None)


_FORMS = (
    _Form("dictionary_learning", _one_of("ae.pt"), _RECIPES),
    _Form(
        "Gemma Scope", _one_of("params.npz", "params.safetensors"), f"name its release and id, or {_RECIPES}"
    ),
    _Form("sparsify", _one_of("sae.safetensors"), _RECIPES),
    _Form("an SAE in several parts", _shard, f"join the parts into {WEIGHTS}; {_RECIPES}"),
)


def refuse_foreign(directory: Path) -> None:
    """Raise StudyError, saying what it is and the way to convert it, where the folder is in another form.

    A folder in SAELens's format passes, whatever else may be wrong with it; so does one of no known form.
    """
    files = {file.name for file in directory.iterdir()}
    if {CONFIG, WEIGHTS} <= files:
        _refuse_unconverted(directory)
        return
    wanted = f"SAE {directory}: is not in SAELens's format ({CONFIG}, {WEIGHTS})"
    for form in _FORMS:
        found = form.known_by(files)
        if found is not None:
            raise StudyError(f"{wanted}: {found} looks like {form.of}; {form.remedy}")
    below = sorted(file.parent for file in directory.glob(f"*/{WEIGHTS}"))
    if below:
        names = ", ".join(folder.name for folder in below[:3])
        raise StudyError(f"{wanted}, but {len(below)} of its folders hold an SAE: {names}; name one of them")


def _refuse_unconverted(directory: Path) -> None:
    """Raise StudyError where SAELens would fail on the configuration, or pass its metadata over."""
    config = read_json(directory / CONFIG)
    if not isinstance(config, dict):
        raise StudyError(f"{directory / CONFIG}: must be a JSON object; get the SAE's files again")
    if config.get("architecture") in _TRAINED_ONLY:
        raise StudyError(
            f"SAE {directory}: architecture {config['architecture']} is one of training; convert it by "
            f'TrainingSAE.load_from_disk("{directory}").save_inference_model(NEW_FOLDER) of sae_lens'
        )
    if _passed_over(config):
        raise StudyError(
            f"{directory / CONFIG}: `metadata` has no `sae_lens_version`, so that SAELens takes the file for "
            "one from before version 6 and passes `metadata` over; "
            'add "sae_lens_version": "6.0.0" to `metadata`'
        )


def _passed_over(config: dict[str, Any]) -> bool:
    metadata = config.get("metadata")
    versions = isinstance(metadata, dict) and metadata.get("sae_lens_version"), config.get("sae_lens_version")
    return isinstance(metadata, dict) and "hook_name" in metadata and not any(versions)
