"""An interruption is heard wherever it comes."""

from __future__ import annotations

import subprocess
import sys

import pytest

SWALLOWED = """
import time
import dagster as dg
from persona_assets.cli.interrupts import never_lost

class Swallowing:
    def __del__(self):
        raise ERROR

try:
    with never_lost():
        Swallowing()
        time.sleep(20)
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.parametrize(
    ("error", "said"),
    [("KeyboardInterrupt", "heard"), ("dg.DagsterExecutionInterruptedError", "heard"), ("ValueError", "")],
)
def test_an_interruption_that_a_destructor_swallows_comes_again(error: str, said: str) -> None:
    code = SWALLOWED.replace("ERROR", error).replace("20", "20" if said else "0.3")
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=300
    )
    assert ended.stdout.strip() == said
    assert ("ValueError" in ended.stderr) == (error == "ValueError")
