"""Scores labels of features: asks a model about held-out excerpts, and counts how often it is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import isnan

from persona_assets.base.progress import Progress
from persona_assets.generate.asked import AskedModel
from persona_assets.generate.prompts import Prompt
from persona_assets.scoring.asking import answers_in, question
from persona_assets.scoring.items import BATCH_SIZE, ITEMS, Excerpt, Item, batches
from persona_assets.scoring.score import Answered, Score, adjusted, score_of
from persona_assets.study.settings import GenerationSettings

LEVEL = 0.05  # of q: a label that has more is not better than chance


@dataclass(frozen=True)
class Claim:
    """A label of a feature, and held-out excerpts: some in which it fires, some in which it is silent.

    Whoever wrote the label must have seen none of them.
    """

    feature_id: int
    label: str
    firing: Sequence[Excerpt]
    silent: Sequence[Excerpt]


@dataclass(frozen=True)
class LabelScore:
    """What one scorer says of one label; `q` is adjusted over all labels that this scorer was asked about.

    `score` and `q` are None where nothing could be asked: there are no excerpts of one kind, or the label
    holds a control token of the model.
    """

    feature_id: int
    label: str
    scorer: str
    score: Score | None
    q: float | None

    @property
    def better_than_chance(self) -> bool:
        """Whether the label foretells anything, at a false discovery rate of 5%."""
        return self.q is not None and self.q <= LEVEL


@dataclass(frozen=True)
class _Asked:
    """A batch about the claim at `place`, as a prompt."""

    place: int
    batch: list[Item]
    prompt: Prompt


def score_labels(
    asking: GenerationSettings,
    claims: Sequence[Claim],
    scorers: Sequence[str] = tuple(ITEMS),
    *,
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
    progress: Progress | None = None,
) -> list[LabelScore]:
    """Return the score of each claim by each scorer, scorer by scorer; `asking` says which model answers.

    A model is shown `batch_size` excerpts at a time; those that hold a control token of it are left out.
    Raises StudyError for a scorer that does not exist, and where a prompt has no room or the model cannot be
    asked.
    """
    model = AskedModel(asking, who="scorer")
    asked = {scorer: list(_prompts(model, scorer, claims, seed, batch_size)) for scorer in scorers}
    n_asked, n_done = sum(map(len, asked.values())), 0
    found: list[LabelScore] = []
    with closing(model):
        for scorer, prompts in asked.items():
            by_id = {one.prompt.response_id: one for one in prompts}
            answers: list[list[Answered]] = [[] for _ in claims]
            for completion in model.backend.complete([one.prompt for one in prompts]) if prompts else ():
                one = by_id[completion.response_id]
                said = answers_in(completion.text, len(one.batch))
                for number, item in enumerate(one.batch):
                    answers[one.place].append((item.truth, None if said is None else said[number]))
                n_done += 1
                if progress is not None:
                    progress(n_done, n_asked)
            found += _scored(scorer, claims, [score_of(given) for given in answers])
    return found


def _scored(scorer: str, claims: Sequence[Claim], scores: Sequence[Score | None]) -> Iterator[LabelScore]:
    for claim, score, q in zip(claims, scores, adjusted(scores).tolist(), strict=True):
        yield LabelScore(claim.feature_id, claim.label, scorer, score, None if isnan(q) else q)


def _prompts(
    model: AskedModel, scorer: str, claims: Sequence[Claim], seed: int, size: int
) -> Iterator[_Asked]:
    number = 0
    for place, claim in enumerate(claims):
        firing, silent = (
            [one for one in excerpts if model.may_read("".join(one.pieces))]
            for excerpts in (claim.firing, claim.silent)
        )
        made = batches(scorer, firing, silent, seed, size)
        if not model.may_read(claim.label):
            continue
        for batch in made:
            text, where = question(scorer, claim.label, batch), f"{scorer}, feature {claim.feature_id}"
            yield _Asked(place, batch, model.prompt(number, text, where))
            number += 1
