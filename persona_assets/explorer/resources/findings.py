"""The page of the study's saved findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line
from persona_assets.explorer.console.answer import shown
from persona_assets.explorer.console.saved import answered
from persona_assets.explorer.model_name import public_name, public_sae
from persona_assets.explorer.problems import ProblemError, not_found
from persona_assets.explorer.resources.source import Source
from persona_assets.explorer.snapshot.asking import Json
from persona_assets.study.findings import Finding, finding_names, finding_path, read_finding
from persona_assets.study.moved import compared

_LONGEST = 500  # characters of an error


def findings(source: Source) -> Json:
    """`findings.json`."""
    entries: list[Json] = []
    unreadable: list[Json] = []
    for name, found in _every(source):
        if isinstance(found, Finding):
            entries.append(_entry(name, found))
        else:
            unreadable.append({"name": name, "error": found})
    return {"findings": entries, "unreadable": unreadable}


def finding(source: Source, finding: str) -> Json:
    """`findings/saved/{finding}.json`. Raises the problem 404 where there is no such finding."""
    found = _told(source, _read(source, finding))
    return {
        "name": finding,
        "question": found.question,
        "sql": found.sql,
        "model": found.model,
        "saes": found.saes,
        "saved_at": found.saved_at,
        "made_by": found.made_by,
        "snapshot": found.snapshot.fingerprint,
        "published_at": found.snapshot.published_at,
        "columns": found.columns,
        "rows": shown(found.rows),
        "evidence": [one.model_dump() for one in found.evidence],
        "citation": found.citation,
    }


def check(source: Source, finding: str) -> Json:
    """`findings/check/{finding}.json`: what moved, by today's snapshot, or why that cannot be said.

    Raises the problem 404 where there is no such finding.
    """
    saved = _read(source, finding)
    checked = _unanswered() | {"checked_at": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        today = answered(source.study, saved.sql)
    except ProblemError as problem:
        return checked | {"error": one_line(problem.told, _LONGEST)}
    except StudyError as error:
        return checked | {"error": one_line(str(error), _LONGEST)}
    found = compared(saved, today.columns, today.rows)
    return checked | {
        "snapshot": today.snapshot.fingerprint,
        "published_at": today.snapshot.published_at,
        "same_snapshot": today.snapshot.fingerprint == saved.snapshot.fingerprint,
        "told": list(found.told()),
        "today": shown(found.today),
        "moved": [asdict(cell) for cell in found.cells],
        "new": shown(found.new),
    }


def readable(source: Source) -> list[str]:
    """Return the names of the study's findings, but for files that are none."""
    return [name for name, found in _every(source) if isinstance(found, Finding)]


def _every(source: Source) -> Iterator[tuple[str, Finding | str]]:
    """Yield each file's name with its finding, or with what is wrong with it, without its path."""
    for name in finding_names(source.study):
        try:
            yield name, read_finding(source.study, name)
        except StudyError as error:
            path = str(finding_path(source.study, name))
            yield name, one_line(str(error).removeprefix(path).lstrip(": "), _LONGEST)


def _entry(name: str, found: Finding) -> Json:
    return {
        "name": name,
        "question": found.question,
        "n_rows": len(found.rows),
        "saved_at": found.saved_at,
        "snapshot": found.snapshot.fingerprint,
    }


def _read(source: Source, name: str) -> Finding:
    try:
        return read_finding(source.study, name)
    except StudyError as error:
        raise not_found(f"no finding {name[:100]!r} of this study can be read") from error


def _told(source: Source, found: Finding) -> Finding:
    """Return the finding as its readers see it: to those of a site no path of the machine is told."""
    if source.live:
        return found
    saes = {name: public_sae(place) for name, place in found.saes.items()}
    return found.model_copy(update={"model": public_name(found.model), "saes": saes})


def _unanswered() -> Json:
    nothing = {"error": None, "snapshot": None, "published_at": None, "same_snapshot": False}
    return nothing | {"told": [], "today": [], "moved": [], "new": []}
