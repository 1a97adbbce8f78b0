"""The project folder: it holds the studies, their data, the lake and Dagster's history.

It is a Dagster project, a folder whose `pyproject.toml` has a table `[tool.dg.project]`; a study is a folder
of its `defs_module`. `persona init` lays one out, and a checkout of this package is one.
"""

from __future__ import annotations

import os
import sys
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.given import is_file, path_from_home, read_text

VARIABLE = "PERSONA_PROJECT"

_CHECKOUT = Path(__file__).resolve().parents[2]  # site-packages, of an installed wheel: no project


def project() -> Path:
    """Return the project folder that this process works on.

    It is the one that the variable PERSONA_PROJECT names; without it the nearest at or above the current
    directory; else the checkout that the package is installed from, if it is. Raises StudyError where there
    is none.
    """
    if named := os.environ.get(VARIABLE):
        folder = Path(named).absolute()
        if _settings(folder) is None:
            raise StudyError(
                f"{VARIABLE}={named}: is no project (a folder whose pyproject.toml has [tool.dg.project]); "
                "correct the variable, or lay one out with `persona init`"
            )
        return folder
    here = Path.cwd()
    for folder in (here, *here.parents, _CHECKOUT):
        if _settings(folder) is not None:
            return folder
    raise StudyError(
        f"{here}: neither this folder nor one above it is a project; go to one, name one in {VARIABLE}, "
        "or lay one out with `persona init DIR`"
    )


def work_on(folder: Path) -> None:
    """Have this process, and those that it starts, work on the project at `folder`, wherever they run.

    Dagster's processes load a project's definitions from any current directory.
    """
    os.environ[VARIABLE] = str(folder)


def in_project(written: str | Path) -> Path:
    """Return the path that a study's file means by `written`: absolute, or relative to the project folder.

    Raises StudyError where `~name` names nobody, or a relative path is given outside of any project.
    """
    path = path_from_home(written)
    return path if path.is_absolute() else project() / path


def studies_folder(folder: Path) -> Path:
    """Return where the project at `folder` keeps its studies: the folder of its `defs_module`.

    Raises StudyError where the settings name no module.
    """
    settings = _settings(folder) or {}
    root = settings.get("root_module")
    module = settings.get("defs_module") or f"{root}.defs"
    if not isinstance(root, str) or not isinstance(module, str):
        raise StudyError(f"{folder / 'pyproject.toml'}: tool.dg.project.root_module must name a module")
    return code_folder(folder).joinpath(*module.split("."))


def code_folder(folder: Path) -> Path:
    """Return where the modules of the project at `folder` lie: in `src/` if it has one, as for `dg`."""
    return folder / "src" if (folder / "src").is_dir() else folder


def import_from(folder: Path) -> None:
    """Let this process import the modules of the project at `folder`, which need not be installed."""
    code = str(code_folder(folder))
    if code not in sys.path:
        sys.path.append(code)


def _settings(folder: Path) -> dict[str, Any] | None:
    """Return the table `[tool.dg.project]` of the folder's pyproject.toml; None where it has none."""
    file = folder / "pyproject.toml"
    if not is_file(file):
        return None
    status = file.stat()
    return _read_settings(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _read_settings(file: Path, _modified_ns: int, _size: int) -> dict[str, Any] | None:
    """Read them once for as long as the file stays as it is: every path of a study asks for them."""
    try:
        content: Any = tomllib.loads(read_text(file))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise StudyError(f"{file}: not valid TOML ({error}); mend it") from error
    for name in ("tool", "dg", "project"):
        content = content.get(name) if isinstance(content, dict) else None
    return content if isinstance(content, dict) else None
