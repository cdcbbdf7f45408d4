"""An installation with the demonstration's data, for tests and for the screenshots alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from app.access import groups, members, projects
from app.access.groups import CreateGroup
from app.access.members import GroupOrProject
from app.access.policy import Role
from app.access.projects import CreateProject
from tests.browser.demo.build import Builder, Demo
from tests.browser.demo.caller import Caller
from tests.browser.demo.texts import Texts
from tests.conftest import Person, new_person

ROLES = (Role.OWNER, Role.MAINTAINER, Role.DEVELOPER, Role.REPORTER)
VIEWERS = ("owner", "maintainer", "developer", "reporter", "admin")


@dataclass(frozen=True)
class Shown:
    """What was built, and the people who may look at it, by what they are in it."""

    demo: Demo
    people: dict[str, Person]


async def build(
    runtime: Any,
    admin: Person,
    url: str,
    texts: Texts,
    *,
    group: str,
    project: str,
    mark: str = "",
    candidates: int = 24,
) -> Shown:
    """Make people, a group and a project, and fill it; ``mark`` is added to the names of people."""
    people: list[Person] = []
    for username, name in texts.people:
        person = await new_person(runtime, admin, f"{username}{mark}")
        await _call(admin, url, "userUpdate", user={"username": person.actor.username}, name=name)
        people.append(person)
    owner = people[0].actor
    made_group = await groups.create(runtime.db, owner, CreateGroup(group, name=texts.group))
    made = await projects.create(runtime.db, owner, CreateProject(made_group.id, project))
    for role, person in zip(ROLES[1:], people[1:], strict=True):
        await members.set_role(runtime.db, owner, GroupOrProject(project_id=made.id), person.actor.username, role)
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        callers = [Caller(http, person.actor.username, person.token) for person in people]
        demo = await Builder(made.project.full_path, made.id, callers, texts, candidates=candidates).build()
    return Shown(demo, dict(zip(VIEWERS, [*people, admin], strict=True)))


async def _call(person: Person, url: str, mutation: str, **given: Any) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        await Caller(http, person.actor.username, person.token).do(mutation, **given)
