"""The `engine` options of a study, checked when it loads: without the libraries that they go to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.secrets import secrets_in, urls_with_secrets
from persona_assets.study.settings import StudySettings

_REMEDY = (
    "a study is published with its answers, so leave it out and give it in the environment (HF_TOKEN, "
    "OPENAI_API_KEY, or whatever the program reads)"
)

Check = Callable[[dict[str, Any]], object]


def check_engines(settings: StudySettings) -> None:
    """Raise StudyError where a backend takes no such option, or something looks like a secret."""
    engines = {"extraction.engine": settings.extraction.engine}
    _extraction(settings.extraction.backend)(settings.extraction.engine)
    if settings.generation is not None:
        engines["generation.engine"] = settings.generation.engine
        _generation(settings.generation.backend)(settings.generation.engine)
    for name, options in engines.items():
        for place in secrets_in(options, name):
            raise StudyError(f"{place}: looks like a secret; {_REMEDY}")
    for place in urls_with_secrets(settings.model_dump()):
        raise StudyError(f"{place}: is a URL with a user, password or key; {_REMEDY}")


def check_own_keys(block: str, options: dict[str, Any], names: Iterable[str]) -> None:
    """Raise StudyError where an engine's options name what the study's `block` has a key of its own for."""
    for name in names:
        if name in options:
            raise StudyError(f"{block}.engine.{name}: the study says that itself; set {block}.{name} instead")


def _generation(backend: str) -> Check:
    if backend == "openai":
        from persona_assets.study.openai_options import engine_options

        return engine_options
    if backend == "transformers":
        from persona_assets.study.transformers_options import checked_options

        return checked_options
    names = ("model", "revision", "dtype", "max_model_len")
    return lambda options: check_own_keys("generation", options, names)


def _extraction(backend: str) -> Check:
    if backend == "transformers":
        from persona_assets.study.extraction_options import checked_options

        return checked_options
    return lambda options: check_own_keys("extraction", options, ("model", "revision", "dtype"))
