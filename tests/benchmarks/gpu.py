"""`python -m tests.benchmarks.gpu` measures reading on a GPU; without one it runs in a tiny size on the CPU.

The most telling figures come first, and each is written to a file of JSON lines as it comes. After 8 minutes
it stops and says what was not measured. Nothing but torch, transformers, numba and NumPy is needed, and no
network and no weights: models and SAEs are random.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.passes import Passes
from persona_assets.extract.reader import Reader
from persona_assets.extract.screen import ScreenedEncoder
from persona_assets.models.hooks import HookPoint
from tests.gpu.measure import Stopwatch, dense, extraction, matrix_peak, read, slowest
from tests.gpu.models import conversations, random_backbone
from tests.gpu.saes import Random, realistic_sae
from tests.gpu.shapes import GEMMA_1B, GEMMA_27B, SMOLLM2, TINY, VOCABULARY, Shape

Row = dict[str, Any]
Part = tuple[str, Callable[[], Iterator[Row]]]

N_DENSE, N_SAMPLED = 24, 8  # conversations: read the dense way; to learn how wide the stream is
GOALS = {"sae_pooling_evidence_of_forward": "<= 0.15", "of_matrix_peak": ">= 0.45"}  # of Gemma 3 27B
COLUMNS = {
    "model": "model",
    "way": "way",
    "sae": "SAE in",
    "screen": "screen in",
    "tokens_per_batch": "batch",
    "tokens_per_second": "tokens/s",
    "lowest_tokens_per_second": "lowest",
    "highest_tokens_per_second": "highest",
    "forward_share": "forward",
    "sae_pooling_evidence_of_forward": "SAE+pool+evidence / forward",
    "of_matrix_peak": "of peak",
    "peak_memory_gb": "GB",
    "bytes_per_response": "bytes/response",
}


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print and write; return 1 where a part failed."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, default=Path("gpu.jsonl"), help="file of JSON lines")
    asked.add_argument("--minutes", type=float, default=8.0, help="when to stop")
    asked.add_argument("--since", type=float, default=time.time(), help="from when on, in seconds since 1970")
    given = asked.parse_args(words)
    rows, left = [], parts()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with given.out.open("w", encoding="utf-8") as file:
        for row in measured(left, given.since + 60 * given.minutes):
            rows.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
            print(told(row), flush=True)
    print("\n" + "\n".join(table([row for row in rows if "way" in row])))
    print(f"goals of Gemma 3 27B: {', '.join(f'{COLUMNS[name]} {goal}' for name, goal in GOALS.items())}")
    if left:
        names = ", ".join(name for name, _ in left)
        print(f"stopped after {given.minutes:g} minutes, before the end of: {names}")
    print(f"all of it, as JSON lines: {given.out}")
    return int(any("failed" in row for row in rows))


def measured(left: list[Part], deadline: float) -> Iterator[Row]:
    """Yield the rows of one part after another until the deadline; parts that are whole leave `left`."""
    while left and time.time() < deadline:
        name, part = left[0]
        try:
            for row in part():
                yield {"part": name, **row}
                if time.time() > deadline:
                    return
        except Exception as error:  # the other parts are worth having
            yield {"part": name, "failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
        del left[0]
        gc.collect()
        torch.cuda.empty_cache()


def parts() -> list[Part]:
    """Return what is measured here, the most telling first."""
    if not torch.cuda.is_available():
        print("there is no GPU here that CUDA can use: a tiny size on the CPU, whose figures say nothing")
        cpu = torch.device("cpu")
        return [("machine", lambda: machine(cpu, 256)), ("tiny", lambda: of_model(TINY, cpu, torch.float32))]
    gpu = torch.device("cuda")
    models: list[Part] = [
        (shape.name, lambda shape=shape: of_model(shape, gpu, torch.bfloat16))
        for shape in (GEMMA_27B, GEMMA_1B, SMOLLM2)
    ]
    return [("machine", lambda: machine(gpu, 8_192)), *models]


def machine(device: torch.device, size: int) -> Iterator[Row]:
    """Yield what the machine is, then how fast it multiplies large matrices."""
    on_gpu = device.type == "cuda"
    about = torch.cuda.get_device_properties(device) if on_gpu else None
    yield {
        "card": about.name if about else "CPU",
        "memory_gb": about.total_memory / 1e9 if about else None,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "transformers": transformers.__version__,
    }
    for kind in ("bfloat16", "float32"):
        yield {f"matrix_peak_{kind}": matrix_peak(device, getattr(torch, kind), size)}


@dataclass(frozen=True)
class Model:
    """A model that SAEs read at `point`.

    `rows` tell how wide its stream is there, `peak` what the card reaches in a large matrix product.
    """

    shape: Shape
    backbone: Backbone
    point: HookPoint
    rows: torch.Tensor
    peak: float


def of_model(shape: Shape, device: torch.device, dtype: torch.dtype) -> Iterator[Row]:
    """Yield the figures of a model: of batches of several sizes, of SAEs and screens in either type."""
    backbone = random_backbone(shape.config(shape.layer + 1), device, dtype)
    point = HookPoint(shape.layer, "hook_resid_post")
    rows = backbone.selected_rows(some(shape, N_SAMPLED), [point])[point]
    peak = matrix_peak(device, dtype, 8_192 if device.type == "cuda" else 256)
    model = Model(shape, backbone, point, rows, peak)
    for stored in (torch.float32, torch.bfloat16):
        yield from of_sae(model, stored)
    yield {"model": shape.name, "kernels": kernels(model)}  # last: where no profiler works, all else is known


def of_sae(model: Model, stored: torch.dtype) -> Iterator[Row]:
    """Yield the figures of an SAE that is stored in a type, which nothing holds any longer afterwards."""
    shape = model.shape
    sae = realistic_sae(model.rows, shape.d_sae, model.point, stored)
    about = {"model": shape.name, "read": shape.read, "d_sae": shape.d_sae, "sae": name_of(stored)}
    first, *others = shape.budgets
    yield from (about | row for row in screened(model, sae, None, [first]))
    asked = some(shape, N_DENSE)
    yield about | {"way": "dense"} | dense(model.backbone, sae.to(stored), asked, shape.least_seconds)
    if stored is torch.float32:
        yield from (about | row for row in screened(model, sae, None, others))
        yield from (about | row for row in screened(model, sae, torch.float32, [first]))


def screened(model: Model, sae: Random, dtype: torch.dtype | None, budgets: Sequence[int]) -> Iterator[Row]:
    """Yield a row per size of batch, with one screen, that is held no longer: peak memory is that of one."""
    shape, encode = model.shape, screen(sae, dtype)
    reader = Reader("sae", sae, encode)
    for budget in budgets:
        asked = enough(shape, budget)
        figures = extraction(model.backbone, reader, asked, budget, model.peak, shape.least_seconds)
        yield {"way": "screened", "screen": name_of(encode.dtype)} | figures


def screen(sae: Random, dtype: torch.dtype | None) -> ScreenedEncoder:
    affine = sae.affine()
    assert affine is not None
    return ScreenedEncoder(affine, dtype)


def kernels(model: Model) -> list[str]:
    """Return the kernels that take longest where a model is read as in its first row."""
    shape, device = model.shape, model.backbone.device
    sae = realistic_sae(model.rows, shape.d_sae, model.point, torch.float32)
    reader, passes = Reader("sae", sae, screen(sae, None)), Passes(model.backbone, shape.budgets[0])
    return slowest(lambda: read(passes, reader, some(shape, 60), Stopwatch(device)), device)


def some(shape: Shape, n: int) -> list[Conversation]:
    return conversations(n, VOCABULARY, shape.prompt, shape.answer)


def enough(shape: Shape, budget: int) -> list[Conversation]:
    """Conversations that fill two batches, and a figure's least tokens."""
    mean = (sum(shape.prompt) + sum(shape.answer)) / 2
    return some(shape, round(max(shape.least, 2 * budget) / mean) + 1)


def name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def told(row: Row) -> str:
    """Return a row as one line, lists below it."""
    plain = {name: value for name, value in row.items() if not isinstance(value, list)}
    lists = [f"    {one}" for value in row.values() if isinstance(value, list) for one in value]
    return "\n".join(["  ".join(f"{name} {cell(value)}" for name, value in plain.items()), *lists])


def table(rows: Sequence[Row]) -> list[str]:
    """Return the rows under COLUMNS, aligned."""
    cells = [list(COLUMNS.values()), *([cell(row.get(name)) for name in COLUMNS] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [[one.ljust(width) for one, width in zip(line, widths, strict=True)] for line in cells]
    return ["  ".join(line).rstrip() for line in lines]


def cell(value: Any) -> str:
    """Return a figure in three digits, without an exponent; a dash for none."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
