from __future__ import annotations

import pytest

from persona_assets.explorer.server.guard import is_own


@pytest.mark.parametrize(
    ("host", "bound"),
    [
        ("127.0.0.1:8420", "127.0.0.1"),
        ("LOCALHOST", "127.0.0.1"),
        ("localhost:1", "127.0.0.1"),
        ("[::1]:8420", "127.0.0.1"),
        ("192.168.1.7:8420", "192.168.1.7"),
        ("192.168.1.7:8420", "0.0.0.0"),
        ("[fe80::1]", "::"),
        ("lab-machine:8420", "lab-machine"),
    ],
)
def test_names_of_this_machine_are_its_own(host: str, bound: str):
    assert is_own(host, bound)


@pytest.mark.parametrize(
    ("host", "bound"),
    [
        ("", "127.0.0.1"),
        ("evil.example", "127.0.0.1"),
        ("evil.example", "0.0.0.0"),  # its name may resolve to this machine; an address cannot
        ("127.0.0.1.evil.example", "127.0.0.1"),
        ("localhost@evil.example", "127.0.0.1"),
        ("localhost:80:80", "127.0.0.1"),
        ("localhost:x", "127.0.0.1"),
        ("192.168.1.7", "127.0.0.1"),
        ("192.168.1.8", "192.168.1.7"),
        ("localhost\nevil", "127.0.0.1"),
        ("2130706433.evil", "127.0.0.1"),
    ],
)
def test_other_names_are_foreign(host: str, bound: str):
    assert not is_own(host, bound)
