"""Batches of experiments and candidates, and searches among them."""

from __future__ import annotations

from strawberry.dataloader import DataLoader

from app.access.policy import Actor
from app.access.reads.guarded import Results
from app.db.database import Database
from app.graphql.tracking.log_loaders import LogLoaders, ProjectKey, SearchPage
from app.graphql.types.page_loaders import per_arguments
from app.pagination import Page, Window
from app.tracking.candidates import Candidate
from app.tracking.experiments import Experiment
from app.tracking.logged_models import LoggedModel
from app.tracking.reads import loaders
from app.tracking.reads.loaders import CandidateKey, ExperimentKey
from app.tracking.search import candidate_search, experiment_search, logged_model_search
from app.tracking.search.candidate_search import SearchCandidates
from app.tracking.search.experiment_search import SearchExperiments
from app.tracking.search.logged_model_search import SearchLoggedModels
from app.tracking.search.planner import View

ExperimentList = tuple[Window, str, View]
"""Page, text, and whether those in the trash are listed."""


class TrackingLoaders(LogLoaders):
    """What concerns experiments, candidates and logged models; keys begin with the project."""

    def __init__(self, db: Database, actor: Actor) -> None:
        super().__init__(db, actor)
        one, searched = self._plain, self._searched
        self.experiments: DataLoader[ExperimentKey, Experiment | None] = one(loaders.experiments_by_keys)
        self.is_of_model: DataLoader[ExperimentKey, bool] = one(loaders.are_of_models)
        self.candidates: DataLoader[CandidateKey, Candidate | None] = one(loaders.candidates_by_keys)
        self.candidate_counts: DataLoader[ExperimentKey, int] = one(loaders.count_candidates_of_experiments)
        self.child_counts: DataLoader[CandidateKey, int] = one(loaders.count_children_of_candidates)
        self.experiment_pages = per_arguments(self._experiment_pages)
        self.experiment_counts = per_arguments(self._experiment_counts)
        self.candidate_pages = self._paged(loaders.candidates_of_experiments)
        self.child_pages = self._paged(loaders.children_of_candidates)
        self.searches: DataLoader[tuple[ProjectKey, SearchCandidates], SearchPage[Candidate]] = per_arguments(
            searched(candidate_search.in_projects)
        )
        self.experiment_searches: DataLoader[tuple[ProjectKey, SearchExperiments], SearchPage[Experiment]] = (
            per_arguments(searched(experiment_search.in_projects))
        )
        self.model_searches: DataLoader[tuple[ProjectKey, SearchLoggedModels], SearchPage[LoggedModel]] = per_arguments(
            searched(logged_model_search.in_projects)
        )

    async def _experiment_pages(self, keys: list[ProjectKey], request: ExperimentList) -> Results[Page[Experiment]]:
        window, text, view = request
        return await loaders.experiments_of_projects(self._db, self._actor, keys, window, text=text, view=view)

    async def _experiment_counts(self, keys: list[ProjectKey], request: tuple[str, View]) -> Results[int]:
        text, view = request
        return await loaders.count_experiments_of_projects(self._db, self._actor, keys, text=text, view=view)
