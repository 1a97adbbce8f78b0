"""The backend that reads responses in vLLM's engine: what the full size is extracted with.

The stored ids run as prompts, of which the engine computes nothing but the prefill of the layers up to the
highest SAE's; in its worker the residual is tapped, encoded and pooled (`vllm_worker`). `extraction.engine`
goes to `vllm.LLM` as it is, less what `_FIXED` decides.

The numbers are those of the transformers backend but for the order in which floats are summed, so that the
backend is in no fingerprint. Measured on a CPU in float32: with tiny random models of the shapes of Gemma 3,
Llama and Qwen 3 means and maxima within 7e-6 of their size; with the tests' model and SAE (200 responses of
random tokens, 304,442 pooled activations) the same entries and argmax, maxima within 5e-6 of their size, and
one entry active on one token more or less, whose activation lies at the SAE's threshold. In bfloat16, where
either rounds its own way, the two differ from one another as each differs from float32: in 0.4% of the
tests' entries, and maxima by up to 0.1.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from persona_assets.base.errors import StudyError
from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.packing import from_bytes
from persona_assets.extract.reader import load_fitting
from persona_assets.extract.vllm_worker import SELECTION, ExtractionWorker
from persona_assets.models.hooks import HookPoint, check_site
from persona_assets.models.loading import text_config
from persona_assets.models.vllm_engine import (
    V1_RUNNER,
    Request,
    close_engine,
    environment,
    open_engine,
    plain_failures,
    run_requests,
)
from persona_assets.study.settings import ExtractionSettings
from persona_assets.study.vllm_options import DECISIVE, check_extraction

if TYPE_CHECKING:
    from vllm import LLM, SamplingParams

# Without these the tap would not see every token: compiled graphs run no hooks, a cached prefix is not
# computed, and a layer may lie in another process.
_FIXED = {
    "enforce_eager": True,
    "enable_prefix_caching": False,
    "pipeline_parallel_size": 1,
    "data_parallel_size": 1,
    "worker_extension_cls": f"{ExtractionWorker.__module__}.{ExtractionWorker.__qualname__}",
}
# The SAEs are loaded when vLLM has taken its share of the GPU.
_DEFAULTS = {"gpu_memory_utilization": 0.8}
# For a conversation as long as the context: vLLM wants room for the one token it samples, and never reads.
_ONE_BEYOND = {"VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1"}
_SHORTEST = 2048  # tokens; an engine that was started for fewer than come later is started anew


class VllmBackend:
    """An offline engine, started when the first conversations come, and the SAEs in its worker."""

    def __init__(
        self,
        settings: ExtractionSettings,
        points: dict[str, HookPoint],
        d_sae: dict[str, int],
        context: int | None,
    ) -> None:
        self.d_sae = d_sae
        self.context = context
        self._settings = settings
        self._points = points
        self._llm: LLM | None = None
        self._max_model_len = 0
        self._opened = ExitStack()

    @classmethod
    def open(cls, settings: ExtractionSettings) -> VllmBackend:
        """Check what `settings` name, so that an engine is started for what can be served only.

        Raises StudyError where an SAE is missing or does not fit the model, or an option cannot be served.
        """
        _check_options(settings.engine)
        config = text_config(settings.model, settings.revision)
        points, d_sae = {}, {}
        for name, sae_settings in settings.saes.items():
            sae = load_fitting(sae_settings, config, settings.model)
            check_site(sae.point, config, name, "vllm")
            points[name], d_sae[name] = sae.point, sae.d_sae
        return cls(settings, points, d_sae, getattr(config, "max_position_embeddings", None))

    def pooled(
        self, conversations: Sequence[Conversation], saes: Sequence[str], measured: Collection[int] = ()
    ) -> Generator[PooledBatch]:
        """Yield pooled batches, as `Backend` says: a batch is one step of the engine, for all `saes`."""
        n_pooled = 0
        with closing(self._read(conversations, saes, measured)) as contents:
            for content in contents:
                batch = from_bytes(content)
                n_pooled += len(batch.response_ids)
                yield batch
        _check_all_read(n_pooled, len(conversations) * len(saes))

    def close(self) -> None:
        """End the engine and its processes."""
        self._llm = None
        self._opened.close()

    def _read(
        self, conversations: Sequence[Conversation], saes: Sequence[str], measured: Collection[int]
    ) -> Generator[bytes]:
        """Run the conversations through the layers in use; give what was pooled, step by step."""
        if not conversations:
            return
        llm = self._started(max(len(one.token_ids) for one in conversations))
        n_layers = 1 + max(self._points[name].layer for name in saes)
        llm.collective_rpc("persona_begin", args=(list(saes), n_layers, list(measured)))
        requests = {
            str(one.response_id): Request(one.token_ids.tolist(), _prefill_only(one)) for one in conversations
        }
        with plain_failures("extraction"), closing(run_requests(llm, requests)) as steps:
            for _ in steps:
                problem, pooled = llm.collective_rpc("persona_take")[0]
                if problem is not None:
                    # NaN that stay in the engine's cache could reach the next conversations.
                    self.close()
                    raise StudyError(problem)
                yield from pooled

    def _started(self, longest: int) -> LLM:
        """Return an engine for conversations of up to `longest` tokens, with the SAEs loaded."""
        max_model_len = self._length(longest)
        if self._llm is not None and max_model_len <= self._max_model_len:
            return self._llm
        self.close()
        try:
            self._llm = self._start(max_model_len)
        except StudyError:
            self.close()
            raise
        self._max_model_len = max_model_len
        return self._llm

    def _start(self, max_model_len: int) -> LLM:
        settings = self._settings
        beyond = self.context is not None and max_model_len > self.context
        self._opened.enter_context(environment(V1_RUNNER | (_ONE_BEYOND if beyond else {})))
        llm = open_engine(
            settings.model,
            settings.revision,
            dtype=settings.dtype,
            max_model_len=max_model_len,
            options={**_DEFAULTS, **settings.engine, **_FIXED},
        )
        self._opened.callback(close_engine, llm)
        problem = llm.collective_rpc("persona_load", args=(settings.model_dump(mode="json"),))[0]
        if problem is not None:
            raise StudyError(problem)
        return llm

    def _length(self, longest: int) -> int:
        """How long a conversation the engine has to be started for, the token that it samples included."""
        given = self._settings.engine.get("max_model_len")
        if given is not None:
            if longest >= given:
                raise StudyError(
                    f"a conversation has {longest} tokens, but extraction.engine.max_model_len is {given}; "
                    f"set it to at least {longest + 1}, or leave it out"
                )
            return int(given)
        room = max(_SHORTEST, 1 << longest.bit_length())
        return room if self.context is None else min(room, max(self.context, longest + 1))


def _check_options(options: dict[str, Any]) -> None:
    check_extraction(options)
    for name in DECISIVE:
        if name in options:
            raise StudyError(
                f"extraction.engine.{name}: it changes the activations, and files made with and without it "
                "could not be told apart; leave it out"
            )
    for name, needed in _FIXED.items():
        if name in options and options[name] != needed:
            raise StudyError(
                f"extraction.engine.{name}: extraction with backend vllm needs {needed!r}; leave it out"
            )


def _check_all_read(n_read: int, n_given: int) -> None:
    if n_read != n_given:
        raise StudyError(
            f"vLLM read {n_read} of {n_given} responses; extraction must see all: "
            "use extraction.backend transformers"
        )


def _prefill_only(conversation: Conversation) -> SamplingParams:
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(
        temperature=0,
        max_tokens=1,
        detokenize=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
        extra_args={SELECTION: [conversation.response_id, conversation.start, conversation.stop]},
    )
