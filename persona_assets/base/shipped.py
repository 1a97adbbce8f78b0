"""Files that the package brings along: SQL, and what `persona init` lays out.

In a checkout they lie where people edit them, beside the package. A wheel holds copies of them inside the
package, in `shipped/` (`setup.py` puts them there). They are read only.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_INSIDE = _PACKAGE / "shipped"

IN_CHECKOUT = not _INSIDE.is_dir()
SHIPPED = _PACKAGE.parent if IN_CHECKOUT else _INSIDE
