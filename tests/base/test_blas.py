"""Linear algebra has one thread where it runs beside ours, and as many as before elsewhere."""

from __future__ import annotations

import numpy as np  # noqa: F401  # its library of linear algebra is what is limited
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from persona_assets.base.blas import one_blas_thread


def threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_linear_algebra_takes_one_thread_until_the_work_is_done_or_fails() -> None:
    with threadpool_limits(2, "blas"):
        assert threads() == {2}
        assert one_blas_thread()(threads)() == {1}
        with pytest.raises(ValueError, match="broken"), one_blas_thread():
            assert threads() == {1}
            raise ValueError("broken")
        assert threads() == {2}
