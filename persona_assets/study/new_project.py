"""`persona init`: a project folder laid out, ready for `persona run` and `dg dev`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from string import Template

from persona_assets.base.atomic import placed
from persona_assets.base.errors import StudyError
from persona_assets.base.shipped import SHIPPED

_TEMPLATES = Path(__file__).with_name("project_template")
_OWN_DATA = ("data/README.md", "data/extraction_questions.jsonl", "data/roles")
_DEMO_DATA = ("data/smollm2",)
READY = ("gemma_3_27b", "smollm2")  # the studies that go along; the second one with its data
_STUDIES = "persona_assets/defs"  # of the checkout
_NEW_STUDIES = "studies/defs"
_LINK = Path(".dagster/dagster.yaml"), Path("../dagster.yaml")  # DAGSTER_HOME reads the project's settings


def lay_out(folder: Path, demo: bool) -> list[Path]:
    """Write a project to `folder`, with the study `smollm2` if `demo`; return the files written, relative.

    A file that is there already with the same content is left. Raises StudyError, before anything is
    written, where one has another content, and where the disk refuses a write.
    """
    wanted = _files(re.sub(r"[^A-Za-z0-9_-]+", "_", folder.absolute().name) or "project", demo)
    missing = [path for path in wanted if not _is_there(folder, path, wanted[path])]
    link, target = folder / _LINK[0], _LINK[1]
    if os.path.lexists(link) and not (link.is_symlink() and link.readlink() == target):
        raise _taken(link)
    # Last of all comes what makes the folder a project: one that is half laid out is none.
    for path in sorted(missing, key=lambda path: path == Path("pyproject.toml")):
        with placed(folder / path) as beside:
            beside.write_bytes(wanted[path])
    if not link.is_symlink():
        with placed(link) as beside:
            beside.symlink_to(target)
    return missing


def _is_there(folder: Path, path: Path, content: bytes) -> bool:
    """Return whether the file is there with that content. Raises StudyError where something else is."""
    file = folder / path
    for place in (folder, *(folder / parent for parent in path.parents)):
        if os.path.lexists(place) and not place.is_dir():
            raise _taken(place)
    if not os.path.lexists(file):
        return False
    if not file.is_file() or file.stat().st_size != len(content) or file.read_bytes() != content:
        raise _taken(file)
    return True


def _taken(path: Path) -> StudyError:
    return StudyError(
        f"{path}: is there already, and nothing is overwritten; move it away, or name a new folder"
    )


def _files(name: str, demo: bool) -> dict[Path, bytes]:
    """Return every file of a new project by its path below it: content."""
    studies = READY if demo else READY[:1]
    return {
        **{Path(target): _filled(source, name) for source, target in _TARGETS.items()},
        Path("studies/__init__.py"): b'"""The studies of this project."""\n',
        Path(f"{_NEW_STUDIES}/__init__.py"): b'"""Every folder here with a `defs.yaml` is a study."""\n',
        Path("dagster.yaml"): (SHIPPED / "dagster.yaml").read_bytes(),
        **{
            Path(_NEW_STUDIES) / file.relative_to(SHIPPED / _STUDIES): file.read_bytes()
            for study in studies
            for file in (SHIPPED / _STUDIES / study / "defs.yaml", *_marts(SHIPPED / _STUDIES / study))
        },
        **{
            file.relative_to(SHIPPED): file.read_bytes()
            for place in (*_OWN_DATA, *(_DEMO_DATA if demo else ()))
            for file in below(SHIPPED / place)
        },
    }


_TARGETS = {
    "README.md": "README.md",
    "definitions.py": "studies/definitions.py",
    "gitignore": ".gitignore",
    "pyproject.toml": "pyproject.toml",
    "workspace.yaml": "workspace.yaml",
}


def _filled(source: str, name: str) -> bytes:
    text = (_TEMPLATES / source).read_text(encoding="utf-8")
    return Template(text).substitute(name=name).encode()


def _marts(study: Path) -> list[Path]:
    return sorted((study / "marts").glob("[!.]*.sql"))


def below(place: Path) -> list[Path]:
    """Return all files of a folder, or the file that `place` is."""
    return sorted(file for file in place.rglob("*") if file.is_file()) if place.is_dir() else [place]
