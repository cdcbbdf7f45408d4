"""Relay connections (GraphQL Cursor Connections Specification) over the pages of the core."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, TypeVar

import strawberry

from app.graphql.types.fields import resolved
from app.pagination import Page, Window

T = TypeVar("T")
R = TypeVar("R")

First = Annotated[int | None, strawberry.argument(description="How many rows from the start, 1 to 100; 20 by default.")]
After = Annotated[str | None, strawberry.argument(description="Only rows after the one with this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many rows from the end, 1 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only rows before the one with this cursor.")]


@strawberry.type(description="Where a page begins and ends, and whether there is more.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether rows follow.")
    has_previous_page: bool = strawberry.field(description="Whether rows precede.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first row; null on an empty page and in searches."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last row, for `after`; null on an empty page."
    )


@strawberry.type(description="A row of a page with its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The position of the row in the list, for `after` or `before`.")
    node: T = strawberry.field(description="The row itself.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[T] = strawberry.field(description="The rows without their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends.")
    count: strawberry.Private[Callable[[], Awaitable[int]] | None] = None

    @resolved("How many rows the whole list has; counted only when asked for, null for lists that are not counted.")
    async def total_count(self) -> int | None:
        return await self.count() if self.count else None


def connection(
    page: Page[R], convert: Callable[[R], T], count: Callable[[], Awaitable[int]] | None = None
) -> Connection[T]:
    """A page of the core as the client sees it; ``count`` is called when ``totalCount`` is selected."""
    nodes = [convert(item) for item in page.items]
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        count=count,
    )


def page_of(after: str | None, token: str | None) -> PageInfo:
    """The page of a search, which goes on by tokens and never back; ``token`` is that of the next page."""
    return PageInfo(has_next_page=token is not None, has_previous_page=bool(after), start_cursor=None, end_cursor=token)


def window(first: int | None, after: str | None, last: int | None, before: str | None) -> Window:
    """The page that the four arguments ask for."""
    return Window(first=first, after=after, last=last, before=before)
