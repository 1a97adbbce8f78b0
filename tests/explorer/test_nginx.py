"""The explorer behind a real nginx, by the configuration of the docs, over TLS."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.explorer.served import Served, serving
from tests.places import PROJECT
from tests.ports import free_port
from tests.warehouse.world import World

NAME, TOKEN = "study.localhost", "a-token-of-the-test's-own"  # Chromium takes *.localhost for this machine
PATIENCE = 60  # seconds
MAIN = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Behind(NamedTuple):
    """The explorer as nginx shows it: where, where itself, and nginx's folder with its logs."""

    address: str
    explorer: Served
    folder: Path


@pytest.fixture(scope="module")
def behind(published: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    for command in ("nginx", "openssl"):
        if shutil.which(command) is None:
            pytest.skip(f"there is no {command}: apt-get install {command}")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    words = ["--base-path", "/persona", "--trusted-host", NAME, "--token"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERSONA_TOKEN", TOKEN)
        with serving(published.study, published.study.lake.root, words=words) as explorer:
            nginx = _started(folder, port, int(explorer.address.split(":")[2].split("/")[0]))
            try:
                yield Behind(f"https://{NAME}:{port}", explorer, folder)
            finally:
                nginx.terminate()
                nginx.wait(PATIENCE)


def _started(folder: Path, port: int, explorer: int) -> subprocess.Popen[bytes]:
    key, certificate = folder / "key.pem", folder / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    named = ["-subj", f"/CN={NAME}", "-keyout", str(key), "-out", str(certificate), "-days", "1"]
    subprocess.run([*made, *named], check=True, capture_output=True)
    text = (PROJECT / "docs/deploy/nginx.conf").read_text()
    for documented, here in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "study.example.org;": f"{NAME};",
        "/etc/ssl/certs/study.example.org.pem": str(certificate),
        "/etc/ssl/private/study.example.org.key": str(key),
        "127.0.0.1:8420": f"127.0.0.1:{explorer}",
    }.items():
        assert documented in text, documented
        text = text.replace(documented, here)
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    process = subprocess.Popen(
        ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "error.log").read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.02)
    raise AssertionError("nginx does not answer")


@pytest.fixture
def asked(behind: Behind) -> Iterator[httpx.Client]:
    """A client that asks nginx by the name."""
    port = behind.address.rsplit(":", 1)[1]
    with httpx.Client(
        base_url=f"https://127.0.0.1:{port}",
        headers={"host": f"{NAME}:{port}"},
        verify=False,
        timeout=PATIENCE,
    ) as client:
        yield client


def test_the_printed_address_is_the_servers_own_with_its_base_path(behind: Behind) -> None:
    assert behind.explorer.address.endswith("/persona/")


def test_through_nginx_the_token_opens_what_is_below_the_base_path(
    behind: Behind, asked: httpx.Client
) -> None:
    assert asked.get("/persona").status_code == 308
    assert asked.get("/").status_code == 404
    assert asked.get("/persona/data/study.json").status_code == 401
    header = {"origin": behind.address}
    opened = asked.post("/persona/login", data={"token": TOKEN}, headers=header)
    assert (opened.status_code, opened.headers["location"]) == (303, "/persona/")
    assert "Secure" in opened.headers["set-cookie"]
    cookie = {"cookie": opened.headers["set-cookie"].split(";")[0]}
    assert asked.get("/persona/data/study.json", headers=cookie).json()["name"] == "small"
    answer = asked.post("/persona/api/sql", json={"sql": "select 1 as n"}, headers=cookie | header)
    assert answer.json()["rows"] == [[1]]


def test_through_nginx_foreign_pages_and_names_are_refused(behind: Behind, asked: httpx.Client) -> None:
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert asked.get("/persona/api/snapshot", headers=bearer).status_code == 200
    for foreign in (
        {"host": "evil.example"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"host": "evil.example", "x-forwarded-host": NAME},
    ):
        assert asked.get("/persona/api/snapshot", headers=bearer | foreign).status_code == 403, foreign
    for path in (
        "/persona/../data/study.json",
        "/persona/%2e%2e/data/study.json",
        "/persona/..%2fdata/study.json",
    ):
        assert asked.get(path, headers=bearer).status_code in (400, 404), path


def test_a_browser_gives_the_token_once_and_reads_and_asks(
    behind: Behind, built: Path, chromium: Any
) -> None:
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{behind.address}/persona/")
    page.get_by_label("Token").fill("not this one, I fear")
    page.get_by_role("button", name="Enter").click()
    assert "not the token" in page.inner_text("body")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url(f"{behind.address}/persona/**")
    page.get_by_role("navigation").first.wait_for()
    rows = page.evaluate(
        """async () => (await (await fetch(new URL("api/sql", document.baseURI), {
            method: "POST", headers: {"content-type": "application/json"},
            body: JSON.stringify({sql: "select count(*) as n from responses"})})).json()).rows"""
    )
    assert rows == [[36]]
    assert TOKEN not in page.url
    assert [cookie["httpOnly"] and cookie["secure"] for cookie in context.cookies()] == [True]
    assert errors == []
    context.close()


def test_the_token_is_in_no_log_and_in_no_line_of_the_server(behind: Behind, asked: httpx.Client) -> None:
    asked.post("/persona/login", data={"token": TOKEN})
    asked.get("/persona/data/none.json", headers={"authorization": f"Bearer {TOKEN}"})
    logged = (behind.folder / "access.log").read_text() + (behind.folder / "error.log").read_text()
    assert "/persona/login" in logged
    assert TOKEN not in logged
    process = behind.explorer.process
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None and process.stderr is not None
    said, complained = process.stdout.read(), process.stderr.read()  # to their ends
    assert "token: that of PERSONA_TOKEN" in said
    assert TOKEN not in said + complained


def test_the_page_on_sharing_shows_this_configuration() -> None:
    shown = (PROJECT / "docs/deploy/nginx.conf").read_text().strip()
    assert f"```nginx\n{shown}\n```" in (PROJECT / "docs/sharing.md").read_text()
