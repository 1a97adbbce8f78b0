"""What a study's judges would be asked, before one of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from persona_assets.base.errors import StudyError
from persona_assets.generate.counting import PromptLengths
from persona_assets.judging.stage import Judge
from persona_assets.lake.schema import JUDGEMENTS, RESPONSES
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.study.judges import judging_prompt
from persona_assets.study.study import Study

_N_SAMPLED = 3  # roles whose prompts are made


@dataclass(frozen=True)
class JudgeAsked:
    """What a judge that is a model is asked: of `n_roles` of the study's roles `n_prompts` in all.

    `n_judged` of them stand in fresh judgements. `lengths` are those of the prompts about some answered
    roles' answers; where there are none, or the judge's tokenizer is not at hand, `why_unknown`.
    """

    name: str
    n_roles: int
    n_prompts: int
    n_judged: int
    longest_answer: int
    lengths: PromptLengths
    why_unknown: str | None = None


def what_judges_are_asked(study: Study) -> Iterator[JudgeAsked]:
    """Yield what each judge is asked that is a model.

    Raises StudyError where one of the sampled prompts does not fit the judge, as landing would.
    """
    files, owner = look_at_roles(study), study.responses_owner
    n_variants = len(study.generation.prompt_indices)
    asked = {role: len(owner.questions(owner.role(role))) * n_variants for role in study.role_names}
    judged = {role for role, one in files.items() if one.file(JUDGEMENTS) is not None}
    for name, settings in study.settings.judge.items():
        if settings.file is not None:
            continue
        roles = [role for role in study.role_names if judging_prompt(study, name, role) is not None]
        answered = {role: file for role in roles if (file := files[role].responses) is not None}
        lengths = PromptLengths()
        why_unknown = None if answered else "no role has answers yet"
        if answered:
            try:
                judge = Judge(study, name)
            except StudyError as error:
                why_unknown = str(error)
            else:
                for role in list(answered)[:_N_SAMPLED]:
                    responses = owner.lake.read(RESPONSES, answered[role])
                    for prompt in judge.prompts(role, responses):
                        lengths.add(prompt)
        yield JudgeAsked(
            name,
            len(roles),
            sum(asked[role] for role in roles),
            sum(asked[role] for role in roles if role in judged),
            settings.max_tokens,
            lengths,
            why_unknown,
        )
