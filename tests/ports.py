"""Where a test's servers listen."""

from __future__ import annotations

import secrets
import socket

_OURS = range(20_000, 32_000)  # below those that a system gives to whoever names none: it gives none of these


def free_port() -> int:
    """A port of loopback that nobody listens at, and that stays so until its server has begun."""
    while True:
        port = secrets.choice(_OURS)  # other processes of the tests choose, too
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
