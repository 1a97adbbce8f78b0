"""What reading costs on a device: timed as a whole, and again stage by stage."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import torch

from persona_assets.extract.backbone import Backbone
from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.batches import batches
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.evidence import DrawnCollector, EvidenceCollector
from persona_assets.extract.passes import Passes
from persona_assets.extract.reader import Reader
from persona_assets.extract.shapes import ShapesCollector
from persona_assets.lake.kept import N_DRAWN
from persona_assets.models.sae import Sae

T = TypeVar("T")

TOP, WINDOW = 3, 12  # of the evidence, as the real study has them
WARM_SECONDS = 1.0  # of products before the fastest is looked for: a card's clock rises under load


@dataclass
class Stopwatch:
    """Seconds by stage; what a device has been given to do is waited for before and after each."""

    device: torch.device
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = self._now()
        yield
        self.seconds[name] += self._now() - began

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()


@dataclass
class Watched(Backbone):
    """A backbone whose forward passes a stopwatch takes."""

    watch: Stopwatch | None = None

    def selected_rows(self, conversations: Sequence[Conversation], points: Any) -> Any:
        assert self.watch is not None
        with self.watch.stage("forward"):
            return super().selected_rows(conversations, points)


@dataclass(frozen=True)
class WatchedReader(Reader):
    """A reader whose encoding and pooling a stopwatch takes, both together."""

    watch: Stopwatch | None = None

    def pooled(self, rows: torch.Tensor, of: Any, measured: Any = ()) -> PooledBatch:
        assert self.watch is not None
        with self.watch.stage("sae and pooling"):
            return super().pooled(rows, of, measured)


class Gathered:
    """What extraction keeps of batches on the host: evidence, responses drawn by lot, shapes."""

    def __init__(self, d_sae: int, conversations: Sequence[Conversation]) -> None:
        lengths = {one.response_id: one.n_selected for one in conversations}
        self.evidence = EvidenceCollector(d_sae, TOP, WINDOW)
        self.drawn = DrawnCollector(d_sae, N_DRAWN, WINDOW, conversations)
        self.shapes = ShapesCollector(d_sae, lengths, masks=False)
        self.n_bytes = self.n_active = self.n_features = 0

    def add(self, batch: PooledBatch) -> None:
        self.evidence.add(batch.pooled, batch.response_ids)
        self.drawn.add(batch.pooled, batch.response_ids)
        self.shapes.add(batch)
        self.n_bytes += sum(getattr(batch.pooled, one.name).nbytes for one in fields(batch.pooled))
        self.n_active += len(batch.pooled.values)
        self.n_features += len(batch.pooled.feature)


def read(passes: Passes, reader: Reader, asked: Sequence[Conversation], watch: Stopwatch) -> Gathered:
    """Read and gather all; the stopwatch takes all of it, and what the host gathers."""
    gathered = Gathered(reader.sae.d_sae, asked)
    with watch.stage("all"):
        for batch in passes.pooled(asked, [reader]):
            with watch.stage("evidence"):
                gathered.add(batch)
    return gathered


def extraction(
    backbone: Backbone,
    reader: Reader,
    asked: Sequence[Conversation],
    budget: int,
    matrix_peak: float,
    least_seconds: float,
) -> dict[str, Any]:
    """Return the figures of reading `asked` in batches of `budget` tokens; first some of it to warm up.

    It is read twice at least, and until `least_seconds` have passed.
    `matrix_peak`: products and sums per second that the device reaches in a large matrix product.
    """
    device = backbone.device
    parts = Stopwatch(device)
    passes = Passes(backbone, budget)
    read(passes, reader, next(iter(batches(asked, budget))), Stopwatch(device))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    seconds, gathered = repeated(
        lambda: read(passes, reader, asked, Stopwatch(device)), device, least_seconds
    )
    memory = torch.cuda.max_memory_allocated() if device.type == "cuda" else None
    watched = Passes(Watched(**vars(backbone), watch=parts), passes.budget)
    own = {one.name: getattr(reader, one.name) for one in fields(Reader)}
    for _ in seconds:
        read(watched, WatchedReader(**own, watch=parts), asked, parts)
    padded = sum(len(part) * len(part[0].token_ids) for part in batches(asked, passes.budget))
    forward, evidence = parts.seconds["forward"], parts.seconds["evidence"]
    return {
        "tokens_per_batch": passes.budget,
        **speeds(asked, seconds),
        "forward_share": forward / parts.seconds["all"],
        "sae_pooling_evidence_of_forward": (parts.seconds["sae and pooling"] + evidence) / forward,
        "evidence_of_forward": evidence / forward,
        "of_matrix_peak": 2 * n_weights(backbone) * padded * len(seconds) / forward / matrix_peak,
        "peak_memory_gb": None if memory is None else memory / 1e9,
        "bytes_per_response": gathered.n_bytes / len(asked),
        "features_per_response": gathered.n_features / len(asked),
        "active_per_token": gathered.n_active / sum(one.n_selected for one in asked),
    }


def repeated(work: Callable[[], T], device: torch.device, least_seconds: float) -> tuple[list[float], T]:
    """Return the seconds of each repetition of `work`, two at least, and what the last one gave."""
    seconds: list[float] = []
    while True:
        watch = Stopwatch(device)
        with watch.stage("all"):
            found = work()
        seconds.append(watch.seconds["all"])
        if len(seconds) >= 2 and sum(seconds) >= least_seconds:
            return seconds, found


def speeds(asked: Sequence[Conversation], seconds: Sequence[float]) -> dict[str, Any]:
    """Return how fast all repetitions read `asked` together, and how fast the slowest and the fastest."""
    n_tokens = sum(len(one.token_ids) for one in asked)
    return {
        "tokens_per_second": n_tokens * len(seconds) / sum(seconds),
        "lowest_tokens_per_second": n_tokens / max(seconds),
        "highest_tokens_per_second": n_tokens / min(seconds),
        "repetitions": len(seconds),
        "responses_per_second": len(asked) * len(seconds) / sum(seconds),
        "n_tokens": n_tokens,
    }


@torch.inference_mode()
def dense(
    backbone: Backbone, sae: Sae, asked: Sequence[Conversation], least_seconds: float
) -> dict[str, Any]:
    """Return the figures of the straightforward way: one conversation at a time, `encode` to a dense array.

    Mean and maximum are taken on the device, and brought to the host.
    """
    point = sae.point

    def one_at_a_time(some: Sequence[Conversation]) -> None:
        for one in some:
            codes = sae.encode(backbone.selected_rows([one], [point])[point])
            torch.stack([codes.float().mean(dim=0), codes.float().amax(dim=0)]).cpu().numpy()

    one_at_a_time(asked[:1])
    seconds, _ = repeated(lambda: one_at_a_time(asked), backbone.device, least_seconds)
    return {**speeds(asked, seconds), "bytes_per_response": 2 * 4 * sae.d_sae}


def n_weights(backbone: Backbone) -> int:
    """Return how many weights a token is multiplied by: those of the layers' matrices."""
    return sum(weight.numel() for weight in backbone.layers.parameters() if weight.ndim == 2)


