"""A prompt of anybody's, answered with a stream edited and as it is, from one seed: nothing of it lands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from persona_assets.base.errors import StudyError
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.schema import ROLE_CONTRASTS
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer
from persona_assets.models.places import Change
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.dtypes import extraction_dtype
from persona_assets.stages.least import makes
from persona_assets.steering.answered import answering_here
from persona_assets.steering.answering import SteeredBackend
from persona_assets.steering.caps import Cap
from persona_assets.steering.plans import Planned
from persona_assets.steering.reading import Interventions
from persona_assets.steering.target import Target
from persona_assets.study.contrasts import check_role, compared_roles
from persona_assets.study.settings import GenerationSettings, InterventionSettings
from persona_assets.study.settings.steering import Operation
from persona_assets.study.study import Study
from persona_assets.study.template import Template

_NAME = "live"
_REMEDY = "steer a study of one model that answers here"


def live_settings(
    study: Study, target: Target, operation: Operation, strengths: Sequence[float] = ()
) -> InterventionSettings:
    """Return the intervention that edits a target; without strengths it is 1, as `ablate` takes none.

    Raises StudyError where the study leaves the roles that tell a strength out of its comparisons.
    """
    analysis = study.settings.analysis
    for one in (target.role, analysis.anchor):
        if one in analysis.exclude:
            raise StudyError(
                f"{study.file}: role {one!r} is left out of comparisons by analysis.exclude, and comparing "
                f"roles with {analysis.anchor!r} is what tells how much a strength is"
            )
    if target.feature is not None:
        what = {"target": "features", "features": [target.feature], "controls": 0}
    elif target.role is not None:
        what = {"target": "role_vector", "role": target.role}
    elif target.origin is not None:
        what = {"target": "role_file", "file": target.file, "from_file": target.origin}
    elif target.file is not None:
        what = {"target": "axis_file", "file": target.file}
    else:
        what = {"target": "assistant_axis"}
    how = {"strengths": list(strengths)} if strengths else {}
    shared = {"operation": operation, "roles": [analysis.anchor], "questions": 1, "directions": 1}
    return InterventionSettings.model_validate(what | how | shared)


class Steering:
    """A study's model that answers under edits, at most `max_tokens` each.

    Loaded at first use and kept for one SAE, until another is asked for or the roles are compared again. The
    model that places the roles answers, too, where the study has both in one type; and it is `extraction`'s,
    where that holds it in this process.
    """

    def __init__(
        self, study: Study, max_tokens: int | None = None, extraction: ExtractionStage | None = None
    ) -> None:
        self._study, self._max_tokens, self._extraction = study, max_tokens, extraction
        self._held: _Held | None = None

    def check(self, sae: str) -> None:
        """Raise StudyError, without loading a model, where nothing can be edited under the SAE."""
        anchor = self._study.settings.analysis.anchor
        check_role(self._study, "analysis.anchor", anchor, compared_roles(self._study))
        across = AcrossRoles.of(self._study)
        _answering(across, sae)
        _made_from(across, sae)

    def planned(self, sae: str, settings: InterventionSettings) -> list[Planned]:
        """Return the edits of `settings`, by strength, and before them the one of nothing.

        Raises StudyError as `land_steered`.
        """
        held, role = self._hold(sae), settings.read[0]
        across = held.interventions.across
        edited = replace(
            self._study, settings=self._study.settings.model_copy(update={"interventions": {_NAME: settings}})
        )
        if AcrossRoles(edited, across.roles).intervention(sae, _NAME) is None:
            raise _not_compared(across, sae, settings.role)
        held.interventions.check(settings)  # fails before a model is loaded where there is nothing to edit
        planned = held.interventions.planned(settings, role)
        held.placed()
        return sorted(
            (one for one in planned if one.control in (None, "nothing")), key=lambda one: one.control is None
        )

    def prompt(self, sae: str, system: str | None, said: str, seed: int) -> Prompt:
        """Return what is `said` as the model is asked it. Raises StudyError where it leaves no room."""
        generation = self._hold(sae).generation
        chat = ChatFormat(load_tokenizer(generation.model, generation.revision), Template.of(generation))
        ids = chat.prompt_ids(system, said, ("the system prompt", "the prompt"))
        if len(ids) >= generation.max_model_len:
            raise StudyError(
                f"the prompt has {len(ids)} tokens, which leaves no room below generation.max_model_len = "
                f"{generation.max_model_len}; shorten it"
            )
        return Prompt(0, 0, system, said, ids, seed=seed, about="the prompt")

    def answers(
        self, sae: str, edits: Sequence[Change], prompt: Prompt, *, whole: bool, caps: Sequence[Cap] = ()
    ) -> list[Completion]:
        """Return the answer under each edit, of one seed; `whole`: the prompt's tokens are edited, too.

        All are given under `caps`, too, which hold every token at what the edit leaves.
        """
        backend = self._hold(sae).backend
        batches = backend.answers(edits, [prompt], whole_conversation=whole, caps=caps)
        found = dict(one for batch in batches for one in batch)
        return [found[place] for place in range(len(edits))]

    def close(self) -> None:
        """Give back the model's memory."""
        if self._held is not None:
            self._held.close()
        self._held = None

    def _hold(self, sae: str) -> _Held:
        across = AcrossRoles.of(self._study)
        made_from = _made_from(across, sae)
        if self._held is None or (self._held.sae, self._held.made_from) != (sae, made_from):
            self.close()
            generation = _answering(across, sae)
            one_model = generation.dtype == extraction_dtype(self._study)
            shared = self._extraction if one_model else None
            interventions = Interventions(across, sae, written=False, reads=shared)
            if self._max_tokens is not None:
                shorter = min(self._max_tokens, generation.max_tokens)
                generation = generation.model_copy(update={"max_tokens": shorter})
            self._held = _Held(sae, made_from, interventions, generation, one_model)
        return self._held


