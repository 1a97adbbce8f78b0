from __future__ import annotations

import pytest

from persona_assets.cli.bar import error_console, lines


def test_what_is_no_terminal_gets_no_bars_even_where_colors_are_forced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not error_console().is_terminal


def test_lines_say_how_much_is_done_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("persona_assets.base.progress.EVERY", 0)
    hear = lines(said.append)
    hear(10, 4000)
    assert said == ["10 of 4,000"]
