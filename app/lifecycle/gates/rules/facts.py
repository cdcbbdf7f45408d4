"""Gates about what is told of a version: facts, tags, and the licence."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from app.lifecycle.gates.rules.rule import Judgement, Rule, failed, listed, passed
from app.lifecycle.gates.rules.subject import Subject

FactName = Literal["source_commit", "training_data", "hyper_parameters", "metrics", "environment"]
Key = Annotated[str, Field(min_length=1, max_length=250)]
LICENCE_TAGS = ("license", "licence")
"""Tags of a version, its candidate or its model that name the licence, in this order."""
_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


class RequiredFacts(Rule):
    """Facts are told of the version, and tags, params and its description are not empty.

    Five of the six facts can be demanded; the sixth, the stage, always is told.
    """

    kind: ClassVar[str] = "required_facts"
    facts: Annotated[list[FactName], Field(max_length=5)] = Field(default_factory=list)
    tags: Annotated[list[Key], Field(max_length=100)] = Field(default_factory=list)
    params: Annotated[list[Key], Field(max_length=100)] = Field(default_factory=list)
    description: bool = False

    @model_validator(mode="after")
    def _demands_something(self) -> Self:
        if not (self.facts or self.tags or self.params or self.description):
            raise ValueError("name at least one of facts, tags, params or description")
        return self

    def _demanded(self) -> list[str]:
        tags = [f"tag {name}" for name in self.tags]
        params = [f"param {name}" for name in self.params]
        return [*self.facts, *tags, *params, *(["description"] if self.description else [])]

    def title(self) -> str:
        """What it demands."""
        return f"Told: {listed(self._demanded())}"

    def judge(self, subject: Subject) -> Judgement:
        """Look for each of them."""
        version = subject.version
        has = {name for name, fact in version.facts.items() if fact.value not in (None, "", {}, [])}
        has |= {f"tag {key}" for key, value in version.tags.items() if value.strip()}
        has |= {f"param {key}" for key, value in version.params.items() if value.strip()}
        has |= {"description"} if version.description.strip() else set()
        demanded = self._demanded()
        missing = [name for name in demanded if name not in has]
        sources = [
            {"type": "fact", "name": name, "source": version.facts[name].source} for name in self.facts if name in has
        ]
        compared = {"missing": missing, "told": [name for name in demanded if name in has]}
        if missing:
            return failed(f"Version {version.version} does not tell {listed(missing)}.", compared, *sources)
        return passed(f"Version {version.version} tells {listed(demanded)}.", compared, *sources)


class LicenceAllowed(Rule):
    """The licence is one of a list of SPDX identifiers; of ``A OR B`` one suffices, of ``A AND B`` both are needed.

    It is the value of the tag ``license`` (or ``licence``) of the version, else of its candidate, else of its model.
    """

    kind: ClassVar[str] = "licence_allowed"
    licences: Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _are_identifiers(self) -> Self:
        for each in self.licences:
            if not _LICENCE.fullmatch(each):
                raise ValueError(f"{each[:60]!r} is no SPDX identifier, such as Apache-2.0")
        return self

    def title(self) -> str:
        """What it demands."""
        return f"Licence is one of {listed(self.licences)}"

    def judge(self, subject: Subject) -> Judgement:
        """Read the expression and look each identifier up."""
        licence, owner = self._declared(subject)
        if licence is None:
            return failed(
                "No licence is told: set the tag `license` of the version, its candidate or its model.",
                {"licence": None, "allowed": self.licences},
            )
        compared = {"licence": licence[:200], "allowed": self.licences}
        source = {"type": "tag", "of": owner}
        answer = passed if self._allows(licence) else failed
        return answer(f"The licence is `{licence[:200]}`; allowed are {listed(self.licences)}.", compared, source)

    def _declared(self, subject: Subject) -> tuple[str | None, str]:
        version = subject.version
        tags = version.candidate.get("tags", {})
        for owner, those in (("version", version.tags), ("candidate", tags), ("model", version.model_tags)):
            for key in LICENCE_TAGS:
                if those.get(key, "").strip():
                    return those[key].strip(), owner
        return None, ""

    def _allows(self, licence: str) -> bool:
        """SPDX expressions without parentheses; ``AND`` binds closer than ``OR`` (SPDX 2.3, annex D)."""
        allowed = {each.lower() for each in self.licences}
        either = re.split(r"\s+or\s+", licence.lower())
        return any(all(each.strip() in allowed for each in re.split(r"\s+and\s+", part)) for part in either)
