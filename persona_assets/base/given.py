"""Files that a person hands over, read within bounds: whatever is wrong with one is told in a single line.

Role files, questions, conversations, studies, manifests, templates and configurations all come from
somebody else. Every reader of such a file goes through this module, so that none of them can stop a
command with a traceback, wait for a pipe that nobody writes to, or fill the memory.
"""

from __future__ import annotations

import json
import os
import reprlib
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import IO, Any

import yaml

from persona_assets.base.errors import StudyError

LARGEST_JSON = 256 * 2**20  # bytes
LARGEST_YAML = 2**20  # bytes
DEEPEST = 100  # levels of lists and objects inside each other
MOST_YAML_NODES = 100_000  # once every alias is replaced by what it stands for

_MEND = "mend or remove the file"
_YAML: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, five times as fast, where it is there
# What turning a text into a value raises: `!!int` of nothing, `!!bool maybe`, month 13, a key that is a list.
_RAISED = (ValueError, TypeError, LookupError, OverflowError, AttributeError, RecursionError)

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 60


def read_text(file: Path, *, largest: int = LARGEST_JSON) -> str:
    """Return the file's text, UTF-8 with or without a byte order mark.

    Raises StudyError, naming the file, where it is missing, not a plain file, larger than `largest` bytes,
    or not UTF-8.
    """
    with opened(file) as stream:
        content = stream.read(largest + 1)
    if len(content) > largest:
        raise StudyError(f"{file}: is larger than {largest / 2**20:g} MiB; {_MEND}")
    return decoded(content, str(file))


def read_json(file: Path, remedy: str = _MEND) -> Any:
    """Return what a JSON file holds. Raises StudyError, ending with `remedy`, where it cannot be read.

    A key that stands twice in one object is refused: the reader would keep one of the two values silently.
    """
    return parsed_json(read_text(file), str(file), remedy)


