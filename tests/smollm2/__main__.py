"""``python -m tests.smollm2``: make the SAE of the study `smollm2` (``make smollm2-sae``).

Everything that takes long is kept in --work as it is made: a run that was ended goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM, AutoTokenizer

from persona_assets.extract.losses import Losses
from tests.smollm2.card import card
from tests.smollm2.measure import Fit, fit, losses
from tests.smollm2.residuals import Cache
from tests.smollm2.texts import Block, chats, general
from tests.smollm2.train import Recipe, save, train

MODEL = "models/smollm2"
HELD_OUT_CHATS = 200  # whose loss is measured


def main() -> None:
    """Parse the command line, then read, train, measure and save."""
    asked = _arguments()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    blocks = list(_blocks(asked))
    cache = Cache(asked.work / "residuals", asked.model, tuple(asked.layer))
    cache.fill(blocks, _tell)
    for layer in asked.layer:
        recipe = Recipe(layer, asked.d_sae, asked.k, asked.tokens, asked.rate)
        trained = _of(blocks, held_out=False)
        folder = asked.work / "saes" / f"{recipe.name}-{_digest(trained)}"
        if not (folder / "sae" / "cfg.json").is_file():
            save(train(recipe, cache.open(layer, trained), folder), folder / "sae")
        figures = _figures(asked, blocks, cache, recipe, SAE.load_from_disk(folder / "sae", dtype="float32"))
        (folder / "figures.json").write_text(json.dumps(figures, indent=2) + "\n")
        _tell(f"{folder}: {json.dumps(figures)}")
        if asked.to is not None:
            _ship(folder / "sae", figures, asked.to)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.smollm2", description=__doc__)
    parser.add_argument("--answers", type=Path, nargs="+", required=True, help="folders of studies in a lake")
    parser.add_argument("--work", type=Path, required=True, help="where residuals and checkpoints are kept")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--general", type=int, default=600_000, help="tokens of general text")
    parser.add_argument("--layer", type=int, nargs="+", default=[15], help="after which layers (from 0)")
    parser.add_argument("--d-sae", type=int, default=4096)
    parser.add_argument("--k", type=int, default=40)
    parser.add_argument("--tokens", type=int, default=4_000_000, help="seen in training, again and again")
    parser.add_argument("--rate", type=float, default=Recipe.rate, help="learning rate")
    parser.add_argument("--to", type=Path, help="where the finished SAE and its card go")
    parser.add_argument("--threads", type=int, help="of torch; by default all")
    return parser.parse_args()


def _ship(made: Path, figures: dict[str, object], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in made.iterdir():
        shutil.copyfile(file, folder / file.name)
    (folder / "README.md").write_text(card(figures, "make smollm2-sae"), encoding="utf-8")


def _blocks(asked: argparse.Namespace) -> list[Block]:
    of_chats = [block for study in asked.answers for block in chats(study)]
    tokenizer = AutoTokenizer.from_pretrained(asked.model, local_files_only=True)
    return [*of_chats, *general(tokenizer, asked.general)]


def _of(blocks: list[Block], held_out: bool, answered: bool | None = None) -> list[Block]:
    return [
        block
        for block in blocks
        if block.held_out == held_out and (answered is None or (block.n_answered > 0) == answered)
    ]


def _digest(blocks: list[Block]) -> str:
    """Return a name of what is trained on: with other texts a training does not go on, but begins."""
    return hashlib.sha256("".join(block.key for block in blocks).encode()).hexdigest()[:8]


def _figures(
    asked: argparse.Namespace, blocks: list[Block], cache: Cache, recipe: Recipe, sae: SAE
) -> dict[str, object]:
    """Return all that the card says: of what it was made, and how well it reads what was held out."""
    trained, held_out = _of(blocks, held_out=False), _of(blocks, held_out=True)
    model = AutoModelForCausalLM.from_pretrained(
        asked.model, dtype=torch.float32, local_files_only=True
    ).eval()
    of_chats = [text for block in _of(blocks, True, answered=True) for text in block.texts]
    chosen = of_chats[:: max(1, len(of_chats) // HELD_OUT_CHATS)]
    measured = losses(model, sae, recipe.layer, chosen)
    everywhere = fit(sae, cache.open(recipe.layer, trained))
    return {
        "recipe": asdict(recipe),
        "tokens": _tokens(trained),
        "held_out_tokens": _tokens(held_out),
        "own_answers": sum(block.n_answered for block in trained),
        "chats": _fit(fit(sae, cache.open(recipe.layer, _of(blocks, True, answered=True)))),
        "general": _fit(fit(sae, cache.open(recipe.layer, _of(blocks, True, answered=False)))),
        "trained": _fit(everywhere),
        "dead": 1 - float(everywhere.fired.float().mean()),
        "losses": _losses(measured),
    }


def _tokens(blocks: list[Block]) -> dict[str, int]:
    sources: dict[str, int] = {}
    for block in blocks:
        sources[block.source] = sources.get(block.source, 0) + block.n_tokens
    return sources


def _fit(measured: Fit) -> dict[str, float]:
    return {"fvu": round(measured.fvu, 4), "l0": round(measured.l0, 2), "tokens": measured.tokens}


def _losses(measured: Losses) -> dict[str, float]:
    assert measured.recovered is not None
    rounded = {name: round(value, 4) for name, value in asdict(measured).items()}
    return rounded | {"recovered": round(measured.recovered, 4)}


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
