"""`persona site`: the same pages over exported files, for any web host."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from persona_assets.base.errors import StudyError, writing
from persona_assets.base.given import is_file, is_folder
from persona_assets.base.progress import Progress
from persona_assets.base.swap import replacing_folder
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.resources import Source, drift, findings, registry
from persona_assets.explorer.resources.histogram import histograms
from persona_assets.explorer.resources.role import n_pages
from persona_assets.explorer.server import front_end
from persona_assets.explorer.server.encoding import encoded
from persona_assets.explorer.snapshot.asking import Json
from persona_assets.explorer.snapshot.opened import OpenSnapshot, Snapshots
from persona_assets.study.study import Study

MAX_FEATURES = 10_000  # pages of features, of each SAE
MAX_PEAKS = 1_000  # of these, with what is known of their tokens: each reads files of all roles
MAX_PAGES = 5  # of responses, of each role

_MARK = ".persona-site"  # an earlier site may be replaced, no other folder
_Page = tuple[str, Callable[[Source], Any]]


def write_site(study: Study, folder: Path, progress: Progress, dist: Path = front_end.DIST) -> int:
    """Write the study's static site into `folder`, whole or not at all; how many files of data it has.

    Pages of at most `MAX_FEATURES` features an SAE, `MAX_PEAKS` of them with their tokens, and `MAX_PAGES`
    pages of responses a role. Raises StudyError where the front end is not built, nothing is published, or
    `folder` holds something else.
    """
    if not (dist / "index.html").is_file():
        raise StudyError(front_end.MISSING)
    _refuse_other(folder)
    snapshots = Snapshots(study)
    try:
        snapshot = snapshots.newest()
        with writing(folder, "name another folder"), replacing_folder(folder.absolute()) as beside:
            _copy(dist, beside)
            (beside / _MARK).write_text(f"{study.name}\n")
            return _write_data(snapshot, beside / "data", progress)
    finally:
        snapshots.close()


def _refuse_other(folder: Path) -> None:
    if is_folder(folder) and any(folder.iterdir()) and not is_file(folder / _MARK):
        raise StudyError(f"{folder}: is not empty, and no earlier site; name a new folder or an empty one")
    blocking = next((place for place in (folder, *folder.parents) if is_file(place)), None)
    if blocking is not None:
        raise StudyError(f"{blocking}: is a file; name a folder")


def _copy(source: Path, target: Path) -> None:
    """Copy the files of a folder; the first that the disk refuses ends it (shutil.copytree goes on)."""
    for file in sorted(source.rglob("*")):
        place = target / file.relative_to(source)
        if file.is_dir():
            place.mkdir()
        else:
            shutil.copyfile(file, place)


def _write_data(snapshot: OpenSnapshot, folder: Path, progress: Progress) -> int:
    """Write every resource, several at a time; how many there are."""
    with snapshot.source(live=False, max_pages=MAX_PAGES) as source:
        pages = list(_pages(source))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for done, _ in enumerate(pool.map(partial(_write, snapshot, folder), pages), 1):
                progress(done, len(pages))
        finally:
            pool.shutdown(cancel_futures=True)
    return len(pages)


def _write(snapshot: OpenSnapshot, folder: Path, page: _Page) -> None:
    path, answer = page
    try:
        with snapshot.source(live=False, max_pages=MAX_PAGES) as source:
            content = encoded(answer(source))
    except ProblemError as problem:
        if problem.status != 404:  # without an atlas there is no map
            raise
        return
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _pages(source: Source) -> Iterator[_Page]:
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


def _pages_of_sae(source: Source, sae: str, roles: list[str]) -> Iterator[_Page]:
    yield from (_page(resource, sae=sae) for resource in _those_of(["sae"]))
    for contrast in source.rows("own_contrasts", sae=sae):
        yield _page(registry.CONTRAST, sae=sae, contrast=contrast["contrast"])
    for role in roles:
        yield _page(registry.ROLE, sae=sae, role=role)
        yield _page(registry.ROLE_FEATURES, sae=sae, role=role)
    shown = [row["feature_id"] for row in source.rows("site_features", sae=sae, limit=MAX_FEATURES)]
    for feature_id in shown[:MAX_PEAKS]:
        yield _page(registry.PEAKS, sae=sae, feature_id=feature_id)
    for feature_id, counted in histograms(source, sae, shown).items():
        yield _page(registry.FEATURE, sae=sae, feature_id=feature_id)
        yield _page(registry.LENGTHS, sae=sae, feature_id=feature_id)
        # Counted for all at once: each alone would read every role's file.
        yield registry.HISTOGRAM.path(sae=sae, feature_id=feature_id), partial(_known, counted)


def _those_of(parts: list[str]) -> Iterator[registry.Resource]:
    """Yield the resources whose paths have just these parts."""
    return (one for one in registry.RESOURCES if one.parts == parts and not one.live)


def _known(answer: Json, _: Source) -> Json:
    return answer


def _page(resource: registry.Resource, **parts: Any) -> _Page:
    return resource.path(**parts), partial(resource.answer, **parts)
