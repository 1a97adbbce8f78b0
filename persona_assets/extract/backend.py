"""What runs the model for the extractor and pools where its activations are: the backends' interface."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from persona_assets.base.arrays import Ints, Singles
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.pool import Pooled
from persona_assets.extract.quality import FitSums

if TYPE_CHECKING:
    from persona_assets.extract.backbone import Backbone
    from persona_assets.extract.losses import Losses
    from persona_assets.models.hooks import HookPoint
    from persona_assets.models.places import Change
    from persona_assets.models.sae import Sae


@dataclass(frozen=True)
class PooledBatch:
    """Some responses, pooled under one SAE; `pooled.response` counts along `response_ids`, int64[n].

    `n_outliers`, int64[n]: how many of their selected tokens are outliers (`extract.outliers`). `fit` sums up
    how well the SAE fits those of the responses on which that is measured; None where there are none.
    `vectors`, float32[n, d_in]: the mean over the pooled tokens of what the SAE reads; None where nobody
    asks for it.
    """

    sae: str
    response_ids: Ints
    pooled: Pooled
    n_outliers: Ints
    fit: FitSums | None = None
    vectors: Singles | None = None


class Backend(Protocol):
    """A model with SAEs; every selected token of a conversation that it is given is read.

    `d_sae` has the width of each SAE by name, `context` is how many tokens the model reads at most. The
    conversations given to it are those that are not excluded.
    """

    d_sae: dict[str, int]
    context: int | None

    def pooled(
        self, conversations: Sequence[Conversation], saes: Sequence[str], measured: Collection[int] = ()
    ) -> Generator[PooledBatch]:
        """Pool the conversations under each of `saes`: each pair comes once, in batches of any order.

        The fit is measured on the responses whose ids are `measured`. To be closed before anything else is
        asked. Raises StudyError, naming the response, where the model's activations are not finite.
        """
        ...

    def close(self) -> None:
        """Give back the memory of model and SAEs; nothing can be asked afterwards."""
        ...


@runtime_checkable
class MeasuresLosses(Protocol):
    """A backend that can say what the SAEs cost the model, for `extraction.fit.loss_recovered`."""

    def losses(self, conversations: Sequence[Conversation], saes: Sequence[str]) -> Mapping[str, Losses]:
        """Return by SAE what it costs on the conversations' selected tokens, where that can be measured."""
        ...


@runtime_checkable
class ReadsStreams(Protocol):
    """A backend that gives out what an SAE reads."""

    def rows(self, conversations: Sequence[Conversation], sae: str) -> Iterator[tuple[int, Singles]]:
        """Yield by response_id what `sae` reads of each conversation's selected tokens, float32[n, d_in]."""
        ...


@runtime_checkable
class ChangesStreams(Protocol):
    """A backend that can read while a stream is changed."""

    def changed(self, point: HookPoint, change: Change) -> AbstractContextManager[None]:
        """While open, the stream at `point` is what `change` makes of it, in every token that is read.

        Raises StudyError where that stream cannot be changed.
        """
        ...


@runtime_checkable
class HoldsModel(Protocol):
    """A backend whose model lies in this process, for whoever asks more of it than to read."""

    def whole(self) -> Backbone:
        """Return the whole model, held from now on in the place of the layers in use."""
        ...

    def sae(self, name: str) -> Sae:
        """Return one of the SAEs that read it."""
        ...
