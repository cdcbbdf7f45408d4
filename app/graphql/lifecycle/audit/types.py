"""The audit log as the client sees it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

import orjson
import strawberry

from app.graphql.access.types import User, user_by_id
from app.graphql.context import Info
from app.graphql.types.fields import resolved, value
from app.graphql.types.scalars import Long
from app.ids import GlobalId
from app.lifecycle.audit import reads
from app.lifecycle.audit.reads import Audited
from app.lifecycle.audit.reads import AuditHead as HeadRow


@strawberry.enum(description="What was done to the object.")
class AuditAction(Enum):
    CREATE = value("create", "It was made.")
    UPDATE = value("update", "Some of its values changed.")
    DELETE = value("delete", "It was removed for good; what can be restored is an update.")
    OTHER = value("other", "Something that this service does not do: the entry was added by other means.")


_ACTIONS = {action.value: action for action in AuditAction}


@strawberry.type(description="Something by which the object of an entry is known.")
class AuditValue:
    name: str = strawberry.field(description="What it is.")
    value: str = strawberry.field(description="The value; what is no text as JSON.")


@strawberry.type(description="A value that an entry tells of.")
class AuditChange:
    name: str = strawberry.field(description="What it is.")
    before: str | None = strawberry.field(description="The value before, as JSON; null: there was none.")
    after: str | None = strawberry.field(description="The value after, as JSON; null: there is none any more.")


@strawberry.type(description="A change, with who made it; see `auditLog`.")
class AuditEntry:
    audited: strawberry.Private[Audited]
    author: strawberry.Private[dict[str, Any]]
    number: Long = strawberry.field(description="Its place in the chain: 1, 2, 3 … without gaps.")
    happened_at: datetime = strawberry.field(description="When the transaction of the change began.")
    action: AuditAction = strawberry.field(description="What was done.")
    object_type: str = strawberry.field(description="What kind of object was changed, such as `model_version`.")
    object_key: str = strawberry.field(description="Which one, by its key in the database.")
    entry_sha256: str = strawberry.field(description="The SHA-256 of `content`, in hexadecimal digits.")
    chain_sha256: str = strawberry.field(
        description="The SHA-256 of this value of the entry before, as bytes, and of `entrySha256`."
    )
    content: str | None = strawberry.field(
        description="The whole entry as canonical JSON; null when it was removed from the database by other means."
    )

    @classmethod
    def of(cls, audited: Audited) -> AuditEntry:
        link = audited.link
        return cls(
            audited=audited,
            author=audited.author(),
            number=Long(link.seq),
            happened_at=link.at,
            action=_ACTIONS.get(link.action, AuditAction.OTHER),
            object_type=link.object_type,
            object_key=link.object_key,
            entry_sha256=link.entry_hash.hex(),
            chain_sha256=link.chain_hash.hex(),
            content=audited.content if audited.entry else None,
        )

    @resolved("By what the object is known, also where that did not change: names and numbers.")
    def object_values(self) -> list[AuditValue]:
        return [AuditValue(name=name, value=_shown(value)) for name, value in self._part("about").items()]

    @resolved("The values before and after: all of what was made or removed, else those that changed.")
    def changes(self) -> list[AuditChange]:
        before, after = self._part("before"), self._part("after")
        return [
            AuditChange(name=name, before=_json(before, name), after=_json(after, name))
            for name in dict.fromkeys([*before, *after])
        ]

    @resolved("Who did it, if you may know of them; null also for what was done without a request of a user.")
    async def done_by(self, info: Info) -> User | None:
        return await user_by_id(info, self.audited.link.actor_id)

    @resolved("The name that the user had then.")
    def username(self) -> str | None:
        return self._told("username")

    @resolved("The id of the token with which it was done.")
    def token_id(self) -> strawberry.ID | None:
        return self._id("token", "Token")

    @resolved("The id of the browser's session with which it was done.")
    def session_id(self) -> strawberry.ID | None:
        return self._id("session", "Session")

    @resolved("The CI job that got the token by its identity, as provider and its id there.")
    def ci_job(self) -> str | None:
        return self._told("ci_job")

    @resolved("From which address.")
    def address(self) -> str | None:
        return self._told("address")

    @resolved("What the client called itself; of a command, the user and the machine.")
    def client(self) -> str | None:
        return self._told("client")

    @resolved("The id of the request, which stands in the log of the server, too.")
    def request_id(self) -> str | None:
        return self.audited.link.request_id or None

    @resolved("The id of the background job that did it.")
    def background_job_id(self) -> strawberry.ID | None:
        return self._id("job", "BackgroundJob")

    @resolved("The kind of the background job, or the name of the chore or command that did it.")
    def process(self) -> str | None:
        return self._told("doing")

    @resolved("The user of the database, of a change that was made past this service.")
    def database_user(self) -> str | None:
        return self._told("database_user")

    def _told(self, name: str) -> str | None:
        value = self.author.get(name)
        return None if value is None or value == "" else str(value)

    def _id(self, name: str, kind: str) -> strawberry.ID | None:
        value = self._told(name)
        return strawberry.ID(str(GlobalId.of(kind, value.replace("-", "")))) if value else None

    def _part(self, name: str) -> dict[str, Any]:
        entry = self.audited.entry
        return reads.parsed(getattr(entry, name) if entry else None)


@strawberry.type(
    description="How far a chain of the audit log had come at an hour; kept elsewhere, it proves the rest."
)
class AuditHead:
    number: Long = strawberry.field(description="The place of the last entry.")
    chain_sha256: str = strawberry.field(description="`chainSha256` of that entry.")
    created_at: datetime = strawberry.field(description="When it was written down.")

    @classmethod
    def of(cls, row: HeadRow) -> AuditHead:
        return cls(number=Long(row.seq), chain_sha256=row.chain_hash.hex(), created_at=row.at)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _json(values: dict[str, Any], name: str) -> str | None:
    return orjson.dumps(values[name]).decode() if name in values else None
