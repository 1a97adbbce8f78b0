"""A GPU for each process, where several runs share a machine.

`PERSONA_GPUS=0,1,2,3` names the machine's GPUs as CUDA_VISIBLE_DEVICES does. A process claims one before it
loads its first model, and keeps it until it ends: a lock, which a killed process gives up by dying.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from pathlib import Path

from persona_assets.base.errors import HaltError

_PATIENCE = 120.0  # seconds: a run that has ended may be slow to give its GPU back

_lock: int | None = None  # the open file that holds this process's claim


def claim_gpu() -> None:
    """Let this process see one GPU of `PERSONA_GPUS` alone, the first that is free; nothing if there is none.

    Must come before anything asks CUDA for its devices. Raises HaltError where all stay taken.
    """
    global _lock
    names = [name.strip() for name in os.environ.get("PERSONA_GPUS", "").split(",") if name.strip()]
    if not names or _lock is not None:
        return
    deadline = time.monotonic() + _PATIENCE
    while (claimed := _first_free(names)) is None:
        if time.monotonic() > deadline:
            raise HaltError(
                f"PERSONA_GPUS={','.join(names)}: every GPU is taken, by the processes that {gpu_folder()} "
                f"names; allow as many runs as GPUs: dagster instance concurrency set gpu {len(names)}"
            )
        time.sleep(1)
    os.environ["CUDA_VISIBLE_DEVICES"], _lock = claimed


def gpu_folder() -> Path:
    """Return the folder of this machine's claims: one file per GPU, which names its process by number."""
    return Path(tempfile.gettempdir()) / f"persona-gpus-{os.getuid()}"


def _first_free(names: list[str]) -> tuple[str, int] | None:
    gpu_folder().mkdir(mode=0o700, exist_ok=True)
    for name in names:
        lock = os.open(gpu_folder() / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        return name, lock
    return None
