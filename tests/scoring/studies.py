"""A small study whose labels a server scores that knows where features fire."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from zlib import crc32

from persona_assets.analysis.stage import compare_roles
from persona_assets.explaining.examples import read_examples
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.stage import GenerationStage
from persona_assets.labels.stage import land_labels
from persona_assets.models.loading import load_tokenizer
from persona_assets.scoring.items import ITEMS
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.study.study import Study
from tests.generate.misbehaving_server import Behaviour, Request

SAE = "demo"
MODEL = "tests/toy/data/model"
CHANGES: dict[str, Any] = {
    "roles.include": ["default", "ghost", "pirate"],
    "questions.limit": 8,
    "extraction.evidence": {"top": 8},
}


def scored_by(url: str, **more: Any) -> dict[str, Any]:
    engine = {"base_url": url, "concurrency": 1, "retries": 0}
    return {"backend": "openai", "model": MODEL, "engine": engine} | more


def make_comparable(study: Study) -> None:
    """Land what labels are scored on: answers, activations, and the roles' comparison."""
    generation, extraction = GenerationStage(study), ExtractionStage(study)
    for role in study.role_names:
        generation.land(role)
        extraction.land(role)
    generation.close()
    extraction.close()
    compare_roles(AcrossRoles.of(study), SAE)


def write_labels(study: Study, labels: dict[int, str]) -> None:
    """Have the study's file say these labels, and land them."""
    file = study.path(str(study.settings.labels.cache))
    file.write_text(json.dumps({str(feature): label for feature, label in labels.items()}))
    land_labels(study, SAE)


class Knowing:
    """Knows where each feature fires by its name, "fires as <id>"; of all else it knows nothing."""

    def __init__(self, study: Study, features: Iterable[int]) -> None:
        self.truths: dict[tuple[int, str], bool] = {}
        self.asked: list[tuple[int, int]] = []
        self.tokenizer = load_tokenizer(MODEL, None)
        for feature, one in read_examples(AcrossRoles.of(study), SAE, list(features)):
            for items in ITEMS.values():
                for item in items(one.held_out, one.held_out_silent):
                    self.truths[feature, item.text] = item.truth

    def answer(self, text: str) -> str:
        """Answer a question as one does who tosses a coin where he does not know."""
        feature = int(re.findall(r"fires as (\d+)", text)[0])
        excerpts = re.findall(r"^\d+\. (.*)$", text, re.MULTILINE)
        self.asked.append((feature, len(excerpts)))
        coins = [bool(crc32(f"{feature} {one}".encode()) % 2) for one in excerpts]
        known = [self.truths.get((feature, one), coin) for one, coin in zip(excerpts, coins, strict=True)]
        return str([int(one) for one in known])

    def behave(self, after: int = 10**9) -> Behaviour:
        """Answer every request, and be gone after so many."""
        n_asked = 0

        async def behave(request: Request) -> None:
            nonlocal n_asked
            n_asked += 1
            if n_asked > after:
                await request.reply(400, b'{"error": "gone"}')
                return
            ids = request.body["prompt"]
            text = self.tokenizer.decode(ids[0] if isinstance(ids[0], list) else ids)
            choice = {"text": self.answer(text), "finish_reason": "stop", "logprobs": None}
            await request.reply(200, json.dumps({"choices": [choice]}).encode())

        return behave
