"""The built front end, as files of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from persona_assets.explorer.server.app import make_app
from tests.warehouse.world import World


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "assets" / "index-3fa9.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def client(published: World, dist: Path):
    with TestClient(make_app(published.study, dist=dist), base_url="http://localhost") as opened:
        yield opened


def test_the_page_may_load_nothing_that_is_not_the_servers(client: TestClient):
    answer = client.get("/")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[kind] for kind in ("script-src", "style-src", "connect-src", "font-src")} == {"'self'"}
    assert not {"https:", "http:", "*", "'unsafe-inline'", "'unsafe-eval'"} & set(
        " ".join(policy.values()).split()
    )
    assert answer.headers["cache-control"] == "no-cache"


def test_hashed_files_are_kept_for_ever(client: TestClient):
    answer = client.get("/assets/index-3fa9.js")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")


def test_texts_are_compressed_for_who_takes_it_and_follow_the_file(client: TestClient, dist: Path):
    file = dist / "assets" / "index-3fa9.js"
    file.write_text("sea " * 1000)
    answer = client.get("/assets/index-3fa9.js")
    assert answer.headers["content-encoding"] == "gzip" and answer.headers["vary"] == "Accept-Encoding"
    assert int(answer.headers["content-length"]) < 200 and answer.text == "sea " * 1000
    plain = client.get("/assets/index-3fa9.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.text == "sea " * 1000


@pytest.mark.parametrize(
    "path",
    ["/link.txt", "/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/assets", "/%00"],
)
def test_nothing_outside_the_folder_is_a_page(client: TestClient, path: str):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_without_a_built_front_end_the_page_says_what_to_do(published: World, tmp_path: Path):
    with TestClient(make_app(published.study, dist=tmp_path / "none"), base_url="http://localhost") as client:
        answer = client.get("/")
        assert answer.status_code == 503
        assert "make explorer" in answer.text
        assert client.get("/data/study.json").status_code == 200
