"""The README beside the demo's model and SAE, with the figures measured when they were made."""

from __future__ import annotations

from pathlib import Path
from string import Template

from tests.toy.build import Size
from tests.toy.evaluate import Measured


def write_card(out: Path, size: Size, seed: int, measured: Measured) -> None:
    """Write ``out/README.md``."""
    card = Template(Path(__file__).with_name("card.md").read_text(encoding="utf-8"))
    text = card.substitute(
        table=measured.table(),
        seed=seed,
        conversations=size.conversations,
        model_steps=size.model_steps,
        sae_steps=size.sae_steps,
        spoken=size.spoken,
        model_bytes=f"{_megabytes(out / 'model'):.1f}",
        sae_bytes=f"{_megabytes(out / 'sae'):.1f}",
    )
    (out / "README.md").write_text(text, encoding="utf-8")


def _megabytes(directory: Path) -> float:
    return sum(path.stat().st_size for path in directory.iterdir()) / 1e6
