"""Interventions: what is changed in a stream while the model runs, and on which answers."""

from __future__ import annotations

from typing import Literal

Operation = Literal["add", "ablate", "cap", "floor"]
