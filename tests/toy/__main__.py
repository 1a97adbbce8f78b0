"""``python -m tests.toy``: make the demo's model and SAE (``make demo-model``)."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from tests.toy.build import Size, build
from tests.toy.card import write_card

THREADS = 2  # part of what makes a rerun equal: sums are split among the threads


def main() -> None:
    """Parse the command line, build, print the table, write the card."""
    parser = argparse.ArgumentParser(prog="python -m tests.toy", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="where roles and questions lie")
    parser.add_argument("--out", type=Path, default=Path("tests/toy/data"), help="where model and SAE go")
    parser.add_argument("--steps", type=int, default=Size.model_steps, help="training steps of the model")
    parser.add_argument("--sae-steps", type=int, default=Size.sae_steps, help="training steps of the SAE")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(THREADS)
    size = Size(model_steps=asked.steps, sae_steps=asked.sae_steps)
    measured = build(asked.data, asked.out, size, asked.seed, lambda line: print(line, flush=True))
    print(measured.table())
    write_card(asked.out, size, asked.seed, measured)


if __name__ == "__main__":
    main()
