"""The far side of the network: as much of the Hugging Face hub as takes a commit of small files."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.loopback import Loopback


class Hub(Loopback):
    """`files` holds what was sent, by its path; `refuses` is a status that answers every question.

    `is_there` says whether the repository was there before, `private` whether only its owner reads it.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.tokens: set[str | None] = set()
        self.refuses: int | None = None
        self.is_there, self.private = False, False
        super().__init__(_handler(self))


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            if "/resolve/" in self.path:
                self._send(hub.files[self.path.partition("/resolve/main/")[2]])
                return
            listed = [
                {"type": "file", "path": path, "size": len(content), "oid": "0" * 40}
                for path, content in hub.files.items()
            ]
            told = {"id": "someone/pirates", "sha": "0" * 40, "private": hub.private}
            told["siblings"] = [{"rfilename": path} for path in hub.files]
            self._answer(listed if "/tree/" in self.path else told)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.endswith("/repos/create"):
                hub.private = hub.private if hub.is_there else json.loads(body).get("visibility") == "private"
                page = {"url": f"{hub.address}/datasets/someone/pirates", "name": "someone/pirates"}
                self._answer(page, 409 if hub.is_there else 200)
            elif "/preupload/" in self.path:
                asked = json.loads(body)["files"]
                modes = [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in asked
                ]
                self._answer({"files": modes})
            elif "/commit/" in self.path:
                for line in body.splitlines():
                    told = json.loads(line)
                    if told["key"] == "file":
                        hub.files[told["value"]["path"]] = base64.b64decode(told["value"]["content"])
                    elif told["key"] == "deletedFile":
                        del hub.files[told["value"]["path"]]
                self._answer(
                    {
                        "commitUrl": f"{hub.address}/datasets/someone/pirates/commit/1",
                        "commitOid": "1" * 40,
                        "success": True,
                    }
                )
            else:
                self._answer({})

        def _answer(self, content: Any, status: int = 200) -> None:
            self._send(json.dumps(content if hub.refuses is None else {"error": "no"}).encode(), status)

        def _send(self, body: bytes, status: int = 200) -> None:
            hub.tokens.add(self.headers.get("Authorization"))
            self.send_response(hub.refuses or status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