def read_yaml(file: Path, remedy: str = _MEND) -> Any:
    """Return what a YAML file holds. Raises StudyError, ending with `remedy`, where it cannot be read.

    Tags that would make Python objects are refused, and so are aliases that multiply and keys given twice.
    """
    text = read_text(file, largest=LARGEST_YAML)
    loader = None
    try:
        _check_depth(text, str(file), remedy)
        loader = _YAML(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_size(node, str(file), remedy)
        return loader.construct_document(node)
    except (yaml.YAMLError, *_RAISED) as error:
        raise StudyError(f"{file}: not valid YAML ({_reason(error)}); {remedy}") from error
    finally:
        if loader is not None:
            loader.dispose()


def parsed_json(text: str, where: str, remedy: str = _MEND, *, unique_keys: bool = True) -> Any:
    """Return the JSON value that `text` is. Raises StudyError, naming `where`, where it is none."""
    try:
        value = json.loads(text, object_pairs_hook=_unique if unique_keys else None)
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{where}: not valid JSON ({_reason(error)}); {remedy}") from error
    # Brackets are counted first: most texts, every line of a large file among them, have few.
    if text.count("[") + text.count("{") > DEEPEST and _deeper_than(value, DEEPEST):
        raise StudyError(f"{where}: is nested more than {DEEPEST} levels deep; {remedy}")
    return value


def decoded(content: bytes, where: str) -> str:
    """Return `content` as text. Raises StudyError, naming `where`, where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudyError(f"{where}: is not UTF-8 ({_reason(error)}); save it as UTF-8") from error


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """Open a plain file to read its bytes.

    Raises StudyError where it cannot be opened or read, or is a folder, a pipe, a socket or a device.
    """
    try:
        try:
            is_plain = stat.S_ISREG(file.stat().st_mode)
        except ValueError as error:  # a path with a NUL, or with half of a surrogate pair
            raise StudyError(f"{shown_path(file)}: is not a path ({_reason(error)}); check it") from error
        if not is_plain:  # asked first: opening a pipe would wait for its writer
            raise StudyError(f"{shown_path(file)}: is not a plain file; give a file")
        with file.open("rb") as stream:
            yield stream
    except OSError as error:
        raise StudyError(f"{shown_path(file)}: cannot be read ({error.strerror}); check the path") from error


def is_file(path: str | Path) -> bool:
    """Return whether a plain file lies there; False too where the path is none, or may not be looked at."""
    return os.path.isfile(path)  # noqa: PTH113 (a Path raises OSError for a name that is too long)


def is_folder(path: str | Path) -> bool:
    """Return whether a folder lies there; False too where the path is none, or may not be looked at."""
    return os.path.isdir(path)  # noqa: PTH112 (a Path raises OSError for a name that is too long)


def path_from_home(written: str | Path) -> Path:
    """Return the path with its `~` or `~user` replaced. Raises StudyError where there is no such user."""
    try:
        return Path(written).expanduser()
    except (RuntimeError, ValueError) as error:
        raise StudyError(
            f"{shown_path(Path(written))}: there is no such user; write the path without `~`"
        ) from error


def shown(value: Any) -> str:
    """Return a value that somebody gave as a message can show it: printable, at most 60 characters."""
    try:
        return one_line(_SHORT.repr(value), 60)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of too many digits"


def one_line(text: str, longest: int) -> str:
    """Return `text` printable, in one line, cut to `longest` characters."""
    line = printable(text[:longest].replace("\n", " "))
    return line if len(text) <= longest and len(line) <= longest else f"{line[: longest - 1]}…"


def printable(text: str) -> str:
    """Return `text` with what a terminal would obey, or not show, written as an escape: `\\x1b`."""
    return "".join(mark if mark.isprintable() or mark == "\n" else ascii(mark)[1:-1] for mark in text)


def shown_path(path: Path) -> str:
    """Return `path` as a message can show it: in one line, printable, at most 300 characters."""
    text = "".join(mark if mark.isprintable() else "?" for mark in str(path))
    return text if len(text) <= 300 else f"{text[:150]}…{text[-149:]}"


def meant(name: str, known: Iterable[str], otherwise: str, most: int = 1) -> str:
    """Return a remedy for a misspelt name: the `most` known ones that are like it, else `otherwise`."""
    alike = get_close_matches(name, list(known), n=most)
    return f"did you mean {' or '.join(alike)}?" if alike else otherwise


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError(f"the key {shown(_twice(key for key, _ in pairs))} stands twice in one object")
    return content


def _twice(keys: Iterable[str]) -> str | None:
    """Return the first key that comes again."""
    seen: set[str] = set()
    return next((key for key in keys if key in seen or seen.add(key)), None)  # type: ignore[func-returns-value]


def _deeper_than(value: Any, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    """Return the lists and objects that lie directly in `value`."""
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (inner for inner in values if isinstance(inner, dict | list))


def _check_depth(text: str, file: str, remedy: str) -> None:
    """Raise StudyError where blocks lie too deep inside each other: libyaml's composer would crash Python."""
    depth = 0
    for event in yaml.parse(text, Loader=_YAML):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise StudyError(f"{file}: is nested more than {DEEPEST} levels deep; {remedy}")


def _check_size(node: yaml.Node, file: str, remedy: str) -> None:
    """Raise StudyError where the node, its aliases written out, is too large or too deep."""
    sizes: dict[int, int] = {}

    def size(node: yaml.Node, depth: int) -> int:
        if depth >= DEEPEST and not isinstance(node, yaml.ScalarNode):
            raise StudyError(f"{file}: is nested more than {DEEPEST} levels deep; {remedy}")
        if id(node) not in sizes:
            _check_keys(node)
            sizes[id(node)] = 1 + sum(size(child, depth + 1) for child in _children(node))
        return sizes[id(node)]

    if size(node, 0) > MOST_YAML_NODES:
        raise StudyError(f"{file}: holds more than {MOST_YAML_NODES:,} values; {remedy}")


def _check_keys(node: yaml.Node) -> None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    keys = [key for key, _ in pairs if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
    twice = _twice(key.value for key in keys)
    if twice is not None:
        first, second, *_ = (key.start_mark.line + 1 for key in keys if key.value == twice)
        raise ValueError(
            f"the key {shown(twice)} stands twice in one block, in line {first} and in line {second}"
        )


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield key
            yield value


def _reason(error: Exception) -> str:
    """Return an error's words, short and in one line."""
    return ("".join(c if c.isprintable() else " " for c in str(error)) or type(error).__name__)[:200].strip()
