"""Every study below a folder of definitions, each loaded by itself: one that is broken hides no other."""

import logging
from collections.abc import Iterable
from pathlib import Path

import dagster as dg
from dagster.components.core.component_tree import ComponentTree
from dagster.components.core.context import ComponentDeclLoadContext
from dagster.components.core.decl import (
    ComponentDecl,
    ComponentLoaderDecl,
    DefsFolderDecl,
    build_filesystem_component_decl_from_context,
)
from dagster.components.core.defs_module import ComponentPath

from persona_assets.base.errors import StudyError
from persona_assets.base.given import read_text
from persona_assets.components.broken import BrokenStudy, validating
from persona_assets.study.dataset import is_dataset
from persona_assets.study.study import COMPONENT, load_study


def load_studies(path_within_project: Path) -> dg.Definitions:
    """Return what `dg.load_from_defs_folder` returns, but that a study which does not load is shown broken.

    Data sets that `persona pull` brought there are left out, and named once. Raises StudyError, naming every
    study that does not load, where the definitions are loaded to be checked.
    """
    tree = ComponentTree.for_project(path_within_project)
    root = ComponentPath.from_path(tree.defs_module_path)
    context = tree.decl_load_context.for_component_loc(root)
    problems: list[str] = []
    children: dict[Path, ComponentDecl] = {}
    paths = [
        path for path in tree.defs_module_path.iterdir() if not path.name.startswith((".", "__pycache__"))
    ]
    only_read = sorted(path.name for path in paths if is_dataset(path))
    if only_read:
        logging.getLogger(__name__).warning(
            f"{', '.join(only_read)}: data sets, which are only read: Dagster makes nothing of them"
        )
    for path, problem in _problems(sorted(path for path in paths if not is_dataset(path))).items():
        at = context.for_component_loc(ComponentPath.from_path(path))
        child = _declaration(at, path, problem, problems)
        children |= {path: child} if child is not None else {}
    if problems and validating():
        raise StudyError("; ".join(problems))
    for problem in problems:
        logging.getLogger(__name__).warning(problem)
    folder = DefsFolderDecl(
        context=context, loc=root, children=children, source_tree=None, component_file_model=None
    )
    tree.state_tracker.set_cache_data(root, component_decl=folder)  # where the tree looks before it reads
    return tree.build_defs()


def _problems(paths: Iterable[Path]) -> dict[Path, str | None]:
    """Return what is wrong with the study in each folder; None where nothing is, or none is there."""
    problems: dict[Path, str | None] = {}
    taken: dict[str, Path] = {}
    for path in paths:
        twin = taken.setdefault(path.name.replace("-", "_"), path)
        problems[path] = _problem(path)
        if twin != path and problems[path] is None:
            problems[path] = f"{path}: Dagster takes '-' for '_', so {twin.name} has this name; rename one"
    return problems


def _problem(folder: Path) -> str | None:
    if not (folder / "defs.yaml").exists():
        return None
    try:
        load_study(folder)
    except StudyError as error:
        return str(error)
    return None


def _declaration(
    context: ComponentDeclLoadContext, path: Path, problem: str | None, problems: list[str]
) -> ComponentDecl | None:
    """Return what Dagster makes of `path`; of a study that does not load what shows its problem.

    The problem is added to `problems`. A component that is no study of ours is Dagster's to judge.
    """
    if problem is None or not _is_study(path):
        try:
            return build_filesystem_component_decl_from_context(context)
        except Exception as error:  # of YAML in the wrong shape, of a Python file: whatever is in the folder
            problem = problem or " ".join(f"{path}: {error}".split())[:300]
    shown = problem
    problems.append(shown)

    def broken(_: ComponentDeclLoadContext) -> BrokenStudy:
        return BrokenStudy(path.name, shown)

    loc = ComponentPath.from_path(path, path.name)
    return ComponentLoaderDecl(context=context, loc=loc, component_node_fn=broken)


def _is_study(folder: Path) -> bool:
    try:
        return COMPONENT in read_text(folder / "defs.yaml")
    except StudyError:
        return True
