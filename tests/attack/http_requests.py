"""Hostile HTTP requests, each as the bytes that are sent, with the statuses that are right for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

ANSWERED = frozenset({200, 206, 304})
REFUSED = frozenset({400, 404, 405, 411, 413, 414, 416, 417, 426, 431, 501, 505})
FOREIGN = frozenset({403})
HUNG_UP = frozenset({0})  # the connection was closed without an answer


@dataclass(frozen=True)
class Attack:
    """A request: `content` as it is sent, HOST in it standing for the server's own address."""

    name: str
    content: bytes
    right: frozenset[int] = field(default=REFUSED)


def request(
    target: str | bytes, *lines: str, method: str = "GET", body: bytes = b"", host: str = "Host: HOST"
) -> bytes:
    """A request for `target` with `lines` of headers; with a body, its length is told."""
    told = (
        [f"Content-Length: {len(body)}"] if body and not any("ncoding: chunk" in one for one in lines) else []
    )
    head = "\r\n".join([*([host] if host else []), "Connection: close", *lines, *told])
    path = target if isinstance(target, bytes) else target.encode("latin-1", "replace")
    return (
        method.encode()
        + b" "
        + path
        + b" HTTP/1.1\r\n"
        + head.encode("latin-1", "replace")
        + b"\r\n\r\n"
        + body
    )


def asked(body: bytes, *lines: str, path: str = "/api/sql", of_type: str = "application/json") -> bytes:
    """A question to the SQL console."""
    return request(path, f"Content-Type: {of_type}", *lines, method="POST", body=body)


def attacks() -> list[Attack]:
    """All of them."""
    kinds = (hosts, origins, methods, traversals, names, bodies, sizes, ranges, encodings, searches, raw)
    return [attack for kind in kinds for attack in kind()]


def hosts() -> Iterator[Attack]:
    """Names under which a page of somebody else could reach this machine."""
    names = (
        "evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example",
        "HOST.evil.example",
        "evil.example@HOST", "HOST@evil.example", "localhost:80:80", "localhost:x", "2130706433", "0x7f.1",
        "127.1.evil", "0177.0.0.1x", "[::1", "::1]", "[::ffff:10.0.0.1]", "10.0.0.1", "192.168.0.1:8420",
        "localhost evil", "localhost%00", "LOCALHOST.", "localhost/", "localhost#", "localhost?", "-", "",
        "http://localhost", "xn--lcalhost-6ib", "l\u00f6calhost",
    )  # fmt: skip
    for number, name in enumerate(names):
        path = ("/data/study.json", "/", "/api/snapshot")[number % 3]
        yield Attack(f"host {name or 'empty'}", request(path, host=f"Host: {name}"), FOREIGN | REFUSED)
    yield Attack("no host", request("/data/study.json", host=""), FOREIGN | REFUSED)
    two = request("/data/study.json", "Host: evil.example")
    yield Attack("two hosts", two, FOREIGN | REFUSED)


