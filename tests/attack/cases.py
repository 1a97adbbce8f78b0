"""Which of an attack's cases are tried in this run."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

Case = TypeVar("Case")

_SEED = 20261128
ALL = os.environ.get("PERSONA_ATTACK") == "all"  # what `make attack` sets


def chosen(cases: Iterable[Case], share: float = 0.1) -> Sequence[Case]:
    """Return all cases in `make attack`, otherwise the same seeded `share` of them in every run."""
    every = list(cases)
    if ALL:
        return every
    kept = sorted(random.Random(_SEED).sample(range(len(every)), math.ceil(share * len(every))))
    return [every[place] for place in kept]
