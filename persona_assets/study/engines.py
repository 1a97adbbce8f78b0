"""The `engine` options of a study, checked when it loads: without the libraries that they go to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from persona_assets.base.errors import StudyError
from persona_assets.base.secrets import secrets_in, urls_with_secrets
from persona_assets.study.backends import extraction_backend, generation_backend
from persona_assets.study.settings import AskingSettings, StudySettings

_REMEDY = (
    "a study is published with its answers, so leave it out and give it in the environment (HF_TOKEN, "
    "OPENAI_API_KEY, or whatever the program reads)"
)


@contextmanager
def speaking_of(block: str) -> Iterator[None]:
    """Have what a backend complains of in `generation` name the block where the key stands: `judge.one`."""
    try:
        yield
    except StudyError as error:
        error.args = (str(error).replace("generation.", key_of(block)),)
        raise


def key_of(block: str, key: str = "") -> str:
    """Return a key of a block as a study says it; of one that has no name, the key alone."""
    return f"{block}.{key}" if block else key


def check_engines(settings: StudySettings) -> None:
    """Raise StudyError where a backend takes no such option, or something looks like a secret."""
    engines = {"extraction.engine": settings.extraction.engine}
    extraction_backend(settings.extraction.backend).check_options(settings.extraction.engine)
    if settings.generation is not None:
        engines["generation.engine"] = settings.generation.engine
        generation_backend(settings.generation.backend).check_options(settings.generation.engine)
    for block, asked in _asked(settings).items():
        engines[f"{block}.engine"] = asked.engine
        if asked.model is not None:
            with speaking_of(block):
                generation_backend(asked.backend).check_options(asked.engine)
    for name, options in engines.items():
        for place in secrets_in(options, name):
            raise StudyError(f"{place}: looks like a secret; {_REMEDY}")
    for place in urls_with_secrets(settings.model_dump()):
        raise StudyError(f"{place}: is a URL with a user, password or key; {_REMEDY}")


def _asked(settings: StudySettings) -> dict[str, AskingSettings]:
    """Return whoever is asked about the study, by the block that names them."""
    asked: dict[str, AskingSettings] = {f"judge.{name}": judge for name, judge in settings.judge.items()}
    if settings.explanations is not None:
        asked["explanations"] = settings.explanations
    if settings.explanation_scores is not None:
        asked["explanation_scores"] = settings.explanation_scores
    return asked
