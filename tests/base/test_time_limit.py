from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from persona_assets.base.time_limit import time_limit

PROFILED = """
import cProfile
from persona_assets.base.time_limit import time_limit
def called():
    with time_limit(60):
        pass
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
    with pytest.raises(TimeoutError, match=r"not done after 0\.05 s"), time_limit(0.05):
        while True:
            pass


def test_an_interrupt_of_the_last_moment_is_never_heard_outside(switching_often: None) -> None:
    stopped = 0
    for number in range(400):
        try:
            with time_limit(0.002), suppress(ValueError):
                end = time.perf_counter() + 0.004 * number / 400
                while time.perf_counter() < end:
                    pass
                raise ValueError
        except TimeoutError:
            stopped += 1
        for _ in range(100):  # where Python looks for an interrupt
            pass
    assert 0 < stopped < 400


def test_python_has_nothing_to_look_for_when_the_body_was_done_in_time() -> None:
    """Or its loops are slower for good, and a profiler's or a debugger's never end (CPython 3.11)."""
    told = subprocess.run([sys.executable, "-c", PROFILED], capture_output=True, text=True, timeout=120)
    assert "through" in told.stdout, told.stderr
