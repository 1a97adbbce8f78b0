"""docs/findings.md holds what its queries say. `python -m tests.test_findings` asks them anew.

That needs the study `smollm2`, run whole (the page says how); the tests ask the queries of a made-up lake.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import duckdb

from persona_assets.cli.answers import ask
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.places import PROJECT
from tests.warehouse.world import fill, write_catalog

PAGE = PROJECT / "docs/findings.md"
ASKED = re.compile(r"```sql\n(?P<query>.*?)```\n\n```text\n(?P<said>.*?)```", re.S)


def written_anew(page: str, answer: Callable[[str], str]) -> str:
    """Return the page with each query's answer beneath it."""
    return ASKED.sub(lambda one: f"```sql\n{one['query']}```\n\n```text\n{answer(one['query'])}```", page)


def answer_of(study: Study, query: str) -> str:
    """Return what `persona sql` prints."""
    with redirect_stdout(io.StringIO()) as said:
        ask(study, query, "table", wide=True)
    return said.getvalue()


def test_every_query_of_the_page_has_its_answer_beneath_it() -> None:
    page = PAGE.read_text()
    found = ASKED.findall(page)
    assert len(found) == page.count("```sql") > 5
    assert all(said.strip() for _, said in found)


def test_every_query_of_the_page_can_be_asked(make_study: StudyMaker, tmp_path: Path) -> None:
    study = make_study("smollm2", write_catalog(tmp_path / "catalog"))
    fill(study)
    publish(study)
    with connect(study) as warehouse:
        for query, _ in ASKED.findall(PAGE.read_text()):
            try:
                assert warehouse.execute(query).description
            except duckdb.Error as error:  # what the small lake does not have
                assert re.search("no feature|no features of role", str(error))


def test_only_answers_are_written_anew() -> None:
    page = "# A\n\n```sql\nselect 1;\n```\n\n```text\nold\n```\n\nWords.\n"
    assert written_anew(page, lambda query: query.upper()) == page.replace("old\n", "SELECT 1;\n")


if __name__ == "__main__":
    smollm2 = load_study("smollm2")
    PAGE.write_text(written_anew(PAGE.read_text(), lambda query: answer_of(smollm2, query)))
