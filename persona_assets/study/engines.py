"""The `engine` options of a study, checked when it loads: without the libraries that they go to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from persona_assets.base.errors import StudyError
from persona_assets.base.secrets import secrets_in, urls_with_secrets
from persona_assets.study.backends import extraction_backend, generation_backend
from persona_assets.study.settings import StudySettings

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
    for name, judge in settings.judge.items():
        engines[f"judge.{name}.engine"] = judge.engine
        if judge.model is not None:
            with speaking_of(f"judge.{name}"):
                generation_backend(judge.backend).check_options(judge.engine)
    if (scores := settings.explanation_scores) is not None:
        engines["explanation_scores.engine"] = scores.engine
        with speaking_of("explanation_scores"):
            generation_backend(scores.backend).check_options(scores.engine)
    for name, options in engines.items():
        for place in secrets_in(options, name):
            raise StudyError(f"{place}: looks like a secret; {_REMEDY}")
    for place in urls_with_secrets(settings.model_dump()):
        raise StudyError(f"{place}: is a URL with a user, password or key; {_REMEDY}")
