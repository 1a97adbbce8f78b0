"""What `persona dataset` writes beside a data set's files: which they are, how large, of which study.

The list comes with the files from wherever they lie, so nothing in it is believed: a path leads into the
folder `data` and nowhere else, sizes are bounded, and every file has its hash.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, one_line, parsed_json, read_text
from persona_assets.study.settings.block import LONGEST_NAME, Name

MANIFEST = "dataset.json"
CARD = "README.md"
SNAPSHOT = "snapshot.duckdb"
DATA = "data"
LARGEST = 64 * 2**20  # bytes of a manifest

_MOST_FILES = 1_000_000
_LONGEST_PATH = 1000  # characters
_NAME = rf"[a-z0-9_-]{{1,{LONGEST_NAME}}}"
_PART = rf"{_NAME}(={_NAME})?"
BELOW = rf"{_PART}(/{_PART}){{0,5}}\.parquet"  # no dot but the last: no part can lead out of the folder
_PATH = rf"{DATA}/{BELOW}"
_REMEDY = "ask whoever wrote the data set for another copy"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class DataFile(_Part):
    """A Parquet file: where it lies, how large it is, what it holds."""

    path: Annotated[str, Field(max_length=_LONGEST_PATH, pattern=rf"\A{_PATH}\z")]
    bytes: Annotated[int, Field(gt=0, lt=2**46)]
    sha256: Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]
    table: Name
    mart: Name | None = None
    n_rows: Annotated[int, Field(ge=0, lt=2**50)]


class Folder(_Part):
    """The hashes of a model's or SAE's folder as it was read (`lake.fingerprint.directory_hash`)."""

    files: str
    others: str


def _one_line(text: str) -> str:
    return one_line(text, 200)


Line = Annotated[str, AfterValidator(_one_line)]


class DataSet(_Part):
    """The list of a data set's files, and what they are of; `settings` are the study's, as JSON has them.

    `identities` has, by its key in the settings, what each folder held that they name: `extraction.model`.
    """

    dataset: Literal[1] = 1
    study: Name
    license: Line
    made_by: Line
    published_at: Line
    snapshot: Line
    settings: dict[str, Any]
    comments: dict[Name, str] = {}
    identities: dict[str, Folder] = {}
    files: Annotated[list[DataFile], Field(max_length=_MOST_FILES)]

    @model_validator(mode="after")
    def _no_file_twice(self) -> Self:
        paths = {file.path for file in self.files}
        if len(paths) < len(self.files):
            raise ValueError("a path stands there twice")
        return self

    @property
    def n_bytes(self) -> int:
        """The size of all files together."""
        return sum(file.bytes for file in self.files)

    def of(self, table: str) -> list[DataFile]:
        """Return the files of a table."""
        return [file for file in self.files if file.table == table]


def read_dataset(folder: Path) -> DataSet:
    """Return what lies in a folder. Raises StudyError where that is no data set, or its list is not right."""
    file = folder / MANIFEST
    return parsed_dataset(read_text(file, largest=LARGEST), str(file))


def parsed_dataset(text: str, where: str) -> DataSet:
    """Return the list that `text` is. Raises StudyError, naming `where`, where it is none."""
    content = parsed_json(text, where, _REMEDY)
    try:
        return DataSet.model_validate(content)
    except ValidationError as error:
        raise StudyError(f"{where}: {_complaint(error.errors()[0])}; {_REMEDY}") from error


def is_dataset(folder: Path) -> bool:
    """Return whether a folder holds a data set."""
    return is_file(folder / MANIFEST)


def _complaint(problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    return one_line(f"{key or 'it'}: {problem['msg'].removeprefix('Value error, ')}", 200)
