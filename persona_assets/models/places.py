"""Places in a model where a stream can be changed while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn

Change = Callable[[torch.Tensor], torch.Tensor]  # of a stream, float[batch, n_tokens, width]


class Place(NamedTuple):
    """A boundary at which a stream can be changed: a module's `input` or `output`."""

    module: nn.Module
    side: str


@contextmanager
def changed(place: Place, change: Change) -> Iterator[None]:
    """While open, the stream at the place is what `change` makes of it, whenever the module runs."""

    def given(_module: nn.Module, args: Any, kwargs: Any) -> Any:
        if args:
            return (change(args[0]), *args[1:]), kwargs
        return args, kwargs | {"hidden_states": change(kwargs["hidden_states"])}

    def put_out(_module: nn.Module, _args: Any, output: Any) -> Any:
        return (change(output[0]), *output[1:]) if isinstance(output, tuple) else change(output)

    if place.side == "input":
        handle = place.module.register_forward_pre_hook(given, with_kwargs=True)
    else:
        handle = place.module.register_forward_hook(put_out)
    try:
        yield
    finally:
        handle.remove()
