"""A lake in a bucket for tests: `from tests.lake.storage.fixtures import …`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import boto3
import pytest

from tests.lake.storage.store import Proxy, environment, proxy_to, s3_server

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of a server that speaks S3."""
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def network(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The way to that server; every AWS client takes it."""
    with proxy_to(s3_endpoint) as proxy:
        for name, value in environment(proxy.address).items():
            monkeypatch.setenv(name, value)
        yield proxy


@pytest.fixture
def bucket_lake(network: Proxy) -> str:
    """The URL of an empty lake in a bucket."""
    name = f"lake-{next(_NUMBERS)}"
    boto3.client("s3").create_bucket(Bucket=name)
    return f"s3://{name}/some/prefix"
