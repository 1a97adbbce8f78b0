"""Residual streams of texts, read once and kept on disk: a killed run goes on where it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from persona_assets.extract.backbone import Backbone
from persona_assets.extract.conversation import Conversation
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import text_config
from tests.smollm2.texts import Block, Text

Halfs = npt.NDArray[np.float16]

BATCH_TOKENS = 8192
SINK = 10  # a token whose norm is so many times the text's median draws attention, and says nothing
SITE = "hook_resid_post"


@dataclass(frozen=True)
class Cache:
    """A folder of residuals: `<layer>/<block's key>.npy`, float16[n_tokens, d_in] without sinks."""

    folder: Path
    model: str
    layers: tuple[int, ...]

    def file(self, layer: int, block: Block) -> Path:
        """Where the block's residuals after a layer lie."""
        return self.folder / f"layer_{layer}" / f"{block.key}.npy"

    def fill(self, blocks: Iterable[Block], told: Callable[[str], None]) -> None:
        """Read what is not there yet."""
        backbone: Backbone | None = None
        todo = [block for block in blocks if any(not self.file(one, block).is_file() for one in self.layers)]
        for place, block in enumerate(todo, 1):
            backbone = backbone or self._backbone()
            for layer, rows in _read(backbone, block, self.layers).items():
                _write(self.file(layer, block), rows)
            told(f"read block {place} of {len(todo)}: {block.source}, {block.n_tokens} tokens")

    def open(self, layer: int, blocks: Iterable[Block]) -> list[Halfs]:
        """Return the blocks' residuals as maps of their files."""
        return [np.load(self.file(layer, block), mmap_mode="c") for block in blocks]

    def _backbone(self) -> Backbone:
        config = text_config(self.model)
        return Backbone.load(self.model, None, config, max(self.layers) + 1, "float32", "cpu")


def _read(backbone: Backbone, block: Block, layers: Sequence[int]) -> dict[int, Halfs]:
    points = {layer: HookPoint(layer, SITE) for layer in layers}
    read: dict[int, list[torch.Tensor]] = {layer: [] for layer in layers}
    for batch in _batches(block.texts):
        whole = [Conversation(0, text.ids, 0, len(text.ids)) for text in batch]
        streams = backbone.selected_rows(whole, list(points.values()))
        lengths = [len(text.ids) for text in batch]
        for layer, point in points.items():
            parts = streams[point].split(lengths)
            read[layer] += [part[is_no_sink(part)] for part in parts]
    return {layer: torch.cat(parts).half().numpy() for layer, parts in read.items()}


def is_no_sink(residuals: torch.Tensor) -> torch.Tensor:
    """Return bool[n_tokens] of a text's residuals [n_tokens, d_in]: all but the first token and sinks."""
    norms = residuals.norm(dim=-1)
    kept = norms < SINK * norms.median()
    kept[0] = False
    return kept


def _batches(texts: Sequence[Text]) -> list[list[Text]]:
    batches: list[list[Text]] = [[]]
    for text in sorted(texts, key=lambda text: len(text.ids)):
        if batches[-1] and (len(batches[-1]) + 1) * len(text.ids) > BATCH_TOKENS:
            batches.append([])
        batches[-1].append(text)
    return batches


def _write(file: Path, rows: Halfs) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}.tmp")
    with beside.open("wb") as stream:
        np.save(stream, rows)
    beside.rename(file)
