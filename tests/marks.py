"""How processes mark what they have not finished."""

from __future__ import annotations

import os

from persona_assets.base.atomic import own_mark


def mark_of(pid: int) -> str:
    """What a process of this machine with the number `pid` marks its unfinished files with."""
    return own_mark().replace(str(os.getpid()), str(pid), 1)