class _Held:
    """What answers under edits of an SAE's stream, by the files that `made_from` stands for.

    `one_model`: what places the roles answers, too.
    """

    def __init__(
        self,
        sae: str,
        made_from: str,
        interventions: Interventions,
        generation: GenerationSettings,
        one_model: bool,
    ) -> None:
        self.sae, self.made_from, self.one_model = sae, made_from, one_model
        self.interventions, self.generation = interventions, generation
        self._backend: SteeredBackend | None = None

    @property
    def backend(self) -> SteeredBackend:
        if self._backend is None:
            whole = self.interventions.backbone if self.one_model else None
            self._backend = SteeredBackend(self.generation, self.interventions.point, whole=whole)
        return self._backend

    def placed(self) -> None:
        if not self.one_model:
            self.interventions.release()  # another answers

    def close(self) -> None:
        if self._backend is not None:
            self._backend.close()
        self.interventions.release()


def one_after_another(edits: Sequence[Change]) -> Change:
    """Return the change that makes all of these, each of what the one before it has left."""

    def change(stream: torch.Tensor) -> torch.Tensor:
        for edit in edits:
            stream = edit(stream)
        return stream

    return change


def _answering(across: AcrossRoles, sae: str) -> GenerationSettings:
    """Return how answers are sampled. Raises StudyError where no model of this process can give them."""
    return answering_here(across, Interventions(across, sae, written=False).device, _REMEDY)


def _made_from(across: AcrossRoles, sae: str) -> str:
    """Return the name of the comparison that tells what a strength is. Raises StudyError without one."""
    file = across.file(ROLE_CONTRASTS, sae)
    if file is None:
        raise _not_compared(across, sae)
    return file.stem


def _not_compared(across: AcrossRoles, sae: str, role: str | None = None) -> StudyError:
    study, compared = across.study, across.compared(sae)
    lacks = [one for one in (role, study.settings.analysis.anchor) if one is not None and one not in compared]
    if lacks and compared:
        return StudyError(
            f"{study.name}: role {lacks[0]} is not read yet under SAE {sae}, so that no vector leads "
            f"there; run `persona run {study.name} --roles {lacks[0]}` first"
        )
    stages = ("responses", "activations", "statistics")
    return StudyError(
        f"{study.name}: the roles are not compared yet under SAE {sae}, so that nothing tells what a "
        f"strength of 1 is; run {makes(study, across.roles.values(), sae, stages)} first"
    )
