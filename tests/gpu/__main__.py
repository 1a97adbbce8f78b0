"""`python -m tests.gpu` runs the tests of this folder on the GPU; without one it says so in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

HERE = Path(__file__).parent


def main() -> int:
    """Return the status of the tests."""
    if not torch.cuda.is_available():
        print("tests/gpu: skipped, there is no GPU here that CUDA can use")
        return 0
    import pytest

    # Of its own settings alone: those of the other tests name what a bare machine lacks.
    return pytest.main(["-c", str(HERE / "bare.ini"), "-k", "cuda", str(HERE)])


if __name__ == "__main__":
    sys.exit(main())
