from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from persona_assets.base.errors import StudyError
from persona_assets.explorer.server import entrance
from persona_assets.explorer.server.access import Access, base_path, own_token, trusted_hosts
from persona_assets.explorer.server.app import make_app
from persona_assets.explorer.server.entrance import Entrance
from persona_assets.explorer.server.guard import Guard, is_trusted
from persona_assets.explorer.server.server import _Server
from tests.warehouse.world import World

TOKEN = "correct-horse-battery-staple"
PROXY = Access(trusted=frozenset({"study.example.org"}), base="/persona")


async def _echo(request: Request) -> Response:
    return JSONResponse({"path": request.url.path, "method": request.method})


def client(access: Access, host: str = "http://127.0.0.1") -> TestClient:
    """A client of an application that says which path reached it."""
    inner = Starlette(routes=[Route("/{path:path}", _echo, methods=["GET", "POST"])])
    app = inner if access.token is None else Entrance(inner, access.token, access.base)
    return TestClient(Guard(app, access), host, follow_redirects=False)


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/persona/", "/"),
        ("/persona/a/b", "/a/b"),
        ("/persona//a", "//a"),
        ("/persona", None),
        ("/personal/", None),
    ],
)
def test_a_path_is_below_the_base_path_part_by_part(path: str, inside: str | None) -> None:
    assert PROXY.inside(path) == inside
    assert Access().inside(path) == path


def test_below_its_base_path_a_server_answers_as_at_the_root() -> None:
    with client(PROXY) as asked:
        assert asked.get("/persona/data/study.json").json()["path"] == "/data/study.json"
        assert asked.get("/persona/").json()["path"] == "/"
        answer = asked.get("/persona")
        assert (answer.status_code, answer.headers["location"]) == (308, "/persona/")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/data/study.json",
        "/personal/",
        "/PERSONA/",
        "//persona/",
        "/x/persona/",
        "/persona%0a/",
    ],
)
def test_outside_of_its_base_path_there_is_nothing(path: str) -> None:
    with client(PROXY) as asked:
        answer = asked.get(path)
    assert answer.status_code == 404
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "given", ["/a b", "/../x", "/a/..", "/a?b", "/a#b", "https://h/x", "/%2e", "/a\n", "/./a"]
)
def test_what_is_no_base_path_is_refused(given: str) -> None:
    with pytest.raises(StudyError, match="--base-path"):
        base_path(given)


def test_base_paths_are_taken_with_and_without_slashes() -> None:
    assert [base_path(given) for given in ("", "/", "persona", "/persona/", "/lab/p-1")] == [
        "", "", "/persona", "/persona", "/lab/p-1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["*", "*.example.org", "https://x", "x:80", "x/y", "", " x", "x\n", "-x", "."]
)
def test_what_is_no_name_of_a_host_is_not_trusted(name: str) -> None:
    with pytest.raises(StudyError, match="--trusted-host"):
        trusted_hosts([name])


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        ("study.example.org", True),
        ("STUDY.example.org:8443", True),
        ("study.example.org.evil.example", False),
        ("evil.study.example.org", False),
        ("evil.example", False),
        ("study.example.org@evil.example", False),
        ("study.example.org:80:80", False),
        ("study.example.org\nevil", False),
        ("", False),
    ],
)
def test_names_are_trusted_in_full_at_any_port(host: str, trusted: bool) -> None:
    assert is_trusted(host, PROXY.trusted) == trusted


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "study.example.org"}, 200),
        ({"host": "study.example.org", "origin": "https://study.example.org"}, 200),
        ({"host": "study.example.org:8443", "origin": "https://study.example.org:8443"}, 200),
        ({"host": "127.0.0.1:8420"}, 200),
        ({"host": "127.0.0.1:8420", "origin": "https://127.0.0.1:8420"}, 403),
        ({"host": "study.example.org", "origin": "https://evil.example"}, 403),
        ({"host": "study.example.org", "origin": "https://study.example.org:444"}, 403),
        ({"host": "study.example.org", "origin": "null"}, 403),
        ({"host": "study.example.org", "sec-fetch-site": "cross-site"}, 403),
        ({"host": "evil.example", "x-forwarded-host": "study.example.org"}, 403),
        ({"host": "evil.example", "forwarded": "host=study.example.org"}, 403),
    ],
)
def test_a_host_that_is_not_named_and_a_foreign_origin_are_refused(
    headers: dict[str, str], status: int
) -> None:
    with client(PROXY) as asked:
        assert asked.post("/persona/api/sql", headers=headers).status_code == status


