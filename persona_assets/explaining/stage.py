"""The stage `explanations`: what a model says that features are about, landed in the lake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.explaining.asking import Question, label_in, questions
from persona_assets.explaining.chosen import chosen_features
from persona_assets.explaining.examples import files_of_examples, read_examples
from persona_assets.generate.asked import AskedModel
from persona_assets.generate.backend import Completion
from persona_assets.generate.counting import PromptLengths
from persona_assets.generate.in_flight import Parts
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import EXPLAINING, EXPLANATIONS
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.asked_inputs import explainer_inputs
from persona_assets.study.explaining import explaining_prompt
from persona_assets.study.settings import ExplanationsSettings
from persona_assets.study.study import Study

BLOCK = "explanations"

_UNREADABLE = "the answer holds no line that begins with Label:"
_NOTHING_SHOWN = "there is no excerpt that can be shown in which it fires"


@dataclass(frozen=True)
class Answer:
    """What the model said about a feature."""

    feature_id: int
    answer: str

    @classmethod
    def of(cls, completion: Completion) -> Answer:
        """Return what is kept of a completion."""
        return cls(completion.response_id, completion.text)


@dataclass(frozen=True)
class FeaturesToExplain:
    """The features of an SAE that are explained, and what is known of them from before."""

    across: AcrossRoles
    sae: str

    @property
    def settings(self) -> ExplanationsSettings:
        """What the study says of explanations. Raises StudyError where it says nothing."""
        settings = self.across.study.settings.explanations
        if settings is None:
            raise StudyError(f"{self.across.study.file}: names nobody to ask; give it a block explanations")
        return settings

    @cached_property
    def features(self) -> list[int]:
        """The features that are chosen, by id."""
        return chosen_features(self.across, self.sae, self.settings.features, self.settings.top)

    @cached_property
    def whom(self) -> dict[str, Any]:
        """What decides the model's answers."""
        return explainer_inputs(self.across.study)

    @cached_property
    def known(self) -> dict[str, dict[str, Any]]:
        """The rows of earlier files by what was asked."""
        return self.across.rows_asked(EXPLANATIONS, self.sae)

    def questions(self, model: AskedModel) -> Iterator[Question]:
        """Yield what is asked about the features.

        Raises StudyError where a file is damaged, or a prompt has no room.
        """
        examples = read_examples(self.across, self.sae, self.features)
        return questions(model, explaining_prompt(self.across.study), examples)

    def lacking(self, asked: Iterable[Question]) -> Iterator[Prompt]:
        """Yield the prompts of the questions that can be asked and have not been answered."""
        for one in asked:
            if one.prompt is not None and one.asked(self.whom) not in self.known:
                yield one.prompt


def explain_features(
    across: AcrossRoles,
    sae: str,
    *,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> dict[str, LakeFile]:
    """Return the file of `EXPLANATIONS`: found, or made now. A killed run's answers are taken up.

    `say` hears how much is asked before it is. Raises StudyError where the roles are not compared yet, or the
    model cannot be asked.
    """
    lacks, select = "the roles are not compared yet", "responses,activations,statistics"
    made_from = across.made_from(EXPLANATIONS, sae, lacks=lacks, select=select)
    landed = across.file(EXPLANATIONS, sae)
    if landed is not None:
        return {EXPLANATIONS.name: landed}
    wanted, study = FeaturesToExplain(across, sae), across.study
    with closing(explaining_model(study)) as model:
        asked, lengths = list(wanted.questions(model)), PromptLengths()
        prompts = list(lengths.counted(wanted.lacking(asked)))
        if say is not None and prompts:
            say(_cost_of(wanted, lengths))
        answers = model.answers(prompts, explaining_parts(study, sae), Answer.of, progress)
    rows = [_row(wanted, one, answers) for one in asked]
    content = pa.Table.from_pylist(rows, schema=EXPLANATIONS.schema)
    files = across.land({EXPLANATIONS: content}, made_from, sae, files_of_examples(across, sae))
    study.lake.clear(EXPLAINING, sae=sae)
    return files


def explaining_model(study: Study) -> AskedModel:
    """Return the model that explains the study's features. Raises StudyError where it cannot be had."""
    settings = study.settings.explanations
    assert settings is not None
    return AskedModel.of(study, settings.asking, block=BLOCK, who="model")


def explaining_parts(study: Study, sae: str) -> Parts[Answer]:
    """Return what killed runs have kept of the model's answers, whichever features they were about."""
    made_from = fingerprint({"asked": explainer_inputs(study)})
    return Parts(study.lake, EXPLAINING, Answer, made_from, sae=sae, key="feature_id")


def _cost_of(wanted: FeaturesToExplain, asked: PromptLengths) -> str:
    """Return in a line what answers will be asked for."""
    n_known = len(wanted.features) - asked.n
    return (
        f"asks {wanted.settings.model} about {asked.n} features ({n_known} need not be asked about): "
        f"prompts of {asked.total:,} tokens in all, the longest {asked.longest:,}; answers of at most "
        f"{wanted.settings.max_tokens:,} each"
    )


def _row(wanted: FeaturesToExplain, one: Question, answers: Mapping[int, Answer]) -> dict[str, Any]:
    asked = one.asked(wanted.whom)
    known = wanted.known.get(asked)
    if known is not None:
        text, why_none, answer = known["text"], known["why_none"], known["answer"]
    elif one.prompt is None:
        text, why_none, answer = None, _NOTHING_SHOWN, None
    else:
        said = answers[one.feature_id].answer
        text = label_in(said)
        why_none, answer = (None, None) if text else (_UNREADABLE, said)
    return {
        "feature_id": one.feature_id,
        "text": text,
        "why_none": why_none,
        "answer": answer,
        "model": wanted.settings.model,
        "prompt_hash": fingerprint({"prompt": wanted.whom["prompt"]}),
        "examples_hash": one.examples_hash,
        "n_shown": one.n_shown,
        "n_contrast": one.n_contrast,
        "asked": asked,
    }
