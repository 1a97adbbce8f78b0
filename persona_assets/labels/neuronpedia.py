"""What Neuronpedia says of a feature: where it is asked, and what may be believed of its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from persona_assets.base.errors import StudyError
from persona_assets.base.text import MAX_NAME, cleaned
from persona_assets.labels.table import feature_number


@dataclass(frozen=True)
class Explanation:
    """A description, cleaned, and the model that wrote it, where that is known."""

    description: str
    model: str | None


@dataclass(frozen=True)
class SourceId:
    """An SAE's name on Neuronpedia: a model, and a source of features in it."""

    model: str
    source: str

    @staticmethod
    def parse(text: str, key: str) -> SourceId:
        """The parts of `model/source`. Raises StudyError, naming the setting `key`, if it is not that."""
        parts = text.split("/")
        if len(parts) != 2 or any(part in ("", ".", "..") for part in parts):
            raise StudyError(
                f"{key}: {text!r} must be model/source, such as gemma-2-2b/20-gemmascope-res-16k"
            )
        return SourceId(*parts)

    def __str__(self) -> str:
        return f"{self.model}/{self.source}"

    @property
    def path(self) -> str:
        """The id as part of an address."""
        return f"{quote(self.model, safe='')}/{quote(self.source, safe='')}"

    def question(self, api: str, feature_id: int) -> str:
        """Return where a program asks for a feature."""
        return f"{api}/api/feature/{self.path}/{feature_id}"

    def page(self, api: str, feature_id: int) -> str:
        """Return where a person looks at a feature."""
        return f"{api}/{self.path}/{feature_id}"


def read_answer(body: bytes, source: SourceId, feature_id: int) -> list[Explanation] | None:
    """Return the explanations in an answer; None where it says, by `null`, that there is no such feature.

    Raises ValueError where it is not JSON, StudyError where it is not about this feature, or malformed.
    """
    try:
        answer = json.loads(body.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    where = f"Neuronpedia's answer for feature {feature_id} of {source}"
    if answer is None:
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("explanations"), list):
        raise StudyError(f"{where}: holds no list of explanations")
    check_subject(answer, source, where)
    if feature_number(answer.get("index"), where) != feature_id:
        raise StudyError(f"{where}: is about feature {answer['index']}")
    found = [read_explanation(explanation, where) for explanation in answer["explanations"]]
    return [explanation for explanation in found if explanation is not None]


def check_subject(record: dict[str, Any], source: SourceId, where: str) -> None:
    """Raise StudyError, beginning with `where`, if `record` names another model or source than `source`."""
    for key, expected in (("modelId", source.model), ("layer", source.source)):
        if record.get(key, expected) != expected:
            raise StudyError(f"{where}: is about {key} {str(record[key])[:60]!r}, not {expected!r}")


def read_explanation(record: Any, where: str) -> Explanation | None:
    """What `record` says; None if its description is empty. Raises StudyError where it is malformed."""
    if not isinstance(record, dict):
        raise StudyError(f"{where}: an explanation must be an object, not {str(record)[:40]!r}")
    texts = []
    for key in ("description", "explanationModelName"):
        value = record.get(key)
        if value is not None and not isinstance(value, str):
            raise StudyError(f"{where}: `{key}` must be a text, not {str(value)[:40]!r}")
        texts.append(value or "")
    description = cleaned(texts[0])
    return Explanation(description, cleaned(texts[1], MAX_NAME) or None) if description else None
