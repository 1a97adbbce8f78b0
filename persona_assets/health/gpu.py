"""What reading reached on GPUs, as `make gpu` measured it: for docs/performance.md and for estimates."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from persona_assets.base.errors import StudyError

_FILE = Path(__file__).parent / "gpu.toml"


@dataclass(frozen=True)
class Measured:
    """The figures of one model on one card, the fields of a table of `gpu.toml`.

    `read`: how many of its layers ran; `stands_for`: the models of this shape, as studies name them. `sae` is
    the type that the SAE of `d_sae` features was stored in, `screen` that of the screen. The lowest and
    highest speeds are those of single repetitions.
    """

    card: str
    model: str
    stands_for: list[str]
    read: str
    d_sae: int
    sae: str
    screen: str
    tokens_per_batch: int
    tokens_per_second: float
    lowest_tokens_per_second: float
    highest_tokens_per_second: float
    repetitions: int
    dense_tokens_per_second: float
    forward_share: float
    sae_pooling_evidence_of_forward: float
    of_matrix_peak: float
    peak_memory_gb: float
    bytes_per_response: float


def measured_on_gpus(text: str | None = None) -> list[Measured]:
    """Return all that was measured; `text` stands in for what `gpu.toml` holds.

    Raises StudyError where that is not TOML, or not tables of just these fields.
    """
    try:
        content = tomllib.loads(_FILE.read_text(encoding="utf-8") if text is None else text)
        return [Measured(**table) for table in content["measured"]]
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        remedy = "put there, in place of `measured = []`, what `python -m tests.gpu.figures` prints"
        raise StudyError(f"{_FILE}: {error}: {remedy}") from error


def fastest(model: str, measured: list[Measured]) -> Measured | None:
    """Return the fastest reading of a model that studies name `model`; None where none was measured."""
    of_model = [one for one in measured if model in one.stands_for]
    return max(of_model, key=lambda one: one.tokens_per_second, default=None)
