"""Style sheets of pages are loaded when a page is first open, and stay: what one defines holds on all."""

from __future__ import annotations

import re
from collections import defaultdict

from tests.places import PROJECT

SOURCES = PROJECT / "persona_assets" / "explorer" / "web" / "src"

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SELECTORS = re.compile(r"([^{}]+)\{")
_ONE_CLASS = re.compile(r"(\.[\w-]+)(::?[\w-]+(\([^)]*\))?)*")


def single_classes(text: str) -> set[str]:
    """The classes that a style sheet defines by themselves, wherever they stand."""
    rules = _SELECTORS.findall(_COMMENT.sub("", text))
    selectors = (part.strip() for rule in rules for part in rule.split(","))
    return {found[1] for part in selectors if (found := _ONE_CLASS.fullmatch(part))}


def test_single_classes_are_told_from_those_inside_others() -> None:
    text = "/* .no {} */ .one, .two:hover { a: b } @media (x) { .three::after { a: b } .in .side { a: b } }"
    assert single_classes(text) == {".one", ".two", ".three"}


def test_no_class_is_defined_by_two_style_sheets() -> None:
    sheets = defaultdict(list)
    for file in sorted(SOURCES.rglob("*.css")):
        for name in single_classes(file.read_text(encoding="utf-8")):
            sheets[name].append(file.name)
    assert len(sheets) > 100
    assert {name: files for name, files in sheets.items() if len(files) > 1} == {}
