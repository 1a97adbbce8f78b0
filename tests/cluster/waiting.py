"""Jobs whose runs wait until a file is there."""

from __future__ import annotations

import os
import time
from pathlib import Path

import dagster as dg

from persona_assets.orchestration.assets import GPU_POOL


def go() -> Path:
    return Path(os.environ["DAGSTER_HOME"]) / "go"


def wait() -> None:
    while not go().exists():
        time.sleep(0.1)


@dg.op
def without_model() -> None:
    wait()


@dg.op(pool=GPU_POOL)
def with_model() -> None:
    wait()


@dg.job(executor_def=dg.in_process_executor)
def light() -> None:
    without_model()


@dg.job(executor_def=dg.in_process_executor)
def heavy() -> None:
    with_model()
