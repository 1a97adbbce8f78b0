"""A lake in a bucket of Amazon S3, or of any store that speaks its protocol and knows conditional puts.

Credentials, region and endpoint are found as every AWS tool finds them: environment, `~/.aws`, single
sign-on, web identity, the machine's role; `AWS_ENDPOINT_URL` names another store. boto3 finds them, and lists
and writes; pyarrow and DuckDB, which read parts of files, are handed what it found.
"""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import IO, Any
from urllib.parse import urlsplit

import duckdb
import pyarrow.fs as pafs

from persona_assets.base.errors import DiskError, StudyError, writing
from persona_assets.lake.storage import Stored
from persona_assets.lake.storage.httpfs import ATTEMPTS, Access, open_to

try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
except ImportError as error:
    raise StudyError("a lake on s3:// needs boto3: pip install boto3") from error

_URL = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]+)(?P<prefix>(?:/[\w.=-]+)*)/?", re.ASCII)
_AMAZON = (".amazonaws.com", ".amazonaws.com.cn")
_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
_REMEDIES = {
    "NoSuchBucket": "make the bucket, or correct PERSONA_LAKE",
    "NotImplemented": "this store knows no conditional puts (If-None-Match); use another",
    "SlowDown": "the store is overloaded: run again later",
}
_KEYS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
_REACH = "check AWS_ENDPOINT_URL (http://host:port), AWS_PROFILE and the network"
_MAY_NOT = "check the credentials, and what they may do in this bucket"


class S3Storage:
    """The `Storage` at `url`, `s3://bucket/prefix`.

    Raises StudyError where the URL is another, or the packages of the extra `s3` are missing.
    """

    folder = None

    def __init__(self, url: str) -> None:
        match = _URL.fullmatch(url)
        if match is None:
            raise StudyError(
                f"PERSONA_LAKE={url}: must be a folder, or s3://bucket/prefix of letters, digits and . _ - ="
            )
        self._bucket, self._prefix = match["bucket"], match["prefix"].lstrip("/")
        self.root = f"s3://{self._bucket}/{self._prefix}".rstrip("/")
        self._lock = Lock()
        self._reader: tuple[Access, pafs.FileSystem] | None = None

    @property
    def filesystem(self) -> pafs.FileSystem:
        """See `Storage`: made anew when the credentials are renewed."""
        access = self.access()
        with self._lock:
            if self._reader is None or self._reader[0] != access:
                self._reader = access, _filesystem(access)
            return self._reader[1]

    def access(self) -> Access:
        """Return what is valid now. Raises StudyError where no credentials are found."""
        with self._plainly("find credentials for"):
            credentials = self._session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            found = credentials.get_frozen_credentials()
            meta = self._client.meta
        host = urlsplit(meta.endpoint_url).hostname or ""
        endpoint = None if host.endswith(_AMAZON) else meta.endpoint_url
        return Access(found.access_key or "", found.secret_key or "", found.token, meta.region_name, endpoint)

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """See `Storage`. Called again, it hands over renewed credentials."""
        open_to(connection, self.root, self.access())

    def below(self, folder: str) -> Iterator[Stored]:
        """See `Storage`."""
        skipped = len(self._prefix) + 1 if self._prefix else 0
        with self._plainly("list"):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=f"{self._key(folder)}/"):
                for found in page.get("Contents", ()):
                    yield Stored(found["Key"][skipped:], found["Size"], found["LastModified"].timestamp())

    @contextmanager
    def placing(self, path: str) -> Iterator[Path]:
        """See `Storage`: written to this machine's folder for temporary files, and put in one request."""
        with tempfile.TemporaryDirectory(prefix="persona-") as folder:
            beside = Path(folder) / "placing"
            with writing(beside):
                yield beside
            with beside.open("rb") as content:
                self._put(path, content, IfNoneMatch="*")

    def text(self, path: str) -> str | None:
        """See `Storage`."""
        with self._plainly("read"):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._key(path))
            except ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                    raise
                return None
            return str(found["Body"].read().decode("utf-8", errors="replace"))

    def mark(self, path: str) -> None:
        """See `Storage`."""
        self._put(path, b"")

    def remove(self, path: str) -> None:
        """See `Storage`."""
        with self._plainly("delete"):
            self._client.delete_object(Bucket=self._bucket, Key=self._key(path))

    def sweep(self, folder: str) -> None:
        """Nothing to do: what was not put whole is not there."""

    def folders(self) -> list[str]:
        """See `Bucket`."""
        begin = f"{self._prefix}/" if self._prefix else ""
        with self._plainly("list"):
            pages = self._client.get_paginator("list_objects_v2")
            found = pages.paginate(Bucket=self._bucket, Prefix=begin, Delimiter="/")
            prefixes = [one["Prefix"] for page in found for one in page.get("CommonPrefixes", ())]
        return [prefix.removeprefix(begin).rstrip("/") for prefix in prefixes]

    def send(self, file: Path, path: str) -> None:
        """See `Bucket`."""
        with self._plainly("write"):
            self._client.upload_file(str(file), self._bucket, self._key(path))

    def fetch(self, path: str, to: Path) -> None:
        """See `Bucket`."""
        with self._plainly("read"), writing(to):
            self._client.download_file(self._bucket, self._key(path), str(to))

    def mark_of(self, path: str) -> str:
        """See `Bucket`."""
        with self._plainly("read"):
            return str(self._client.head_object(Bucket=self._bucket, Key=self._key(path))["ETag"])

    @cached_property
    def _session(self) -> Any:
        return boto3.session.Session()

    @cached_property
    def _client(self) -> Any:
        return self._session.client(
            "s3", config=Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
        )

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path

    def _put(self, path: str, content: IO[bytes] | bytes, **conditions: str) -> None:
        key, writer = self._key(path), secrets.token_hex(8)
        with self._plainly("write"):
            try:
                self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=content, Metadata={"writer": writer}, **conditions
                )
            except ClientError as error:
                # An attempt of ours whose answer was lost may have put it.
                if error.response["Error"]["Code"] not in _TAKEN:
                    raise
                if self._writer(key) != writer:
                    raise FileExistsError(path) from error

    def _writer(self, key: str) -> str | None:
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return None
        writer: str | None = found["Metadata"].get("writer")
        return writer

    @contextmanager
    def _plainly(self, doing: str) -> Iterator[None]:
        """Yield the store's refusals in one line, which stop a run where it was writing."""
        kind = DiskError if doing == "write" else StudyError
        try:
            yield
        except ClientError as error:
            problem = error.response["Error"]
            code = problem.get("Code", "")
            remedy = _REMEDIES.get(code, _MAY_NOT)
            said = f"{code}: {problem.get('Message', '')}".strip(": ")
            raise kind(f"cannot {doing} {self.root}: the store says {said}; {remedy}") from error
        except (BotoCoreError, ValueError) as error:  # ValueError: an address that is none
            reason = " ".join(str(error).split()).rstrip(".")
            remedy = _KEYS if isinstance(error, NoCredentialsError) else _REACH
            raise kind(f"cannot {doing} {self.root}: {reason}; {remedy}") from error


def _filesystem(access: Access) -> pafs.FileSystem:
    url = urlsplit(access.endpoint) if access.endpoint else None
    return pafs.S3FileSystem(
        access_key=access.key,
        secret_key=access.secret,
        session_token=access.token,
        region=access.region,
        scheme=url.scheme if url else None,
        endpoint_override=url.netloc if url else None,
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS),
    )
