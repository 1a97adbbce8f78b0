from __future__ import annotations

import pytest

from persona_assets.cli.bar import error_console


def test_what_is_no_terminal_gets_no_bars_even_where_colors_are_forced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not error_console().is_terminal
