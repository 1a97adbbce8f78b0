"""Given answers, read again with a stream edited: what the model predicts then, and what comes out on top.

Nothing is generated. The layers below the edit run once for an answer, and its prompt once, where nothing of
it is edited.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn
from transformers import DynamicCache

from persona_assets.extract.backbone import Backbone, place_of
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.losses import last_logits
from persona_assets.generate.cache import keeps_all_tokens
from persona_assets.models.hooks import HookPoint, captured
from persona_assets.models.places import Change, Place, changed

_LOGITS = 2**26  # that are held at once, of the answers that are read together


@dataclass(frozen=True)
class Moved:
    """What an edit does to an answer, over its tokens: `kl` from the model's own predictions to those of the
    edited one, in nats; how far the stream above the last layer moves along the `readout`; and by how much
    each token's `loss` grows, in nats. Means of the tokens; there is no loss of an answer of one token.
    """

    kl: float
    readout: float
    loss: float


@dataclass(frozen=True)
class _Run:
    """What a pass gives of an answer's tokens: log-probabilities float32[n, n_vocabulary], and the mean of
    the last layer's output, float32[width].
    """

    predicted: torch.Tensor
    top: torch.Tensor


class AnswerReader:
    """A whole model that reads answers while the streams at `points` are edited: all tokens, or the answer's.

    Raises StudyError where one of the streams cannot be changed.
    """

    def __init__(self, backbone: Backbone, points: Sequence[HookPoint], whole_conversation: bool) -> None:
        self._backbone, self._places = backbone, [place_of(backbone, one) for one in points]
        self._lowest, self._whole = min(one.layer for one in points), whole_conversation
        self._last = HookPoint(len(backbone.layers) - 1, "hook_resid_post")
        self._begins = not whole_conversation and keeps_all_tokens(backbone.causal)

    @torch.inference_mode()
    def moved(
        self, one: Conversation, readout: torch.Tensor, edits: Sequence[Sequence[Change]]
    ) -> Iterator[Moved]:
        """Yield what each edit does to the answer; `readout` float32[width] is a unit of what is read out.

        An edit is a change for each of the points.
        """
        ids = torch.from_numpy(one.token_ids[: one.stop]).long().to(self._backbone.device)[None]
        n_begun = one.start if self._begins else 0
        begun = self._begun(ids[:, :n_begun])
        below = HookPoint(self._lowest, "hook_resid_pre")
        layers = self._backbone.layers
        with captured(layers, self._backbone.architecture, [below]) as streams, _shapes(layers) as shapes:
            [clean] = self._runs(ids[:, n_begun:], one.n_selected, copy.deepcopy(begun))
            stream = streams[below]
        first = 0 if self._whole else one.start - n_begun
        answer = ids[0, one.start : one.stop]
        at_once = max(1, _LOGITS // clean.predicted.numel())
        for start in range(0, len(edits), at_once):
            some = edits[start : start + at_once]
            with self._edited(some, stream, first, shapes):
                cache = copy.deepcopy(begun)
                if cache is not None:
                    cache.batch_repeat_interleave(len(some))
                rows = ids[:, n_begun:].expand(len(some), -1)
                for run in self._runs(rows, one.n_selected, cache):
                    yield _moved(clean, run, answer, readout)

    def _begun(self, ids: torch.Tensor) -> DynamicCache | None:
        """Return keys and values of the prompt, of which nothing is edited; None where it is read again."""
        if not ids.shape[1]:
            return None
        cache = DynamicCache(config=self._backbone.model.config)
        self._backbone.model(input_ids=ids, past_key_values=cache, use_cache=True)
        return cache

    def _runs(self, ids: torch.Tensor, n_answer: int, cache: DynamicCache | None) -> list[_Run]:
        backbone = self._backbone
        with captured(backbone.layers, backbone.architecture, [self._last]) as streams:
            logits = last_logits(backbone.causal, ids, n_answer, cache)
            top = streams[self._last][:, -n_answer:].float().mean(dim=1)
        return [_Run(row.float().log_softmax(-1), mean) for row, mean in zip(logits, top, strict=True)]

    @contextmanager
    def _edited(
        self,
        edits: Sequence[Sequence[Change]],
        stream: torch.Tensor,
        first: int,
        shapes: Sequence[int | None],
    ) -> Iterator[None]:
        """While open, each row of a batch has its own edit from token `first` on, above the known stream."""
        layers = self._backbone.layers

        def each(changes: Sequence[Change], stream: torch.Tensor) -> torch.Tensor:
            edited = torch.stack([change(row[first:]) for change, row in zip(changes, stream, strict=True)])
            return torch.cat([stream[:, :first], edited], dim=1) if first else edited

        known = stream.expand(len(edits), -1, -1)
        with ExitStack() as open_:
            open_.enter_context(_passed_over(layers[: self._lowest], shapes))
            open_.enter_context(changed(Place(layers[self._lowest], "input"), lambda _: known))
            for place, changes in zip(self._places, zip(*edits, strict=True), strict=True):
                open_.enter_context(changed(place, partial(each, changes)))
            yield


@contextmanager
def _shapes(layers: Sequence[nn.Module]) -> Iterator[list[int | None]]:
    """While open, a pass leaves of each layer how many things it gives in a tuple; None of a bare stream."""
    found: list[int | None] = []
    with ExitStack() as hooks:
        for layer in layers:
            hook = layer.register_forward_hook(
                lambda _module, _args, output: found.append(
                    len(output) if isinstance(output, tuple) else None
                )
            )
            hooks.callback(hook.remove)
        yield found


@contextmanager
def _passed_over(layers: Sequence[nn.Module], shapes: Sequence[int | None]) -> Iterator[None]:
    """While open, each layer gives out what it is given, alone or first in a tuple, as its `shapes` say."""

    def same(shape: int | None) -> Callable[..., Any]:
        def given(hidden_states: torch.Tensor, *_args: Any, **_kwargs: Any) -> Any:
            return hidden_states if shape is None else (hidden_states, *[None] * (shape - 1))

        return given

    for layer, shape in zip(layers, shapes, strict=False):
        layer.forward = same(shape)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward  # the class's own stands again


def _moved(clean: _Run, run: _Run, answer: torch.Tensor, readout: torch.Tensor) -> Moved:
    differ = clean.predicted - run.predicted
    kl = (clean.predicted.exp() * differ).sum(dim=-1).mean()
    lost = differ[:-1].gather(1, answer[1:, None])
    return Moved(float(kl), float((run.top - clean.top) @ readout), float(lost.mean()))
