"""The sign-in and access log as the client sees it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated

import orjson
import strawberry

from app.access import access_log
from app.access.reads import access_log as reads
from app.access.reads.access_log import AccessLogEntry as Row
from app.access.reads.access_log import LogFilter
from app.graphql.access import groups, groups_and_projects
from app.graphql.access.types import User, user_by_id
from app.graphql.context import Info
from app.graphql.types.connections import After, Before, Connection, First, Last, connection, window
from app.graphql.types.fields import enumerated, resolved, value
from app.pagination import Page

AccessAction = access_log.Action
enumerated(
    AccessAction,
    "What happened.",
    name="AccessAction",
    AUTHENTICATE="Requests with a token or session that is not valid; once a minute at most for each and an address.",
    SIGN_IN="A sign-in by password, OpenID or link.",
    SIGN_OUT="A session that its owner ended.",
    SESSION_REVOKE="A session that was ended from elsewhere.",
    PASSWORD_CHANGE="A new password.",  # noqa: S106 - a description
    PASSWORD_RESET_CREATE="A link by which a person may set a new password.",  # noqa: S106 - likewise
    INVITATION_CREATE="An invitation.",
    INVITATION_RENEW="An invitation with a new link.",
    INVITATION_REVOKE="An invitation that was taken back.",
    INVITATION_ACCEPT="A person who came by an invitation.",
    IDENTITY_LINK="An OpenID identity that was linked to a user.",
    IDENTITY_UNLINK="One that is no longer.",
    USER_CREATE="A new user.",
    USER_UPDATE="Changes of a user, such as the rights of an administrator.",
    USER_DEACTIVATE="A user who may not come in any more.",
    USER_REACTIVATE="A user who may come in again.",
    USER_DELETE="A user who was deleted.",
    MEMBER_SET="A role that was given or changed.",
    MEMBER_DELETE="A role that was taken away.",
    MEMBER_EXPIRE="A role that had ended a week ago, and was removed.",
    TOKEN_CREATE="A new token.",  # noqa: S106 - likewise
    TOKEN_ROTATE="A token that took the place of another.",  # noqa: S106 - likewise
    TOKEN_REVOKE="A token that is refused from then on.",  # noqa: S106 - likewise
    TOKEN_EXPIRING="A token that expires soon.",  # noqa: S106 - likewise
    SERVICE_ACCOUNT_CREATE="A new service account.",
    SERVICE_ACCOUNT_UPDATE="Changes of a service account.",
    SERVICE_ACCOUNT_DELETE="A service account that was deleted.",
    DEVICE_ALLOW="A device that was let in from a browser.",
    DEVICE_REFUSE="A device that was not.",
    GROUP_CREATE="A new group.",
    GROUP_UPDATE="Changes of a group.",
    GROUP_DELETE="A group that was deleted.",
    PROJECT_CREATE="A new project.",
    PROJECT_UPDATE="Changes of a project's name, visibility or switches.",
    PROJECT_TRANSFER="A project that went to another group.",
    PROJECT_DELETE="A project that was deleted.",
    LIMITS_UPDATE="New limits of a project.",
)


@strawberry.enum(description="How it ended.")
class AccessLogEntryStatus(Enum):
    DONE = value("ok", "It was done.")
    REFUSED = value("refused", "It was not.")


@strawberry.type(description="Something more about an entry of the access log.")
class AccessLogDetail:
    name: str = strawberry.field(description="What it is.")
    value: str = strawberry.field(description="The value; lists and truth values as JSON.")

    @classmethod
    def of(cls, name: str, value: object) -> AccessLogDetail:
        return cls(name=name, value=value if isinstance(value, str) else orjson.dumps(value).decode())


@strawberry.type(description="Something that was done, or refused, to get in or to let others in.")
class AccessLogEntry:
    row: strawberry.Private[Row]
    happened_at: datetime = strawberry.field(description="When.")
    action: AccessAction = strawberry.field(description="What.")
    status: AccessLogEntryStatus = strawberry.field(description="How it ended.")
    status_reason: str | None = strawberry.field(description="Why it was refused; null: it was not.")
    username: str | None = strawberry.field(
        description="Whom it is about, as the name was then or was typed; null: unknown."
    )
    details: list[AccessLogDetail] = strawberry.field(description="What else is known of it.")

    @classmethod
    def of(cls, row: Row) -> AccessLogEntry:
        return cls(
            row=row,
            happened_at=row.happened_at,
            action=AccessAction(row.action),
            status=AccessLogEntryStatus(row.result),
            status_reason=row.reason or None,
            username=row.username or None,
            details=[AccessLogDetail.of(name, value) for name, value in row.details.items()],
        )

    @resolved("Who did it, if you may know of them; null also for attempts to get in.")
    async def done_by(self, info: Info) -> User | None:
        return await user_by_id(info, self.row.actor_id)

    @resolved("Whom it is about, if the user still exists and you may know of them.")
    async def user(self, info: Info) -> User | None:
        return await user_by_id(info, self.row.user_id)

    @resolved("The group in which it happened, if it still exists.")
    async def group(self, info: Info) -> groups.Group | None:
        return await groups.group_by_id(info, self.row.about_group_id)

    @resolved("The project in which it happened, if it still exists.")
    async def project(self, info: Info) -> groups_and_projects.Project | None:
        return await groups_and_projects.project_by_id(info, self.row.about_project_id)

    @resolved("From which address; null where it is unknown, or another person's and you are no administrator.")
    def address(self, info: Info) -> str | None:
        return self._origin(info, self.row.address)

    @resolved("What the client called itself; null like the address.")
    def client(self, info: Info) -> str | None:
        return self._origin(info, self.row.client)

    @resolved("The id of the request, which stands in the log of the server too; null like the address.")
    def request_id(self, info: Info) -> str | None:
        return self._origin(info, self.row.request_id)

    def _origin(self, info: Info, value: str) -> str | None:
        return value or None if reads.shows_origin(info.context.actor, self.row) else None


Username = Annotated[
    str | None, strawberry.argument(description="Only those about this user; also a name that no user has.")
]
DoneBy = Annotated[str | None, strawberry.argument(description="Only what the user of this name did.")]
OfAction = Annotated[AccessAction | None, strawberry.argument(description="Only those of this action.")]
InStatus = Annotated[AccessLogEntryStatus | None, strawberry.argument(description="Only those that ended so.")]
FromAddress = Annotated[str | None, strawberry.argument(description="Only those from this address.")]
Since = Annotated[datetime | None, strawberry.argument(description="Only those of this moment or later.")]
Until = Annotated[datetime | None, strawberry.argument(description="Only those before this moment.")]


@strawberry.type
class AccessLogQuery:
    @resolved("The sign-in and access log, newest first. For administrators: null with an error for others.")
    async def access_log(
        self,
        info: Info,
        *,
        username: Username = None,
        done_by: DoneBy = None,
        action: OfAction = None,
        status: InStatus = None,
        address: FromAddress = None,
        since_at: Since = None,
        until_at: Until = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[AccessLogEntry] | None:
        refused = None if status is None else status is AccessLogEntryStatus.REFUSED
        chosen = LogFilter(username, done_by, action, refused, address, since=since_at, until=until_at)
        page = window(first, after, last, before)
        return entries(await reads.search(info.context.db, info.context.actor, page, chosen))


def entries(page: Page[Row]) -> Connection[AccessLogEntry]:
    """A page of the log."""
    return connection(page, AccessLogEntry.of)
