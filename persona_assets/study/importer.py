"""`persona roles import`: other people's roles and questions, checked whole, then put in place at once."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from persona_assets.base.errors import StudyError, writing
from persona_assets.base.given import is_file, is_folder, path_from_home, read_json, shown_path
from persona_assets.base.project import in_project
from persona_assets.base.secrets import without_credentials
from persona_assets.base.swap import replacing_folder
from persona_assets.study.questions import read_questions
from persona_assets.study.roles import check_name, read_role
from persona_assets.study.source import fetched

TARGET = Path("data/assistant_axis")  # below the project folder
ROLES = Path("roles/instructions")
QUESTIONS = Path("extraction_questions.jsonl")
MANIFEST = "import.json"


@dataclass(frozen=True)
class Imported:
    """What an import brought from where to where, and how many roles of an earlier import it replaced.

    Where it `is_there`, the very same lay there already.
    """

    source: str
    directory: Path
    n_roles: int
    n_questions: int
    n_replaced: int
    is_there: bool = False


@dataclass(frozen=True)
class _Dataset:
    """A checked source: its files by the path that each gets below the target."""

    files: dict[Path, Path]
    n_questions: int

    @property
    def hashes(self) -> dict[str, str]:
        """Path below the target -> SHA-256."""
        return {name.as_posix(): _sha256(file) for name, file in self.files.items()}

    @property
    def n_roles(self) -> int:
        return len(self.files) - 1


def import_roles(source: str, to: str | Path | None = None) -> Imported:
    """Bring the roles and questions of `source`, a directory or git URL, to `data/assistant_axis/`, or `to`.

    Everything is checked before anything is written. An earlier import is replaced; a directory that holds
    anything else, files that were edited to other ones since the import among it, is refused. Raises
    StudyError.
    """
    target = _resolved(path_from_home(to) if to is not None else in_project(TARGET))
    with fetched(source) as directory:
        dataset = _check(_root(directory, without_credentials(source)))
        known, new = _manifest(target), dataset.hashes
        n_replaced, is_there = 0, _is_there(target, known, new)
        if not is_there or (known and known != new):  # what was edited to the same has a note of before
            with writing(target, "import into another directory with --to"):
                n_replaced = _replace(target, dataset, without_credentials(source))
    n_roles, n_questions = dataset.n_roles, dataset.n_questions
    return Imported(without_credentials(source), target, n_roles, n_questions, n_replaced, is_there)


def _resolved(target: Path) -> Path:
    try:
        return target.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links that lead in a circle
        raise StudyError(f"{shown_path(target)}: cannot be a folder; choose another with --to") from error


def _root(directory: Path, source: str) -> Path:
    """Return where below `directory` the dataset lies."""
    if is_folder(directory / ROLES):
        return directory
    if is_folder(directory / "data" / ROLES):
        _refuse_link(directory / "data")
        return directory / "data"
    raise StudyError(
        f"{source}: holds no roles; looked for {ROLES}/ and data/{ROLES}/, with {QUESTIONS} beside `roles`"
    )


def _check(root: Path) -> _Dataset:
    """Read every file below `root` as a study will. Raises StudyError naming the first that is wrong."""
    for folder in (root / ROLES.parent, root / ROLES):
        _refuse_link(folder)
    files = {QUESTIONS: _plain_file(root / QUESTIONS)}
    n_questions = len(read_questions(files[QUESTIONS]))
    for file in sorted((root / ROLES).rglob("*.json")):
        name = file.relative_to(root / ROLES).with_suffix("").as_posix()
        check_name(name, str(file))
        read_role(_plain_file(file))
        files[ROLES / file.name] = file
    if len(files) == 1:
        raise StudyError(f"{root / ROLES}: holds no role files (*.json); is this the right source?")
    return _Dataset(files, n_questions)


def _plain_file(file: Path) -> Path:
    _refuse_link(file)
    if not is_file(file):
        raise StudyError(f"{file}: is missing, or not a plain file; the source must hold it")
    return file


def _refuse_link(path: Path) -> None:
    """A link in a stranger's repository may point at anything on this machine."""
    if path.is_symlink():
        raise StudyError(f"{path}: is a symbolic link; put the file or folder itself there")


def _is_there(target: Path, known: dict[str, str], new: dict[str, str]) -> bool:
    """Return whether the files of `new` lie in `target`, and no others beside an import's note.

    Raises StudyError for a file that neither an earlier import put there nor this one would in its place.
    """
    if target.exists() and not target.is_dir():
        raise StudyError(f"{target}: is a file; choose another directory with --to")
    found = {}
    for file in target.rglob("*"):
        name = file.relative_to(target).as_posix()
        if file.is_symlink() or (file.is_file() and name not in {MANIFEST, *known, *new}):
            raise _foreign(file)
        if file.is_file() and name != MANIFEST:
            found[name] = _sha256(file)
    if found == new:
        return True
    for name, content in found.items():
        if name not in known or content not in (known[name], new.get(name)):
            raise _foreign(target / name)
    return False


def _foreign(file: Path) -> StudyError:
    return StudyError(
        f"{file}: was not put there by an import, or was edited since; move it elsewhere, "
        "or import into another directory with --to"
    )


def _manifest(target: Path) -> dict[str, str]:
    """Path -> SHA-256 of the files an earlier import put into `target`."""
    file = target / MANIFEST
    if not is_file(file):
        return {}
    remedy = f"move {target} away and import again"
    content = read_json(file, remedy)
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, dict):
        raise StudyError(f"{file}: not an import's own note; {remedy}")
    return files


def _replace(target: Path, dataset: _Dataset, source: str) -> int:
    """Build the new directory beside `target`, then put it in place; return the earlier one's roles."""
    with replacing_folder(target) as staging:
        n_replaced = sum(Path(name).parent == ROLES for name in _manifest(target))
        _build(staging, dataset, source)
    return n_replaced


def _build(staging: Path, dataset: _Dataset, source: str) -> None:
    (staging / ROLES).mkdir(parents=True)
    for name, file in dataset.files.items():
        shutil.copyfile(file, staging / name)
    note = {"source": source, "files": {name.as_posix(): _sha256(staging / name) for name in dataset.files}}
    (staging / MANIFEST).write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
