"""Slips in a query: what the snapshot's catalog says of a name that DuckDB does not know.

The page of a published site says the same of macros where DuckDB runs in the reader's browser: it is given
`ARGUMENTS` and the two sentences, and `calls` of its database.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

import duckdb

_COLUMN = re.compile(r'(?:Referenced column|have a column named) "([^"]+)"')
_TABLE = re.compile(r"Table with name ([^\s\"]+) does not exist")
_FUNCTION = re.compile(r"Function with name ([^\s\"]+) does not exist")
ARGUMENTS = (  # DuckDB's complaint, as a pattern of Python and of JavaScript
    r"Macro (\w+)\(\) does not support the supplied arguments\. You might need to add explicit type casts\."
    r"\nCandidate macros:\n\t(\1\([^\n]*\))\n?(?=\n\n|$)"
)
TAKES_OTHERS = "{0} takes other arguments: {1}"
IS_A_MACRO = "{0} is a macro: give it its arguments, {1}"
_MEANT_BY_DUCKDB = re.compile(r"did you mean (\w+)")

_ROLES = "select role from roles"
_COLUMNS = "select distinct column_name from duckdb_columns() where not internal"
_TABLES_WITH = (
    "select table_name from duckdb_columns() where not internal and column_name = ? order by table_name"
)
_TABLES = "select table_name from duckdb_columns() where not internal"
_MACROS = """select function_name, any_value(parameters) from duckdb_functions()
where not internal and function_type like '%macro' group by function_name"""

_MOST_NAMED = 3  # tables that one line names


def instead(connection: duckdb.DuckDBPyConnection, complaint: str) -> str:
    """Return what to write where DuckDB's `complaint` is of a name that is like one of the snapshot's.

    It is one sentence, or nothing where no name is like it, where DuckDB says it itself, or where the
    catalog cannot be asked: in a transaction that failed, or after another database was chosen.
    """
    try:
        return _meant(connection, complaint)
    except duckdb.Error:
        return ""


def clearly(complaint: str) -> str:
    """Return DuckDB's `complaint`; of a macro's wrong arguments in one line, with those that it takes."""
    return re.sub(ARGUMENTS, lambda found: TAKES_OTHERS.format(*found.groups()), complaint)


def calls(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return how each macro of the snapshot is called, by its name."""
    found = connection.execute(_MACROS).fetchall()
    return {name: f"{name}({', '.join(parameters)})" for name, parameters in found}


def _meant(connection: duckdb.DuckDBPyConnection, complaint: str) -> str:
    for pattern, of_name in ((_COLUMN, _of_column), (_TABLE, _of_table), (_FUNCTION, _of_function)):
        found = pattern.search(complaint)
        if found is not None:
            said = of_name(connection, found[1])
            meant = _MEANT_BY_DUCKDB.match(said)
            return "" if meant is not None and f'"{meant[1]}"' in complaint else said
    return ""


def _of_column(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return what was meant by a column that is not there; often it is a role without its quotes."""
    roles, columns = _names(connection, _ROLES), _names(connection, _COLUMNS)
    role, column = _nearest(name, roles), _nearest(name, columns)
    if name in roles:
        return f"a role's name is a text: write '{name}'"
    if name in columns:
        tables = _names(connection, _TABLES_WITH, [name])
        more = f" and {len(tables) - _MOST_NAMED} more" if len(tables) > _MOST_NAMED else ""
        return f"{name} is a column of {', '.join(tables[:_MOST_NAMED])}{more}"
    if column is not None:
        return f"did you mean {column}?"
    return "" if role is None else f"did you mean the role '{role}'? It is a text, in quotes"


def _of_table(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return what was meant by a table that is not there: a macro without its arguments, or a like name."""
    macros, tables = calls(connection), _names(connection, _TABLES)
    if name in macros:
        return IS_A_MACRO.format(name, macros[name])
    meant = _nearest(name, [*tables, *macros])
    return "" if meant is None else f"did you mean {macros.get(meant, meant)}?"


def _of_function(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return what was meant by a function that is not there: a table with arguments, or a like macro."""
    macros = calls(connection)
    if name in _names(connection, _TABLES):
        return f"{name} is a table: write it without arguments"
    meant = _nearest(name, list(macros))
    return "" if meant is None else f"did you mean {macros[meant]}?"


def _names(connection: duckdb.DuckDBPyConnection, sql: str, values: object = None) -> list[str]:
    return list(dict.fromkeys(name for (name,) in connection.execute(sql, values).fetchall()))


def _nearest(name: str, known: list[str]) -> str | None:
    alike = get_close_matches(name.lower(), known, n=1)
    return alike[0] if alike else None
