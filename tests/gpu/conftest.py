from __future__ import annotations

import pytest
import torch

# Every test runs in a tiny size on the CPU, so that none can rot where there is no GPU.
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> torch.device:
    """Each device that the tests of this folder run on."""
    return torch.device(request.param)
