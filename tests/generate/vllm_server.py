"""vLLM's own server on the demo's model, in a session of processes of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.places import PROJECT
from tests.ports import free_port

MODEL = "tests/toy/data/model"
_STARTS_WITHIN = 300.0  # seconds

_ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "OMP_WAIT_POLICY": "PASSIVE",
    "PERSONA_ENGINE_OWNER": str(os.getpid()),  # its engine ends with us, however we end
}

# A CPU's random generators cannot take a draw back, which reading a prompt in parts would need.
_OPTIONS = [
    "--enforce-eager",
    "--no-enable-chunked-prefill",
    "--max-num-batched-tokens=8192",
    "--max-model-len=512",
    "--dtype=float32",
    "--host=127.0.0.1",
]


@contextmanager
def vllm_server(log: Path, *options: str) -> Iterator[str]:
    """The base URL of a server that is ready. What `vllm serve` runs, whose command vllm-cpu lacks."""
    port = free_port()
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", MODEL, *_OPTIONS]
    with log.open("w") as lines:
        process = subprocess.Popen(
            [*command, "--port", str(port), *options],
            cwd=PROJECT,
            env=os.environ | _ENVIRONMENT,
            stdout=lines,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, port, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        _end(process)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise AssertionError(f"vLLM's server did not start: {log.read_text()[-3000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