def matrix_peak(device: torch.device, dtype: torch.dtype, size: int) -> float:
    """Return how many products and sums per second a product of two matrices reaches at its best."""
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    repeated(lambda: left @ right, device, WARM_SECONDS)
    seconds, _ = repeated(lambda: left @ right, device, WARM_SECONDS)
    return float(2 * size**3 / min(seconds))


def slowest(work: Callable[[], Any], device: torch.device) -> list[str]:
    """Return the ten kernels that take most of a device's time in `work`, each with its milliseconds.

    On a GPU the profiler lists operations of the CPU, too, with the time of the kernels that they began: of
    those none is taken, or each kernel would be there twice. Without a GPU the operations stand for kernels.
    """
    from torch.autograd import DeviceType
    from torch.profiler import ProfilerActivity, profile

    on_gpu = device.type == "cuda"
    with profile(activities=[ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]) as profiled:
        work()
    kind, taken = (
        (DeviceType.CUDA, "self_device_time_total") if on_gpu else (DeviceType.CPU, "self_cpu_time_total")
    )
    there = [(getattr(one, taken), one.key) for one in profiled.key_averages() if one.device_type == kind]
    return [f"{micro / 1e3:.1f} ms  {name[:90]}" for micro, name in sorted(there, reverse=True)[:10]]
