"""The interface of everything that has an id of its own (Relay Global Object Identification)."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="Anything with an id of its own, so that it can be asked for again by `node`.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque, unique among all objects, and never reused.")
