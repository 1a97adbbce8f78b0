"""The backends that a study can name, each described once: all that depends on one asks its description.

A project's own is described in the same way, and named by where its description is: docs/extending.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.named import later, named
from persona_assets.study import extraction_options, openai_options, transformers_options, vllm_options

CheckOptions = Callable[[dict[str, Any]], object]


def _accept(_: dict[str, Any]) -> None:
    """Take any options."""


@dataclass(frozen=True)
class GenerationBackend:
    """Something that answers prompts.

    `opens` makes a `generate.backend.Backend` of `GenerationSettings`. `check_options` raises StudyError for
    a wrong option of `generation.engine`, and `check_conversation` where under these options only single
    questions are answered, not the prompt's token ids. The options that are `decisive` change the numbers:
    they are part of fingerprints. `holds_model`: the model runs in this process, so that it has to be known
    here which token ends an answer. `steers` makes of `GenerationSettings`, a hook point and the settings of
    the SAE there a `steering.answering.Steered`, which answers while that stream is edited.
    """

    opens: Callable[[Any], Any]
    check_options: CheckOptions = _accept
    check_conversation: CheckOptions = _accept
    decisive: tuple[str, ...] = ()
    holds_model: bool = True
    package: str | None = None  # without which nothing is opened
    steers: Callable[[Any, Any, Any], Any] | None = None

    def check_installed(self) -> None:
        """Raise StudyError where a package is missing that the backend needs."""
        if self.package is not None and find_spec(self.package) is None:
            raise StudyError(
                f"generation.backend: {self.package} is not installed; pip install {self.package}, or name "
                "another backend"
            )


@dataclass(frozen=True)
class ExtractionBackend:
    """Something that runs a model with SAEs.

    `opens` makes an `extract.backend.Backend` of `ExtractionSettings`; `check_options` raises StudyError for
    a wrong option of `extraction.engine`. It reads the hook points `sites` of the models `model_types`, or
    all that are known, and, where it `changes_streams` (`extract.backend.ChangesStreams`), under a cap, too.
    """

    opens: Callable[[Any], Any]
    check_options: CheckOptions = _accept
    sites: tuple[str, ...] | None = None
    model_types: tuple[str, ...] | None = None
    changes_streams: bool = False

    def reads(self, site: str, model_type: str) -> bool:
        """Return whether it reads the hook point `site` of such models."""
        asked = ((site, self.sites), (model_type, self.model_types))
        return all(known is None or one in known for one, known in asked)

    @property
    def reading(self) -> str:
        """All that it reads, in words."""
        sites = "all hook points" if self.sites is None else " and ".join(self.sites)
        return f"{sites} of {'all models' if self.model_types is None else ', '.join(self.model_types)}"


GENERATION = {
    "transformers": GenerationBackend(
        opens=later("persona_assets.generate.transformers:TransformersBackend"),
        check_options=transformers_options.checked_options,
        steers=later("persona_assets.steering.answering:SteeredBackend"),
    ),
    "vllm": GenerationBackend(
        opens=later("persona_assets.generate.vllm:VllmBackend"),
        check_options=vllm_options.check_generation,
        decisive=vllm_options.DECISIVE,
        package="vllm",
        steers=later("persona_assets.steering.vllm_answering:SteeredEngine"),
    ),
    "openai": GenerationBackend(
        opens=later("persona_assets.generate.openai:OpenAIBackend"),
        check_options=openai_options.engine_options,
        check_conversation=openai_options.check_conversation,
        holds_model=False,
    ),
}
EXTRACTION = {
    "transformers": ExtractionBackend(
        opens=later("persona_assets.extract.transformers:TransformersBackend.open"),
        check_options=extraction_options.checked_options,
        changes_streams=True,
    ),
    "vllm": ExtractionBackend(
        opens=later("persona_assets.extract.vllm:VllmBackend.open"),
        check_options=vllm_options.check_extraction,
        # What the residual is between two layers: all that is tapped in vLLM's worker, where it was compared.
        sites=("hook_resid_post", "hook_resid_pre"),
        model_types=("gemma2", "gemma3_text", "llama", "qwen2", "qwen3"),
    ),
}


def generation_backend(name: str) -> GenerationBackend:
    """Return what `generation.backend: NAME` names. Raises StudyError where there is none."""
    return named(name, GENERATION, GenerationBackend, "generation.backend")


def extraction_backend(name: str) -> ExtractionBackend:
    """Return what `extraction.backend: NAME` names. Raises StudyError where there is none."""
    return named(name, EXTRACTION, ExtractionBackend, "extraction.backend")
