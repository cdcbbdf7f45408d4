"""Tags from which facts of a version are read: where it came from. Of a sealed version they are added, not changed."""

from __future__ import annotations

import re
from collections.abc import Iterable

PATTERN = r"^(mlflow\.(source\.|project\.|docker\.|user$|git)|gitlab\.|github\.)"
"""Keys of such tags, in a form that Python and PostgreSQL read alike (``is_fact_tag``, migration 0021)."""
_FACT = re.compile(PATTERN)


def any_fact(keys: Iterable[str]) -> bool:
    """Whether a fact is read from one of these tags."""
    return any(_FACT.search(key) for key in keys)
