"""DuckDB's way to a bucket: the extension `httpfs`, and a secret for one lake."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple
from urllib.parse import urlsplit

import duckdb

from persona_assets.base.duck import literal
from persona_assets.base.errors import StudyError

ATTEMPTS = 8  # of a request that is throttled or broken off, with growing pauses
_SETTINGS = {
    "http_retries": ATTEMPTS,
    "http_retry_wait_ms": 100,
    "http_retry_backoff": 2,
    "enable_http_metadata_cache": "true",  # files of a lake never change
}


class Access(NamedTuple):
    """What a reader of the store must know; `endpoint` is None for Amazon's own."""

    key: str
    secret: str
    token: str | None
    region: str | None
    endpoint: str | None


def open_to(connection: duckdb.DuckDBPyConnection, root: str, access: Access) -> None:
    """Let the connection's database read below `root`, `s3://…`; called again, with the access of now.

    Raises StudyError where the extension is not there and cannot be had.
    """
    _load(connection)
    for name, value in _SETTINGS.items():
        connection.execute(f"set {name} = {value}")
    given = {"key_id": access.key, "secret": access.secret, "scope": f"{root}/"}
    if access.token:
        given["session_token"] = access.token
    if access.region:
        given["region"] = access.region
    options = [f"{name} {literal(value)}" for name, value in given.items()]
    if access.endpoint:
        url = urlsplit(access.endpoint)
        options += [f"endpoint {literal(url.netloc)}", "url_style 'path'"]
        options.append(f"use_ssl {str(url.scheme == 'https').lower()}")
    connection.execute(f"create or replace temporary secret lake (type s3, {', '.join(options)})")


def _load(connection: duckdb.DuckDBPyConnection) -> None:
    """From the package, where it is installed; else as DuckDB gets its extensions, over the network."""
    try:
        try:
            package = files("duckdb_extension_httpfs")
        except ModuleNotFoundError:
            connection.execute("install httpfs")
            connection.execute("load httpfs")
            return
        version = duckdb.__version__
        extension = package / "extensions" / f"v{version}" / "httpfs.duckdb_extension"
        connection.execute(f"load {literal(str(extension))}")
    except duckdb.Error as error:
        raise StudyError(
            f"DuckDB's extension httpfs cannot be loaded ({str(error).splitlines()[0]}); "
            "pip install duckdb-extension-httpfs"
        ) from error
