"""Which roles the model really takes up: those whose answers a reader of words tells from the default's."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from persona_assets.base.arrays import Flags, Floats

ANCHOR = "default"
DRAWS = 2000  # of the questions, for the interval
LOW = 2.5  # percentile


@dataclass(frozen=True)
class Played:
    """Balanced accuracy on wordings that the classifier had not seen, and the low end of its 95% interval."""

    role: str
    accuracy: float
    low: float

    @property
    def is_played(self) -> bool:
        """Can its answers be told from the default's?"""
        return self.low > 0.5


@dataclass(frozen=True)
class Answers:
    """A role's answers: text, wording and question of each."""

    texts: list[str]
    wordings: Floats
    questions: Floats


def read_answers(study: Path) -> dict[str, Answers]:
    """Return the answers of each role in a study's folder of a lake."""
    found: dict[str, Answers] = {}
    for file in sorted(study.glob("responses/role=*/*.parquet")):
        table = pq.read_table(file, columns=["response", "variant", "question_id"], partitioning=None)
        columns = [np.asarray(table[name], np.float64) for name in ("variant", "question_id")]
        found[file.parent.name.removeprefix("role=")] = Answers(table["response"].to_pylist(), *columns)
    return found


def played(answers: dict[str, Answers], seed: int = 0) -> list[Played]:
    """Measure every role but the default itself."""
    return [_played(role, answers[ANCHOR], answers[role], seed) for role in answers if role != ANCHOR]


def main() -> None:
    """Print the table of a study, by its folder in a lake: `python -m tests.smollm2.plays FOLDER`."""
    print(table(played(read_answers(Path(sys.argv[1])))))


def _played(role: str, anchor: Answers, mine: Answers, seed: int) -> Played:
    """Leave out each wording of both in turn, and tell its answers by what the others say.

    The interval draws whole questions: answers to one share its words.
    """
    right = [np.zeros(len(one.texts)) for one in (anchor, mine)]
    for wording in np.unique(mine.wordings):
        classifier = _classifier(anchor, mine, wording)
        for label, one in enumerate((anchor, mine)):
            left_out = one.wordings == wording
            right[label][left_out] = classifier.predict(_those(one, left_out)) == bool(label)
    questions = np.unique(mine.questions)
    shares = [
        [told[one.questions == question].mean() for question in questions]
        for told, one in zip(right, (anchor, mine), strict=True)
    ]
    per_question = np.mean(shares, axis=0)  # [n_questions]: the balanced accuracy on each
    drawn = np.random.default_rng(seed).choice(per_question, (DRAWS, len(questions))).mean(1)
    return Played(role, float(per_question.mean()), float(np.percentile(drawn, LOW)))


def _classifier(anchor: Answers, mine: Answers, wording: float) -> Any:
    """Return a classifier made of all wordings but one."""
    texts, labels = [], []
    for one, label in ((anchor, False), (mine, True)):
        kept = _those(one, one.wordings != wording)
        texts += kept
        labels += [label] * len(kept)
    reader = TfidfVectorizer(sublinear_tf=True, min_df=2)
    return make_pipeline(reader, LogisticRegression(C=10, class_weight="balanced")).fit(texts, labels)


def _those(answers: Answers, chosen: Flags) -> list[str]:
    return [text for text, is_chosen in zip(answers.texts, chosen, strict=True) if is_chosen]


def table(found: Sequence[Played]) -> str:
    """Return a Markdown table, the best played role first."""
    rows = sorted(found, key=lambda one: -one.accuracy)
    head = "| role | balanced accuracy | at least (95%) | played |\n| --- | --- | --- | --- |\n"
    return head + "\n".join(
        f"| {one.role} | {one.accuracy:.2f} | {one.low:.2f} | {'yes' if one.is_played else 'no'} |"
        for one in rows
    )


if __name__ == "__main__":
    main()
