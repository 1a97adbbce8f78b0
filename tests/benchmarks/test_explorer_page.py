"""The explorer's pages in headless Chromium, dots drawn in software: first paint, bytes, frames of a pan."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report import record

from tests.explorer.browser import built, chromium, static_server  # noqa: F401
from tests.explorer.fixture_site import Size, write_site

# The duration of every frame that the page draws, in ms, kept in `frames`.
_WATCH = """() => {
    window.frames_ = [];
    let last = performance.now();
    const next = () => requestAnimationFrame(() => {
        const now = performance.now();
        window.frames_.push(now - last);
        last = now;
        next();
    });
    next();
}"""

# When the first line of the map's list was there, in ms since the page was asked for.
_USEFUL = """
    new MutationObserver((_, watcher) => {
        if (document.querySelector('.map-list .virtual-row') === null) return;
        window.useful_ = performance.now();
        watcher.disconnect();
    }).observe(document, {childList: true, subtree: true});
"""


@pytest.fixture(params=[5_000, 65_536])
def site(request: pytest.FixtureRequest, built: Path, tmp_path: Path) -> Iterator[tuple[int, str]]:  # noqa: F811
    """The number of dots, and the address of a site with as many."""
    n: int = request.param
    folder = tmp_path / "site"
    shutil.copytree(built, folder)
    write_site(folder, Size(roles=276, selected=n, alive=65_536, pages=1, responses=5))
    with static_server(folder) as address:
        yield n, address


def test_explorer_page(benchmark: Any, chromium: Any, site: tuple[int, str]) -> None:  # noqa: F811
    n, address = site
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(_USEFUL)
    bodies: dict[str, bytes] = {}
    page.on("requestfinished", lambda request: bodies.setdefault(request.url, request.response().body()))
    benchmark.pedantic(lambda: _draw(page, address), rounds=1)
    useful = page.evaluate("window.useful_")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    zipped = sum(len(gzip.compress(body)) for body in bodies.values())
    frames = _pan(page)
    page.close()
    record(f"{n} dots: first paint", "< 1500", paint, "ms")
    record(f"{n} dots: legend and list are there", "< 1500", useful, "ms")
    record(f"{n} dots: transfer before interaction, compressed", "< 3", zipped / 1e6, "MB")
    record(f"{n} dots: median frame of a pan", "< 33" if n == 5_000 else "", frames[len(frames) // 2], "ms")
    record(f"{n} dots: longest frame of a pan", "< 200", frames[-1], "ms")


def _draw(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".dots[data-drawn]", timeout=120_000)


def _pan(page: Any) -> list[float]:
    """Sorted durations of the frames while the pointer drags the map, in ms."""
    page.wait_for_timeout(2_000)
    page.mouse.move(570, 400)
    page.mouse.down()
    page.mouse.move(580, 410)
    page.wait_for_timeout(300)
    page.evaluate(_WATCH)
    for step in range(200):
        page.mouse.move(580 + step % 40 * 4, 410 + step % 30 * 3)
        page.wait_for_timeout(8)
    frames: list[float] = sorted(page.evaluate("window.frames_"))
    page.mouse.up()
    return frames
