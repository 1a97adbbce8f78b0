"""The edge of the command line: the only place that turns errors into lines and exit statuses.

2    a user's mistake, or what the machine refuses
70   a defect of this package (with PERSONA_DEBUG=1 its traceback is shown, too)
130  Ctrl-C
141  whoever reads the output has seen enough
"""

from __future__ import annotations

import io
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from persona_assets.base.errors import RunInterruptedError, StudyError, UnforeseenError
from persona_assets.base.given import one_line, printable
from persona_assets.base.secrets import without_secrets

MISTAKE, DEFECT, INTERRUPTED, UNREAD = 2, 70, 128 + signal.SIGINT, 128 + signal.SIGPIPE

# Who hears Ctrl-C first, DuckDB or what builds a class of settings, raises an error of its own that says so.
_CTRL_C = re.compile(r"Query interrupted$|.*\bKeyboardInterrupt\b", re.DOTALL)

_PACKAGE = Path(__file__).resolve().parent.parent


@contextmanager
def ending_in_a_line() -> Iterator[None]:
    """End the process with a line on stderr and a status, if anything is raised.

    Output that the terminal's encoding lacks is written as an escape.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    from typer.exceptions import TyperException

    try:
        yield
    except StudyError as error:
        _end(str(error), _status(error))
    except TyperException as error:
        _end_wrong_words(error)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        end_unread()
    except MemoryError:
        _end("the memory is full; end other programs, or ask for less", MISTAKE)
    except OSError as error:
        _show_when_debugging()
        place = f"{error.filename}: " if error.filename is not None else ""
        _end(f"{place}{error.strerror or error}; check the path, its permissions and the disk", MISTAKE)
    except Exception as error:
        if _CTRL_C.match(str(error)):
            sys.exit(INTERRUPTED)
        _show_when_debugging()
        _end(defect(type(error).__name__, str(error), _place(error)), DEFECT)


def defect(kind: str, words: str, place: str) -> str:
    """Return the line that tells of an error that nobody foresaw, and how to report it."""
    return (
        f"unexpected {kind} {place}: {one_line(words, 300)}; this is a defect of persona-assets: report it "
        "with what the same command prints under PERSONA_DEBUG=1"
    )


def is_debugging() -> bool:
    """Return whether tracebacks are wanted: PERSONA_DEBUG=1."""
    return os.environ.get("PERSONA_DEBUG") == "1"


def end_unread() -> NoReturn:
    """End silently, as other tools do, when `head` or whoever else reads the pipe has seen enough."""
    # Python flushes once more as it ends; what is left goes nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(UNREAD) from None


def _status(error: StudyError) -> int:
    if isinstance(error, RunInterruptedError):
        return INTERRUPTED
    return DEFECT if isinstance(error, UnforeseenError) else MISTAKE


def _end(line: str, status: int) -> NoReturn:
    print(f"persona: {printable(without_secrets(line))}", file=sys.stderr)
    sys.exit(status)


def _end_wrong_words(error: Exception) -> NoReturn:
    """Tell which word of the command line is wrong. Without any its help has been printed already."""
    if type(error).__name__ == "NoArgsIsHelpError":  # typer, too, knows it by its name only
        sys.exit(MISTAKE)
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "persona"
    words = " ".join(str(error.format_message()).replace("Value error, ", "").split())  # type: ignore[attr-defined]
    _end(f"{words.rstrip('.')}; `{command} --help` tells what it takes", MISTAKE)


def _show_when_debugging() -> None:
    if is_debugging():
        traceback.print_exc()


def _place(error: Exception) -> str:
    """Return where in this package the error arose."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    if not own:
        return "outside of it"
    return f"at {Path(own[-1].filename).relative_to(_PACKAGE)}:{own[-1].lineno}"
