"""The built front end, as files of a folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from persona_assets.explorer.app import make_app
from tests.warehouse.world import World


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    page = '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__">'
    (folder / "index.html").write_text(page)
    (folder / "assets" / "index-3fa9.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def client(published: World, dist: Path):
    with TestClient(make_app(published.study, dist=dist), base_url="http://localhost") as opened:
        yield opened


def test_the_page_is_given_a_nonce_of_its_own_each_time(client: TestClient):
    nonces = set()
    for _ in range(2):
        answer = client.get("/")
        [nonce] = re.findall(r'nonce="([\w-]+)"', answer.text)
        assert f"style-src 'self' 'nonce-{nonce}'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-cache"
        nonces.add(nonce)
    assert len(nonces) == 2


def test_hashed_files_are_kept_for_ever(client: TestClient):
    answer = client.get("/assets/index-3fa9.js")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")


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
