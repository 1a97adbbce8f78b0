"""What needs no engine; tests/generate/test_vllm.py and tests/extract/test_vllm.py start some."""

from __future__ import annotations

import subprocess
import sys

# A process as a Celery worker's, and in it one as an engine's.
WORKER = """
import multiprocessing, sys, billiard
from persona_assets.models.vllm_engine import allow_children

def task():
    allow_children()
    engine = multiprocessing.get_context("spawn").Process(target=print, args=("started",))
    engine.start()
    engine.join()

worker = billiard.Process(target=task)
worker.daemon = True
worker.start()
worker.join()
"""


def test_an_engine_s_process_starts_in_a_celery_worker() -> None:
    worker = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, timeout=300)
    assert worker.stdout == "started\n", worker.stderr
