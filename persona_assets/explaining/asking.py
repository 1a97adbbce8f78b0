"""What a model is asked about a feature, and how its answer is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from persona_assets.base.text import cleaned
from persona_assets.explaining.examples import Examples
from persona_assets.explaining.firing import Example
from persona_assets.generate.asked import AskedModel, after_thoughts
from persona_assets.generate.excerpts import on_one_line, strongest
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.study.explaining import filled

_NOTHING = "(There are none.)"
_LABEL = re.compile(r"\W*label\W*?:(.*)", re.IGNORECASE)
_AROUND = ' \t*_`"“”'  # what models put around a phrase


@dataclass(frozen=True)
class Question:
    """What is asked about a feature; `prompt` is None where there is nothing to show the model.

    `lines` are the excerpts that it is shown, `n_shown` that fire and `n_contrast` silent ones.
    """

    feature_id: int
    prompt: Prompt | None
    lines: list[str]
    n_shown: int
    n_contrast: int

    @property
    def examples_hash(self) -> str:
        """The hash of what it is shown."""
        return fingerprint({"n_shown": self.n_shown, "lines": self.lines})

    def asked(self, whom: Mapping[str, Any]) -> str:
        """Return the hash of what is asked, and of what decides the model's answers."""
        return fingerprint({"whom": dict(whom), "prompt": self.prompt.hash if self.prompt else None})


def questions(model: AskedModel, text: str, examples: Iterable[tuple[int, Examples]]) -> Iterator[Question]:
    """Yield what is asked about each feature by `text`; excerpts that the model may not read are left out.

    Raises StudyError where a prompt has no room.
    """
    for feature, its in examples:
        shown, contrast = _lines(model, its.shown), _lines(model, its.contrast)
        asked = filled(text, _listed(shown), _listed(contrast))
        prompt = model.prompt(feature, asked, f"feature {feature}") if shown else None
        yield Question(feature, prompt, [*shown, *contrast], len(shown), len(contrast))


def label_in(answer: str) -> str | None:
    """Return the phrase of the answer's last line that begins with "Label:", cleaned; None without one."""
    found = [_LABEL.fullmatch(line) for line in after_thoughts(answer).splitlines()]
    phrases = [cleaned(line[1].strip(_AROUND)) for line in found if line is not None]
    return next((phrase for phrase in reversed(phrases) if phrase), None)


def _lines(model: AskedModel, examples: Iterable[Example]) -> list[str]:
    """Return the excerpts as they are shown. Marks can make a control token: `<<s>>` holds `<s>`."""
    lines = (on_one_line(one.pieces, strongest(one.values)) for one in examples if one.pieces)
    return [line for line in lines if model.may_read(line)]


def _listed(lines: list[str]) -> str:
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1)) or _NOTHING
