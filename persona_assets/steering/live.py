"""One prompt, answered with a stream edited and as it is, from one seed: nothing of it lands."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace

from persona_assets.base.errors import StudyError
from persona_assets.generate.prompts import Prompt
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.steering.answered import answering_here
from persona_assets.steering.answering import SteeredBackend, together
from persona_assets.steering.reading import Interventions
from persona_assets.study.settings import InterventionSettings
from persona_assets.study.study import Study
from persona_assets.study.template import Template
from persona_assets.study.transformers_options import checked_options

_NAME = "live"


@dataclass(frozen=True)
class Beside:
    """An answer under an edit of `target`, None of the plain one; `level` is None where it is ablated."""

    target: str | None
    strength: float
    level: float | None
    text: str


def steer(
    study: Study, sae: str, settings: InterventionSettings, system: str | None, said: str, seed: int
) -> list[Beside]:
    """Return the plain answer to what is `said`, and those under the edits of `settings`, by strength.

    Strengths have the units of docs/interventions.md. Raises StudyError as `land_steered`.
    """
    live = study.settings.model_copy(update={"interventions": {_NAME: settings}})
    across = AcrossRoles.of(replace(study, settings=live))
    role = settings.read[0]
    if across.intervention(sae, _NAME) is None:
        raise StudyError(
            f"{study.name}: the roles are not compared yet under SAE {sae}, so that nothing tells what a "
            f"strength of 1 is; run `persona run {study.name}` first"
        )
    interventions = Interventions(across, sae, written=False)
    interventions.answers(_NAME)  # where there are none it is told before a model is loaded
    generation = answering_here(across, interventions.device, "steer a study of one model that answers here")
    chat = ChatFormat(load_tokenizer(generation.model, generation.revision), Template.of(generation))
    ids = chat.prompt_ids(system, said, ("the system prompt", "the prompt"))
    prompt = Prompt(0, 0, system, said, ids, seed=seed, about="the prompt")
    if len(ids) >= generation.max_model_len:
        raise StudyError(
            f"the prompt has {len(ids)} tokens, which leaves no room below generation.max_model_len = "
            f"{generation.max_model_len}; shorten it"
        )
    planned = [one for one in interventions.edits(_NAME, role) if one.control in (None, "nothing")]
    planned.sort(key=lambda one: one.control is None)
    interventions.release()
    whole = settings.tokens == "all"
    with closing(SteeredBackend(generation, interventions.point)) as backend:
        answers = [
            answer.text
            for some, prompts in together(planned, [prompt], checked_options(generation.engine).batch_size)
            for [answer] in backend.answers([one.edit for one in some], prompts, whole_conversation=whole)
        ]
    return [
        Beside(None if one.control else one.target, one.strength, one.level, text)
        for one, text in zip(planned, answers, strict=True)
    ]
