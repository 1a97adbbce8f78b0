"""What a cap does: to how far conversations drift, and to the anchor's own answers; beside random floors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from persona_assets.base.arrays import Floats
from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.drift.held import Held
from persona_assets.drift.script import Script, converse
from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Transcript
from persona_assets.extract.conversation import Conversation
from persona_assets.generate.transformers import TransformersBackend
from persona_assets.models.hooks import HookPoint, output_layer
from persona_assets.models.loading import text_config
from persona_assets.models.places import Change
from persona_assets.models.sae import point_of
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.dtypes import decided_extraction
from persona_assets.steering.answered import answering_here
from persona_assets.steering.answers import Answers
from persona_assets.steering.caps import Cap, Floor, capped
from persona_assets.steering.controlled import Effect, of_turns
from persona_assets.steering.readings import AnswerReader
from persona_assets.steering.whole import whole_backbone
from persona_assets.study.backends import extraction_backend
from persona_assets.study.extraction_options import engine_options
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.study import Study

N_ANSWERS = 12  # of the anchor, whose predictions tell what a cap costs


class Counted:
    """A cap that counts the tokens it is given, and those that any of its floors moves.

    `changes` hold the streams, lowest layer first: a pass of the model goes through them in this order.
    """

    def __init__(self, cap: Cap) -> None:
        self.n, self.n_moved, self._moved = 0, 0, torch.empty(0, dtype=torch.bool)
        self.changes: dict[HookPoint, Change] = {
            floor.point: partial(self._held, floor, place == 0) for place, floor in enumerate(cap.floors)
        }

    def _held(self, floor: Floor, begins: bool, stream: torch.Tensor) -> torch.Tensor:
        """Return the stream, held by a floor; with the lowest one other tokens begin."""
        found = floor(stream)
        moved = (found != stream).any(dim=-1)
        if begins:
            self.n += moved.numel()
            self._moved = torch.zeros_like(moved)
        self.n_moved += int((moved & ~self._moved).sum())
        self._moved = self._moved | moved
        return found

    @property
    def share(self) -> float:
        """The share of tokens that are moved."""
        return self.n_moved / self.n if self.n else np.nan


def drift_effects(
    stage: DriftStage, transcripts: Sequence[Transcript], caps: Sequence[Cap], progress: Progress
) -> list[Effect]:
    """Return how the drift of given conversations differs where they are read under the first of `caps`.

    The others are its controls. Each conversation lands twice, as it is, and read under the cap.
    Raises StudyError where the study cannot measure drift, or cannot read under a cap.
    """
    stage.check(transcripts)
    plain, moved, shares = [], [list[Floats]() for _ in caps], [list[float]() for _ in caps]
    for done, transcript in enumerate(transcripts):
        plain.append(stage.scores_of(stage.land(transcript)))
        for place, cap in enumerate(caps):
            scores, share = _read_under(cap, stage, transcript, lands=place == 0)
            moved[place].append(scores)
            shares[place].append(share)
        progress(done + 1, len(transcripts))
    found = of_turns("read under the cap", plain, moved)
    return [*found, Effect.of("read under the cap: share of tokens held", shares[0], shares[1:], "share")]


def _read_under(cap: Cap, stage: DriftStage, transcript: Transcript, *, lands: bool) -> tuple[Floats, float]:
    """Return each turn's score, read under a cap, and the share of tokens that it holds.

    A run that had landed before is read again all the same, for its tokens to be counted.
    """
    counted = Counted(cap)
    held = held_of(cap, transcript, "read", counted.changes)
    if lands:
        found = stage.scores_of(stage.land(transcript, held=held))
        if counted.n:
            return found, counted.share
    return stage.scores(transcript, held), counted.share


def answered_effects(
    across: AcrossRoles,
    stage: DriftStage,
    transcripts: Sequence[Transcript],
    caps: Sequence[Cap],
    progress: Progress,
) -> list[Effect]:
    """Return how the drift differs where what the user says is answered again under the first of `caps`.

    All answers are given from the same seeds, and read without a cap. The conversations answered as the model
    is, and under the cap, land. Raises StudyError as `drift_effects`, and where the model answers elsewhere.
    """
    generation = answering(across)
    transcripts = list({_script(one).key: one for one in transcripts}.values())  # of one script only one
    scripts = [_script(one) for one in transcripts]
    with closing(TransformersBackend(generation)) as backend:
        given: list[list[Transcript]] = [[] for _ in range(1 + len(caps))]
        for place, cap in enumerate((None, *caps)):
            with nullcontext() if cap is None else capped(backend.model, cap):
                for done, one in enumerate(scripts, start=1):
                    given[place].append(converse(one, backend, generation))
                    progress(place * len(scripts) + done, len(given) * len(scripts))
    as_it_is, *under = given
    plain, held = [], []
    for of, before, after in zip(transcripts, as_it_is, under[0], strict=True):
        anew = replace(before, name=f"{before.name} (answered again)")
        plain.append(stage.scores_of(stage.land(anew, answered_of=of.run)))
        landed = stage.land(after, held=held_of(caps[0], before, "answered"), answered_of=of.run)
        held.append(stage.scores_of(landed))
    moved = [held, *([stage.scores(one) for one in of_control] for of_control in under[1:])]
    return of_turns("answered under the cap", plain, moved)


def answering(across: AcrossRoles) -> GenerationSettings:
    """Return how what the user says is answered again.

    Raises StudyError where the model answers elsewhere.
    """
    engine = engine_options(decided_extraction(across.study).engine)
    return answering_here(across, engine.device, "leave --answer out")


def check_reads_cap(study: Study, sae: str, layers: Sequence[int]) -> list[int]:
    """Return those of the layers that a cap holds which lie above what an SAE reads, and move nothing of it.

    Raises StudyError where all do, or what it reads cannot be read under a cap.
    """
    extraction = study.settings.extraction
    if not extraction_backend(extraction.backend).changes_streams:
        raise StudyError(
            f"extraction.backend {extraction.backend} reads streams as they are; with transformers they are "
            "read under a cap"
        )
    point = point_of(extraction.saes[sae])
    above = [one for one in layers if point.layer <= one and output_layer(point) != one]
    if len(above) == len(layers):
        raise StudyError(
            f"SAE {sae}, which drift is measured under, reads {point}, below the output of layer "
            f"{min(layers)} that the cap holds: nothing that it reads is moved; let drift.sae and --sae name "
            "the same SAE"
        )
    return above


def costing_answers(across: AcrossRoles, sae: str) -> list[Conversation]:
    """Return the anchor's answers whose predictions tell what a cap costs.

    Raises StudyError where the anchor has none here that can be read again.
    """
    study, anchor = across.study, across.study.settings.analysis.anchor
    extraction = decided_extraction(study)
    config = text_config(extraction.model, extraction.revision)
    context = getattr(config, "max_position_embeddings", None)
    if not (found := Answers(across, sae, context).to_edit(anchor, N_ANSWERS)):
        raise StudyError(f"{study.name}: role {anchor} has no answers here that can be read again")
    return found


def costs(across: AcrossRoles, sae: str, caps: Sequence[Cap], progress: Progress) -> list[Effect]:
    """Return what the first of `caps` does to the anchor's own answers, read again; the others are controls.

    An answer of one token has no loss, and counts in no row. Raises StudyError where the anchor has no
    answers here, or the model is not to be had.
    """
    study, anchor = across.study, across.study.settings.analysis.anchor
    extraction = decided_extraction(study)
    found = costing_answers(across, sae)
    answers = [one for one in found if one.n_selected > 1]
    backbone = whole_backbone(extraction)
    floors = caps[0].floors
    reader = AnswerReader(backbone, [floor.point for floor in floors], whole_conversation=True)
    nowhere = torch.zeros(len(floors[0].direction), device=backbone.device)
    kl, loss = [list[float]() for _ in caps], [list[float]() for _ in caps]
    shares = [list[float]() for _ in caps]
    for done, one in enumerate(answers):
        counted = [Counted(cap) for cap in caps]
        edits = [list(change.changes.values()) for change in counted]
        for place, moved in enumerate(reader.moved(one, nowhere, edits)):
            kl[place].append(moved.kl)
            loss[place].append(moved.loss)
        for place, change in enumerate(counted):
            shares[place].append(change.share)
        progress(done + 1, len(answers))
    of, left_out = f"answers of {anchor}", len(found) - len(answers)
    return [
        Effect.of(f"{of}: KL, nats a token", kl[0], kl[1:], "divergence", left_out),
        Effect.of(f"{of}: loss, nats a token", loss[0], loss[1:], "growth", left_out),
        Effect.of(f"{of}: share of tokens held", shares[0], shares[1:], "share", left_out),
    ]


def held_of(
    cap: Cap, transcript: Transcript, how: Any, changes: Mapping[HookPoint, Change] | None = None
) -> Held:
    """Return how a conversation, `transcript` as it is, is held by a cap."""
    threshold = cap.floors[0].threshold if len(cap.floors) == 1 else None
    by_point = changes or {floor.point: floor for floor in cap.floors}
    return Held(cap.key, threshold, transcript.run, how, by_point)


def _script(transcript: Transcript) -> Script:
    """Return what the user says in a conversation."""
    said = tuple(one.content for one in transcript.messages if one.role == "user")
    system = next((one.content for one in transcript.messages if one.role == "system"), None)
    return Script(said, transcript.name, system, transcript.sensitive)