def with_token(base: str = "/persona") -> TestClient:
    return client(Access(trusted=PROXY.trusted, base=base, token=TOKEN), "https://study.example.org")


@pytest.mark.parametrize(
    "path", ["data/study.json", "api/sql", "assets/x.js", "api/try", "icon.svg", "login/x"]
)
def test_without_the_token_nothing_is_told_but_that_it_is_asked_for(path: str) -> None:
    with with_token() as asked:
        for answer in (asked.get(f"/persona/{path}"), asked.post(f"/persona/{path}")):
            assert answer.status_code == 401
            assert answer.json() == {"error": "this server asks for its token; reload the page to give it"}
            assert answer.headers["cache-control"] == "no-store"
        page = asked.get("/persona/")
        assert page.status_code == 401 and 'action="login"' in page.text
        assert page.headers["referrer-policy"] == "same-origin"
        assert "form-action 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "given",
    [TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "", " ", "é" * 16, "\udcff", "\0" + TOKEN, "x" * 10_000],
)
def test_another_token_does_not_open(given: str) -> None:
    data = {"token": given.encode(errors="surrogatepass")}
    with with_token() as asked:
        answer = asked.post("/persona/login", data=data)
        assert answer.status_code == 401 and "set-cookie" not in answer.headers
        assert "not the token" in answer.text
        many = "&".join([f"token={'x' * 3}"] * 20)  # fields
        assert asked.post("/persona/login", content=many).status_code == 401
        if given.isascii() and given.isprintable():
            header = {"authorization": f"Bearer {given}"}
            assert asked.get("/persona/data/study.json", headers=header).status_code == 401


@pytest.mark.parametrize("place", ["?token={}", "login?token={}", "data/study.json?token={}&access_token={}"])
def test_a_token_in_an_address_does_not_open(place: str) -> None:
    with with_token() as asked:
        assert asked.get(f"/persona/{place.replace('{}', TOKEN)}").status_code == 401
        assert asked.post(f"/persona/{place.replace('{}', TOKEN)}").status_code == 401


