"""What `persona finding` does: saves an answer under a name, shows and cites it, and asks it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import duckdb

from persona_assets.base.duck import told
from persona_assets.base.errors import StudyError
from persona_assets.base.given import one_line, printable
from persona_assets.base.queries import query
from persona_assets.cli.answers import print_rows
from persona_assets.explorer.console.saved import Answered, PublishedAnewError, answered, cited
from persona_assets.explorer.problems import ProblemError
from persona_assets.study.findings import (
    Evidence,
    Finding,
    finding_names,
    finding_path,
    read_finding,
    write_finding,
)
from persona_assets.study.moved import compared
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

_OF_FEATURES, _EACH = 5, 2  # features with evidence, and responses of each


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
    """Ask findings (all, without names) of today's snapshot, print what moved, and return whether any did.

    One that cannot be asked any more is told in a line and counts as moved. Where the snapshot was published
    anew each time that one was asked, raises StudyError once all others are told.
    """
    chosen = list(names) or finding_names(study)
    if not chosen:
        raise StudyError(f"{study.name} has no findings; save one: persona finding save {study.name} NAME …")
    moved, later = False, 0
    for name in chosen:
        try:
            told, snapshot = _checked(study, read_finding(study, name))
        except PublishedAnewError as error:
            later += 1
            print(f"{name}: not checked: {error}")
            continue
        print(f"{name}: {'; '.join(told) if told else 'holds'}{snapshot}")
        moved = moved or bool(told)
    if later:
        raise StudyError(f"{later} of {len(chosen)} findings are not checked; check them again later")
    return moved


def _checked(study: Study, saved: Finding) -> tuple[list[str], str]:
    """Return what moved, and of which snapshot that is said."""
    try:
        today = answered(study, saved.sql)
    except ProblemError as problem:
        return [f"cannot be asked: {one_line(problem.told, 300)}"], ""
    same = saved.snapshot.fingerprint == today.snapshot.fingerprint
    snapshot = "the same snapshot" if same else f"another snapshot, {today.snapshot.fingerprint}"
    return list(compared(saved, today.columns, today.rows).told()), f" ({snapshot})"


def _asked(study: Study, name: str, question: str, sql: str) -> Finding:
    """Ask the published snapshot. Raises StudyError where the SQL fails, or a new one is published."""
    try:
        answer = answered(study, sql)
    except ProblemError as problem:
        raise StudyError(f"--sql: {problem.told}") from problem
    with connect(study) as connection:
        model, saes = _model_and_saes(connection)
        evidence = list(_evidence(connection, answer))
        if cited(connection) != answer.snapshot:
            raise StudyError(f"{study.name}: was published again meanwhile; ask again")
    return Finding(
        name=name,
        question=question,
        sql=sql,
        study=study.name,
        model=model,
        saes=saes,
        saved_at=datetime.now(UTC).isoformat(timespec="seconds"),
        made_by=f"persona-assets {version('persona-assets')}",
        snapshot=answer.snapshot,
        columns=answer.columns,
        rows=answer.rows,
        evidence=evidence,
    )


def _model_and_saes(connection: duckdb.DuckDBPyConnection) -> tuple[str, dict[str, str]]:
    model = "select coalesce(settings->>'$.generation.model', settings->>'$.extraction.model') from study"
    [(name,)] = connection.execute(model).fetchall()
    saes = "select sae, coalesce(release || '/' || id, path) from saes order by position"
    return str(name), dict(connection.execute(saes).fetchall())


def _evidence(connection: duckdb.DuckDBPyConnection, answer: Answered) -> Iterator[Evidence]:
    """Yield the strongest responses of the first features of an answer that names features (and roles)."""
    columns, rows = answer.columns, answer.rows
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