def origins() -> Iterator[Attack]:
    """Pages of somebody else that ask for this address."""
    for origin in (
        "null", "https://evil.example", "http://evil.example", "https://HOST", "http://HOST.evil.example",
        "file://",
        "http://localhost:1", "http://HOST@evil.example", "chrome-extension://x", "http://HOST/", "HOST",
    ):  # fmt: skip
        yield Attack(f"origin {origin}", request("/api/snapshot", f"Origin: {origin}"), FOREIGN)
    for site in ("cross-site", "same-site", "CROSS-SITE", "", "evil"):
        lines = (f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: no-cors")
        yield Attack(f"fetched from {site or 'nowhere'}", request("/data/study.json", *lines), FOREIGN)
    preflight = ("Origin: https://evil.example", "Access-Control-Request-Method: POST")
    yield Attack("a preflight", request("/api/sql", *preflight, method="OPTIONS"), FOREIGN)
    sql = asked(b'{"sql": "select 1"}', "Origin: https://evil.example")
    yield Attack("a foreign question in SQL", sql, FOREIGN)
    upgrade = (
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    foreign = request("/", "Origin: https://evil.example", *upgrade).replace(
        b"Connection: close", b"Connection: Upgrade"
    )
    yield Attack("a foreign websocket", foreign, FOREIGN | REFUSED)


def methods() -> Iterator[Attack]:
    """What is no question."""
    for method in (
        "PUT",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "TRACE",
        "PROPFIND",
        "M" * 300,
        "get",
        "GE T",
        "\x00",
    ):
        for path in ("/", "/data/study.json", "/api/sql"):
            yield Attack(f"{method[:9]!r} {path}", request(path, method=method), REFUSED | HUNG_UP)
    yield Attack("a question in SQL by GET", request("/api/sql?sql=select+1"))
    yield Attack("POST of a page", request("/data/study.json", method="POST", body=b"{}"))


def traversals() -> Iterator[Attack]:
    """Ways out of the folders that are served."""
    ups = (
        "../../../../../../etc/passwd", "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "....//....//....//etc/passwd", "..\\..\\..\\etc\\passwd", "..%5c..%5c..%5cetc%5cpasswd",
        "..;/..;/etc/passwd",
        "%252e%252e%252f%252e%252e%252fetc%252fpasswd", "..%c0%af..%c0%afetc/passwd", "..%00/etc/passwd",
        "/etc/passwd", "//etc/passwd", "%2fetc%2fpasswd", "file:///etc/passwd",
        "assets/../../../../../etc/passwd",
    )  # fmt: skip
    for prefix in ("/", "/assets/", "/data/", "/api/", "/data/first/role/"):
        for up in ups:
            yield Attack(f"{prefix}{up}"[:60], request(prefix + up))


def names() -> Iterator[Attack]:
    """Names of resources that are none."""
    for path in (
        "data/study.json%0a", "data/study.json%00", "data/study.json%20", "data//study.json",
        "data/study.json/",
        "data/STUDY.JSON", "index.html/", "index.html%00", "assets/", "assets", "data", "api", "data/.",
        "data/..",
        "data/third/map.json", "data/first/feature/-1.json", "data/first/feature/1e3.json",
        "data/first/feature/%D9%A3.json", "data/first/feature/99999999999999999999.json",
        "data/first/feature/40.json",
        "data/first/histogram/999999999.json", "data/first/histogram/40.json",
        "data/role/pirate/responses/0.json",
        "data/role/pirate/responses/999999999.json", "data/role/../responses/1.json",
        "data/first/role/nobody.json",
        "data/first/role/x'; drop table study; --.json".replace(" ", "%20"), "data/drift/map.json",
        "data/drift/run/..%2f..%2fstudy.json", "data/drift/run/nothing.json", "data/%E2%80%AE/map.json",
        "api/nothing",
        "api/sql/export", "api/sql/../sql", "favicon.ico%0d%0aX-Evil:%201",
    ):  # fmt: skip
        yield Attack(path[:60], request(f"/{path}"))


def bodies() -> Iterator[Attack]:
    """Bodies that hold no query."""
    deep = 100_000
    for name, body in {
        "nothing": b" ", "no JSON": b"select 1", "a list": b"[]", "a number": b"1", "NaN": b"NaN",
        "null": b"null",
        "no sql": b"{}", "sql is null": b'{"sql": null}', "sql is a number": b'{"sql": 1}',
        "sql is a list": b'{"sql": ["select 1"]}',
        "sql twice": b'{"sql": "select 1", "sql": "select 2"}', "NUL": b'{"sql": "select \\u0000 1"}',
        "half a pair": b'{"sql": "select \'\\ud800\'"}', "the other half": b'{"sql": "select \'\\udc00\'"}',
        "latin-1": '{"sql": "select \'\u00e4\'"}'.encode("latin-1"),
        "UTF-16": '{"sql": "select 1"}'.encode("utf-16"),
        "no end": b'{"sql": "select 1', "two": b'{"sql": "select 1"}{"sql": "select 1"}',
        "a raw NUL": b'{"sql": "a\x00"}',
        "lists in lists": b"[" * deep, "objects in objects": b'{"sql":' * 20_000,
        "deep and whole": b"[" * deep + b"]" * deep,
        "a number of 90,000 digits": b"9" * 90_000, "too long": json.dumps({"sql": "x" * 200_001}).encode(),
        "5 MB": b" " * 5_000_000, "an empty query": b'{"sql": ""}', "a comment": b'{"sql": "-- x"}',
        "150,000 brackets": json.dumps({"sql": "select " + "(" * 150_000}).encode(),
        "50,000 unions": json.dumps({"sql": " union ".join(["select 1"] * 13_000)}).encode(),
        "deep expression": json.dumps({"sql": "select " + "-" * 9_000 + "1"}).encode(),
    }.items():  # fmt: skip
        right = REFUSED | {408, 200} if name in ("50,000 unions", "deep expression") else REFUSED
        yield Attack(f"body: {name}", asked(body), right)
    query = b'{"sql": "select 1"}'
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        "application/jsonx",
        "json",
    ):
        yield Attack(f"body of type {kind or 'nothing'}", asked(query, of_type=kind))
    for form in ("", "json", "xlsx", "csv%00", "../csv", "CSV"):
        yield Attack(f"export as {form or 'nothing'}", asked(query, path=f"/api/sql/export?format={form}"))
    yield Attack("a compressed body", asked(b"\x1f\x8b\x08\x00" + b"\x00" * 90, "Content-Encoding: gzip"))
    for name, chunks in {
        "no number": b"zz\r\n{}\r\n0\r\n\r\n", "a negative one": b"-1\r\n{}\r\n0\r\n\r\n",
        "more than there is": b"ffffffffffffffff\r\n{}", "no end of line": b"2{}0",
    }.items():  # fmt: skip
        yield Attack(f"chunks: {name}", asked(chunks, "Transfer-Encoding: chunked"), REFUSED | HUNG_UP)


def sizes() -> Iterator[Attack]:
    """Much of everything."""
    for n in (256, 300, 1_000, 4_097, 5_000, 30_000, 60_000, 200_000):
        yield Attack(f"a part of {n} letters", request("/" + "a" * n), REFUSED | HUNG_UP)
        yield Attack(
            f"a resource of {n} letters", request(f"/data/first/role/{'a' * n}.json"), REFUSED | HUNG_UP
        )
    yield Attack("9,000 folders", request("/a" * 9_000), REFUSED | HUNG_UP)
    yield Attack("9,000 folders up", request("/.." * 9_000), REFUSED | HUNG_UP)
    yield Attack("a header of 300 kB", request("/", "X: " + "a" * 300_000), REFUSED | HUNG_UP | {200})
    yield Attack(
        "3,000 headers", request("/", *(f"X-{n}: a" for n in range(3_000))), REFUSED | HUNG_UP | {200}
    )
    yield Attack("20,000 parameters", request("/api/search?" + "q=a&" * 10_000), REFUSED | HUNG_UP | {200})


def ranges() -> Iterator[Attack]:
    """Parts of a file, whole or not."""
    for part in (
        "bytes=0-", "bytes=-1", "bytes=5-1", "bytes=0-0,1-1", "bytes=0-999999999999999999999", "bytes=-0",
        "bytes=--1",
        "bytes=a-b", "lines=0-1", "bytes", "bytes=", "bytes=" + ",".join(["0-1"] * 1_000),
        "bytes=99999999-", "bytes=0-1,-1",
    ):  # fmt: skip
        yield Attack(f"range {part[:30]}", request("/index.html", f"Range: {part}"), ANSWERED | REFUSED)


def encodings() -> Iterator[Attack]:
    """What an answer may be packed in."""
    for accepted in (
        "gzip;q=0", "gzip; q=0.0, identity", "identity", "*", "*;q=0", "gzip;q=0.001", "GZIP", "x-gzip",
        "br", "gzip,,,;",
        "gzip;q=x", ";", "gzip" * 2_000, "deflate, gzip;q=1.0, *;q=0.5", "\x7f",
    ):  # fmt: skip
        yield Attack(
            f"encoding {accepted[:30]}",
            request("/data/study.json", f"Accept-Encoding: {accepted}"),
            ANSWERED | REFUSED,
        )


def searches() -> Iterator[Attack]:
    """Texts that are looked for."""
    for text in (
        "", "%20", "a" * 201, "%00", "%", "_", "%25%25%25", "'", "%27%3B%20drop%20table%20features%3B", "[",
        "(a%2B)%2B%24",
        "%5C", "%F0%9F%8F%B4%E2%80%8D%E2%98%A0%EF%B8%8F", "%ED%A0%80", "%C0%AF", "-1", "%23-1",
        "%23" + "9" * 150, "%0a",
        "%E2%80%AE",
    ):  # fmt: skip
        yield Attack(f"search {text[:30]}", request(f"/api/search?sae=first&q={text}"), ANSWERED | REFUSED)
        yield Attack(f"words {text[:30]}", request(f"/api/responses?q={text}"), ANSWERED | REFUSED)
    yield Attack("search in no SAE", request("/api/search?sae=third&q=sea"))
    yield Attack("words of no role", request("/api/responses?q=sea&role=../pirate"))


def raw() -> Iterator[Attack]:
    """What is hardly HTTP."""
    for name, content in {
        "another version": b"GET / HTTP/9.9\r\nHost: HOST\r\nConnection: close\r\n\r\n",
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 90,
        "noise": bytes(range(256)) * 9, "only ends of lines": b"\r\n" * 90 + b"x\r\n\r\n",
        "a line": b"hello\r\n\r\n",
        "no version": b"GET /\r\n\r\n",
        "a star": b"OPTIONS * HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
        "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
        "a proxy's request": b"GET http://evil.example/x HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n",
        "a folded header": b"GET /x HTTP/1.1\r\nHost: HOST\r\nX: a\r\n b\r\nConnection: close\r\n\r\n",
        "no colon": b"GET /x HTTP/1.1\r\nHost: HOST\r\nnocolon\r\nConnection: close\r\n\r\n",
        "a space before the colon": b"GET /x HTTP/1.1\r\nHost : HOST\r\nConnection: close\r\n\r\n",
        "bare line feeds": b"GET /x HTTP/1.1\nHost: HOST\nConnection: close\n\n",
        "a NUL in a header": b"GET /x HTTP/1.1\r\nHost: HOST\r\nX: a\x00b\r\nConnection: close\r\n\r\n",
    }.items():  # fmt: skip
        yield Attack(name, content, REFUSED | FOREIGN | HUNG_UP)
    both = asked(b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked", "Content-Length: 3")
    yield Attack("a length and chunks", both, REFUSED | HUNG_UP)
    for length in ("-1", "1e3", "0x10", "99999999999999999999", "3, 4"):
        lines = ("Content-Type: application/json", f"Content-Length: {length}")
        yield Attack(f"a length of {length}", request("/api/sql", *lines, method="POST"), REFUSED | HUNG_UP)
    lines = ("Content-Type: application/json", "Expect: 200-ok", "Content-Length: 2")
    yield Attack("another expectation", request("/api/sql", *lines, method="POST") + b"{}")
