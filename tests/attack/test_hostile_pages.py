"""What the explorer's pages do with hostile texts, addresses and files: Chromium looks at every one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.attack.cases import chosen
from tests.explorer.browser import static_server, watch
from tests.explorer.fixture_drift import write_drift
from tests.explorer.fixture_site import HOSTILE, Size, write_site
from tests.explorer.test_browser_bundle import drop

Json = dict[str, Any]

_OWN = "document.title='owned'"
TEXTS = (
    *HOSTILE,
    f"<svg onload=\"{_OWN}\"><animate onbegin=\"{_OWN}\" attributeName=x dur=1s>",
    f"\"><iframe srcdoc=\"<script>parent.{_OWN}</script>\"></iframe>",
    f"<a href=\"javascript:{_OWN}\">x</a><base href=//evil.example/><meta http-equiv=refresh content=0>",
    "<style>*{display:none}</style><link rel=stylesheet href=//evil.example/x.css><img src=//evil.example/x>",
    f"</script></style></textarea></title><script>{_OWN}</script>",
    f"{{{{constructor.constructor(\"{_OWN}\")()}}}}${{{_OWN}}}<%= {_OWN} %>",
    "__proto__", "constructor", "toString", "\u0085\u2028\u2029\x1b[31m\x07\x00", "\ufdfd" * 3_000,
    "\u202e" * 500 + "\u2067abc", "a\u0300" + "\u0301" * 2_000, "\U0001f3f4\u200d\u2620\ufe0f" * 300,
    "\ud83d alone",
    "[](javascript:alert(1)) ![x](http://evil.example/x.png)", " \t\n" * 2_000, "-" * 20_000,
)  # fmt: skip
_TEXTS_AT = {
    "label", "description", "question", "response", "system_prompt", "instruction", "name", "content",
    "piece",
    "pieces", "note", "model", "reason", "source", "sae_source", "title", "why_no_assistant",
}  # fmt: skip
_FIRST = 5  # of a list: a huge text stands in a few places, not in all

ADDRESSES = (
    "#/feature/<script>", "#/feature/__proto__", "#/feature/-1", "#/feature/1e400", "#/feature/%00",
    "#/feature/%E0%A4%A",
    "#/role/../../etc/passwd", "#/role/constructor", "#/role/%3Cimg%20src=x%20onerror=alert(1)%3E",
    "#/nosuch/page",
    "#/map?f=99999999999999999999&x=NaN&y=Infinity&k=-1e308", "#/map?f=__proto__&role=toString",
    "#/sql?sql=%3Cscript%3E",
    "#/compare?a=constructor&b=__proto__", "#/drift/..%2f..%2fstudy", "#/drift/x?turn=-5",
    "#/table?sort=__proto__&min=x",
    "#/search?q=%3Cimg%20src=x%20onerror=alert(1)%3E", "#/javascript:alert(1)", "#//evil.example/",
    "#" + "a" * 100_000,
    "?bundle=javascript:alert(1)", "?bundle=//evil.example/x.json", "?bundle=http://evil.example/x.json",
    "?bundle=data/study.json",
    "?sae=__proto__#/map", "?<script>alert(1)</script>",
)  # fmt: skip


def _bundle(text: str, **changes: Any) -> Json:
    """A bundle of two features that says `text` wherever it can."""
    features = [
        {
            "feature_row": row, "feature_id": row, "preferred_role_idx": 0, "preferred_role": text,
            "top_roles": [{"role_idx": 0, "role": text, "activation": 1.0, "share": 0.5}],
            "metrics": {"score": 1.0, text: 2.0}, "description": text, "neuronpedia_url": text,
        }
        for row in range(2)
    ]  # fmt: skip
    return {
        "dataset": {"name": text, "sae_dim": 2}, "guardrails": {"note": text}, "roles": [text, "b"],
        "feature_ids": [0, 1], "coords": {"umap": [[0, 0], [1, 1]], "pca": [[0, 0], [1, 1]]},
        "neighbors": {"k": 1, "indices": [[1], [0]], "similarities": [[0.5], [0.5]]},
        "role_similarity": [[1, 0], [0, 1]], "features": features,
    } | changes  # fmt: skip


def _files() -> Iterator[tuple[str, str]]:
    """Files that somebody drops on the page: hostile, broken, or no bundle at all."""
    for number, text in enumerate(TEXTS[:-1:3]):
        yield f"a bundle that says text {3 * number}", json.dumps(_bundle(text))
    deep = 100_000
    broken: dict[str, Any] = {
        "places that are no numbers": _bundle("x", coords={"umap": [["a", None], [{}, []]]}),
        "places that are far away": _bundle("x", coords={"umap": [[1e308, -1e308], [5e-324, 0]]}),
        "ids that are none": _bundle("x", feature_ids=["__proto__", -1]),
        "neighbors that are not there": _bundle("x", neighbors={"k": 9, "indices": [[7], [-1]],
        "similarities": []}),
        "roles that are no texts": _bundle("x", roles=[{}, None, 1]),
        "features that are no list": _bundle("x", features={"length": 1e9}),
        "fewer places than features": _bundle("x", feature_ids=list(range(5_000))),
        "a list": [1, 2], "nothing": None, "a text": "x", "an empty object": {},
    }  # fmt: skip
    for name, content in broken.items():
        yield name, json.dumps(content)
    yield "lists in lists", "[" * deep + "]" * deep
    yield "no JSON", "<script>document.title='owned'</script>"
    yield "a prototype", '{"__proto__": {"owned": true}, "feature_ids": [1], "coords": {"umap": [[0, 0]]}}'
    yield "5 MB of noise", "\x00\xff" * 2_500_000


def _short(value: str) -> str:
    return ascii(value)[1:30]


def _hostile(value: Any, text: str, key: str = "") -> Any:
    """`value` with `text` for every text that is shown as it is."""
    if isinstance(value, dict):
        return {name: _hostile(inner, text, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hostile(inner, text, key) if row < _FIRST else inner for row, inner in enumerate(value)]
    return text if isinstance(value, str) and key in _TEXTS_AT else value


@pytest.fixture(scope="module")
def folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small static site, with drift runs."""
    folder = tmp_path_factory.mktemp("hostile") / "site"
    shutil.copytree(built, folder)
    write_site(folder, Size(selected=60, alive=300, pages=2, responses=6))
    write_drift(folder, 8, 12)
    return folder


