"""How hashes are written in queries and mutations."""

from __future__ import annotations

import re

SHA256 = re.compile(r"[0-9a-fA-F]{64}")
