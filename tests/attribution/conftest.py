"""The toy whole, in float64, with its SAE; and some answers of real text after two prompts each."""

from __future__ import annotations

import pytest

from persona_assets.attribution.answers import Answer, read_answers
from persona_assets.attribution.model import AttributionModel
from persona_assets.lake.schema import RESPONSES
from persona_assets.study.template import AS_THE_MODEL_HAS_IT
from tests.extract.tiny import questions_as_answers, settings
from tests.places import TOY


@pytest.fixture(scope="module")
def model() -> AttributionModel:
    asked = settings(str(TOY / "model"), {"demo": {"path": str(TOY / "sae")}})
    return AttributionModel(asked.model_copy(update={"dtype": "float64"}), AS_THE_MODEL_HAS_IT)


@pytest.fixture(scope="module")
def answers(model: AttributionModel) -> list[Answer]:
    """Six questions of the catalog, each answered with the next; the anchor is asked the one before it."""
    responses = questions_as_answers(model.chat.tokenizer, 7)
    prompts = responses["prompt_token_ids"].to_pylist()
    rows = responses.to_pylist()
    others = prompts[-1:] + prompts[:-1]
    moved = [row | {"prompt_token_ids": prompt} for row, prompt in zip(rows, others, strict=True)]
    beside = type(responses).from_pylist(moved, schema=RESPONSES.schema)
    questions = responses["question_id"].to_pylist()
    return read_answers(responses, beside, questions, model.chat, model.settings, model.context)
