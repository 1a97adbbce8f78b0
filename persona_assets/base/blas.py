"""Linear algebra beside threads of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Have linear algebra take one thread in this process while a block, or a decorated function, runs.

    Its threads would wait, at full speed, for cores that ours have; and sums would depend on how many there
    are.
    """
    with threadpool_limits(1, "blas"):
        yield
