"""What needs no engine; tests/generate/test_vllm.py and tests/extract/test_vllm.py start some."""

from __future__ import annotations

import multiprocessing

from persona_assets.vllm_engine import allow_children


def child() -> None:
    pass


def daemonic() -> None:
    allow_children()
    process = multiprocessing.get_context("spawn").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode == 0


def test_a_daemonic_process_such_as_celery_s_workers_may_start_an_engine() -> None:
    process = multiprocessing.get_context("spawn").Process(target=daemonic, daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == 0
