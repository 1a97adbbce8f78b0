"""Debian's Chromium on the built front end: fixtures for tests that look at the explorer as a person does.

They skip, and say why, where there is no Chromium, no Playwright, or no Node to build the pages with.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import pytest

from persona_assets.explorer.server.front_end import DIST
from tests.explorer.fixture_site import Size, write_site
from tests.loopback import Loopback

WEB = DIST.parent
_SOFTWARE_WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox")
_WINDOW = {"width": 1280, "height": 800}
PATIENCE = 90.0  # seconds that a page may take on a busy machine
_FRAMES = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


@dataclass
class Asked:
    """What a page has asked its server for."""

    under_way: set[Any] = field(default_factory=set)
    n_ended: int = 0

    def begin(self, request: Any) -> None:
        """Note that it waits for an answer."""
        self.under_way.add(request)

    def end(self, request: Any) -> None:
        """Note that its answer is there, or never comes."""
        self.under_way.discard(request)
        self.n_ended += 1


_asked: WeakKeyDictionary[Any, Asked] = WeakKeyDictionary()  # by page


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, nothing logged."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def static_server(folder: Path) -> Iterator[str]:
    """`folder` on a port of its own, as any static host serves it; the address of its root."""
    with Loopback(partial(Quiet, directory=str(folder))) as server:
        yield f"{server.address}/"


@pytest.fixture(scope="session")
def built() -> Path:
    """The built pages, built again where a source is newer."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm to build the explorer's pages with")
    with (WEB / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one build for all of xdist's workers
        if not _is_built():
            if not (WEB / "node_modules").is_dir():
                _npm("ci", "--no-audit", "--no-fund")
            _npm("run", "build")
    return DIST


def _is_built() -> bool:
    index = DIST / "index.html"
    sources = [
        *(WEB / "src").rglob("*.*"),
        WEB / "index.html",
        WEB / "package-lock.json",
        *WEB.glob("vite.*.ts"),
    ]
    return index.is_file() and all(
        index.stat().st_mtime >= source.stat().st_mtime for source in sources if source.is_file()
    )


def _npm(*arguments: str) -> None:
    done = subprocess.run(["npm", *arguments], cwd=WEB, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium that draws WebGL in software.

    Of one module: while Playwright is there its event loop runs, beside which other tests cannot have theirs.
    """
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_SOFTWARE_WEBGL))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site_folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static site of the synthetic study, two folders below its host's root."""
    root = tmp_path_factory.mktemp("host")
    folder = root / "some" / "folder"
    shutil.copytree(built, folder)
    write_site(folder, Size(pages=400))  # of all that the map shows
    return root


@pytest.fixture(scope="session")
def site(site_folder: Path) -> Iterator[str]:
    """The address of that site."""
    with static_server(site_folder) as address:
        yield f"{address}some/folder/"


@pytest.fixture
def troubles() -> list[str]:
    """What went wrong in the page: errors, refusals of the policy, foreign asks. A test takes out its own."""
    return []


@pytest.fixture
def page(chromium: Any, troubles: list[str]) -> Iterator[Any]:
    """A page of 1280×800 pixels; the test fails where anything went wrong in it that it did not expect."""
    context = chromium.new_context(viewport=_WINDOW, color_scheme="dark", accept_downloads=True)
    context.set_default_timeout(PATIENCE * 1000)
    opened = context.new_page()
    watch(opened, troubles)
    yield opened
    found = list(troubles)  # closing breaks off what is still being read
    context.close()
    if found:
        pytest.fail("\n".join(found))


def watch(page: Any, troubles: list[str]) -> None:
    """Note every error of `page`, every request that leaves this machine, and what `settled` waits for."""
    asked = _asked.setdefault(page, Asked())
    page.on("request", asked.begin)
    page.on("requestfinished", asked.end)
    page.on("requestfailed", asked.end)
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    page.on("console", lambda said: said.type == "error" and troubles.append(f"console: {said.text}"))
    page.on(
        "request", lambda request: _is_foreign(request.url) and troubles.append(f"foreign: {request.url}")
    )
    page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))


def settled(page: Any) -> Any:
    """Return the page once all that it has asked for has come and is drawn: its parts ask one by one."""
    asked, end = _asked[page], time.monotonic() + PATIENCE
    n_ended = -1
    while asked.under_way or n_ended != asked.n_ended:  # an answer may ask for more
        assert time.monotonic() < end, [request.url for request in asked.under_way]
        n_ended = asked.n_ended
        page.evaluate(_FRAMES)
    return page


def _is_foreign(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme not in ("blob", "data") and parts.hostname != "127.0.0.1"


def axe_violations(page: Any) -> list[str]:
    """What axe-core finds serious or critical in the page, one line each."""
    page.evaluate((WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


def keep_screenshot(page: Any, name: str) -> None:
    """Keep a picture of the page where PERSONA_SCREENSHOTS names a folder."""
    folder = os.environ.get("PERSONA_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))
