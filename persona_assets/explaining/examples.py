"""Examples of features: excerpts in which they fire, and other roles' answers in which they are silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pyarrow as pa

from persona_assets.explaining.firing import N_HELD_OUT, N_SHOWN, Example, halves_of, read_firing, rows_of
from persona_assets.extract.pieces import Spelling
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    ACTIVATIONS,
    DRAWN_EVIDENCE,
    EVIDENCE,
    POOLED,
    RESPONSE_SPANS,
    RESPONSES,
    ROLE_CONTRASTS,
    VARIANT_STRIDE,
)
from persona_assets.models.loading import load_tokenizer
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.dtypes import extraction_spans

_CANDIDATES = 4  # answers drawn per silent one that is wanted: a feature fires in some of them
_AT_ONCE = 256  # features: so many have all of their excerpts in memory, 3 kB each, 7 of each role at most


@dataclass(frozen=True)
class Examples:
    """A feature's examples. What is held out answers other questions than what is shown.

    `shown` are of half of the questions, the strongest and some drawn by lot; `held_out` are drawn by lot
    from the other half, any of a role's answers that fire it as likely. `contrast` and `held_out_silent` are
    answers to the same questions as theirs, by roles that have no such excerpt, in which the feature is
    silent; where all roles' questions are their own, to questions of the same numbers.
    """

    shown: list[Example] = field(default_factory=list)
    contrast: list[Example] = field(default_factory=list)
    held_out: list[Example] = field(default_factory=list)
    held_out_silent: list[Example] = field(default_factory=list)


_Answer = tuple[str, int]  # role and response_id


def read_examples(
    across: AcrossRoles, sae: str, features: Sequence[int], at_once: int = _AT_ONCE
) -> Iterator[tuple[int, Examples]]:
    """Yield each of `features` with its examples under `sae`; with empty ones where it fires nowhere.

    A feature has the same examples whatever others are asked for: draws follow `atlas.split_seed` and its
    id. Each role's files are read once for every `at_once` features. Raises StudyError where a file is
    damaged, or the model's tokenizer is not at hand.
    """
    reading = _Reading(across, sae)
    for start in range(0, len(features), at_once):
        yield from reading.examples(features[start : start + at_once]).items()


def files_of_examples(across: AcrossRoles, sae: str) -> list[LakeFile]:
    """Return the files that examples come from, and the one that tells which features are chosen."""
    roles = [across.roles[role] for role in across.compared(sae)]
    tables = (RESPONSES, RESPONSE_SPANS, POOLED, ACTIVATIONS, EVIDENCE, DRAWN_EVIDENCE)
    of_roles = [one.file(table, sae if table.per_sae else None) for one in roles for table in tables]
    return [file for file in (*of_roles, across.file(ROLE_CONTRASTS, sae)) if file is not None]


class _Reading:
    """The files of the compared roles, and what is drawn from them."""

    def __init__(self, across: AcrossRoles, sae: str) -> None:
        self._across, self._sae = across, sae
        self._study, self._roles = across.study, across.roles
        self._compared = across.compared(sae)
        self._seed = self._study.settings.atlas.split_seed

    def examples(self, features: Sequence[int]) -> dict[int, Examples]:
        firing = read_firing(self._across, self._sae, features)
        answers = self._answers
        halves: dict[tuple[int, bool], list[Example]] = {}
        drawn: dict[tuple[int, bool], list[_Answer]] = {}
        for feature in features:
            random = np.random.default_rng([self._seed, feature])
            for shown, half in zip((True, False), halves_of(firing[feature], random), strict=True):
                halves[feature, shown] = half
                drawn[feature, shown] = _draw(half, answers, random)
        silent = self._silent(drawn)
        excerpts = self._excerpts({answer for kept in silent.values() for answer in kept})
        return {
            feature: Examples(
                halves[feature, True],
                [excerpts[answer] for answer in silent[feature, True]],
                halves[feature, False],
                [excerpts[answer] for answer in silent[feature, False]],
            )
            for feature in features
        }

    @cached_property
    def _answers(self) -> dict[int, list[_Answer]]:
        """The pooled answers of the compared roles by question."""
        found: dict[int, list[_Answer]] = defaultdict(list)
        for role, (_, pooled) in self._compared.items():
            table = self._study.lake.read(POOLED, pooled).select(["response_id", "excluded_reason"])
            for response, reason in zip(*(column.to_pylist() for column in table.columns), strict=True):
                if reason is None:
                    found[response % VARIANT_STRIDE].append((role, response))
        return found

    def _silent(
        self, drawn: Mapping[tuple[int, bool], list[_Answer]]
    ) -> dict[tuple[int, bool], list[_Answer]]:
        """Return of the answers that were drawn the first few in which the feature is silent."""
        asked: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for (feature, _), answers in drawn.items():
            for role, response in answers:
                asked[role].append((feature, response))
        fired: set[tuple[int, str, int]] = set()
        for role, pairs in asked.items():
            ids = np.array(pairs, np.int32).T
            chosen = pa.table({"feature_id": ids[0], "response_id": ids[1]})
            rows = rows_of(self._study.lake, "fired", self._compared[role][0], chosen)
            fired |= {(feature, role, response) for feature, response in rows}
        return {
            (feature, shown): [one for one in answers if (feature, *one) not in fired][: _most(shown)]
            for (feature, shown), answers in drawn.items()
        }

    def _excerpts(self, answers: Iterable[_Answer]) -> dict[_Answer, Example]:
        """Return of each answer so many tokens as evidence has, from anywhere in what is pooled of it."""
        by_role: dict[str, list[int]] = defaultdict(list)
        for role, response in sorted(answers):
            by_role[role].append(response)
        ids: dict[_Answer, list[int]] = {}
        whole = self._study.settings.extraction.token_selection == "all"
        for role, responses in by_role.items():
            file = self._roles[role].responses
            assert file is not None
            chosen = pa.table({"response_id": pa.array(responses, pa.int32())})
            pooled = self._pooled_spans(role, chosen)
            ids |= {
                (role, known): self._cut(tokens, pooled.get(known, [(0, len(tokens))]))
                for known, tokens in rows_of(self._study.lake, "tokens", file, chosen, whole=whole)
            }
        return self._spelt(dict(sorted(ids.items())))

    def _pooled_spans(self, role: str, chosen: pa.Table) -> dict[int, list[tuple[int, int]]]:
        """Return which tokens of the chosen responses are pooled, of those of which not all are."""
        spans, file = extraction_spans(self._study), self._roles[role].file(RESPONSE_SPANS)
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        if spans != "all" and file is not None:
            for response, kind, start, stop in rows_of(self._study.lake, "spans", file, chosen):
                if kind == spans:
                    found[response].append((start, stop))
        return found

    def _cut(self, tokens: list[int], pooled: list[tuple[int, int]]) -> list[int]:
        """Return what evidence holds around a peak, around any pooled token: shorter at ends, as that is."""
        window = self._study.settings.extraction.evidence.window
        random = np.random.default_rng([self._seed, *tokens])
        places = [(place, span) for span in pooled for place in range(*span)]
        if not places:
            return []
        peak, (first, stop) = places[int(random.integers(len(places)))]
        return tokens[max(peak - window, first) : min(peak + window + 1, stop)]

    def _spelt(self, ids: Mapping[_Answer, list[int]]) -> dict[_Answer, Example]:
        if not ids:
            return {}
        extraction = self._study.settings.extraction
        tokenizer = load_tokenizer(extraction.model, extraction.revision)
        lengths = np.array([len(tokens) for tokens in ids.values()])
        flat = np.concatenate([np.array(tokens, np.int64) for tokens in ids.values()])
        starts = np.cumsum(lengths) - lengths
        spelling = Spelling.of(flat, starts, tokenizer)
        windows = np.repeat(np.arange(len(lengths)), lengths)
        pieces = spelling.pieces(np.arange(len(flat)), windows, np.zeros(len(flat))).to_pylist()
        return {
            answer: Example(*answer, tuple(pieces[start : start + length]), (0.0,) * length)
            for answer, start, length in zip(ids, starts.tolist(), lengths.tolist(), strict=True)
        }


def _most(shown: bool) -> int:
    return N_SHOWN if shown else N_HELD_OUT


def _draw(
    half: list[Example], answers: Mapping[int, list[_Answer]], random: np.random.Generator
) -> list[_Answer]:
    """Return other roles' answers to the questions of `half`, in an order by chance."""
    with_excerpt = {(one.role, one.question_id) for one in half}
    others = [
        (role, response)
        for question in sorted({one.question_id for one in half})
        for role, response in answers[question]
        if (role, question) not in with_excerpt
    ]
    places = random.permutation(len(others))[: _CANDIDATES * N_HELD_OUT]
    return [others[place] for place in places.tolist()]
