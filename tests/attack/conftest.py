"""What attacks share: one small study, published, and one server of its explorer."""

from __future__ import annotations

from tests.explorer.browser import built, chromium  # noqa: F401
from tests.explorer.conftest import published  # noqa: F401
