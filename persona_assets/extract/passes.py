"""Forward passes, batch by batch: each serves all SAEs, and what they make of it is pooled.

A batch for which the device has no memory is made smaller, and so are those that follow.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import torch

from persona_assets.base.errors import StudyError
from persona_assets.extract.backbone import Backbone
from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.batches import batches
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.finite import check_rows
from persona_assets.extract.reader import Reader

_LOG = logging.getLogger(__name__)


@dataclass
class Passes:
    """Forward passes through `backbone`, of at most `budget` padded tokens unless a conversation has more."""

    backbone: Backbone
    budget: int

    def pooled(
        self, conversations: Sequence[Conversation], readers: Sequence[Reader], measured: Collection[int] = ()
    ) -> Iterator[PooledBatch]:
        """Yield pooled batches, as `Backend` says.

        Raises StudyError where the device has no memory for one conversation.
        """
        waiting = deque(batches(conversations, self.budget))
        while waiting:
            batch = waiting.popleft()
            found = self._within_memory(batch, readers, measured)
            if found is not None:
                yield from found
                continue
            self._halve(batch)
            left = [one for part in (batch, *waiting) for one in part]
            waiting = deque(batches(left, self.budget))

    def _within_memory(
        self, batch: Sequence[Conversation], readers: Sequence[Reader], measured: Collection[int]
    ) -> list[PooledBatch] | None:
        """Return the batch, pooled by each reader; None where memory is short: nothing of it is held then."""
        try:
            return self._read(batch, readers, measured)
        except torch.OutOfMemoryError:
            return None

    def _read(
        self, batch: Sequence[Conversation], readers: Sequence[Reader], measured: Collection[int]
    ) -> list[PooledBatch]:
        of = [(one.response_id, one.n_selected) for one in batch]
        points = dict.fromkeys(reader.point for reader in readers)
        streams = self.backbone.selected_rows(batch, list(points))
        for point, rows in streams.items():
            check_rows(rows, of, point)
        return [reader.pooled(streams[reader.point], of, measured) for reader in readers]

    def _halve(self, batch: Sequence[Conversation]) -> None:
        """Say that the batch needs more memory than there is, and read half as much at once from now on."""
        device, longest = self.backbone.device, len(batch[0].token_ids)
        if len(batch) == 1:
            raise StudyError(
                f"response {batch[0].response_id}: {device} has no memory for its {longest:,} tokens beside "
                "model and SAEs; use a larger device, or another extraction.dtype"
            )
        n_tokens = len(batch) * longest
        self.budget = n_tokens // 2
        _LOG.warning(
            f"{device} has no memory for a batch of {n_tokens:,} tokens: going on with {self.budget:,} "
            f"(extraction.engine: {{tokens_per_batch: {self.budget}}} begins with as many)"
        )
        if device.type == "cuda":
            torch.cuda.empty_cache()