@pytest.fixture(scope="module")
def host(folder: Path) -> Iterator[str]:
    """The site's address."""
    with static_server(folder) as address:
        yield address


@pytest.fixture
def look(chromium: Any, host: str) -> Iterator[Callable[..., Any]]:
    """Open an address below the site, and later hold what happened against what may."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    page, troubles = context.new_page(), []
    watch(page, troubles)
    yield lambda where: (page.goto(f"{host}{where}"), _calm(page))[1]
    _calm(page)
    context.close()
    # What is not there is told in the page; the console says so, too.
    found = [trouble for trouble in troubles if "Failed to load resource" not in trouble]
    refused = [trouble for trouble in found if "Content Security Policy" not in trouble]
    assert refused == []


def _calm(page: Any) -> Any:
    """The page, once it has drawn what it was given: alive, its own, and not wider than its window."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(150)
    state = page.evaluate(
        "({title: document.title, owned: ({}).owned, text: document.body.innerText.length,"
        " frames: frames.length, scripts: document.querySelectorAll('body script').length,"
        " links: document.querySelectorAll('a[href^=\"javascript\" i], base, meta[http-equiv]').length,"
        " over: document.documentElement.scrollWidth - innerWidth})"
    )
    assert state["title"] != "owned" and state["owned"] is None
    assert state["text"] > 0, "a blank page"
    assert (state["frames"], state["scripts"], state["links"]) == (0, 0, 0)
    assert state["over"] <= 0, f"{state['over']} pixels wider than its window"
    return page


@pytest.mark.parametrize("text", chosen(TEXTS), ids=_short)
def test_a_hostile_text_is_shown_as_a_text_on_every_page(look: Any, folder: Path, text: str):
    feature_id = sorted(int(file.stem) for file in (folder / "data/demo/feature").glob("*.json"))[0]
    page = look("#/table")

    def answered(route: Any) -> None:
        file = folder / urlsplit(route.request.url).path.lstrip("/")
        if not file.is_file():
            route.fulfill(status=404, body="")
        else:
            content = json.dumps(_hostile(json.loads(file.read_text()), text))
            route.fulfill(body=content, content_type="application/json")

    page.route("**/data/**", answered)
    for where in (f"#/feature/{feature_id}", "#/role/pirate", "#/table", "#/drift/00000000aa", "#/map"):
        page.goto("about:blank")
        look(where)


@pytest.mark.parametrize("where", chosen(ADDRESSES), ids=_short)
def test_a_hostile_address_leads_to_a_page_that_says_so(look: Any, where: str):
    look(where)


@pytest.mark.parametrize("name, text", chosen(list(_files())), ids=_short)
def test_a_hostile_file_that_is_dropped_on_the_page_does_nothing(look: Any, name: str, text: str):
    page = look("#/map")
    drop(page, "bundle.json", text)
    _calm(page)
    for where in ("#/feature/0", "#/table", "#/roles", "#/map?f=0"):
        page.evaluate("where => { location.hash = where }", where)
        _calm(page)


def test_there_are_60_hostile_pages():
    assert len(TEXTS) + len(ADDRESSES) + len(list(_files())) >= 60
