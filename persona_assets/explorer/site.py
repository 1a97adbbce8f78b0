"""`persona site`: the same pages over exported files, for a web host."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from persona_assets.base.duck import heeding_ctrl_c, interrupt_all
from persona_assets.base.errors import StudyError, writing
from persona_assets.base.given import is_file
from persona_assets.base.progress import Progress, unheard
from persona_assets.base.swap import check_replaceable, replacing_folder
from persona_assets.base.waiting import awaited
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources import Source, drift, features, findings, registry
from persona_assets.explorer.resources.role import n_pages
from persona_assets.explorer.server import front_end
from persona_assets.explorer.server.encoding import encoded
from persona_assets.explorer.site_database import write_database
from persona_assets.explorer.snapshot.opened import OpenSnapshot, Snapshots
from persona_assets.study.study import Study

MAX_FEATURES = 10_000  # pages of features, of each SAE
AT_ONCE = 500  # of these: the lake's files are read, and queries planned, once for so many
MAX_PAGES = 5  # of responses, of each role

_MARK = ".persona-site"  # names the files and folders that a site consists of: these may be replaced
_BEFORE = ("assets", "data", "icon.svg", "index.html")  # where the mark names the study alone, as before 0.2
_Answers = Iterator[tuple[str, Any]]  # what stands in a file, by its path
_Pages = tuple[int, Callable[[Source], _Answers]]  # how many files, and what answers them


@dataclass(frozen=True)
class Site:
    """How many files of data a site has, and how many bytes the database of its SQL page."""

    n_files: int
    database: int


def write_site(
    study: Study,
    folder: Path,
    progress: Progress,
    dist: Path = front_end.DIST,
    of_database: Progress = unheard,
) -> Site:
    """Write the study's static site into `folder`, whole or not at all.

    `of_database` hears of the rows of its database, which comes first, `progress` of the files after it.
    Pages of at most `MAX_FEATURES` features an SAE, and `MAX_PAGES` pages of responses a role. Raises
    StudyError where the front end is not built, nothing is published, or `folder` holds something else.
    """
    if not (dist / "index.html").is_file():
        raise StudyError(front_end.MISSING)
    check_replaceable(folder, "site", lambda: _owned(folder))
    snapshots = Snapshots(study)
    try:
        snapshot = snapshots.newest()
        with writing(folder, "name another folder"), replacing_folder(folder.absolute()) as beside:
            _copy(dist, beside)
            _say_policy(beside / "index.html")
            database = _write_database(snapshot, beside / "data", of_database)
            (beside / _MARK).write_text("".join(f"{place.name}\n" for place in sorted(beside.iterdir())))
            return Site(_write_data(snapshot, beside / "data", progress), database)
    finally:
        snapshots.close()


def _owned(folder: Path) -> Callable[[str], bool] | None:
    """Return what says whether a path belongs to the earlier site in `folder`; None: that is none."""
    if not is_file(folder / _MARK):
        return None
    named = (folder / _MARK).read_text(encoding="utf-8").splitlines()
    own = {_MARK, *(named if "index.html" in named else _BEFORE)}
    return lambda path: path.split("/")[0] in own


def _copy(source: Path, target: Path) -> None:
    """Copy the files of a folder; the first that the disk refuses ends it (shutil.copytree goes on)."""
    for file in sorted(source.rglob("*")):
        place = target / file.relative_to(source)
        if file.is_dir():
            place.mkdir()
        else:
            shutil.copyfile(file, place)


def _say_policy(index: Path) -> None:
    """Have the page itself say what it may do: a static host does not.

    DuckDB's WebAssembly is not among that. It runs in a worker, for which the policy of the worker's own file
    holds: none, unless the host sends one.
    """
    said = f'<meta http-equiv="Content-Security-Policy" content="{front_end.POLICY}" />'
    page = index.read_text(encoding="utf-8")
    index.write_text(page.replace("<head>", f"<head>\n    {said}", 1), encoding="utf-8")


def _write_database(snapshot: OpenSnapshot, folder: Path, progress: Progress) -> int:
    """Write what the SQL page asks, and what there is to ask; the database's size."""
    folder.mkdir()
    told = write_database(snapshot, folder, progress)
    for name, content in told.items():
        (folder / name).write_bytes(encoded(content))
    return int(told["sql.json"]["bytes"])


