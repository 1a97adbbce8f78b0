"""Items made ahead come in order, one ahead and no more, and their errors at their turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from persona_assets.base.ahead import ahead


def test_the_next_item_is_made_in_another_thread_while_one_is_used() -> None:
    made: list[int] = []
    reached = {number: threading.Event() for number in range(5)}

    def items() -> Iterator[tuple[int, int]]:
        for number in range(4):
            made.append(number)
            reached[number].set()
            yield number, threading.get_ident()
        reached[4].set()

    for turn, (number, maker) in enumerate(ahead(items())):
        assert number == turn and maker != threading.get_ident()
        assert reached[number + 1].wait(120)
        assert len(made) <= number + 2
    assert turn == 3


def test_an_error_is_raised_at_its_items_turn() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    one = ahead(items())
    assert next(one) == 1
    with pytest.raises(ValueError, match="broken"):
        next(one)


def test_whoever_stops_early_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    for number in ahead(range(1000)):
        if number == 3:
            break
    del number
    assert set(threading.enumerate()) <= before
