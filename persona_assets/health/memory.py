"""GPU memory that answering and reading need, by formula from the model's configuration: never measured.

Parameters are counted on the model itself, made without weights (PyTorch's device `meta`). What CUDA and the
engines need for themselves is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import shown
from persona_assets.extract.backbone import CHUNK, cut
from persona_assets.models.loading import loading, model_config
from persona_assets.models.sae import sae_site, sae_width
from persona_assets.study.extraction_options import ON_GPU
from persona_assets.study.extraction_options import checked_options as reading_options
from persona_assets.study.settings import ExtractionSettings, GenerationSettings, SaeSettings
from persona_assets.study.study import Study
from persona_assets.study.transformers_options import checked_options as answering_options

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
# vLLM's own max_num_seqs and max_num_batched_tokens; on cards such as the H100 they are 1,024 and 16,384.
_VLLM_SEQUENCES, _VLLM_TOKENS = 256, 8_192
_SHARE = {"responses": 0.9, "activations": 0.8}  # of a card that vLLM takes where nobody says
_SCREEN = 8192 * 16384 * 2 + 3 * 2**26 * 4  # bytes: a block's products, and pairs that are computed at once
_MOST = 2**31  # of sequences, tokens and cards
_GLOBAL = "full_attention"
_LOCAL = {"sliding_attention", "chunked_attention"}
_Settings = GenerationSettings | ExtractionSettings


@dataclass(frozen=True)
class Term:
    """A part of what is needed, in bytes, and how it comes about in words.

    `of_batch`: it shrinks with what is answered or read at once. `beside`: every card holds it whole, beside
    vLLM's share. `typed`: it is in the model's type, as an SAE is not.
    """

    what: str
    n_bytes: int
    how: str
    of_batch: bool = False
    beside: bool = False
    typed: bool = False


@dataclass(frozen=True)
class Need:
    """What a stage needs: its terms, of `n_cards` cards together, of each of which it takes its `share`.

    `answer`, where vLLM answers: what each answer adds, of which up to `at_once` are given at once, as far as
    there is room for them. `batch`: the setting that decides what is `of_batch`. `n_heads` bounds over how
    many cards the model can be spread.
    """

    stage: str
    backend: str
    dtype: str
    terms: Sequence[Term]
    batch: str
    n_heads: int
    n_cards: int = 1
    share: float = 1.0
    answer: Term | None = None
    at_once: int = 1

    def with_answers(self, n: int) -> int:
        """Return the bytes of all cards with which vLLM gives `n` answers at once."""
        return sum(term.n_bytes for term in self.terms) + (n * self.answer.n_bytes if self.answer else 0)

    @property
    def least(self) -> int:
        """Bytes of all cards without which the stage does not begin."""
        return self.with_answers(1)

    @property
    def each(self) -> int:
        """Bytes of each card of those that the study names."""
        return (self.least - self._beside) // self.n_cards + self._beside

    @property
    def _beside(self) -> int:
        return sum(term.n_bytes for term in self.terms if term.beside)

    @property
    def leaves_nothing(self) -> bool:
        """Is true where vLLM takes cards whole on which something has to lie beside its share."""
        return bool(self._beside) and self.share == 1

    @property
    def of_batch(self) -> int:
        """Bytes that a smaller batch would need less of, up to all of them."""
        return sum(term.n_bytes for term in self.terms if term.of_batch)

    @property
    def typed(self) -> int:
        """Bytes that are in the model's type, with one answer."""
        terms = [*self.terms, *([self.answer] if self.answer else [])]
        return sum(term.n_bytes for term in terms if term.typed)

    def card(self, n_cards: int | None = None, less: int = 0) -> float:
        """Return the bytes that each of `n_cards` cards must have, by default of as many as the study names.

        `less` bytes of all cards are left out.
        """
        shared = (self.least - self._beside - less) / (n_cards or self.n_cards) / self.share
        if self.leaves_nothing:
            return math.inf
        return max(shared, self._beside / (1 - self.share)) if self._beside else shared

    def answers_on(self, card: float) -> int:
        """Return how many answers are given at once on cards of so many bytes."""
        assert self.answer is not None
        room = card * self.share * self.n_cards - self.with_answers(0)
        return max(0, min(self.at_once, int(room // self.answer.n_bytes)))


def memory_needs(study: Study) -> list[Need]:
    """Return what answering and reading need here: nothing where a server has the model.

    A backend of one's own is passed over. Raises StudyError where the configuration of a model or of an SAE
    cannot be had.
    """
    generation, extraction = study.settings.generation, study.settings.extraction
    longest = study.generation.max_model_len
    needs = []
    if generation is not None and generation.backend in ("transformers", "vllm"):
        needs.append(_answering(generation))
    if extraction.backend in ("transformers", "vllm"):
        needs.append(_reading(extraction, longest))
    return needs


def parameters(config: Any, *, head: bool = True) -> int:
    """Return how many parameters a model of this configuration has, with its `head` or without."""
    import torch
    from transformers import AutoModel, AutoModelForCausalLM

    with loading(config.model_type), torch.device("meta"):
        model = (AutoModelForCausalLM if head else AutoModel).from_config(config)
    return sum(one.numel() for one in model.parameters())


def keys_and_values(config: Any, n_tokens: int, n_bytes: int) -> Term:
    """Return what a conversation of `n_tokens` keeps in a model of this text configuration.

    Raises StudyError where the model keeps something else than keys and values of every layer.
    """
    kinds = list(getattr(config, "layer_types", None) or [])
    window = getattr(config, "sliding_window", None)
    if not kinds:
        kinds = ["sliding_attention" if window else _GLOBAL] * config.num_hidden_layers
    if getattr(config, "kv_lora_rank", None) or not set(kinds) <= _LOCAL | {_GLOBAL}:
        raise StudyError(f"models of type {config.model_type} keep something else than keys and values")
    kept = min(n_tokens, window or n_tokens)
    n_local = sum(kind in _LOCAL for kind in kinds)
    n_heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    n_kept = (len(kinds) - n_local) * n_tokens + n_local * kept
    layers = f"{len(kinds) - n_local} layers × {n_tokens:,} tokens"
    if n_local:
        layers += f" and {n_local} × {kept:,}"
    return Term(
        "keys and values",
        2 * n_kept * n_heads * width * n_bytes,
        f"2 × ({layers}) × {n_heads} heads × {width} × {n_bytes} B",
        typed=True,
    )


def batch_of(config: Any, n_tokens: int, longest: int, n_bytes: int) -> Term:
    """Return what passes through a layer for `n_tokens` tokens at once, of texts of up to `longest`."""
    experts = getattr(config, "num_experts_per_tok", None) or 1
    inner = max(
        getattr(config, "intermediate_size", None) or 4 * config.hidden_size,
        experts * (getattr(config, "moe_intermediate_size", None) or 0),
    )
    needed = n_tokens * (5 * config.hidden_size + 3 * inner) * n_bytes
    how = f"{n_tokens:,} tokens × (5 × {config.hidden_size:,} + 3 × {inner:,}) × {n_bytes} B"
    if getattr(config, "attn_logit_softcapping", None):  # attention is computed whole then
        n_heads, length = config.num_attention_heads, min(longest, CHUNK)
        needed += n_tokens * length * n_heads * (n_bytes + 4)
        how += f" + {n_tokens:,} × {length:,} × {n_heads} heads × {n_bytes + 4} B"
    return Term("activations", needed, how, of_batch=True, typed=True)


def _answering(settings: GenerationSettings) -> Need:
    config = model_config(settings.model, settings.revision)
    text, dtype = config.get_text_config(), _dtype(settings)
    weights = _weights(parameters(config), BYTES[dtype], settings.engine, config)
    in_cache = 1 if "fp8" in str(settings.engine.get("kv_cache_dtype")) else BYTES[dtype]
    answer = replace(keys_and_values(text, settings.max_model_len, in_cache), typed=in_cache > 1)
    if settings.backend == "vllm":
        terms = [weights, _stepped(settings, text, settings.max_model_len, BYTES[dtype])]
        batch = "generation.engine.max_num_batched_tokens"
        need = Need("responses", "vllm", dtype, terms, batch, text.num_attention_heads)
        at_once = int(_option(settings, "max_num_seqs", _VLLM_SEQUENCES))
        return replace(_spread(need, settings), answer=answer, at_once=at_once)
    n = answering_options(settings.engine).batch_size
    cache = Term(answer.what, n * answer.n_bytes, f"{n} answers × {answer.how}", of_batch=True, typed=True)
    how = f"3 × {n} answers × {text.vocab_size:,} tokens × 4 B"
    logits = Term("logits", 3 * n * text.vocab_size * 4, how, of_batch=True)
    terms, batch = [weights, cache, logits], "generation.engine.batch_size"
    return Need("responses", "transformers", dtype, terms, batch, text.num_attention_heads)


def _reading(settings: ExtractionSettings, longest: int) -> Need:
    config = model_config(settings.model, settings.revision)
    text, dtype = config.get_text_config(), _dtype(settings)
    saes = [_sae(name, of_sae, text) for name, of_sae in settings.saes.items()]
    if settings.backend == "vllm":
        weights = _weights(parameters(config), BYTES[dtype], settings.engine, config)
        saes = [replace(one, beside=True) for one in saes]  # they are loaded when vLLM has taken its share
        passed = _stepped(settings, text, longest, BYTES[dtype])
        terms = [weights, *saes, passed, keys_and_values(text, longest, BYTES[dtype])]
        batch = "extraction.engine.max_num_batched_tokens"
        need = Need("activations", "vllm", dtype, terms, batch, text.num_attention_heads)
        return _spread(need, settings)
    n_tokens = reading_options(settings.engine).tokens_per_batch or ON_GPU
    passed = batch_of(text, n_tokens, longest, BYTES[dtype])
    rows = n_tokens * text.hidden_size * 4
    how = f"{n_tokens:,} tokens × {text.hidden_size:,} × 4 B + {_SCREEN / 1e9:.1f} GB of buffers"
    screened = Term("rows and screen", rows + _SCREEN, how)
    terms = [_layers_read(settings, text, BYTES[dtype]), *saes, passed, screened]
    batch = "extraction.engine.tokens_per_batch"
    return Need("activations", "transformers", dtype, terms, batch, text.num_attention_heads)


def _layers_read(settings: ExtractionSettings, text: Any, n_bytes: int) -> Term:
    """Return what the layers up to the highest SAE's take; of a model that predicts, all of it."""
    whole, n_all = settings.fit.loss_recovered, text.num_hidden_layers
    n_layers = n_all if whole else 1 + max(_layer(name, one) for name, one in settings.saes.items())
    if not whole:
        cut(text, n_layers)
    return _weights(parameters(text, head=whole), n_bytes, {}, text, f"{n_layers} of {n_all} layers, ")


def _stepped(settings: _Settings, config: Any, longest: int, n_bytes: int) -> Term:
    """Return what passes through a layer in a step of vLLM's."""
    n_tokens = int(_option(settings, "max_num_batched_tokens", _VLLM_TOKENS))
    return batch_of(config, n_tokens, longest, n_bytes)


def _spread(need: Need, settings: _Settings) -> Need:
    """Return the need as vLLM spreads it over cards, of each of which it takes its share."""
    ways = [_option(settings, f"{kind}_parallel_size", 1) for kind in ("tensor", "pipeline")]
    share = _option(settings, "gpu_memory_utilization", _SHARE[need.stage], most=1)
    return replace(need, n_cards=int(math.prod(ways)), share=share)


def _option(settings: _Settings, key: str, default: float, most: int = _MOST) -> float:
    """Return a number of vLLM's options: the default where vLLM is left to choose it.

    Raises StudyError, naming the option, where it is none above 0 and up to `most`.
    """
    value = settings.engine.get(key)
    if value is None:
        return default
    kinds = (int, float) if isinstance(default, float) else int
    if not isinstance(value, kinds) or isinstance(value, bool) or not 0 < value <= most:
        block = "generation" if isinstance(settings, GenerationSettings) else "extraction"
        raise StudyError(f"{block}.engine: {key}: {shown(value)} is no number above 0 and up to {most:,}")
    return value


def _weights(n: int, n_bytes: int, engine: dict[str, Any], config: Any, layers: str = "") -> Term:
    packed = engine.get("quantization") or getattr(config, "quantization_config", None)
    how = f"{layers}{n:,} parameters × {n_bytes} B{', more than it takes quantized' if packed else ''}"
    return Term("weights", n * n_bytes, how, typed=True)


def _sae(name: str, settings: SaeSettings, config: Any) -> Term:
    """Return what an SAE takes: encoder and decoder in float32, and in bfloat16 the encoder that screens."""
    known = sae_site(settings)
    d_in = (known[1] if known is not None else None) or config.hidden_size
    d_sae = sae_width(settings)
    return Term(f"SAE {name}", d_sae * d_in * (4 + 4 + 2), f"{d_sae:,} features × {d_in:,} × (4 + 4 + 2) B")


def _layer(name: str, settings: SaeSettings) -> int:
    known = sae_site(settings)
    if known is None:
        raise StudyError(f"the layer of SAE {name} is not known before it is loaded")
    return known[0].layer


def _dtype(settings: _Settings) -> str:
    from persona_assets.models.dtypes import best_dtype

    if settings.dtype != "auto":
        return settings.dtype
    return best_dtype(settings.model, settings.revision, "cuda")