def _write_data(snapshot: OpenSnapshot, folder: Path, progress: Progress) -> int:
    """Write every resource, several at a time; how many there are."""
    with (
        snapshot.source(live=False, max_pages=MAX_PAGES) as source,
        heeding_ctrl_c(snapshot.interrupt) as call,
    ):
        pages: list[_Pages] = call(list, _pages(source))
    total = sum(n_files for n_files, _ in pages)
    begun, ended = threading.Event(), threading.Event()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = list[Future[int]]()
        try:
            for one in pages:
                futures.append(pool.submit(_write, snapshot, folder, begun, ended, one))
            begun.set()  # not before: Ctrl-C may come between a call's submission and its place in the list
            done = n_written = 0
            for (n_files, _), future in zip(pages, futures, strict=True):
                done, n_written = done + n_files, n_written + awaited(future)
                progress(done, total)
        except BaseException:
            ended.set()
            begun.set()
            pool.shutdown(wait=False, cancel_futures=True)
            interrupt_all(futures, snapshot.interrupt)
            raise
    return n_written


def _write(
    snapshot: OpenSnapshot, folder: Path, begun: threading.Event, ended: threading.Event, pages: _Pages
) -> int:
    """Write the answers' files; how many there are."""
    begun.wait()
    if ended.is_set():
        return 0
    _, answers = pages
    n_written = 0
    with snapshot.source(live=False, max_pages=MAX_PAGES) as source:
        for path, answer in answers(source):
            if ended.is_set():  # by an error elsewhere, or by Ctrl-C
                break
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(encoded(answer))
            n_written += 1
    return n_written


def _pages(source: Source) -> Iterator[_Pages]:
    """Yield every resource of the site."""
    yield from (_page(resource) for resource in _those_of([]))
    for run in drift.runs(source):
        yield _page(registry.DRIFT_RUN, run=run)
    for finding in findings.readable(source):
        yield _page(registry.FINDING, finding=finding)
        yield _page(registry.FINDING_CHECK, finding=finding)
    roles = source.rows("roles")
    for known in roles:
        for page in range(1, max(n_pages(source, known), 1) + 1):
            yield _page(registry.RESPONSES, role=known["role"], page=page)
    for sae in source.rows("saes"):
        yield from _pages_of_sae(source, sae["sae"], [known["role"] for known in roles])


def _pages_of_sae(source: Source, sae: str, roles: list[str]) -> Iterator[_Pages]:
    yield from (_page(resource, sae=sae) for resource in _those_of(["sae"]))
    for contrast in source.rows("own_contrasts", sae=sae):
        yield _page(registry.CONTRAST, sae=sae, contrast=contrast["contrast"])
    for one in source.rows("steered", sae=sae):
        yield _page(registry.RECORDED, sae=sae, intervention=one["intervention"], role=one["role"])
    for role in roles:
        yield _page(registry.ROLE, sae=sae, role=role)
        yield _page(registry.MARKS, sae=sae, role=role)
        yield _page(registry.ROLE_FEATURES, sae=sae, role=role)
    shown = [row["feature_id"] for row in source.rows("site_features", sae=sae, limit=MAX_FEATURES)]
    ordered = sorted(shown)  # as they lie in the lake's files
    for start in range(0, len(ordered), AT_ONCE):
        together = ordered[start : start + AT_ONCE]
        yield features.N_ANSWERS * len(together), partial(features.answers, sae=sae, feature_ids=together)


def _those_of(parts: list[str]) -> Iterator[registry.Resource]:
    """Yield the resources whose paths have just these parts."""
    return (one for one in registry.RESOURCES if one.parts == parts and not one.live)


def _page(resource: registry.Resource, **parts: Any) -> _Pages:
    return 1, partial(_answered, resource, parts)


def _answered(resource: registry.Resource, parts: dict[str, Any], source: Source) -> _Answers:
    try:
        yield resource.path(**parts), resource.answer(source, **parts)
    except ProblemError as problem:
        if problem.status != 404 or resource not in (registry.MAP, registry.NEIGHBORS):  # these take an atlas
            raise
