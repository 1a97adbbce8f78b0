"""Takes the README's pictures anew: the explorer on the study `smollm2`, and the study's lineage in Dagster.

    python docs/pictures.py

Needs a finished `persona run smollm2`, Chromium and Playwright (`make install`). What they were made from is
written beside them (pictures.json); a test says which are stale by that.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
from playwright.sync_api import Page, sync_playwright

import persona_assets
from persona_assets.lake.schema import INTERVENTION_EFFECTS
from persona_assets.plots.canvas import rendered
from persona_assets.plots.doses import doses_figure

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
SIZE = {"width": 1280, "height": 800}
TALLER = {"width": 1280, "height": 900}
FEATURE = "select feature_id from top_features('pirate') order by auroc_low desc nulls last limit 1"
BROWSER = ["--no-sandbox", "--enable-unsafe-swiftshader"]


@contextmanager
def served(*command: str | Path) -> Iterator[str]:
    """The address of a server of ours, started by `command` with its port at the end; ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = {"DAGSTER_HOME": str(HERE.parent / ".dagster")}
    server = subprocess.Popen([*command, str(port)], cwd=HERE.parent, env=os.environ | home)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert server.poll() is None, "the server has ended"
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def take(page: Page, address: str, shown: str, file: str) -> None:
    """A picture of the page, once `shown` is on it."""
    page.goto(address)
    page.get_by_text(shown, exact=True).first.wait_for()
    page.wait_for_timeout(5000)  # what is drawn settles
    page.screenshot(path=HERE / file)
    print(HERE / file)


def draw_axis() -> None:
    """The README's first picture."""
    subprocess.run([BIN / "persona", "plot", "smollm2", "line", "--to", HERE / "axis.png"], check=True)


def draw_doses() -> None:
    """What two of the wizard's features do, put in: figures of findings.md, which doses.csv holds."""
    table = INTERVENTION_EFFECTS.of(pa.csv.read_csv(HERE / "doses.csv").to_pydict())
    figure = doses_figure(table, "smollm2, SAE smollm2")
    (HERE / "doses.png").write_bytes(rendered(figure, "png"))
    print(HERE / "doses.png")


def drawn_by(name: str, *data: str) -> str:
    """Return the SHA-256 of the code that draws a picture, and of the files of data that it shows."""
    sources = [HERE.parent / "persona_assets/plots" / f"{one}.py" for one in ("canvas", name, "words")]
    read = [source.read_bytes() for source in (*sources, *(HERE / one for one in data))]
    return hashlib.sha256(b"".join(read)).hexdigest()


def drawn() -> dict[str, str]:
    """Return by picture what the pictures that we draw ourselves are made from."""
    return {"axis.png": drawn_by("line"), "doses.png": drawn_by("doses", "doses.csv")}


def assets() -> list[str]:
    """Return the assets of the study `smollm2`, which lineage.png shows."""
    from persona_assets.definitions import defs

    keys = defs().resolve_all_asset_keys()
    return sorted(key.path[1] for key in keys if key.path[0] == "smollm2" and len(key.path) == 2)


def headings(page: Page) -> list[str]:
    """Return the titles of sections on that part of a page which a picture of this size shows."""
    height = (page.viewport_size or TALLER)["height"]
    titles = page.locator("main h2")
    boxes = [(titles.nth(number).bounding_box(), number) for number in range(titles.count())]
    return [titles.nth(number).inner_text() for box, number in boxes if box and box["y"] < height]


def main() -> None:
    """Take them all; the feature is the one that tells the pirate from the other roles best."""
    with persona_assets.open_study("smollm2") as study:
        [(feature,)] = study.sql(FEATURE).fetchall()
    draw_axis()
    draw_doses()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=BROWSER)
        page = browser.new_page(viewport=SIZE)
        with served(BIN / "persona", "explore", "smollm2", "--no-browser", "--port") as explorer:
            page.set_viewport_size(TALLER)
            take(page, f"{explorer}/#/feature/{feature}", "Over its range", "feature.png")
            made_from = drawn() | {"feature.png": headings(page), "lineage.png": assets()}
        with served(BIN / "dagster-webserver", "--host", "127.0.0.1", "--port") as dagster:
            page.set_viewport_size({"width": 1600, "height": 1080})
            group = "locations/__repository__@persona_assets/asset-groups/smollm2"
            take(page, f"{dagster}/{group}", "feature_labels", "lineage.png")
        browser.close()
    (HERE / "pictures.json").write_text(json.dumps(made_from, indent=2) + "\n")


if __name__ == "__main__":
    main()