def test_the_token_opens_once_and_the_cookie_from_then_on() -> None:
    with with_token() as asked:
        answer = asked.post(
            "/persona/login", data={"token": TOKEN}, headers={"origin": "https://study.example.org"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/persona/")
        cookie = answer.headers["set-cookie"]
        for said in ("HttpOnly", "Path=/persona/", "SameSite=lax", "Secure"):
            assert said in cookie
        assert TOKEN not in str(answer.headers) and TOKEN not in answer.text
        assert asked.get("/persona/data/study.json").json()["path"] == "/data/study.json"
    with with_token() as asked:
        header = {"authorization": f"Bearer {TOKEN}"}
        assert asked.get("/persona/api/snapshot", headers=header).status_code == 200
        assert (
            asked.get("/persona/api/snapshot", headers={"authorization": f"Basic {TOKEN}"}).status_code == 401
        )


def test_a_cookie_of_another_token_or_made_up_does_not_open() -> None:
    with with_token() as asked:
        name, own = given_cookie(asked, TOKEN)
        assert asked.get("/persona/api/snapshot").status_code == 200
    another = "another-" + TOKEN
    with client(Access(trusted=PROXY.trusted, token=another), "https://study.example.org") as other:
        their_name, theirs = given_cookie(other, another)
        assert other.get("/api/snapshot").status_code == 200
    assert (their_name, theirs) != (name, own)
    for value in (theirs, "", "0" * 64, TOKEN, "é"):
        with with_token() as asked:
            header = {"cookie": f"{name}={value}".encode()}
            assert asked.get("/persona/api/snapshot", headers=header).status_code == 401


def given_cookie(asked: TestClient, token: str) -> tuple[str, str]:
    """Give the token in the form; return the name and value of the cookie that comes back."""
    answer = asked.post(f"{'/persona' if token == TOKEN else ''}/login", data={"token": token})
    name, _, value = answer.headers["set-cookie"].split(";")[0].partition("=")
    return name, value


def test_the_form_of_another_tab_leads_to_the_study_once_the_token_was_given() -> None:
    with with_token() as asked:
        asked.post("/persona/login", data={"token": TOKEN})
        for answer in (
            asked.post("/persona/login", data={"token": TOKEN}),
            asked.post("/persona/login", data={"token": "x"}),
            asked.get("/persona/login"),
        ):
            assert (answer.status_code, answer.headers["location"]) == (303, "/persona/")


def test_a_foreign_page_cannot_send_the_form() -> None:
    with with_token() as asked:
        for origin in ("https://evil.example", "null"):
            answer = asked.post("/persona/login", data={"token": TOKEN}, headers={"origin": origin})
            assert answer.status_code == 403 and "set-cookie" not in answer.headers


def test_tokens_are_compared_by_digests_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []
    real = entrance.hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return real(one, other)

    monkeypatch.setattr(entrance.hmac, "compare_digest", compare)
    with with_token() as asked:
        asked.post("/persona/login", data={"token": "x"})
    assert compared and set(compared) == {(32, 32)}


def test_no_forwarded_header_says_how_or_by_whom_the_server_was_asked() -> None:
    async def say(request: Request) -> Response:
        return JSONResponse([request.url.scheme, request.client and request.client.host])

    config = _Server(Starlette(routes=[Route("/", say)]), lambda: None, lambda: None).config
    config.load()
    with TestClient(config.loaded_app, "http://127.0.0.1", client=("127.0.0.1", 1)) as asked:
        headers = {"x-forwarded-proto": "https", "x-forwarded-for": "10.0.0.1"}
        assert asked.get("/", headers=headers).json() == ["http", "127.0.0.1"]


def test_a_token_that_could_be_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERSONA_TOKEN", raising=False)
    assert len(own_token()) >= 40 and own_token() != own_token()
    for weak in (
        "",
        "short",
        "x" * 15,
        "with a space in it",
        "ümlaut-ümlaut-ümlaut",
        "new\nline-in-the-token",
    ):
        monkeypatch.setenv("PERSONA_TOKEN", weak)
        with pytest.raises(StudyError, match="PERSONA_TOKEN") as told:
            own_token()
        assert not weak or weak not in str(told.value)
    monkeypatch.setenv("PERSONA_TOKEN", TOKEN)
    assert own_token() == TOKEN


def test_the_explorer_itself_answers_below_its_base_path_to_those_with_the_token(
    published: World, tmp_path: Path
) -> None:
    access = Access(trusted=PROXY.trusted, base="/persona", token=TOKEN)
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<script src="./assets/x.js"></script>')
    (tmp_path / "assets/x.js").write_text("1")
    app = make_app(published.study, access, dist=tmp_path)
    with TestClient(app, "https://study.example.org") as asked:
        assert asked.get("/persona/data/study.json").status_code == 401
        assert asked.post("/persona/login", data={"token": TOKEN}).url.path == "/persona/"
        assert asked.get("/persona/data/study.json").json()["name"] == "small"
        assert asked.get("/persona/assets/x.js").text == "1"
        assert asked.post("/persona/api/sql", json={"sql": "select 1 as n"}).json()["rows"] == [[1]]
