"""Items that another thread makes while the one before is in use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield `items` in their order, each made in another thread while the caller uses the one before.

    So two items are in memory at once. What making one raises is raised here, at its turn.
    """
    end, making = object(), iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        following = thread.submit(next, making, end)
        while (item := following.result()) is not end:
            following = thread.submit(next, making, end)
            yield item  # type: ignore[misc]  # it is not `end`
