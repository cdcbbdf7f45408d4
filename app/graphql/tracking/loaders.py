"""Batches of experiments and candidates, and searches among them."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.lists import Answers
from app.access.policy import Actor
from app.db.database import Database
from app.graphql.batches import per_arguments
from app.graphql.tracking.log_loaders import Found, LogLoaders, ProjectKey
from app.pagination import Page, Window
from app.tracking import listing, listing_experiments, listing_logged_models, pages
from app.tracking.candidates import Candidate
from app.tracking.experiments import Experiment
from app.tracking.listing import SearchCandidates
from app.tracking.listing_experiments import SearchExperiments
from app.tracking.listing_logged_models import SearchLoggedModels
from app.tracking.logged_models import LoggedModel
from app.tracking.pages import CandidateKey, ExperimentKey

ExperimentList = tuple[Window, str, bool]
"""Page, text, and whether it is the trash that is listed."""


class TrackingLoaders(LogLoaders):
    """What concerns experiments, candidates and logged models; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        super().__init__(db, actor)
        one, found = self._plain, self._searched
        self.experiments: DataLoader[ExperimentKey, Experiment | None] = one(pages.experiments_by_keys)
        self.is_of_model: DataLoader[ExperimentKey, bool] = one(pages.are_of_models)
        self.candidates: DataLoader[CandidateKey, Candidate | None] = one(pages.candidates_by_keys)
        self.candidate_counts: DataLoader[ExperimentKey, int] = one(pages.count_candidates_of_experiments)
        self.child_counts: DataLoader[CandidateKey, int] = one(pages.count_children_of_candidates)
        self.experiment_pages = per_arguments(self._experiment_pages)
        self.experiment_counts = per_arguments(self._experiment_counts)
        self.candidate_pages = self._paged(pages.candidates_of_experiments)
        self.child_pages = self._paged(pages.children_of_candidates)
        self.searches: DataLoader[tuple[ProjectKey, SearchCandidates], Found[Candidate]] = per_arguments(
            found(listing.in_projects)
        )
        self.experiment_searches: DataLoader[tuple[ProjectKey, SearchExperiments], Found[Experiment]] = per_arguments(
            found(listing_experiments.in_projects)
        )
        self.model_searches: DataLoader[tuple[ProjectKey, SearchLoggedModels], Found[LoggedModel]] = per_arguments(
            found(listing_logged_models.in_projects)
        )

    async def _experiment_pages(self, keys: list[ProjectKey], wish: ExperimentList) -> Answers[Page[Experiment]]:
        window, text, in_trash = wish
        return await pages.experiments_of_projects(self._db, self._actor, keys, window, text=text, in_trash=in_trash)

    async def _experiment_counts(self, keys: list[ProjectKey], wish: tuple[str, bool]) -> Answers[int]:
        text, in_trash = wish
        return await pages.count_experiments_of_projects(self._db, self._actor, keys, text=text, in_trash=in_trash)
