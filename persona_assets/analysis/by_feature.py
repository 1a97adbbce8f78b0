"""Dataclasses of arrays whose last axis is features: a range of it, and all of the ranges.

A `Design` among their fields speaks of no feature and stays as it is, as does what is no array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from persona_assets.analysis.design import Design

Of = TypeVar("Of")


def cut(of: Of, block: slice) -> Of:
    """Return it of a range of features."""
    found: Of = _each(of, lambda values: values[..., block])
    return found


def joined(parts: Iterable[tuple[slice, Of]], n_features: int) -> Of:
    """Return what `parts`, each with its range, say of all features; there is one part at least."""
    whole = None
    for block, part in parts:
        if whole is None:
            whole = _each(part, lambda values: np.empty((*values.shape[:-1], n_features), values.dtype))
        for into, values in zip(_arrays(whole), _arrays(part), strict=True):
            into[..., block] = values
    assert whole is not None
    return whole


def _arrays(of: Any) -> Iterator[np.ndarray]:
    for _, value in _of_features(of):
        yield from [value] if isinstance(value, np.ndarray) else _arrays(value)


def _each(of: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """Return a dataclass with its arrays changed, and those of its dataclasses."""
    changed = {
        name: change(value) if isinstance(value, np.ndarray) else _each(value, change)
        for name, value in _of_features(of)
    }
    return replace(of, **changed)


def _of_features(of: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields that hold arrays, or dataclasses of them."""
    for field in fields(of):
        value = getattr(of, field.name)
        if isinstance(value, np.ndarray) or (is_dataclass(value) and not isinstance(value, Design)):
            yield field.name, value
