"""Steps that make, change and delete candidates, models and versions."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, rule

from app.artifacts.artifacts import Root
from app.errors import NotFound
from app.registry import aliases
from app.registry import models as registry_models
from app.registry.models import CreateModel, ModelTaken
from app.registry.references.parse import parse_reference
from app.registry.trash.retention import AT_ONCE
from app.registry.versions import create, delete
from app.registry.versions.request import CreateVersion
from app.tracking import candidates
from app.tracking.candidates import CreateCandidate
from tests.support.artifacts.stateful.expected import Model, Owner, Version
from tests.support.artifacts.stateful.state import (
    LifeOfFiles,
    models,
    owners,
    refused,
    versions,
)


class OwnerRules(LifeOfFiles):
    """Candidates, models and versions."""

    @initialize(target=owners)
    def first_owners(self) -> Any:
        return multiple(*(self.create_candidate() for _ in range(3)))

    @initialize(target=models)
    def first_models(self) -> Any:
        return multiple(self.create_model("iris"), self.create_model("digits"))

    @rule(target=owners)
    def another_candidate(self) -> Owner:
        return self.create_candidate()

    @rule(target=models, name=st.sampled_from(["iris", "digits", "wine"]))
    def another_model(self, name: str) -> Any:
        return self.create_model(name)

    def create_candidate(self) -> Owner:
        made = self.run(candidates.create(self.db, self.actor, self.project.id, CreateCandidate())).candidate
        return self.keep_owner(made.id)

    def keep_owner(self, candidate_id: Any, **values: Any) -> Owner:
        owner = Owner(Root(self.project.id, candidate_id=candidate_id), **values)
        self.all_owners.append(owner)
        return owner

    def create_model(self, name: str) -> Any:
        taken = any(model.name == name and model.is_alive for model in self.all_models)
        made = self.attempt(registry_models.create(self.db, self.actor, self.project.id, CreateModel(name)))
        assert isinstance(made, ModelTaken) is taken
        if taken:
            return multiple()
        model = Model(made.id, name)
        self.all_models.append(model)
        return model

    @rule(target=versions, model=models)
    def create_version(self, model: Model) -> Any:
        made = self.attempt(create.create(self.db, self.actor, self.project.id, CreateVersion(model.id)))
        if not model.is_alive:
            assert isinstance(made, NotFound)
            return multiple()
        return self.keep_version(model, made, self.keep_owner(made.candidate_id, model=model, of_version=True))

    @rule(target=versions, model=models, owner=owners | versions)
    def promote_or_copy(self, model: Model, owner: Owner | Version) -> Any:
        return self.version_from(model, owner if isinstance(owner, Owner) else owner.owner)

    def version_from(self, model: Model, owner: Owner) -> Any:
        command = CreateVersion(model.id, candidate_id=owner.root.candidate_id)
        made = self.attempt(create.create(self.db, self.actor, self.project.id, command))
        if refused(made):
            assert not (model.is_alive and owner.takes_files), made
            return multiple()
        assert model.is_alive and owner.takes_files
        return self.keep_version(model, made, owner)

    def keep_version(self, model: Model, made: Any, owner: Owner) -> Version:
        assert made.number == len(model.numbers) + 1, "numbers have no gap and are never used again"
        model.numbers.append(made.number)
        version = Version(made.id, made.number, model, owner)
        owner.versions.append(version)
        return version

    @rule(version=versions, name=st.sampled_from(["champion", "rival"]))
    def set_alias(self, version: Version, name: str) -> None:
        reference = parse_reference(f"#{version.number}")
        done = self.attempt(aliases.set(self.db, self.actor, self.project.id, version.model.id, name, reference))
        assert refused(done) is not version.is_alive
        if version.is_alive:
            version.model.aliases[name] = version.number

    @rule(version=versions)
    def delete_version(self, version: Version) -> None:
        done = self.attempt(delete.delete(self.db, self.actor, self.project.id, version.id, keep=AT_ONCE))
        assert refused(done) is not version.is_alive
        if version.is_alive:
            version.is_deleted = True
            model, number = version.model, version.number
            model.aliases = {name: at for name, at in model.aliases.items() if at != number}
            self.let_go(version.owner)

    @rule(model=models)
    def delete_model(self, model: Model) -> None:
        done = self.attempt(registry_models.delete(self.db, self.actor, self.project.id, model.id, keep=AT_ONCE))
        assert refused(done) is not model.is_alive
        model.is_alive = False
        for owner in self.all_owners:
            if owner.model is model:
                owner.condemned = True
            if any(version.model is model for version in owner.versions):
                self.let_go(owner)

    def let_go(self, owner: Owner) -> None:
        owner.condemned = owner.condemned or (owner.of_version and not owner.is_needed)

    @rule(owner=owners, verb=st.sampled_from(["delete", "restore", "delete_permanently"]))
    def change_candidate(self, owner: Owner, verb: str) -> None:
        done = self.attempt(getattr(candidates, verb)(self.db, self.actor, self.project.id, owner.root.id))
        if refused(done):
            assert owner.condemned or (owner.is_needed and verb != "restore"), done
            return
        assert not owner.condemned
        if verb == "delete_permanently":
            assert not owner.is_needed
            owner.condemned = True
        else:
            owner.in_trash = verb == "delete"
