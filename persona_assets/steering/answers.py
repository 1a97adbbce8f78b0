"""The given answers that interventions read, and where roles lie by answers to other questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from persona_assets.base.arrays import Floats
from persona_assets.extract.backbone import Backbone
from persona_assets.extract.batches import batches
from persona_assets.extract.conversation import Conversation, read_conversations
from persona_assets.generate.prompts import Prompt, response_seed
from persona_assets.lake.schema import RESPONSES, VARIANT_STRIDE
from persona_assets.models.chat import ChatFormat
from persona_assets.models.hooks import HookPoint
from persona_assets.models.loading import load_tokenizer
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.dtypes import decided_extraction

_ASKED = ["response_id", "variant", "question_id", "system_prompt", "question", "prompt_token_ids", "seed"]
_BUDGET = 4096  # tokens of answers that are read together


class Answers:
    """The compared roles' answers under an SAE, and the questions that they answer."""

    def __init__(self, across: AcrossRoles, sae: str, context: int | None) -> None:
        self._across, self._context = across, context
        self._settings = decided_extraction(across.study)
        self.roles = sorted(across.compared(sae))
        self._read: dict[str, list[Conversation]] = {}

    def to_edit(self, role: str, n: int) -> list[Conversation]:
        """Return the role's answers to its first `n` questions, one of each, its wordings in turn."""
        return _one_of_each(self._of(role), 0, n)

    def prompts(self, role: str, n: int) -> list[Prompt]:
        """Return what the model was asked for the answers `to_edit`, with the seeds that these drew from."""
        study, file = self._across.study, self._across.roles[role].responses
        assert file is not None
        wanted = {one.response_id for one in self.to_edit(role, n)}
        rows = study.responses_owner.lake.read(RESPONSES, file).select(_ASKED).to_pylist()
        return [_prompt(row, role, study.generation.seed) for row in rows if row["response_id"] in wanted]

    def given(self, prompts: Sequence[Sequence[int]], answers: Sequence[Sequence[int]]) -> list[Conversation]:
        """Return other answers to prompts as those of roles are read: of a model that thinks the same span.

        Of one that would be excluded, nothing is selected.
        """
        ids = pa.list_(pa.int32())
        columns = {
            "response_id": pa.array(range(len(answers))),
            "prompt_token_ids": pa.array(prompts, ids),
            "response_token_ids": pa.array(answers, ids),
        }
        return self._conversations(pa.table(columns))

    def to_place(self, n_edited: int, n: int) -> dict[str, list[Conversation]]:
        """Return `n` answers to the questions after those that are edited, of each role that has any."""
        found = {role: _one_of_each(self._of(role), n_edited, n) for role in self.roles}
        return {role: answers for role, answers in found.items() if answers}

    def _of(self, role: str) -> list[Conversation]:
        if role not in self._read:
            study, file = self._across.study, self._across.roles[role].responses
            if file is None:  # its activations were imported
                return []
            found = self._conversations(study.responses_owner.lake.read(RESPONSES, file))
            self._read[role] = [one for one in found if one.excluded_reason is None]
        return self._read[role]

    def _conversations(self, responses: pa.Table) -> list[Conversation]:
        spans: Any = {"span_tokens": self._settings.span_tokens, "spans": self._settings.spans}
        return read_conversations(responses, self._chat, "response_only", self._context, **spans)

    @cached_property
    def _chat(self) -> ChatFormat:
        tokenizer = load_tokenizer(self._settings.model, self._settings.revision)
        return ChatFormat(tokenizer, self._across.study.template)


def _prompt(row: dict[str, Any], role: str, study_seed: int) -> Prompt:
    """Return the prompt of a row of `RESPONSES`; one that was imported has no seed, and is given its own."""
    key = {name: row[name] for name in ("variant", "question_id", "system_prompt", "question")}
    seed = row["seed"]
    if seed is None:
        seed = response_seed(study_seed, role, row["variant"], row["question_id"])
    return Prompt(**key, token_ids=row["prompt_token_ids"], seed=seed)


def _one_of_each(answers: Iterable[Conversation], first: int, n: int) -> list[Conversation]:
    """Return one answer to each of `n` questions from the `first` on, of one variant after the other."""
    by_question: dict[int, list[Conversation]] = {}
    for one in sorted(answers, key=lambda one: one.response_id):
        by_question.setdefault(one.response_id % VARIANT_STRIDE, []).append(one)
    questions = sorted(by_question)[first : first + n]
    return [by_question[one][place % len(by_question[one])] for place, one in enumerate(questions, first)]


@dataclass(frozen=True)
class Towards:
    """The way to a role above the last layer, `row` float32[width]: 0 where the other roles' mean is, and 1
    where the role is. A move of a row is `row @ move` of it.
    """

    row: torch.Tensor
    start: float

    def of(self, top: torch.Tensor) -> float:
        """Return where a row of the stream is."""
        return float(top @ self.row) - self.start


@dataclass(frozen=True)
class Standing:
    """Where roles lie, float64[n_roles, width]: in the stream that is edited, and above the last layer."""

    roles: list[str]
    edited: Floats
    top: Floats

    def towards(self, role: str, device: str) -> Towards:
        """Return the way to a role, on `device`."""
        place = self.roles.index(role)
        others = np.delete(self.top, place, axis=0).mean(axis=0)
        way = self.top[place] - others
        row = way / (way @ way)
        return Towards(torch.from_numpy(row).float().to(device), float(others @ row))


def standing(
    backbone: Backbone, point: HookPoint, roles: Sequence[str], answers: Sequence[Sequence[Conversation]]
) -> Standing:
    """Return where each role's `answers` lie, every answer counting alike."""
    points = [point, HookPoint(len(backbone.layers) - 1, "hook_resid_post")]
    edited, top = np.stack([_means(backbone, of_role, points) for of_role in answers], axis=1)
    return Standing(list(roles), edited, top)


def _means(backbone: Backbone, answers: Sequence[Conversation], points: Sequence[HookPoint]) -> Floats:
    """Return the mean of the answers' means at each point, float64[n_points, width]."""
    found: list[list[Floats]] = [[] for _ in points]
    for batch in batches(answers, _BUDGET):
        lengths = [one.n_selected for one in batch]
        streams = backbone.selected_rows(batch, list(dict.fromkeys(points)))
        for point, of_point in zip(points, found, strict=True):
            rows = streams[point].double()
            of_point += [part.mean(dim=0).cpu().numpy() for part in rows.split(lengths)]
    return np.stack([np.mean(of_point, axis=0) for of_point in found])
