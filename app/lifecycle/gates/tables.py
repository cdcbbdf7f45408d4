"""Tables. Private to this package."""

from __future__ import annotations
