"""Findings of a study: a question, its SQL and one snapshot's answer, in a file beside the study's own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, ValidationError

from persona_assets.base.atomic import placed, turn
from persona_assets.base.errors import StudyError
from persona_assets.base.given import LARGEST_YAML, is_file, meant, one_line, read_yaml, shown
from persona_assets.study.settings import NAME, NAMED_BY
from persona_assets.study.study import Study

FOLDER = "findings"  # beside the study's file


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class SnapshotCited(_Part):
    """The snapshot that answered: when it was published (UTC), and a hash of the files it stands on."""

    published_at: str
    fingerprint: str


class Evidence(_Part):
    """A response in which a feature of the answer is strongest; its text is the model's, and untrusted."""

    sae: str
    feature_id: int
    role: str
    response_id: int
    max: FiniteFloat
    question: str | None = None
    text: str | None = None


class Finding(_Part):
    """A question of a study and its answer; `rows` have a value for each of `columns`."""

    finding: Literal[1] = 1
    name: str
    question: str
    sql: str
    study: str
    model: str
    saes: dict[str, str]
    saved_at: str
    made_by: str
    snapshot: SnapshotCited
    columns: list[str]
    rows: list[list[JsonValue]]
    evidence: list[Evidence] = Field(default=[])

    @property
    def digest(self) -> str:
        """What tells this answer from any other: a hash of the SQL, the columns and the rows."""
        said = json.dumps([self.sql, self.columns, self.rows], ensure_ascii=False)
        return hashlib.sha256(said.encode(errors="replace")).hexdigest()[:12]

    @property
    def citation(self) -> str:
        """The line by which it is cited."""
        saes = ", ".join(f"{name} ({place})" for name, place in self.saes.items())
        n = len(self.rows)
        return one_line(
            f"{self.question} Finding {self.name} of study {self.study} (model {self.model}; SAE {saes}); "
            f"snapshot {self.snapshot.fingerprint} of {self.snapshot.published_at[:10]}, {self.made_by}; "
            f"{n} row{'' if n == 1 else 's'}, {self.digest}.",
            1000,
        )


def finding_path(study: Study, name: str) -> Path:
    """Return where the finding lies, or would lie. Raises StudyError for what is no name."""
    if not NAME.fullmatch(name):
        raise StudyError(f"{shown(name)} is not a name: use {NAMED_BY}")
    return study.file.parent / FOLDER / f"{name}.yaml"


def finding_names(study: Study) -> list[str]:
    """Return the names of the study's findings, sorted."""
    files = (study.file.parent / FOLDER).glob("*.yaml")
    return sorted(file.stem for file in files if NAME.fullmatch(file.stem))


def read_finding(study: Study, name: str) -> Finding:
    """Return a finding. Raises StudyError where there is none of this name, or its file is not right."""
    file = finding_path(study, name)
    if not is_file(file):
        names = finding_names(study)
        otherwise = f"there are: {', '.join(names)}" if names else "none is saved yet"
        raise StudyError(f"{study.name} has no finding {shown(name)}; {meant(name, names, otherwise)}")
    content = read_yaml(file, "mend the file, or save the finding again with --replace")
    try:
        found = Finding.model_validate(content)
    except ValidationError as error:
        [first, *_] = error.errors()
        key = ".".join(map(str, first["loc"])) or "the file"
        raise StudyError(
            f"{file}: {one_line(key, 60)}: {first['msg']}; save it again with --replace"
        ) from error
    try:
        found.digest  # noqa: B018
    except ValueError as error:  # Python writes no number of more than 4,300 digits
        raise StudyError(f"{file}: rows: {error}; save it again with --replace") from error
    if any(len(row) != len(found.columns) for row in found.rows):
        raise StudyError(f"{file}: a row has not a value for each column; save it again with --replace")
    return found


def write_finding(study: Study, finding: Finding, *, replace: bool = False) -> Path:
    """Write the finding's file.

    Raises StudyError where its name is taken, unless it is to `replace` it, or where it would be too large.
    """
    file, text = finding_path(study, finding.name), _as_yaml(finding.model_dump(mode="json"))
    if len(text.encode()) > LARGEST_YAML:
        raise StudyError(f"{file}: would be larger than 1 MiB; ask for fewer rows, or shorter columns")
    file.parent.mkdir(exist_ok=True)
    with turn(file.parent):
        if file.exists() and not replace:
            raise StudyError(f"{file}: is there already; take another name, or say --replace")
        with placed(file) as beside:
            beside.write_text(text, "utf-8")
    return file


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and rows each in a line."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None  # where a text cannot stand in a block, the emitter quotes it
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


class _Row(list[Any]):
    """A list that stands in one line."""


_Dumper.add_representer(str, _text)
_Dumper.add_representer(
    _Row, lambda dumper, row: dumper.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True)
)


def _as_yaml(content: dict[str, Any]) -> str:
    content = content | {"rows": [_Row(row) for row in content["rows"]], "columns": _Row(content["columns"])}
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
