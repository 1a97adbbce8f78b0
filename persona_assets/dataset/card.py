"""The card of a data set: `README.md`, with the front matter that `datasets` and the Hugging Face hub read.

What a study's file, a model or a stranger wrote stands there as code, in one line, and is never Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import yaml

from persona_assets.base.queries import query
from persona_assets.dataset.made import checks, code, how_made, of_others
from persona_assets.dataset.tables import with_keys
from persona_assets.health.verify import Verified
from persona_assets.lake.schema import MARTS, SHOWN, VIEWS, Column, Table
from persona_assets.study.dataset import DATA, SNAPSHOT, DataFile, DataSet

FIRST = "role_contrasts"  # what is loaded unless a table is named
_EDGES = tuple(10**power for power in range(3, 11))
_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B",
          "10B<n<100B")  # fmt: skip

_TITLE = """# SAE features of personas: {study}

Which features of a sparse autoencoder (SAE) the model {model} uses when it plays a persona: its answers in
every role, the features that are active in each of them with the tokens on which they fire, and how the roles
differ, with intervals. Each table is a configuration of its own.
"""
_LOADING = """## Load it

```python
import datasets

datasets.load_dataset("DIR", "{first}")  # DIR is this folder, or its name on the hub
```

In DuckDB, by its address, where the host answers ranges. The study's tables and macros are there:

```sql
ATTACH '{place}/{snapshot}' AS study (READ_ONLY);
USE study;{remedy}
FROM top_features('{role}') LIMIT 5;
```

As a study to explore, with pages, SQL and notebooks. Its database is made here, and nobody's SQL is run:

```sh
persona pull {source} {study}
persona explore ./{study}
```
"""
_REMEDY = "\nSET VARIABLE lake = '{place}/{data}'; -- where the views find this folder's files"


def card(connection: duckdb.DuckDBPyConnection, dataset: DataSet, verified: Verified, url: str | None) -> str:
    """Return the card of a data set; `connection` reads the snapshot, `url` is where it will lie."""
    [facts], [told] = rows_of(connection, "facts"), rows_of(connection, "told")
    saes, labels = rows_of(connection, "saes"), rows_of(connection, "labels")
    model = code(dataset.settings["extraction"]["model"])
    parts = [
        f"---\n{_front_matter(dataset)}---\n",
        _TITLE.format(study=dataset.study, model=model),
        _loading(dataset, url, facts["a_role"]),
        how_made(dataset, facts, saes, told["default_system_prompt"]),
        checks(facts, saes, verified),
        of_others(dataset, labels),
        "## The tables\n\n" + "\n".join(_tables(dataset)),
    ]
    return "\n".join(parts)


def configs(dataset: DataSet) -> dict[str, str]:
    """Return which files hold each table that has rows, by its name: one file, or all below a folder."""
    in_parts = {table.name for table in VIEWS}
    return {
        file.mart or file.table: f"{DATA}/*/{file.table}/**/*.parquet"
        if file.table in in_parts
        else file.path
        for file in dataset.files
    }


def columns_of(table: Table) -> list[Column]:
    """Return the columns of a table's files in a data set."""
    if table in VIEWS:
        return [column for column in with_keys(table).columns if not column.made_of]
    return list(table.shown.values())


def rows_of(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    """Return the answer to a query of `sql/dataset/`, a row each by column."""
    answer = connection.execute(query(f"dataset/{name}"))
    columns = [column[0] for column in answer.description]
    return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]


def _files(dataset: DataSet, name: str) -> list[DataFile]:
    if name in SHOWN:
        return dataset.of(name)
    return [file for file in dataset.of(MARTS.name) if file.mart == name]


def _n_rows(dataset: DataSet, name: str) -> int:
    return sum(file.n_rows for file in _files(dataset, name))


def _first(dataset: DataSet) -> str:
    every = configs(dataset)
    return FIRST if FIRST in every else next(iter(every))


def _front_matter(dataset: DataSet) -> str:
    every = configs(dataset)
    largest = max(_n_rows(dataset, name) for name in every)
    told = {
        "license": dataset.license,
        "pretty_name": f"SAE features of personas: {dataset.study}",
        "tags": ["sparse-autoencoders", "interpretability", "personas", "persona-assets"],
        "size_categories": [_SIZES[sum(largest >= edge for edge in _EDGES)]],
        "configs": [
            {"config_name": name, "data_files": files}
            | ({"default": True} if name == _first(dataset) else {})
            for name, files in every.items()
        ],
    }
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True)


def _loading(dataset: DataSet, url: str | None, role: str) -> str:
    place = (url or "https://HOST/FOLDER").rstrip("/")
    return _LOADING.format(
        first=_first(dataset),
        place=place,
        snapshot=SNAPSHOT,
        remedy="" if url else _REMEDY.format(place=place, data=DATA),
        role=role,
        source=url or "DIR-OR-ADDRESS",
        study=dataset.study,
    )


def _tables(dataset: DataSet) -> Iterator[str]:
    for name in configs(dataset):
        table = SHOWN.get(name)
        own = f"Made by SQL of the study: {code(dataset.comments.get(name, ''), 300)}"
        about = own if table is None else table.comment
        yield f"### {name}\n\n{about}. {_n_rows(dataset, name):,} rows.\n"
        if table is not None:
            yield "| column | type | |\n| --- | --- | --- |"
            yield from (_row(column) for column in columns_of(table))
            yield ""


def _row(column: Column) -> str:
    said = (column.says or "").replace("|", "\\|").replace("<", "&lt;")
    return f"| {column.name} | {column.type} | {said} |"
