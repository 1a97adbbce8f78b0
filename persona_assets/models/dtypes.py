"""Which type of numbers this machine multiplies well."""

from __future__ import annotations

import timeit
from functools import cache

import torch

from persona_assets.base.errors import StudyError
from persona_assets.models.loading import text_config


def best_dtype(model: str, revision: str | None, device: str | None = None) -> str:
    """Return the type in which a model's weights are best held on this machine.

    That is the type they are stored in; on a CPU float32, unless they are bfloat16 and the CPU multiplies it
    faster: one without instructions for it may take 100 times as long. `device` is where the model runs, by
    default on the GPU if there is one. Of a model that is not at hand the weights are taken for bfloat16.
    """
    stored = _stored(model, revision)
    on_gpu = torch.cuda.is_available() if device in (None, "auto") else not str(device).startswith("cpu")
    if on_gpu or (stored == torch.bfloat16 and faster_on_cpu() == torch.bfloat16):
        return str(stored).removeprefix("torch.")
    return "float32"


def _stored(model: str, revision: str | None) -> torch.dtype:
    try:
        stored = getattr(text_config(model, revision), "dtype", None)
    except StudyError:
        return torch.bfloat16
    return stored if stored in (torch.bfloat16, torch.float16) else torch.float32


@cache
def faster_on_cpu() -> torch.dtype:
    """Return in which of bfloat16 and float32 this processor multiplies faster."""
    return min((torch.bfloat16, torch.float32), key=_seconds_per_product)


def _seconds_per_product(dtype: torch.dtype) -> float:
    left, right = torch.ones(256, 192, dtype=dtype), torch.ones(192, 512, dtype=dtype)
    torch.mm(left, right)  # the first call prepares
    return min(timeit.repeat(lambda: torch.mm(left, right), number=1, repeat=5))
