"""The server as a browser meets it: a process on loopback."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from persona_assets.base.errors import StudyError
from persona_assets.explorer.server.app import make_app
from persona_assets.explorer.snapshot.opened import Snapshots
from persona_assets.lake.seen import as_it_is, remember
from persona_assets.warehouse import publish, warehouse_path
from tests.explorer.contract import check
from tests.explorer.served import Served, eventually, serving, start
from tests.warehouse.world import ALWAYS_ON, OF_PIRATE_ALONE, World

FILES = {
    "data/study.json": "Study",
    "data/first/map.json": "MapData",
    "data/first/neighbors.json": "Neighbors",
    "data/first/features.json": "FeatureTable",
    f"data/first/feature/{OF_PIRATE_ALONE}.json": "FeaturePage",
    f"data/first/feature/{OF_PIRATE_ALONE}/pirate.json": "ExamplesOfRole",
    f"data/first/feature/{OF_PIRATE_ALONE}/ghost.json": "ExamplesOfRole",
    f"data/first/histogram/{ALWAYS_ON}.json": "Histogram",
    "data/second/role/1984.json": "RolePage",
    "data/first/role/pirate/features.json": "FeaturesOfRole",
    "data/role/pirate/responses/1.json": "ResponsesPage",
    "data/first/roles.json": "RolesOverview",
    "api/snapshot": "SnapshotState",
    "api/search?sae=first&q=sea": "SearchResult",
}


@pytest.mark.parametrize("path", FILES)
def test_every_answer_is_what_the_contract_says(live: Served, path: str):
    answer = live.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    check(FILES[path], answer.json())


def test_lists_of_the_sql_page_are_what_the_contract_says(live: Served):
    for path, type_ in (("data/examples.json", "SqlExample"), ("data/schema.json", "SchemaEntry")):
        entries = live.get(path).json()
        assert entries
        for entry in entries:
            check(type_, entry)


@pytest.mark.parametrize(
    "path",
    [
        "data/third/map.json",
        "data/first/role/nobody.json",
        "data/first/feature/40.json",
        "data/first/feature/-1.json",
        "data/first/feature/1e3.json",
        "data/first/feature/99999999999999999999.json",
        "data/role/pirate/responses/0.json",
        "data/role/pirate/responses/2.json",
        "data/first/role/x'; drop table study; --.json",
        "data/..%2f..%2fetc/passwd",
        "data/first/role/..%2f..%2f..%2fetc%2fpasswd.json",
        "data/",
        "api/nothing",
    ],
)
def test_what_there_is_not_is_one_line_and_404(live: Served, path: str):
    answer = live.get(path)
    assert answer.status_code == 404
    check("Problem", answer.json())
    assert "\n" not in answer.json()["error"]


def test_an_answer_is_compressed_and_asked_for_once(live: Served):
    first = live.get("data/first/features.json", headers={"accept-encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "no-cache"
    again = live.get("data/first/features.json", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = live.get("data/first/features.json", headers={"if-none-match": 'W/"another"'})
    assert other.status_code == 200


def test_what_the_study_calls_plain_is_no_answer_of_before(published: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PERSONA_LAKE", published.study.lake.root)
    settings, kept = published.study.settings, {}
    for plain in (None, "plain*", "quiet*"):  # nothing is published between them
        drift = settings.drift.model_copy(update={"plain": plain})
        study = replace(published.study, settings=settings.model_copy(update={"drift": drift}))
        with TestClient(make_app(study), "http://127.0.0.1") as client:
            answers = [client.get("/data/drift.json", headers={"if-none-match": etag}) for etag in kept]
            assert [answer.status_code for answer in answers] == [200] * len(kept)
            etag = client.get("/data/drift.json").headers["etag"]
            again = client.get("/data/drift.json", headers={"if-none-match": etag})
            assert again.status_code == 304
        kept[etag] = plain


def test_who_takes_no_gzip_gets_the_same_plain(live: Served):
    with httpx.stream("GET", live.address + "data/study.json", headers={"accept-encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    plain = live.get("data/study.json", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost.evil.example"},
        {"host": ""},
        {"host": "127.0.0.1@evil.example"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["data/study.json", "api/snapshot"])
def test_others_pages_are_refused(live: Served, headers: dict[str, str], path: str):
    answer = live.get(path, headers=headers)
    assert answer.status_code == 403
    check("Problem", answer.json())
    assert "small" not in answer.text


def test_own_pages_are_served_by_any_name_of_this_machine(live: Served):
    port = live.address.rstrip("/").rsplit(":")[-1]
    for name in (f"localhost:{port}", "localhost:9999", f"127.0.0.1:{port}", "[::1]:8000"):
        headers = {"host": name, "origin": f"http://{name}", "sec-fetch-site": "same-origin"}
        assert live.get("data/study.json", headers=headers).status_code == 200


def test_every_answer_forbids_what_a_page_does_not_need(live: Served):
    for path in ("", "data/study.json", "data/nothing.json", "no/such/page"):
        headers = live.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in live.get("").headers["content-security-policy"]


def test_a_defect_is_one_line_with_the_headers_of_every_answer(published: World):
    app = make_app(published.study)

    async def broken(request: Request) -> Response:
        raise ZeroDivisionError

    app.router.routes.insert(0, Route("/broken", broken))
    client = TestClient(app, "http://127.0.0.1", raise_server_exceptions=False)
    answer = client.get("/broken")
    assert answer.status_code == 500
    check("Problem", answer.json())
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_server_moves_on_to_a_new_snapshot_and_lets_the_old_one_go(own: World):
    publish(own.study)
    with serving(own.study, own.study.lake.root) as served:
        before = served.get("data/study.json").json()
        etag = served.get("data/study.json").headers["etag"]
        with served.client.stream("GET", served.address + "api/responses?q=aye") as stream:
            lines = stream.iter_lines()
            assert json.loads(next(lines))["kind"] == "hit"
            publish(own.study)
            after = served.get("data/study.json", headers={"if-none-match": etag})
            assert after.status_code == 200
            assert after.json()["snapshot"] != before["snapshot"]
            assert after.json()["published_at"] > before["published_at"]
            assert served.get("api/snapshot").json()["snapshot"] == after.json()["snapshot"]
            assert json.loads(list(lines)[-1]) == {"kind": "end", "truncated": False}
        assert eventually(lambda: not _held_though_deleted(served.process.pid))


def test_an_asker_that_leaves_frees_the_snapshot_it_was_read_from(own: World):
    publish(own.study)
    with serving(own.study, own.study.lake.root) as served:
        for _ in range(5):
            with served.client.stream("GET", served.address + "api/responses?q=aye") as stream:
                next(stream.iter_lines())
        publish(own.study)
        assert served.get("api/snapshot").status_code == 200
        assert eventually(lambda: not _held_though_deleted(served.process.pid))


def _held_though_deleted(pid: int) -> list[str]:
    """Snapshots that the process has open though others took their place."""
    held = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return [name for name in held if "warehouse.duckdb" in name and name.endswith("(deleted)")]


def test_a_server_begins_before_anything_is_published_and_goes_on_then(own: World):
    with serving(own.study, own.study.lake.root) as served:
        for path in ("data/study.json", "api/snapshot", "api/search?q=a&sae=first"):
            waiting = served.get(path)
            assert waiting.status_code == 503
            assert "nothing is published yet" in waiting.json()["error"]
            assert waiting.json()["waits"]
        publish(own.study)
        assert served.get("data/study.json").json()["name"] == "small"


def test_who_waits_for_the_lake_keeps_nobody_from_what_is_in_the_snapshot(own: World):
    publish(own.study)
    lake = Path(own.study.lake.root)
    [file] = (lake / "small/activations/sae=first/role=pirate").glob("*.parquet")
    file.unlink()
    os.mkfifo(file)  # whoever opens it waits for a writer, as for a disk that does not answer
    remember(as_it_is(file.stat(), str(file.relative_to(lake))))  # a pipe is refused where nobody knows it
    n = 8 + (os.cpu_count() or 1)
    with serving(own.study, own.study.lake.root) as served, ThreadPoolExecutor(n) as askers:
        paths = [f"data/first/feature/{feature}/pirate.json" for feature in range(n)]
        answers = [askers.submit(httpx.get, served.address + path, timeout=300) for path in paths]
        try:
            assert eventually(lambda: _n_waiting(served.process.pid) == 8)
            assert served.get("data/first/features.json", timeout=300).status_code == 200
            assert not any(answer.done() for answer in answers)
        finally:
            assert eventually(lambda: _has_read_nothing(file) and all(answer.done() for answer in answers))


def _n_waiting(pid: int) -> int:
    """How many threads of the process wait for a pipe's writer, by the name of Linux's own function."""
    places = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has ended meanwhile
            places.append((thread / "wchan").read_text())
    return places.count("wait_for_partner")


def _has_read_nothing(pipe: Path) -> bool:
    """Let those go on that wait for a writer of `pipe`: it writes nothing."""
    with suppress(OSError):  # nobody waits
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    return True


def test_a_snapshot_that_lacks_a_column_is_one_line_with_the_remedy(own: World):
    publish(own.study)
    with duckdb.connect(str(warehouse_path(own.study))) as earlier:
        earlier.execute("alter table sae_fit drop column loss_recovered")
    with pytest.raises(
        StudyError, match=r"another version \(it has no sae_fit\.loss_recovered\); publish again"
    ):
        Snapshots(own.study).newest()


def test_a_damaged_snapshot_is_one_line(own: World):
    publish(own.study)
    file = Path(own.study.lake.root) / "small" / "warehouse.duckdb"
    with serving(own.study, own.study.lake.root) as served:
        file.write_bytes(b"not a database" * 1000)
        answer = served.get("data/study.json")
        assert answer.status_code == 503
        assert "publish again" in answer.json()["error"]


def test_a_lost_file_of_the_lake_is_one_line_where_it_is_read_and_harms_nothing_else(own: World):
    publish(own.study)
    for file in (Path(own.study.lake.root) / "small" / "responses" / "role=pirate").glob("*.parquet"):
        file.unlink()
    with serving(own.study, own.study.lake.root) as served:
        answer = served.get("data/role/pirate/responses/1.json")
        assert answer.status_code == 500
        check("Problem", answer.json())
        assert served.get("data/first/map.json").status_code == 200
        lines = served.get("api/responses?q=aye").text.splitlines()
        assert json.loads(lines[-1])["kind"] == "error"


def test_a_port_that_is_taken_is_one_line(published: World):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(published.study, published.study.lake.root, port=port)
        _, complaint = process.communicate(timeout=120)
    assert process.returncode == 2
    assert complaint.splitlines()[-1].startswith(f"persona: port {port} is taken")


def test_an_address_of_another_machine_is_one_line(published: World):
    process = start(published.study, published.study.lake.root, host="192.0.2.1")
    _, complaint = process.communicate(timeout=120)
    assert complaint.splitlines()[-1].startswith("persona: --host 192.0.2.1: ")


def test_ctrl_c_ends_it_cleanly_even_while_it_answers(published: World):
    with serving(published.study, published.study.lake.root) as served:
        slow = {"sql": "select count(*) from range(1000000000000)"}
        patience = httpx.Timeout(60, read=0.5)
        with httpx.Client(timeout=patience) as client, pytest.raises(httpx.ReadTimeout):
            client.post(served.address + "api/sql", json=slow)
        served.process.send_signal(signal.SIGINT)
        _, complaint = served.process.communicate(timeout=120)
    assert served.process.returncode == 0
    assert "Traceback" not in complaint
