"""The docs tell the truth. `python -m tests.test_docs` writes docs/tables.md and docs/study.md anew.

And of docs/performance.md the table of what was measured on GPUs.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import dagster as dg
import duckdb
import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from persona_assets.base.queries import query
from persona_assets.cli.answers import ask
from persona_assets.cli.run import run_study
from persona_assets.health.gpu import measured_on_gpus
from persona_assets.lake.schema import DERIVED, VIEWS
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.study.settings import StudySettings
from persona_assets.study.study import Study, load_study, study_from
from persona_assets.warehouse import connect, publish
from tests.conftest import ATTRIBUTES, StudyMaker, write_study
from tests.gpu import figures
from tests.places import PROJECT
from tests.warehouse.world import fill, write_catalog

INTRODUCTION = """# The warehouse's tables

What each column says, as the database itself does (`comment on …`). `sae` is the SAE's name in the study;
activations are in the SAE's own units. {of_lake} are views of the lake's Parquet files, which a copy of
the file alone does not have; {of_tables} are views of other tables. The rest are tables in the file.
Every table is there from the first snapshot on, empty if nothing has been made yet.

A Japanese or Arabic letter or an emoji may be split into several tokens. `pieces` and `piece` show it whole
at one of them and are empty at the others: joined they are the text. Files made by earlier versions show
U+FFFD for each part; their `token_ids` are the same.
"""
SETTINGS_HEAD = "| key | default | meaning |\n| --- | --- | --- |\n"
COLUMNS = """
select columns.table_name, columns.comment as says, columns.column_name, columns.data_type, whole.comment
from duckdb_columns() as columns
join (
    select table_name as name, comment from duckdb_tables() where database_name = 'warehouse'
    union all select view_name, comment from duckdb_views() where database_name = 'warehouse' and not internal
) as whole on whole.name = columns.table_name
where columns.database_name = 'warehouse'
order by columns.table_name, columns.column_index
"""


def tables_page(warehouse: duckdb.DuckDBPyConnection) -> str:
    """The text of docs/tables.md."""
    of_lake, of_tables = (", ".join(f"`{one.name}`" for one in some) for some in (VIEWS, DERIVED))
    lines, shown = [INTRODUCTION.format(of_lake=of_lake, of_tables=of_tables)], ""
    for table, says, column, kind, about in warehouse.execute(COLUMNS).fetchall():
        if table != shown:
            lines += [f"\n## {table}\n", f"{about}.\n", "| column | type | |", "| --- | --- | --- |"]
            shown = table
        escaped = (says or "").replace("|", "\\|")
        lines.append(f"| `{column}` | {kind.lower()} | {escaped} |")
    lines += ["\n## Macros\n", "| macro | |", "| --- | --- |"]
    for name, parameters, about in warehouse.execute(query("snapshot/macros")).fetchall():
        lines.append(f"| `{name}({', '.join(parameters)})` | {about} |")
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def test_the_page_of_tables_is_what_the_database_says_of_itself(study: Study) -> None:
    publish(study)
    with connect(study) as warehouse:
        assert (PROJECT / "docs/tables.md").read_text() == tables_page(warehouse)


def blocks(language: str) -> list[str]:
    """The blocks of all pages but extending.md, whose blocks tests/test_extending.py puts to use."""
    docs = sorted((PROJECT / "docs").glob("*.md"))
    pages = [PROJECT / "README.md", *(page for page in docs if page.name != "extending.md")]
    block = re.compile(rf"```{language}\n(.*?)```", re.S)
    return [text for page in pages for text in block.findall(page.read_text())]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_a_study_shown_in_the_docs_is_valid(text: str, tmp_path: Path) -> None:
    """Whole, or one block of it."""
    content = yaml.safe_load(text)
    attributes = content.get("attributes", ATTRIBUTES | content)
    study = study_from(attributes, tmp_path / "shown" / "defs.yaml")
    assert study.role_names


def test_the_page_of_settings_says_of_every_key_what_the_settings_say() -> None:
    assert (PROJECT / "docs/study.md").read_text() == settings_page()
    for _, field in settings(StudySettings):
        assert field.description is not None
        assert field.description.endswith(".")


def test_the_page_of_costs_shows_what_was_measured_on_gpus() -> None:
    shown = (PROJECT / "docs/performance.md").read_text()
    assert shown == figures.page(shown, measured_on_gpus())


def test_the_rooms_that_the_design_shows_are_those_of_the_import_contract() -> None:
    [contract] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    shown = "```\n" + "\n".join(contract["layers"]) + "\n```\n"
    assert shown in (PROJECT / "docs/design.md").read_text()


def test_every_sql_query_in_the_readme_runs(study: Study) -> None:
    readme = (PROJECT / "README.md").read_text()
    queries = re.findall(r"\| `(from .*?)` \|", readme)
    assert len(queries) == 6
    publish(study)
    with connect(study) as warehouse:
        for query in queries:
            try:
                assert warehouse.execute(query).description
            except duckdb.Error as error:  # an empty warehouse knows no role: the macro says so by name
                assert "no features of role" in str(error)


def test_the_dg_command_in_the_readme_names_an_asset_and_a_role_of_a_study() -> None:
    launch = r"dg launch --assets (\S+) --partition (\S+)\n"
    [(asset, role)] = re.findall(launch, (PROJECT / "README.md").read_text())
    study, name = asset.split("/")
    made = study_definitions(load_study(study)).resolve_assets_def(dg.AssetKey([study, name]))
    assert made.partitions_def is not None
    assert made.partitions_def.has_partition_key(role)


def settings(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key of a study's file by its dotted name; a block of keys is told key by key."""
    for name, field in model.model_fields.items():
        blocks = [kind for kind in kinds(field.annotation) if issubclass(kind, BaseModel)]
        if not blocks or get_origin(field.annotation) is dict:
            yield f"{prefix}{name}", field
        for block in blocks:
            inner = f"{name}.<name>" if get_origin(field.annotation) is dict else name
            yield from settings(block, f"{prefix}{inner}.")


