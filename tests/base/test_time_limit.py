from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

import pytest

from persona_assets.base.time_limit import done_within

PROFILED = """
import cProfile
from persona_assets.base.time_limit import done_within
def called():
    done_within(60, lambda: None)
    return sum(number for number in range(3))
cProfile.run("called(); called(); print('through')")
"""


@pytest.fixture
def switching_often() -> Iterator[None]:
    """The thread that interrupts has its turn at once, and not when the other has had 5 ms."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_code_that_takes_too_long_is_stopped() -> None:
    def endless() -> None:
        while True:
            pass

    with pytest.raises(TimeoutError, match=r"not done after 0\.05 s"):
        done_within(0.05, endless)


def test_what_is_done_in_time_is_returned() -> None:
    assert done_within(60, lambda: 3) == 3


def test_an_interrupt_of_the_last_moment_is_never_heard_outside(switching_often: None) -> None:
    """The body ends within 0.1 ms of its limit, 400 times, and nothing is raised after it."""

    def failing(seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass
        raise ValueError

    ends = {ValueError: 0, TimeoutError: 0}
    for number in range(400):
        with pytest.raises((ValueError, TimeoutError)) as raised:
            done_within(0.002, partial(failing, 0.0019 + 0.0004 * number / 400))
        ends[raised.type] += 1
        for _ in range(100):  # where Python looks for an interrupt
            pass
    assert sum(ends.values()) == 400


def test_python_has_nothing_to_look_for_when_the_body_was_done_in_time() -> None:
    """Or its loops are slower for good, and a profiler's or a debugger's never end (CPython 3.11)."""
    told = subprocess.run([sys.executable, "-c", PROFILED], capture_output=True, text=True, timeout=120)
    assert "through" in told.stdout, told.stderr
