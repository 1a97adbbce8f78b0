"""Processes that share a machine's GPUs; tests/orchestration/test_gpus.py tests the claims without one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from tests.places import PROJECT

CLAIM = """
import sys
from persona_assets.orchestration import gpus
gpus._PATIENCE = 0.0
try:
    gpus.claim_gpu()
except gpus.HaltError as refused:
    print("refused:", refused)
    sys.exit()
import torch
print(torch.cuda.device_count(), torch.ones(3, device="cuda").sum().item(), flush=True)
sys.stdin.read()
"""


def start(gpus: str, folder: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PERSONA_GPUS": gpus, "TMPDIR": folder, "PYTHONPATH": str(PROJECT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", CLAIM], env=environment, text=True, **pipes)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here that CUDA can use")
def test_a_process_sees_the_cuda_device_that_it_claimed_alone_and_a_second_is_refused(tmp_path) -> None:
    first, second = None, None
    try:
        first = start("0", str(tmp_path))
        assert first.stdout is not None
        assert first.stdout.readline().split() == ["1", "3.0"]
        second = start("0", str(tmp_path))
        told, _ = second.communicate(timeout=120)
        assert told.startswith("refused: PERSONA_GPUS=0: every GPU is taken")
    finally:
        for process in filter(None, (first, second)):
            process.kill()
            process.communicate()
