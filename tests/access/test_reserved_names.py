"""Groups and users have no names that are addresses of the service; what had one before keeps it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text

from app.access import groups, projects, users
from app.access.administration import group_changes
from app.access.administration.group_changes import UpdateGroup
from app.access.groups import CreateGroup
from app.access.names import RESERVED
from app.access.policy import Role
from app.access.projects import CreateProject
from app.access.users import CreateUser
from app.errors import Invalid
from app.runtime import Runtime
from tests.conftest import Person, TestProject


@pytest.mark.parametrize("name", [*sorted(RESERVED), "GraphQL", "API"])
async def test_no_new_group_or_user_is_called_like_an_address(
    runtime: Runtime, admin: Person, staff: dict[Role | None, Person], name: str
) -> None:
    with pytest.raises(Invalid, match="reserved for addresses of the service") as refused:
        await groups.create(runtime.db, staff[Role.OWNER].actor, CreateGroup(name))
    assert refused.value.field == "path"
    with pytest.raises(Invalid, match="reserved for addresses of the service") as refused:
        await users.create(runtime.db, admin.actor, CreateUser(name))
    assert refused.value.field == "username"


async def test_below_a_group_every_name_is_free(runtime: Runtime, project: TestProject) -> None:
    group = await groups.create(runtime.db, project.owner, CreateGroup("api", parent=project.group_id))
    assert group.group.full_path.endswith("/api")
    made = await projects.create(runtime.db, project.owner, CreateProject(group.group.id, "graphql"))
    assert made.project.full_path.endswith("/api/graphql")
    renamed = await group_changes.edit(runtime.db, project.owner, UpdateGroup(group.group.id, path="health"))
    assert renamed.group.full_path.endswith("/health")


async def test_a_group_is_renamed_to_none_and_keeps_one_that_it_had(runtime: Runtime, project: TestProject) -> None:
    with pytest.raises(Invalid, match="reserved for addresses of the service"):
        await group_changes.edit(runtime.db, project.owner, UpdateGroup(project.group_id, path="oauth"))
    async with runtime.db.write() as tx:
        await tx.execute(
            text("UPDATE groups SET path = 'ajax-api', full_path = 'ajax-api' WHERE id = :g"), {"g": project.group_id}
        )
    kept = await group_changes.edit(
        runtime.db, project.owner, UpdateGroup(project.group_id, name="Old", path="ajax-api")
    )
    assert (kept.group.full_path, kept.group.name) == ("ajax-api", "Old")
    free = f"g{uuid4().hex}"
    moved = await group_changes.edit(runtime.db, project.owner, UpdateGroup(project.group_id, path=free))
    assert moved.group.full_path == free
