"""What `persona finding` does: saves an answer under a name, shows and cites it, and asks it again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import duckdb

from persona_assets.base.duck import told
from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, printable
from persona_assets.base.queries import query
from persona_assets.cli.answers import print_rows
from persona_assets.study.findings import (
    Evidence,
    Finding,
    SnapshotCited,
    finding_names,
    finding_path,
    read_finding,
    write_finding,
)
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, stands_on
from persona_assets.warehouse.reading import published_path

MOST_ROWS = 1000
_OF_FEATURES, _EACH = 5, 2  # features with evidence, and responses of each
_CLOSE = 1e-9

# Columns that say what a row is of; what else a row holds is said of it.
_KEYS = frozenset(
    {
        "study", "sae", "contrast", "kind", "role", "role_a", "role_b", "a", "b", "feature_id", "neighbor_id",
        "response_id", "variant", "question_id", "run", "name", "turn", "judge", "label", "description",
        "axis",
    }
)  # fmt: skip


def save(study: Study, name: str, question: str, sql: str, *, replace: bool = False) -> None:
    """Ask the published snapshot and save the answer.

    Raises StudyError where the name is taken, or the SQL fails.
    """
    file = finding_path(study, name)
    if not question.strip():
        raise StudyError("--question: say what the finding answers")
    if file.exists() and not replace:
        raise StudyError(f"{file}: is there already; take another name, or say --replace")
    finding = _asked(study, name, question.strip(), sql.strip())
    print(f"{write_finding(study, finding, replace=replace)}: saved")
    print(finding.citation)


def print_list(study: Study, output: str) -> None:
    """Print the study's findings."""
    found = [read_finding(study, name) for name in finding_names(study)]
    rows = [
        [one.name, one.question, len(one.rows), one.saved_at[:10], one.snapshot.fingerprint] for one in found
    ]
    print_rows(["finding", "question", "rows", "saved", "snapshot"], rows, output)


def print_finding(study: Study, name: str, output: str) -> None:
    """Print a finding: question, SQL, rows, where its features are strongest, and how to cite it."""
    found = read_finding(study, name)
    if output != "table":
        print_rows(found.columns, found.rows, output)
        return
    print(f"{printable(found.question)}\n\n{printable(found.sql)}\n")
    print_rows(found.columns, found.rows, output)
    for one in found.evidence:
        where = f"feature {one.feature_id}, {one.role}, response {one.response_id}, {one.max:.4g}"
        print(one_line(f"{where}: {one.text or ''}", 200))
    print(f"\n{found.citation}")


def cite(study: Study, name: str) -> None:
    """Print the line by which a finding is cited."""
    print(read_finding(study, name).citation)


def check(study: Study, names: Sequence[str]) -> bool:
    """Ask findings (all, without names) of today's snapshot, print what moved, and return whether any did."""
    chosen = list(names) or finding_names(study)
    if not chosen:
        raise StudyError(f"{study.name} has no findings; save one: persona finding save {study.name} NAME …")
    moved = False
    for name in chosen:
        before = read_finding(study, name)
        after = _asked(study, name, before.question, before.sql, with_evidence=False)
        told = [one_line(each, 300) for each in differences(before, after)]
        same = before.snapshot.fingerprint == after.snapshot.fingerprint
        snapshot = "the same snapshot" if same else f"another snapshot, {after.snapshot.fingerprint}"
        print(f"{name}: {'; '.join(told) if told else 'holds'} ({snapshot})")
        moved = moved or bool(told)
    return moved


def differences(before: Finding, after: Finding) -> Iterator[str]:
    """Yield what is another in `after` than in `before`, each in a few words."""
    if before.columns != after.columns:
        yield f"the answer has other columns: {', '.join(after.columns)}"
        return
    keys = [at for at, column in enumerate(before.columns) if column in _KEYS]
    rows, today = _by_key(before.rows, keys), _by_key(after.rows, keys)
    for what, gone in (("gone", rows.keys() - today.keys()), ("new", today.keys() - rows.keys())):
        if gone:
            shown = ", ".join(sorted(" ".join(map(str, key)) for key in gone)[:5])
            yield f"{len(gone)} row{'' if len(gone) == 1 else 's'} {what} ({one_line(shown, 100)})"
    both = [key for key in rows if key in today]
    for at, column in enumerate(before.columns):
        changed = [
            (rows[key][at], today[key][at], key) for key in both if not _equal(rows[key][at], today[key][at])
        ]
        if changed:
            old, new, key = max(changed, key=lambda one: _distance(*one[:2]))
            of = f" of {' '.join(map(str, key))}" if keys else ""
            most = f"most{of} from {_short(old)} to {_short(new)}"
            yield f"{column} moved in {len(changed)} of {len(both)}, {most}"
            outside = sum(_outside(before.columns, rows[key], today[key], column) for *_, key in changed)
            if outside:
                yield f"{outside} of these out of the interval that was saved"
    if [key for key in rows if key in today] != [key for key in today if key in rows]:
        yield "the rows come in another order"


