"""Keys with values: tags and params."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import strawberry

from app.errors import Invalid
from app.graphql.types.fields import optional


@strawberry.type(description="A key with a value that may change.")
class Tag:
    key: str = strawberry.field(description="Unique among the tags of its owner.")
    value: str = strawberry.field(description="Any text.")


@strawberry.type(description="A hyper-parameter: written once.")
class Param:
    key: str = strawberry.field(description="Unique among the params of its candidate.")
    value: str = strawberry.field(description="Any text.")


@strawberry.input(description="A tag to set.")
class TagInput:
    key: str = strawberry.field(description="The key.")
    value: str = strawberry.field(description="The value.")


@strawberry.input(description="A change of a tag.")
class TagPatch:
    key: str = strawberry.field(description="The key.")
    value: str | None = optional("The new value; null removes the tag.")


@strawberry.input(description="A hyper-parameter to write.")
class ParamInput:
    key: str = strawberry.field(description="The key.")
    value: str = strawberry.field(description="The value; the same one again is fine, another one is refused.")


def tags_of(pairs: Mapping[str, str]) -> list[Tag]:
    """Tags by key."""
    return [Tag(key=key, value=pairs[key]) for key in sorted(pairs)]


def mapping(pairs: Sequence[TagInput] | Sequence[ParamInput], field: str) -> dict[str, str]:
    """The pairs as a mapping.

    Raises:
        Invalid: a key stands twice.
    """
    values = {pair.key: pair.value for pair in pairs}
    if len(values) < len(pairs):
        raise Invalid(f"A key stands more than once in `{field}`; send each key once.", field=field)
    return values


def patch(pairs: Sequence[TagPatch], field: str = "tags") -> dict[str, str | None]:
    """The changes as a mapping; None removes.

    Raises:
        Invalid: a key stands twice.
    """
    values = {pair.key: pair.value for pair in pairs}
    if len(values) < len(pairs):
        raise Invalid(f"A key stands more than once in `{field}`; send each key once.", field=field)
    return values
