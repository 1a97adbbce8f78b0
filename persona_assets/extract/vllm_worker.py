"""What runs inside vLLM's worker: the residual is tapped, encoded and pooled there.

vLLM mixes `ExtractionWorker` into its own worker class; the methods are called by name through
`collective_rpc`, which carries plain values and bytes: only pooled activations leave. Written for the V1
model runner of vLLM 0.32, whose input batch says during a forward pass which rows are whose.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

import torch

from persona_assets.base.errors import StudyError
from persona_assets.extract.finite import check_rows
from persona_assets.extract.packing import to_bytes
from persona_assets.extract.reader import Reader, load_readers
from persona_assets.extract.spans import Span, SpanCollector
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import text_config
from persona_assets.study.settings import ExtractionSettings

# Where a request's sampling parameters hold [response_id, first selected token, end of the selection].
SELECTION = "persona_selection"


class ExtractionWorker:
    """Methods for vLLM's worker. Those that can fail for a reason of the user's return it as text.

    Under tensor parallelism every rank holds the whole residual; the first one reads it.
    """

    rank: int
    device: torch.device
    model_runner: Any

    def persona_load(self, settings: dict[str, Any]) -> str | None:
        """Load the SAEs of `ExtractionSettings` beside the model."""
        self._persona = _Extraction(self.model_runner)
        if self.rank != 0:
            return None
        try:
            self._persona.load(ExtractionSettings.model_validate(settings), str(self.device))
        except (StudyError, torch.OutOfMemoryError) as error:
            return " ".join(str(error).split())
        return None

    def persona_begin(self, saes: list[str], n_layers: int, measured: list[int]) -> None:
        """Run the first `n_layers` layers from now on, and pool for each of `saes` there.

        Its fit is measured on the responses `measured`.
        """
        self._persona.begin(saes if self.rank == 0 else [], n_layers, measured)

    def persona_take(self) -> tuple[str | None, list[bytes]]:
        """What went wrong, if anything; and the batches pooled since the last call, as `packing.to_bytes`."""
        return self._persona.take()


class _Extraction:
    """The tap of one worker, and what is done with the rows."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._readers: dict[str, Reader] = {}
        self._hooks: list[Any] = []
        self._pooled: list[bytes] = []
        self._measured: Collection[int] = ()
        self._problem: str | None = None

    def load(self, settings: ExtractionSettings, device: str) -> None:
        config = text_config(settings.model, settings.revision)
        self._readers = load_readers(settings, config, device)

    def begin(self, saes: list[str], n_layers: int, measured: Collection[int]) -> None:
        model = text_model(self._runner.get_model())
        model.end_layer = n_layers
        for hook in self._hooks:
            hook.remove()
        self._measured = frozenset(measured)
        self._pooled, self._problem = [], None
        points = dict.fromkeys(self._readers[name].point for name in saes)
        self._hooks = [self._tap(model, point, saes) for point in points]

    def take(self) -> tuple[str | None, list[bytes]]:
        pooled, self._pooled = self._pooled, []
        return self._problem, pooled

    def _tap(self, model: Any, point: HookPoint, saes: list[str]) -> Any:
        """Read the stream at `point` in every forward pass from now on."""
        readers = [self._readers[name] for name in saes if self._readers[name].point == point]
        collector = SpanCollector()

        def read(stream: torch.Tensor) -> None:
            if self._problem is not None:
                return  # it is told as soon as the step is over
            try:
                selected = collector.add(stream, scheduled(self._runner))
                if selected is not None:
                    check_rows(selected.rows, selected.lengths, point)
                    for reader in readers:
                        batch = reader.pooled(selected.rows, selected.lengths, self._measured)
                        self._pooled.append(to_bytes(batch))
            except (StudyError, torch.OutOfMemoryError) as error:  # any other ends the engine
                self._problem = " ".join(str(error).split())

        return _attach(model.layers[point.layer], point.site, read)


def scheduled(runner: Any) -> Iterator[Span]:
    """Yield the extraction's requests in the step that runs, as vLLM's V1 model runner laid them out."""
    for selection, n_tokens, row, first, stop in shares(runner, SELECTION):
        if first < n_tokens:
            response_id, start, end = selection
            yield Span(response_id, start, end, n_tokens, row, first, stop)


class Share(NamedTuple):
    """What a step that runs reads of a request: its tokens [first, stop), from row `row` of the stream on.

    `said` is what the request's sampling parameters hold for a worker; its prompt has `n_prompt` tokens.
    """

    said: Any
    n_prompt: int
    row: int
    first: int
    stop: int


def shares(runner: Any, key: str) -> Iterator[Share]:
    """Yield the shares of the requests that say something under `key`, as the V1 model runner has them."""
    batch, starts = runner.input_batch, runner.query_start_loc.np
    for index, name in enumerate(batch.req_ids):
        request = runner.requests[name]
        said = (request.sampling_params.extra_args or {}).get(key)
        if said is not None:
            row, end = int(starts[index]), int(starts[index + 1])
            first = int(batch.num_computed_tokens_cpu[index])
            yield Share(said, request.num_prompt_tokens, row, first, first + end - row)


def text_model(model: Any) -> Any:
    """Return the module that holds the text layers, in a multimodal model as well."""
    if hasattr(model, "get_language_model"):
        model = model.get_language_model()
    return model.model


def _attach(layer: Any, site: str, read: Callable[[torch.Tensor], None]) -> Any:
    """Hand the residual stream after (or before) a layer to `read`.

    vLLM's layers leave the last addition to the next one, whose norm makes it: they take and give a pair.
    """
    if site == "hook_resid_post":
        return layer.register_forward_hook(lambda _module, _args, output: read(_stream(*output)))
    return layer.register_forward_pre_hook(lambda _module, args: read(_stream(*args[1:3])))


def _stream(hidden: torch.Tensor, residual: torch.Tensor | None) -> torch.Tensor:
    return hidden if residual is None else hidden + residual
