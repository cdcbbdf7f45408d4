"""How groups and projects are named in queries and mutations alike."""

from __future__ import annotations

import strawberry

from app.graphql.types import ids
from app.graphql.types.fields import choice
from app.graphql.types.scalars import Long


@strawberry.input(one_of=True, description="Names a group, in one of two ways.")
class GroupLookup:
    id: strawberry.ID | None = choice("The id of the group.")
    path: str | None = choice("Its full path, e.g. `team/vision`.")

    def key(self, field: str = "group") -> int | str:
        """What the core knows it by.

        Raises:
            NotFound: the id means no group.
        """
        if not self.id:
            return self.path or ""
        key = ids.integer(self.id, "Group")
        if key is None:
            raise ids.missing("group", self.id, field)
        return key


@strawberry.input(one_of=True, description="Names a project, in one of three ways.")
class ProjectLookup:
    id: strawberry.ID | None = choice("The id of the project.")
    path: str | None = choice("Its full path, e.g. `team/vision/ocr`.")
    number: Long | None = choice("Its number, which stands for it in paths of the REST and MLflow interfaces.")

    def key(self, field: str = "project") -> int | str:
        """What the core knows it by.

        Raises:
            NotFound: the id means no project.
        """
        if self.number is not strawberry.UNSET and self.number is not None:
            return self.number
        if not self.id:
            return self.path or ""
        key = ids.integer(self.id, "Project")
        if key is None:
            raise ids.missing("project", self.id, field)
        return key


@strawberry.input(one_of=True, description="A group or a project.")
class GroupOrProjectLookup:
    group: GroupLookup | None = choice("A group.")
    project: ProjectLookup | None = choice("A project.")
