"""Neuronpedia's bulk exports: gzipped JSON lines, `v1/<model>/<source>/explanations/batch-<n>.jsonl.gz`.

The rows are sorted by text, so every batch is read; beside `explanations/` there may be folders of other
models' descriptions (`explanations-<model>/`), which a server that lists its files (as S3 does) tells of.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

from persona_assets.base.errors import StudyError, writing
from persona_assets.base.jsonl import parsed_object
from persona_assets.base.progress import Progress
from persona_assets.labels.http import PATIENCE, Patience, UnavailableError, Web
from persona_assets.labels.neuronpedia import Explanation, SourceId, check_subject, read_explanation
from persona_assets.labels.table import feature_number

_LARGEST_BATCH = 2**30  # bytes, compressed
_LARGEST_UNPACKED = 2**34
_LARGEST_LINE = 16 * 2**20
_LARGEST_LISTING = 16 * 2**20
_MOST_PAGES = 100
_BATCH = re.compile(r"explanations[^/]*/batch-\d+\.jsonl\.gz")


class ExportRow(NamedTuple):
    """One row of an export."""

    feature_id: int
    explanation: Explanation


def read_export(
    base: str, source: SourceId, patience: Patience = PATIENCE, progress: Progress | None = None
) -> Iterator[ExportRow]:
    """Yield the rows of `source`'s batches below `base` that have a description; no batch is held in memory.

    `progress` hears of (batches read, batches). Raises StudyError, naming the file, where a batch is missing,
    cut short, damaged or not about `source`; rows that came before are then not the whole.
    """
    with Web(patience) as web:
        listed = _listed(web, base, source)
        for number, url in enumerate(_numbered(base, source) if listed is None else listed):
            with _downloaded(web, url) as packed:
                if packed is None and listed is None and number > 0:
                    return
                if packed is None:
                    raise StudyError(
                        f"{url}: does not exist; check labels.export and the SAE's neuronpedia_id"
                    )
                yield from _rows(packed, url, source)
            if progress is not None:
                progress(number + 1, max(number + 1, len(listed or ())))


def _listed(web: Web, base: str, source: SourceId) -> list[str] | None:
    """Return the batches that the server lists; None where it does not list files as S3 does."""
    prefix = f"v1/{source}/"
    names: list[str] = []
    question = {"list-type": "2", "prefix": f"{prefix}explanations"}
    for _ in range(_MOST_PAGES):
        page = _page(web, f"{base}/?{urlencode(question)}")
        if page is None:
            return None
        keys = [key.text or "" for key in page.iterfind("{*}Contents/{*}Key")]
        names += [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]
        token = page.findtext("{*}NextContinuationToken")
        if token is None:
            break
        question["continuation-token"] = token
    batches = sorted(filter(_BATCH.fullmatch, names), key=lambda name: (name.split("/")[0], len(name), name))
    if not batches:
        raise StudyError(f"{base} has no explanations of {source}; check the SAE's neuronpedia_id")
    return [f"{base}/v1/{source.path}/{quote(name)}" for name in batches]


def _page(web: Web, url: str) -> ElementTree.Element | None:
    """Return a page of S3's listing; None where the server answers with anything else."""
    try:
        status, body = web.get(url, _LARGEST_LISTING)
        page = ElementTree.fromstring(body) if status != 404 else None
    except ElementTree.ParseError:
        return None
    except UnavailableError as error:
        if error.status is None or error.status >= 500:
            raise
        return None  # it serves files, but lists none
    return page if page is not None and page.tag.rpartition("}")[2] == "ListBucketResult" else None


def _numbered(base: str, source: SourceId) -> Iterator[str]:
    """Yield the address of each batch; how many there are is found by asking."""
    return (f"{base}/v1/{source.path}/explanations/batch-{number}.jsonl.gz" for number in count())


@contextmanager
def _downloaded(web: Web, url: str) -> Iterator[BinaryIO | None]:
    """Yield the file at `url`, whole, on the disk; None if there is none."""
    with TemporaryFile() as packed:
        with writing("a temporary file"):
            status = web.download(url, packed, _LARGEST_BATCH)
        if status != 404 and packed.tell() == 0:
            raise _damaged(url, "it is empty")
        packed.seek(0)
        yield None if status == 404 else packed


def _rows(packed: BinaryIO, url: str, source: SourceId) -> Iterator[ExportRow]:
    for number, line in enumerate(_lines(packed, url), start=1):
        if line.strip():
            where = f"{url}, line {number}"
            record = parsed_object(line, where, "the export is damaged")
            check_subject(record, source, where)
            explanation = read_explanation(record, where)
            if explanation is not None:
                yield ExportRow(feature_number(record.get("index"), where), explanation)


def _lines(packed: BinaryIO, url: str) -> Iterator[bytes]:
    unpacked = 0
    try:
        with gzip.GzipFile(fileobj=packed) as lines:
            while line := lines.readline(_LARGEST_LINE):
                unpacked += len(line)
                if len(line) == _LARGEST_LINE or unpacked > _LARGEST_UNPACKED:
                    raise _damaged(url, "a line, or the whole, is too large")
                yield line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(url, str(error)) from error


def _damaged(url: str, why: str) -> StudyError:
    return StudyError(f"{url}: cut short or damaged ({why}); nothing was taken from it; run again later")