def _by_key(rows: list[list[Any]], keys: list[int]) -> dict[tuple[Any, ...], list[Any]]:
    """Return rows by what they are of; by their place where that does not tell them apart."""
    found = {tuple(str(row[at]) for at in keys): row for row in rows}
    return (
        found if len(found) == len(rows) and keys else {(f"row {at}",): row for at, row in enumerate(rows, 1)}
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(old: Any, new: Any) -> bool:
    if _number(old) and _number(new):
        return bool(abs(old - new) <= _CLOSE * max(abs(old), abs(new)))
    return bool(old == new)


def _distance(old: Any, new: Any) -> float:
    return abs(old - new) if _number(old) and _number(new) else float("inf")


def _outside(columns: list[str], before: list[Any], after: list[Any], column: str) -> bool:
    """Return whether a value of today is outside of the interval that was saved beside it."""
    ends = f"{column}_low", f"{column}_high"
    if not set(ends) <= set(columns):
        return False
    low, high = (before[columns.index(end)] for end in ends)
    value = after[columns.index(column)]
    return all(map(_number, (low, high, value))) and not low <= value <= high


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else one_line(str(value), 40)


def _asked(study: Study, name: str, question: str, sql: str, *, with_evidence: bool = True) -> Finding:
    """Ask the published snapshot. Raises StudyError where the SQL fails, or a new one is published."""
    published_path(study)
    before = _snapshot(study)
    columns, rows = _answer(study, sql)
    with connect(study) as connection:
        model, saes = _model_and_saes(connection)
        evidence = list(_evidence(connection, columns, rows)) if with_evidence else []
    if _snapshot(study) != before:
        raise StudyError(f"{study.name}: was published anew meanwhile; ask again")
    return Finding(
        name=name,
        question=question,
        sql=sql,
        study=study.name,
        model=model,
        saes=saes,
        saved_at=datetime.now(UTC).isoformat(timespec="seconds"),
        made_by=f"persona-assets {version('persona-assets')}",
        snapshot=before,
        columns=columns,
        rows=rows,
        evidence=evidence,
    )


def _answer(study: Study, sql: str) -> tuple[list[str], list[list[Any]]]:
    """Return columns and rows, asked as the explorer's console asks: what only reads, within its limits."""
    from persona_assets.explorer.console.console import Console, Limits
    from persona_assets.explorer.problems import ProblemError

    async def run() -> Any:
        outcome = await Console(study).run(sql, "json", Limits(rows=MOST_ROWS))
        with outcome.file as file:
            return json.load(file)

    try:
        answer = asyncio.run(run())
    except ProblemError as problem:
        place = f"line {problem.line}, column {problem.column}: " if problem.line else ""
        raise StudyError(f"--sql: {place}{problem.error}") from problem
    if answer["truncated"]:
        raise StudyError(f"--sql: answers more than {MOST_ROWS:,} rows; a finding holds fewer: add a LIMIT")
    return [column["name"] for column in answer["columns"]], answer["rows"]


def _snapshot(study: Study) -> SnapshotCited:
    with connect(study) as connection:
        [(published_at,)] = connection.execute("select published_at from study").fetchall()
        return SnapshotCited(
            published_at=published_at.isoformat(timespec="seconds"), fingerprint=stands_on(connection)
        )


def _model_and_saes(connection: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, str]]:
    model = "select coalesce(settings->>'$.generation.model', settings->>'$.extraction.model') from study"
    [(name,)] = connection.execute(model).fetchall()
    saes = "select sae, coalesce(release || '/' || id, path) from saes order by position"
    return str(name), dict(connection.execute(saes).fetchall())


def _evidence(
    connection: duckdb.DuckDBPyConnection, columns: list[str], rows: list[list[Any]]
) -> Iterator[Evidence]:
    """Yield the strongest responses of the first features of an answer that names features (and roles)."""
    if "feature_id" not in columns:
        return
    places = [columns.index(one) if one in columns else None for one in ("feature_id", "role", "sae")]
    asked = [tuple(None if at is None else row[at] for at in places) for row in rows]
    features = [
        one for one in asked if isinstance(one[0], int) and all(isinstance(x, str | None) for x in one[1:])
    ]
    for feature, role, sae in list(dict.fromkeys(features))[:_OF_FEATURES]:
        given = {"feature": feature, "role": role, "sae": sae, "n": _EACH}
        try:
            found = connection.execute(query("findings/evidence"), given).fetchall()
        except duckdb.Error as error:
            raise StudyError(f"--sql: column feature_id: {told(error).splitlines()[0]}") from error
        yield from (Evidence(**dict(zip(Evidence.model_fields, one, strict=True))) for one in found)
