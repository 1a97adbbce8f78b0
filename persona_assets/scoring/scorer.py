"""Scores labels of features: asks a model about held-out excerpts, and counts how often it is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import isnan
from typing import Any

from persona_assets.base.progress import Progress
from persona_assets.generate.asked import AskedModel
from persona_assets.generate.backend import Completion
from persona_assets.generate.excerpts import Excerpt
from persona_assets.generate.in_flight import Parts
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.scoring.asking import answers_in, question
from persona_assets.scoring.items import Item, batches
from persona_assets.scoring.score import Answered, Score, adjusted, score_of

_AT_ONCE = 256  # claims: so many have their prompts in memory


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

    It was asked about `n` excerpts, in `n_firing` of which the feature fires; `n_left_out` could not be
    shown. Where `score` and `q` are None, `why_unscored` says why. `asked` is the hash of what was asked.
    """

    feature_id: int
    label: str
    scorer: str
    n: int
    n_firing: int
    n_left_out: int
    asked: str
    why_unscored: str | None = None
    score: Score | None = None
    q: float | None = None


@dataclass(frozen=True)
class Said:
    """What a model said to the prompt of this number."""

    number: int
    text: str

    @classmethod
    def of(cls, completion: Completion) -> Said:
        """Return what is kept of an answer."""
        return cls(completion.response_id, completion.text)


@dataclass(frozen=True)
class Asking:
    """What is asked about one claim by one scorer: prompts of a batch each, and the score but for answers."""

    batches: list[list[Item]]
    prompts: list[Prompt]
    of: LabelScore

    def scored(self, said: Mapping[int, Said]) -> LabelScore:
        """Return the score by the answers to the prompts."""
        answers: list[Answered] = []
        for prompt, batch in zip(self.prompts, self.batches, strict=True):
            given = answers_in(said[prompt.response_id].text, len(batch))
            answers += [
                (item.truth, None if given is None else given[place]) for place, item in enumerate(batch)
            ]
        return replace(self.of, score=score_of(answers))


def askings(
    model: AskedModel, scorer: str, claims: Sequence[Claim], whom: Mapping[str, Any], seed: int = 0
) -> Iterator[Asking]:
    """Yield what a scorer asks about each claim; `whom` is what decides the model's answers.

    Prompts are numbered through. Raises StudyError for a scorer that does not exist, and where a prompt has
    no room.
    """
    number = 0
    for claim in claims:
        seeds = [seed, claim.feature_id]
        made = batches(scorer, claim.firing, claim.silent, seeds, may_show=model.may_read)
        truths = [[item.truth for item in batch] for batch in made]
        n, n_firing = sum(map(len, truths)), sum(map(sum, truths))
        why = _why_unscored(model.may_read(claim.label), n_firing, n - n_firing)
        prompts: list[Prompt] = []
        for batch in [] if why else made:
            text, where = question(scorer, claim.label, batch), f"{scorer}, feature {claim.feature_id}"
            prompts.append(model.prompt(number, text, where))
            number += 1
        asked = fingerprint({"whom": whom, "prompts": [one.hash for one in prompts], "truths": truths})
        n_left_out = len(claim.firing) + len(claim.silent) - n
        n, n_firing = (0, 0) if why else (n, n_firing)
        of = LabelScore(claim.feature_id, claim.label, scorer, n, n_firing, n_left_out, asked, why)
        yield Asking([] if why else made, prompts, of)


def score_claims(
    model: AskedModel,
    claims: Sequence[Claim],
    scorers: Sequence[str],
    parts: Mapping[str, Parts[Said]],
    *,
    whom: Mapping[str, Any],
    known: Mapping[str, Score],
    seed: int = 0,
    progress: Progress | None = None,
) -> list[LabelScore]:
    """Return the score of each claim by each scorer, scorer by scorer.

    A score that is `known` by the hash of what was asked is not asked for again, and neither is what a killed
    run has kept in the scorer's `parts`. Raises StudyError as `askings`, and where the model cannot be asked.
    """
    found: list[LabelScore] = []
    for scorer in scorers:
        of_scorer: list[LabelScore] = []
        made = askings(model, scorer, claims, whom, seed)
        while block := list(islice(made, _AT_ONCE)):
            hear = _within(progress, len(found) + len(of_scorer), len(block), len(claims) * len(scorers))
            of_scorer += _answered(model, block, parts[scorer], known, hear)
        found += _adjusted(of_scorer)
    return found


def _answered(
    model: AskedModel,
    block: Sequence[Asking],
    parts: Parts[Said],
    known: Mapping[str, Score],
    progress: Progress | None,
) -> Iterator[LabelScore]:
    prompts = [prompt for one in block if one.of.asked not in known for prompt in one.prompts]
    said = model.answers(prompts, parts, Said.of, progress)
    for one in block:
        score = known.get(one.of.asked)
        yield one.scored(said) if score is None else replace(one.of, score=score)


def _within(progress: Progress | None, done: int, n: int, n_all: int) -> Progress | None:
    """Return a progress of the next `n` labels as one of all of them."""
    return None if progress is None else lambda part, of: progress(done + n * part // of, n_all)


def _adjusted(scores: Sequence[LabelScore]) -> Iterator[LabelScore]:
    for one, q in zip(scores, adjusted([one.score for one in scores]).tolist(), strict=True):
        yield replace(one, q=None if isnan(q) else q)


def _why_unscored(label_is_shown: bool, n_firing: int, n_silent: int) -> str | None:
    if not label_is_shown:
        return "the label holds a control token of the model"
    if not n_firing:
        return "no held-out excerpt in which the feature fires"
    return None if n_silent else "no held-out excerpt in which the feature is silent"
