"""Which response a row of a foreign file speaks of: told by system prompt and question, never by place."""

from __future__ import annotations

from collections import defaultdict

from persona_assets.base.errors import StudyError
from persona_assets.base.jsonl import Record
from persona_assets.generate.prompts import Key
from persona_assets.study.roles import fill
from persona_assets.study.study import Study


class RoleKeys:
    """The variants and questions of one role, to be found from the rows of files about it."""

    def __init__(self, study: Study, role_name: str) -> None:
        owner = study.responses_owner
        generation = study.generation
        role = owner.role(role_name)
        self.role = role_name
        self.questions = {question.id: question.text for question in owner.questions(role)}
        self.system_prompts = {
            variant: fill(role.instructions[variant], generation.spoken_name)
            for variant in generation.prompt_indices
        }
        self._variants: dict[str, set[int]] = defaultdict(set)
        for variant, filled in self.system_prompts.items():
            self._variants[role.instructions[variant]].add(variant)
            self._variants[filled or ""].add(variant)

    def __len__(self) -> int:
        return len(self.questions) * len(self.system_prompts)

    def find(self, record: Record) -> Key:
        """Return the key of `record`: `system_prompt`, `question_id` (or `question_index`) and `question`.

        Raises StudyError, naming file and line, where it is none of the study's, or could be two.
        """
        variant = self._variant(record)
        number, text = self._question_id(record), record.text("question")
        if number not in self.questions:
            raise StudyError(f"{record.where}: question_id {number} is not among the study's questions")
        if text != self.questions[number]:
            raise StudyError(
                f"{record.where}: question {number} reads {text[:60]!r}, but in the study "
                f"{self.questions[number][:60]!r}; import into a study of the same question file"
            )
        return Key(variant, number, self.system_prompts[variant], text)

    def _question_id(self, record: Record) -> int:
        """The question's id; without one, that of the question at the place `question_index`, from 0."""
        if "question_id" in record.content or "question_index" not in record.content:
            return record.number("question_id")
        place = record.number("question_index")
        if not 0 <= place < len(self.questions):
            raise StudyError(
                f"{record.where}: question_index is {place}, but the study asks "
                f"{len(self.questions)} questions"
            )
        return list(self.questions)[place]

    def _variant(self, record: Record) -> int:
        system_prompt = record.text("system_prompt")
        found = sorted(self._variants.get(system_prompt, ()))
        if not found:
            raise StudyError(
                f"{record.where}: system_prompt {system_prompt[:60]!r} is no instruction of role {self.role} "
                "that the study uses; check its role files, generation.prompt_indices and model_name"
            )
        if len(found) > 1:
            raise StudyError(
                f"{record.where}: system_prompt {system_prompt[:60]!r} is instruction {found[0]} and "
                f"{found[1]} of role {self.role}; leave one out of generation.prompt_indices"
            )
        return found[0]
