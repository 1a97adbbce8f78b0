"""What runs the model for the extractor and pools where its activations are: the backends' interface."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from persona_assets.base.arrays import Ints
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.pool import Pooled
from persona_assets.extract.quality import Fit


@dataclass(frozen=True)
class PooledBatch:
    """Some responses, pooled under one SAE; `pooled.response` counts along `response_ids`, int64[n]."""

    sae: str
    response_ids: Ints
    pooled: Pooled


class Backend(Protocol):
    """A model with SAEs; every selected token of a conversation that it is given is read.

    `d_sae` has the width of each SAE by name, `context` is how many tokens the model reads at most. The
    conversations given to it are those that are not excluded.
    """

    d_sae: dict[str, int]
    context: int | None

    def pooled(self, conversations: Sequence[Conversation], saes: Sequence[str]) -> Generator[PooledBatch]:
        """Pool the conversations under each of `saes`: each pair comes once, in batches of any order.

        To be closed before anything else is asked. Raises StudyError, naming the response, where
        the model's activations are not finite.
        """
        ...

    def fit(self, conversations: Sequence[Conversation], sae: str) -> Fit:
        """Return how well the SAE fits the model on the selected tokens."""
        ...

    def close(self) -> None:
        """Give back the memory of model and SAEs; nothing can be asked afterwards."""
        ...
