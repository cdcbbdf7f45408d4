"""Tags of models and versions: JSON objects, changed key by key within the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, SQLColumnExpression, Text, literal, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from app.errors import TooLarge
from app.registry.names import check_tag_key, check_tag_value
from app.registry.tables import ModelVersion

MAX_TAGS = 1_000
"""Tags of one model or version; they are read and answered together."""
MAX_TEXT = 4 * 1024 * 1024
"""Characters of all tags of one model or version."""


def check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags, if keys and values are acceptable.

    Raises:
        InvalidName: a key is not.
        TooLarge: a key or a value is too long, or there are too many.
    """
    checked = {check_tag_key(key, field="tags"): check_tag_value(value, field="tags") for key, value in tags.items()}
    if len(checked) > MAX_TAGS:
        raise TooLarge(f"There are {len(checked)} tags; at most {MAX_TAGS} fit.", field="tags")
    size = sum(len(key) + len(value) for key, value in checked.items())
    if size > MAX_TEXT:
        raise TooLarge(f"The tags have {size} characters in all; at most {MAX_TEXT} fit.", field="tags")
    return checked


def system_tags(patch: Mapping[str, str | None]) -> ColumnElement[Any]:
    """The tags of a version with those that only the service sets, without those whose value is None."""
    return patched(ModelVersion.tags, patch)


def patched(column: SQLColumnExpression[Any], patch: Mapping[str, str | None]) -> ColumnElement[Any]:
    """The tags with those of the patch set, and without those whose value in it is None.

    PostgreSQL puts them together under the row's lock, so that concurrent patches of other keys are kept.

    Raises:
        InvalidName, TooLarge: as for :func:`check_tags`.
    """
    tags: ColumnElement[Any] = type_coerce(column, JSONB)
    if kept := check_tags({key: value for key, value in patch.items() if value is not None}):
        tags = tags.op("||", return_type=JSONB())(literal(kept, JSONB))
    if removed := [key for key, value in patch.items() if value is None]:
        tags = tags.op("-", return_type=JSONB())(literal(removed, ARRAY(Text)))
    return tags
