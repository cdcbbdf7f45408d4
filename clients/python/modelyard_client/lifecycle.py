"""Calls of the Python API about what becomes of versions: evaluations, promotions, deployments."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Callable, Optional, Protocol, TypeVar

from modelyard_client import targets
from modelyard_client.failures import Misused
from modelyard_client.registry import deployments, evaluations, promotions
from modelyard_client.registry.deployments import Running
from modelyard_client.registry.evaluations import Measured, Results
from modelyard_client.registry.promotions import Promoted
from modelyard_client.results import Deployment
from modelyard_client.service.graphql import Api

T = TypeVar("T")


class _Runner(Protocol):
    """What these calls need of the client."""

    def _run(self, work: Callable[[Api], Coroutine[Any, Any, T]]) -> T: ...


class LifecycleCalls:
    """A part of ``Client``, which runs the calls."""

    def add_evaluation(
        self: _Runner,
        version: str,
        dataset: str,
        metrics: Mapping[str, float],
        *,
        slices: Optional[Mapping[str, Mapping[str, float]]] = None,
        digest: str = "",
        name: str = "",
        key: Optional[str] = None,
    ) -> Mapping[str, Any]:
        """Attach what was measured on a data set to a version; with ``key`` the same again adds nothing.

        ``metrics`` are of all of the data, ``slices`` of parts of it, by name.

        Raises:
            NotFound, Forbidden, Conflict: the service refused it.
        """
        model, reference = named_version(version)
        measured = [Measured(metric, value) for metric, value in metrics.items()]
        for part, values in (slices or {}).items():
            measured += [Measured(metric, value, part) for metric, value in values.items()]
        results = Results(dataset, measured, digest, name, idempotency_key=key)
        return self._run(lambda api: evaluations.add(api, model, reference, results))

    def check_promotion(self: _Runner, version: str, stage: str) -> Mapping[str, Any]:
        """What :meth:`promote` would come to: ``allowsPromotion``, and the ``verdicts`` of all rules."""
        model, reference = named_version(version)
        return self._run(lambda api: promotions.check(api, model, reference, stage))

    def promote(
        self: _Runner,
        version: str,
        stage: str,
        *,
        reason: str = "",
        expected_number: Optional[int] = None,
        wait_seconds: float = 0.0,
    ) -> Promoted:
        """Let a version enter a stage, if its rules allow it; twice is fine.

        ``wait_seconds``: how long to wait for approvals and times. ``expected_number``: the number of the version that
        the stage means now; 0 for none.

        Raises:
            PromotionRefused: rules keep it out; the message names them.
            Conflict: another version got into the stage first.
            NotFound, Forbidden: the service refused it.
        """
        model, reference = named_version(version)

        async def work(api: Api) -> Promoted:
            how = {"reason": reason, "expected_number": expected_number}
            if wait_seconds > 0:
                return await promotions.promote_when_allowed(api, model, reference, stage, wait_seconds, **how)
            return await promotions.promote(api, model, reference, stage, reason, expected_number)

        return self._run(work)

    def request_promotion(
        self: _Runner, version: str, stage: str, *, reason: str = "", is_automatic: bool = False
    ) -> Mapping[str, Any]:
        """Ask others to approve that a version enters a stage; ``is_automatic``: the last approval promotes.

        Raises:
            Conflict: there is an open request already.
            NotFound, Forbidden: the service refused it.
        """
        model, reference = named_version(version)
        return self._run(
            lambda api: promotions.open_request(api, model, reference, stage, reason, is_automatic=is_automatic)
        )

    def approve_promotion(self: _Runner, version: str, stage: str, *, comment: str = "") -> Mapping[str, Any]:
        """Approve the open request for a version and stage, as things stand now.

        Raises:
            NotFound: there is none that is open.
            Forbidden: the service refused it.
        """
        model, reference = named_version(version)
        return self._run(lambda api: promotions.approve(api, model, reference, stage, comment))

    def register_deployment(
        self: _Runner,
        version: str,
        environment: str,
        endpoint: str,
        *,
        instance: str = "",
        follows: Optional[str] = None,
        digest: Optional[str] = None,
    ) -> Deployment:
        """Say that a version runs; the same again is a heartbeat.

        ``follows`` is the reference that is resolved at the start, such as ``stage:production``: of a version that is
        named by one it is that one.

        Raises:
            NotFound, Forbidden: the service refused it.
        """
        model, reference = named_version(version)
        running = Running(environment, endpoint, instance, follows, digest)
        return self._run(lambda api: deployments.register(api, model, reference, running))

    def heartbeat(self: _Runner, deployment_id: str) -> Deployment:
        """Say that a deployment still runs; answers also whether another version is to run (``is_drifting``)."""
        return self._run(lambda api: deployments.heartbeat(api, deployment_id))

    def end_deployment(self: _Runner, deployment_id: str, reason: str = "") -> Deployment:
        """Say that a deployment runs no more."""
        return self._run(lambda api: deployments.end(api, deployment_id, reason))

    def deployments(self: _Runner, environment: Optional[str] = None, status: Optional[str] = None) -> list[Deployment]:
        """Deployments of the project, the newest first; of a status ``RUNNING``, ``SILENT`` or ``ENDED``."""
        return self._run(lambda api: deployments.listed(api, environment, status))


def named_version(version: str) -> tuple[str, str]:
    """The model and the reference of ``churn:1.2.3`` and the like.

    Raises:
        Misused: there is no reference.
    """
    model, reference = targets.split_reference(version)
    if not reference:
        raise Misused(f"Say which version of {model!r}: {model}:1.2.3, {model}:latest, {model}@champion.")
    return model, reference
