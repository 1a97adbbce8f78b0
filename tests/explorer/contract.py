"""The front end's `contract.ts`, read so that answers can be held to it: types, not one key more or less."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.places import PROJECT

FILE = PROJECT / "persona_assets" / "explorer" / "web" / "src" / "contract.ts"

Check = Callable[[Any, str], None]

_TOKEN = re.compile(r'"[^"]*"|[A-Za-z_]\w*|\d+|[{}()\[\]<>|;:,=?]')
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


class Contract:
    """The types of the file; `check("Study", answer)` raises AssertionError where the answer is none."""

    def __init__(self, text: str) -> None:
        # A line's end may end a member, where a semicolon does.
        self._tokens = _TOKEN.findall(_COMMENT.sub("", text))
        self._at = 0
        self._types: dict[str, Check] = {}
        self._members: dict[str, dict[str, Check]] = {}
        self._generic: set[str] = set()
        self._read()

    def check(self, name: str, answer: Any) -> None:
        """Hold `answer` to the type `name`."""
        self._types[name](answer, name)

    def _read(self) -> None:
        while self._at < len(self._tokens):
            word = self._take()
            if word == "interface":
                self._interface()
            elif word == "type":
                self._alias()

    def _interface(self) -> None:
        name, base = self._take(), None
        if self._peek() == "extends":
            self._take()
            base = self._take()
        members = (self._members[base] if base else {}) | self._object()
        self._members[name] = members
        self._types[name] = _object(members)

    def _alias(self) -> None:
        name = self._take()
        if self._peek() == "<":  # Columns<T>: known here
            while self._take() != ";":
                pass
            return
        assert self._take() == "="
        if self._peek() == "|":
            self._take()
        self._types[name] = self._union()

    def _object(self) -> dict[str, Check]:
        assert self._take() == "{"
        members: dict[str, Check] = {}
        while self._peek() != "}":
            key = self._take().strip('"')
            optional = self._peek() == "?"
            if optional:
                self._take()
            assert self._take() == ":", f"a member {key}"
            members[f"{key}?" if optional else key] = self._union()
            if self._peek() in (";", ","):
                self._take()
        self._take()
        return members

    def _union(self) -> Check:
        choices = [self._postfix()]
        while self._peek() == "|":
            self._take()
            choices.append(self._postfix())
        return choices[0] if len(choices) == 1 else _either(choices)

    def _postfix(self) -> Check:
        check = self._primary()
        while self._peek() == "[":
            self._take()
            key = self._take()
            if key == "]":
                check = _list(check)
            else:  # RoleEntry["status"]
                assert self._take() == "]"
                check = self._member(self._last, key.strip('"'))
        return check

    def _primary(self) -> Check:
        token = self._take()
        if token == "(":
            check = self._union()
            assert self._take() == ")"
            return check
        if token == "{":
            self._at -= 1
            return _object(self._object())
        if token.startswith('"'):
            return _exactly(token.strip('"'))
        if token in _PLAIN:
            return _PLAIN[token]
        if token in ("Columns", "Record"):
            return self._of(token)
        self._last = token
        return lambda value, where: self._types[token](value, where)

    def _of(self, generic: str) -> Check:
        assert self._take() == "<"
        if generic == "Columns":
            check = _columns(self._object() if self._peek() == "{" else self._members[self._take()])
        else:
            self._union()
            assert self._take() == ","
            check = _record(self._union())
        assert self._take() == ">"
        return check

    def _member(self, owner: str, key: str) -> Check:
        return lambda value, where: self._members[owner][key](value, where)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]


def _number(value: Any, where: str) -> None:
    assert isinstance(value, (int, float)) and not isinstance(value, bool), f"{where}: {value!r} is no number"


def _string(value: Any, where: str) -> None:
    assert isinstance(value, str), f"{where}: {value!r} is no string"


def _boolean(value: Any, where: str) -> None:
    assert isinstance(value, bool), f"{where}: {value!r} is no boolean"


def _null(value: Any, where: str) -> None:
    assert value is None, f"{where}: {value!r} is not null"


def _unknown(value: Any, where: str) -> None:
    pass


_PLAIN: dict[str, Check] = {
    "number": _number,
    "string": _string,
    "boolean": _boolean,
    "null": _null,
    "unknown": _unknown,
}


def _exactly(text: str) -> Check:
    def check(value: Any, where: str) -> None:
        assert value == text, f"{where}: {value!r} is not {text!r}"

    return check


def _either(choices: list[Check]) -> Check:
    def check(value: Any, where: str) -> None:
        complaints = []
        for choice in choices:
            try:
                return choice(value, where)
            except AssertionError as error:
                complaints.append(str(error))
        raise AssertionError("; nor ".join(complaints))

    return check


def _list(item: Check) -> Check:
    def check(value: Any, where: str) -> None:
        assert isinstance(value, list), f"{where}: {str(value)[:80]} is no list"
        for place, element in enumerate(value):
            item(element, f"{where}[{place}]")

    return check


def _record(item: Check) -> Check:
    def check(value: Any, where: str) -> None:
        assert isinstance(value, dict), f"{where}: {str(value)[:80]} is no object"
        for key, element in value.items():
            item(element, f"{where}[{key}]")

    return check


def _object(members: dict[str, Check]) -> Check:
    required = {key for key in members if not key.endswith("?")}
    known = {key.rstrip("?"): check for key, check in members.items()}

    def check(value: Any, where: str) -> None:
        assert isinstance(value, dict), f"{where}: {str(value)[:80]} is no object"
        assert required <= set(value), f"{where}: lacks {required - set(value)}"
        assert set(value) <= set(known), f"{where}: has {set(value) - set(known)} too"
        for key, element in value.items():
            known[key](element, f"{where}.{key}")

    return check


def _columns(members: dict[str, Check]) -> Check:
    whole = _object({key: _list(check) for key, check in members.items()})

    def check(value: Any, where: str) -> None:
        whole(value, where)
        lengths = {len(column) for column in value.values()}
        assert len(lengths) == 1, f"{where}: columns of {lengths} rows"

    return check


CONTRACT = Contract(FILE.read_text(encoding="utf-8"))
