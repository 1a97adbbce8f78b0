"""What would stop a study's generation, or the extraction of what it makes, told before a model is loaded.

Only configurations are read, of the two models and of SAEs that lie in folders. A model or SAE that is not
on this machine is passed over: responses may be made where the extraction never runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.generate.prompts import Prompt
from persona_assets.models.architectures import architecture
from persona_assets.models.chat import stop_ids
from persona_assets.models.hooks import check_fits, check_site
from persona_assets.models.loading import loading, locate, text_config
from persona_assets.models.sae import sae_library, sae_name
from persona_assets.study.backends import generation_backend
from persona_assets.study.settings import ExtractionSettings, GenerationSettings, SaeSettings
from persona_assets.study.study import Study

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Preflight:
    """Looks at the study once, and at each role's prompts."""

    def __init__(
        self, study: Study, generation: GenerationSettings, tokenizer: PreTrainedTokenizerBase
    ) -> None:
        self._generation = generation
        self._extraction: ExtractionSettings = study.settings.extraction
        self._tokenizer = tokenizer
        self._looked = False

    def check(self, prompts: Sequence[Prompt]) -> None:
        """Raise StudyError, in one line, where the prompts could not be answered, or their answers read."""
        if not self._looked:
            _check_extraction(self._extraction, self._extraction_config)
            if generation_backend(self._generation.backend).holds_model:
                stop_ids(_eos(self._generation), self._tokenizer)
            self._looked = True
        for model, config in self._configs:
            _check_vocabulary(prompts, model, config)
            self._check_context(prompts, model, config)

    @cached_property
    def _extraction_config(self) -> Any:
        return _config_here(self._extraction.model, self._extraction.revision)

    @cached_property
    def _configs(self) -> list[tuple[str, Any]]:
        """The models that read prompts, by name, with their configurations."""
        configs = {self._extraction.model: self._extraction_config}
        if self._generation.model not in configs:
            configs[self._generation.model] = _config_here(self._generation.model, self._generation.revision)
        return [(model, config) for model, config in configs.items() if config is not None]

    def _check_context(self, prompts: Sequence[Prompt], model: str, config: Any) -> None:
        context = getattr(config, "max_position_embeddings", None)
        longest = max((len(prompt.token_ids) for prompt in prompts), default=0)
        whole = min(longest + self._generation.max_tokens, self._generation.max_model_len)
        if context is not None and whole > context:
            raise StudyError(
                f"a prompt of {longest} tokens and its answer can become {whole} tokens, but model {model!r} "
                f"reads {context} at most; set generation.max_model_len to {context} or less, or lower "
                "generation.max_tokens"
            )


def _check_vocabulary(prompts: Sequence[Prompt], model: str, config: Any) -> None:
    """Raise StudyError where the tokenizer gives a token that the model has no embedding of."""
    n_embeddings = getattr(config, "vocab_size", None)
    highest = max((max(prompt.token_ids, default=0) for prompt in prompts), default=0)
    if n_embeddings is not None and highest >= n_embeddings:
        raise StudyError(
            f"the tokenizer gives token {highest}, but model {model!r} embeds tokens 0 to {n_embeddings - 1} "
            "only; its tokenizer is another model's, or has tokens added that the model was not resized for"
        )


def _check_extraction(extraction: ExtractionSettings, config: Any) -> None:
    """Raise StudyError where the model cannot be extracted from, or an SAE reads what it does not have."""
    if config is None:
        return
    architecture(config.model_type)
    for sae in extraction.saes.values():
        _check_sae(sae, config, extraction)


def _check_sae(sae: SaeSettings, config: Any, extraction: ExtractionSettings) -> None:
    library = sae_library(sae)
    site = library.site(sae) if library.is_here(sae) else None
    if site is None:
        return  # a hub would have to tell, or loading it says what the folder is
    point, d_in = site
    check_site(point, config, sae_name(sae), extraction.backend)
    if d_in is not None:
        check_fits(point, d_in, sae_name(sae), config, extraction.model)


def _eos(generation: GenerationSettings) -> Any:
    """Return the ids at which the model itself ends an answer, as its generation reads them."""
    from transformers import GenerationConfig

    try:
        with loading(generation.model):
            return GenerationConfig.from_pretrained(
                locate(generation.model), revision=generation.revision
            ).eos_token_id
    except StudyError:  # it has none: its configuration says
        config = _config_here(generation.model, generation.revision)
        return getattr(config, "eos_token_id", None)


def _config_here(model: str, revision: str | None) -> Any:
    """Return the text configuration of a model, None where it cannot be had on this machine."""
    try:
        return text_config(model, revision)
    except StudyError:
        return None
