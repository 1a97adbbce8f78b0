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


# Ctrl-C comes at the n-th call of Python by a module written in C or C++ that sets itself up.
AS_MODULES_LOAD = """
import os, signal, sys
from persona_assets.cli.loading import hold_ctrl_c

STEPS, inside, calls = ("create_dynamic", "exec_dynamic"), 0, 0

def watch(frame, event, about):
    global inside, calls
    if event.startswith("c_") and about.__name__ in STEPS:
        inside += 1 if event == "c_call" else -1
    elif event == "call" and inside:
        calls += 1
        if calls == CALL:
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGINT)

hold_ctrl_c()
sys.setprofile(watch)
try:
    import duckdb
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.parametrize("call", [1, 10, 20, 30])
def test_ctrl_c_is_heard_while_a_module_written_in_c_sets_itself_up(call: int) -> None:
    code = AS_MODULES_LOAD.replace("CALL", str(call))
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "heard\n", "")