def kinds(annotation: Any) -> list[type]:
    """The classes that an annotation is made of."""
    inside = [kind for argument in get_args(annotation) for kind in kinds(argument)]
    return inside or ([annotation] if isinstance(annotation, type) else [])


def settings_page() -> str:
    """docs/study.md with its table as the settings tell it."""
    before, rest = (PROJECT / "docs/study.md").read_text().split(SETTINGS_HEAD)
    rows = []
    for name, field in settings(StudySettings):
        said = " ".join((field.description or "").split()).replace("|", "\\|")
        rows.append(f"| `{name}` | {default(field)} | {said} |\n")
    return before + SETTINGS_HEAD + "".join(rows) + rest[rest.index("\n\n") + 1 :]


def default(field: FieldInfo) -> str:
    """What a key is where the file leaves it out."""
    if field.is_required():
        return "(required)"
    if field.default is None:
        return ""
    shown = field.default if isinstance(field.default, str) else json.dumps(field.default)
    return f"`{shown}`"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/README.md", "docs/deploy.md"])
def test_every_file_that_a_page_links_is_there(page: str) -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", (PROJECT / page).read_text()):
        assert (PROJECT / page).parent.joinpath(link).exists(), link


def test_the_mart_of_the_page_on_extending_does_what_the_page_says(
    make_study: StudyMaker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (PROJECT / "docs/extending.md").read_text().split("## A SQL mart\n")[1]
    [name] = re.findall(r"persona_assets/defs/smollm2/marts/(\w+)\.sql`\.", page)
    [sql] = re.findall(r"```sql\n(.*?)```", page, re.S)
    [select] = re.findall(r"persona run smollm2 --select (\S+)\n", page)
    [(question, header)] = re.findall(r'\$ persona sql smollm2 "(.*?)"\n(.*)\n', page)
    study = make_study("smollm2", write_catalog(tmp_path / "catalog"))
    fill(study, ("1984", "pirate"))
    (study.file.parent / "marts").mkdir()
    (study.file.parent / "marts" / f"{name}.sql").write_text(sql)
    node = study_definitions(study).resolve_asset_graph().get(dg.AssetKey(["smollm2", name]))
    assert node.parent_keys == {dg.AssetKey(["smollm2", "warehouse", "responses"])}
    assert f"-- {node.description}\n" in sql
    assert node.group_name == "smollm2_warehouse"
    run_study(study, None, select.split(","), overwrite=False)
    assert list((study.file.parents[1] / "lake/smollm2/marts").glob(f"mart={name}/*.parquet"))
    capsys.readouterr()
    ask(study, question, "table")
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == header.split()
    assert sorted(line.split()[:2] for line in shown[1:-1]) == [["1984", "9"], ["pirate", "9"]]


def test_the_version_is_the_one_to_cite_and_the_newest_of_the_changes() -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert f"  version = {{{version}}}\n" in (PROJECT / "README.md").read_text()
    newest, prepared = re.findall(r"^## (\S+)(.*)", (PROJECT / "CHANGELOG.md").read_text(), re.M)[0]
    assert version.startswith(f"{newest}.")
    assert (".dev" in version) == (prepared == " (in preparation)")
    assert "version" not in json.loads((PROJECT / "persona_assets/explorer/web/package.json").read_text())


def test_every_page_is_in_the_index() -> None:
    index = (PROJECT / "docs/README.md").read_text()
    pages = {page.name for page in (PROJECT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([^)#:]+)\)", index))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PERSONA_LAKE"] = folder
        shown = load_study(write_study(Path(folder) / "shown"))
        publish(shown)
        with connect(shown) as connection:
            (PROJECT / "docs/tables.md").write_text(tables_page(connection))
    (PROJECT / "docs/study.md").write_text(settings_page())
    costs = PROJECT / "docs/performance.md"
    costs.write_text(figures.page(costs.read_text(), measured_on_gpus()))
