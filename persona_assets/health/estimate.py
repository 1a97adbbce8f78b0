"""What a study asks, and what it will cost: from its own prompts, and from a pilot on this machine.

The pilot asks some prompts of two roles, reads the answers, has them judged, and writes them below a
temporary folder as the lake would hold them. Nothing of it lands. A model is loaded, and has answered once,
before time is taken.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
from scipy.stats import t as student

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt, build_prompts
from persona_assets.generate.stage import GenerationStage, responses_table
from persona_assets.judging.stage import Judge, judgements_table
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import JUDGEMENTS, RESPONSES, TABLES, VARIANT_VECTORS, Table
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer
from persona_assets.stages.of_roles import look_at_roles
from persona_assets.stages.spans import n_without_answer, span_rows
from persona_assets.study.judges import judging_prompt
from persona_assets.study.study import Study

N_EXAMPLES = 3
_N_SAMPLED = 8  # roles whose prompts are rendered to tell how long prompts are
_SEED = 0

Item = TypeVar("Item")


@dataclass(frozen=True)
class Mean:
    """A mean of `n` values, and the ends of its 95% interval (Student's t)."""

    mean: float
    low: float
    high: float
    n: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Return the mean of two values or more."""
        n, mean = len(values), float(np.mean(values))
        half = float(student.ppf(0.975, n - 1)) * float(np.std(values, ddof=1)) / n**0.5
        return cls(mean, max(mean - half, 0.0), mean + half, n)


@dataclass(frozen=True)
class Example:
    """A prompt as the model reads it, and what it is the prompt of."""

    role: str
    prompt: Prompt
    text: str


@dataclass(frozen=True)
class Asked:
    """What a study asks: `n_prompts` in all, of which `n_answered` have fresh answers.

    `prompt_tokens` per prompt, from the means of some roles, and `examples`, where the tokenizer is at hand;
    else `why_unknown`. `default_system_prompt`: what the template inserts where a role sends none.
    """

    n_roles: int
    n_variants: int
    n_prompts: int
    n_answered: int
    prompt_tokens: Mean | None = None
    examples: Sequence[Example] = ()
    why_unknown: str | None = None
    default_system_prompt: str | None = None


@dataclass(frozen=True)
class Step:
    """What the pilot took for one stage, per answer."""

    stage: str
    seconds: float
    n_bytes: float


@dataclass(frozen=True)
class Pilot:
    """Answers of some roles: their tokens, how many `max_tokens` cut off, and what each stage took.

    `n_without_answer` of them end within their thinking.
    """

    roles: list[str]
    answer_tokens: Mean
    n_cut_off: int
    n_without_answer: int
    steps: list[Step]


def what_is_asked(study: Study) -> Asked:
    """Return what the study asks. Raises StudyError where a role or question cannot be read or asked."""
    roles, generation = study.roles, study.generation
    n_asked = {
        name: len(study.questions(role)) * len(generation.prompt_indices) for name, role in roles.items()
    }
    files = look_at_roles(study)
    asked = Asked(
        n_roles=len(roles),
        n_variants=len(generation.prompt_indices),
        n_prompts=sum(n_asked.values()),
        n_answered=sum(n for name, n in n_asked.items() if files[name].responses is not None),
    )
    try:
        tokenizer = load_tokenizer(generation.model, generation.revision)
    except StudyError as error:
        return replace(asked, why_unknown=str(error))
    chat = ChatFormat(tokenizer, study.template)
    sampled = {
        name: build_prompts(roles[name], study.questions(roles[name]), generation, chat)
        for name in some(list(roles), _N_SAMPLED)
    }
    lengths = [float(np.mean([len(one.token_ids) for one in prompts])) for prompts in sampled.values()]
    shown = random.Random(_SEED)
    examples = [(name, shown.choice(prompts)) for name, prompts in list(sampled.items())[:N_EXAMPLES]]
    return replace(
        asked,
        prompt_tokens=Mean.of(lengths) if len(lengths) > 1 else None,
        default_system_prompt=chat.default_system_prompt,
        examples=[Example(name, one, tokenizer.decode(one.token_ids)) for name, one in examples],
    )


def pilot(study: Study, n_roles: int, n_answers: int, progress: Progress | None = None) -> Pilot:
    """Answer `n_answers` prompts of each of `n_roles` roles, read and judge them, and return what that took.

    `progress` hears of answers. Raises StudyError as the stages do.
    """
    generation = GenerationStage(study.responses_owner)
    answered: dict[str, tuple[list[Prompt], dict[int, Completion]]] = {}
    names, seconds = some(study.role_names, n_roles), 0.0
    try:
        for number, name in enumerate(names):
            prompts = some(generation.prompts(study.role(name)), n_answers)
            generation.preflight.check(prompts)
            backend = generation.backend
            if number == 0:  # what is prepared once is not part of what each answer takes
                list(backend.complete(prompts[:1]))
            began = time.perf_counter()
            answers: dict[int, Completion] = {}
            for completion in backend.complete(prompts):
                answers[completion.response_id] = completion
                if progress is not None:
                    progress(number * n_answers + len(answers), len(names) * n_answers)
            seconds += time.perf_counter() - began
            answered[name] = prompts, answers
    finally:
        generation.close()
    completions = [one for _, answers in answered.values() for one in answers.values()]
    tables = [responses_table(*asked, origin=study.generation.backend) for asked in answered.values()]
    with tempfile.TemporaryDirectory(prefix="persona-") as folder:
        written = Path(folder) / "pilot.parquet"
        n_bytes = sum(_bytes(RESPONSES, table, written) for table in tables)
        steps = [Step("responses", seconds / len(completions), n_bytes / len(completions))]
        steps.append(_read(study, tables, written))
        steps += _judged(study, dict(zip(names, tables, strict=True)), written)
    return Pilot(
        roles=names,
        answer_tokens=Mean.of([float(len(one.token_ids)) for one in completions]),
        n_cut_off=sum(one.finish_reason == "length" for one in completions),
        n_without_answer=sum(n_without_answer(span_rows(table, generation.tokenizer)) for table in tables),
        steps=steps,
    )


def _read(study: Study, tables: Sequence[pa.Table], beside: Path) -> Step:
    stage = ExtractionStage(study)
    n_read = sum(table.num_rows for table in tables)
    try:
        stage.extractor.extract(tables[0].slice(0, 1))
        began = time.perf_counter()
        extractions = [one for table in tables for one in stage.extractor.extract(table).values()]
        seconds = time.perf_counter() - began
    finally:
        stage.close()
    n_bytes = sum(
        _bytes(TABLES[name], content, beside)
        for one in extractions
        for name, content in one.tables.items()
        if name != VARIANT_VECTORS.name  # which are as large whatever the number of answers
    )
    return Step("activations", seconds / n_read, n_bytes / n_read)


def _judged(study: Study, answers: Mapping[str, pa.Table], beside: Path) -> Iterator[Step]:
    """Yield what each judge that is a model takes per answer, of the roles that it is asked about."""
    for name in study.settings.judge:
        asked = [role for role in answers if judging_prompt(study, name, role) is not None]
        if study.settings.judge[name].file is not None or not asked:
            continue
        judge = Judge(study, name)
        try:
            prompts = [judge.prompts(role, answers[role]) for role in asked]
            if not (first := [one for of_role in prompts for one in of_role][:1]):
                continue
            list(judge.model.backend.complete(first))
            began = time.perf_counter()
            judged = [judge.read(one) for of_role in prompts for one in judge.model.backend.complete(of_role)]
            seconds = time.perf_counter() - began
        finally:
            judge.model.close()
        n_bytes = _bytes(JUDGEMENTS, judgements_table({name: judged}), beside)
        yield Step(f"judge {name}", seconds / len(judged), n_bytes / len(judged))


def _bytes(table: Table, content: pa.Table, beside: Path) -> int:
    write_parquet(table, content, beside)
    return beside.stat().st_size


def some(items: Sequence[Item], n: int) -> list[Item]:
    """Return at most `n` of the items, drawn with a seed of our own, in their order."""
    drawn = random.Random(_SEED).sample(range(len(items)), min(n, len(items)))
    return [items[place] for place in sorted(drawn)]
