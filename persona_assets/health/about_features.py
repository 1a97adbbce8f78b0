"""What a pilot takes to ask models about features: to explain them, and to score their labels."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from persona_assets.explaining.estimate import ExplanationsAsked
from persona_assets.explaining.stage import explaining_model
from persona_assets.generate.asked import AskedModel
from persona_assets.generate.prompts import Prompt
from persona_assets.health.estimate import Mean
from persona_assets.scoring.estimate import ScorerAsked
from persona_assets.scoring.stage import scoring_model
from persona_assets.study.engines import speaking_of
from persona_assets.study.study import Study


@dataclass(frozen=True)
class AboutFeatures:
    """What a model took to answer some of the `n_prompts` that it is to be asked about `n_features` features.

    `seconds` are per prompt, the model loaded.
    """

    stage: str
    sae: str
    n_features: int
    n_prompts: int
    answer_tokens: Mean
    seconds: float


def pilots_about_features(
    study: Study, explained: Sequence[ExplanationsAsked], scored: Sequence[ScorerAsked]
) -> Iterator[AboutFeatures]:
    """Yield what the prompts take that are held of each stage that asks about features, two or more.

    Nothing of it lands. Raises StudyError where a model cannot be asked.
    """
    stages: list[tuple[str, Callable[[Study], AskedModel], Sequence[ExplanationsAsked | ScorerAsked]]] = [
        ("explanations", explaining_model, explained),
        ("explanation_scores", scoring_model, scored),
    ]
    for stage, open_model, asked in stages:
        to_ask = [one for one in asked if len(one.prompts) > 1]
        if to_ask:
            with closing(open_model(study)) as model:
                for one in to_ask:
                    tokens, seconds = _answered(model, one.prompts)
                    yield AboutFeatures(stage, one.sae, one.n_asked, one.n_prompts, tokens, seconds)


def _answered(model: AskedModel, prompts: Sequence[Prompt]) -> tuple[Mean, float]:
    """Return the tokens of the answers, and the seconds that each took."""
    with speaking_of(model.block):
        list(model.backend.complete(prompts[:1]))  # what is prepared once is no part of what each takes
        began = time.perf_counter()
        lengths = [float(len(one.token_ids)) for one in model.backend.complete(prompts)]
        return Mean.of(lengths), (time.perf_counter() - began) / len(lengths)
