from __future__ import annotations

import pytest

from persona_assets.base.text import MAX_DESCRIPTION, cleaned


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  words\tof\r\nseveral\u2028lines ", "words of several lines"),
        ("red \x1b[31malert\x00\x07", "red [31malert"),
        ("user\u202egnp.exe\u2066", "usergnp.exe"),
        ("half \ud800 a pair", "half a pair"),
        ("cafe\u0301", "café"),
        ("<b>bold</b> & 'quoted'", "<b>bold</b> & 'quoted'"),
        ("family 👨‍👩‍👧, می‌خواهم", "family 👨‍👩‍👧, می‌خواهم"),
        ("\x00 \u200e", ""),
    ],
)
def test_a_text_keeps_what_can_be_read_and_nothing_else(written: str, kept: str) -> None:
    assert cleaned(written) == kept
    assert cleaned(kept) == kept
    kept.encode("utf-8")


def test_a_long_text_is_cut_and_says_so() -> None:
    longest = "x" * MAX_DESCRIPTION
    assert cleaned(longest) == longest
    assert cleaned(longest + "y") == "x" * (MAX_DESCRIPTION - 1) + "…"
    assert len(cleaned("e\u0301" * 5_000_000)) == MAX_DESCRIPTION
