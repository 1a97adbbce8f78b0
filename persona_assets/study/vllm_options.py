"""What the `engine` blocks may say to vLLM: whatever `vllm.LLM` takes, but for what the study says itself."""

from __future__ import annotations

from typing import Any

from persona_assets.base.errors import StudyError

# They change the numbers, not only where and how fast they come about.
DECISIVE = ("quantization", "kv_cache_dtype", "hf_overrides", "load_format")

_SAID = {
    "generation": ("model", "revision", "dtype", "max_model_len"),
    "extraction": ("model", "revision", "dtype"),
}


def check_generation(options: dict[str, Any]) -> None:
    """Raise StudyError where `generation.engine` names what the study has a key of its own for."""
    _check("generation", options)


def check_extraction(options: dict[str, Any]) -> None:
    """Raise StudyError where `extraction.engine` names what the study has a key of its own for."""
    _check("extraction", options)


def _check(block: str, options: dict[str, Any]) -> None:
    for name in _SAID[block]:
        if name in options:
            raise StudyError(f"{block}.engine.{name}: the study says that itself; set {block}.{name} instead")
