from __future__ import annotations

import os

# Before torch is imported: threads that spin while they wait steal the time of those that work.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")

import pytest
from report import ROWS, table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ROWS:
        terminalreporter.section("goals and figures")
        for line in table():
            terminalreporter.write_line(line)
