"""The Python API: one object, calls that return when it is done."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Optional, TypeVar, Union

from modelyard_client import connection as connections
from modelyard_client import pull as pulling
from modelyard_client import push as pushing
from modelyard_client import targets
from modelyard_client.connection import Choice, Connection
from modelyard_client.failures import Misused
from modelyard_client.lifecycle import LifecycleCalls, named_version
from modelyard_client.progress import NoProgress, Reporter
from modelyard_client.registry import accounts, logs, models, versions
from modelyard_client.registry.logs import Evidence
from modelyard_client.results import Account, Model, PullResult, PushResult, Version
from modelyard_client.service import graphql
from modelyard_client.service.graphql import Api
from modelyard_client.targets import NewVersion
from modelyard_client.transfer import resume_state

T = TypeVar("T")
PathText = Union[str, "os.PathLike[str]"]


class Client(LifecycleCalls):
    """One installation and one project of it, in the name of one token.

    Without arguments it is the one that the commands mean: by the environment, the default profile of
    ``modelyard login``, or ``.modelyard/connection.env``. Usable from several threads, in notebooks, and with ``with``.
    A version is named as everywhere: ``churn:1.2.3``, ``churn:^1.2``, ``churn@champion``, ``churn#7``.

    Raises:
        Misused: no installation, token or project is named.
    """

    def __init__(
        self,
        url: Optional[str] = None,
        token: Optional[str] = None,
        project: Optional[str] = None,
        *,
        profile: Optional[str] = None,
        reporter: Optional[Reporter] = None,
    ) -> None:
        environment = connections.default_environment()
        if (url is None) != (token is None):
            raise Misused("Give both url and token, or neither: a token is for one installation.")
        if url is not None and profile is not None:
            raise Misused("Give url and token, or a profile.")
        if url is not None and token is not None:
            environment = {**environment, "MODELYARD_URL": url, "MODELYARD_TOKEN": token}
        self.connection: Connection = connections.find(Choice(profile=profile, project=project), environment)
        self._reporter = reporter or NoProgress()
        self._lock = threading.Lock()
        self._thread: Optional[_LoopThread] = None

    def __repr__(self) -> str:
        return f"Client({self.connection.url!r}, project={self.connection.project!r})"

    def __enter__(self) -> Client:  # noqa: PYI034 - `Self` came with Python 3.11
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections; the next call opens new ones."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()

    def whoami(self) -> Account:
        """Who the token speaks for.

        Raises:
            Unauthenticated: the service does not accept it.
        """
        return self._run(lambda _: accounts.of(self.connection))

    def models(self, search: str = "", limit: Optional[int] = None) -> list[Model]:
        """Models of the project, by name; with ``search`` those with this text in their names."""
        return self._run(lambda api: models.listed(api, search, limit))

    def model(self, name: str) -> Model:
        """The model of that name.

        Raises:
            NotFound: there is none.
        """
        return self._run(lambda api: models.get(api, name))

    def versions(self, model: str, reference: Optional[str] = None, limit: Optional[int] = None) -> list[Version]:
        """Versions of a model, the highest first; with a reference such as ``^1.2`` those that it means.

        Raises:
            NotFound: there is no such model.
        """
        return self._run(lambda api: versions.listed(api, model, reference, limit=limit))

    def get(self, version: str) -> Version:
        """The version that ``churn:^1.2`` and the like mean, with params, metrics and files; of a name the latest.

        Raises:
            NotFound: there is none.
        """
        model, reference = pulling.parse(version)
        return self._run(lambda api: versions.get(api, model, reference))

    def push(
        self,
        model: str,
        *paths: PathText,
        version: Optional[str] = None,
        increment: Optional[str] = None,
        candidate: Optional[str] = None,
        description: str = "",
        tags: Optional[Mapping[str, str]] = None,
        aliases: Iterable[str] = (),
        metrics: Optional[Mapping[str, float]] = None,
        params: Optional[Mapping[str, str]] = None,
        datasets: Optional[Mapping[str, str]] = None,
        facts: Optional[Mapping[str, str]] = None,
        to: str = "",
        exclude: Iterable[str] = (),
        create: bool = True,
        jobs: int = 8,
    ) -> PushResult:
        """Make a version of files and folders; after an interruption the same call goes on.

        ``candidate`` (a run id) makes it from that candidate; ``datasets`` are digests by name.

        Raises:
            Failure: it was refused, or a file is not fit for use.
            Unreachable: the service was away for too long.
        """
        new = NewVersion(model, version, increment.upper() if increment else None, description, dict(tags or {}))
        evidence = Evidence(dict(metrics or {}), _texts(params), dict(datasets or {}), dict(facts or {}))
        options = pushing.PushOptions(
            tuple(Path(path) for path in paths),
            new,
            candidate,
            evidence,
            to,
            tuple(exclude),
            tuple(aliases),
            create,
            jobs,
        )
        cache = resume_state.folder(connections.default_environment())
        done = self._run(lambda _: pushing.push(self.connection, options, cache, self._reporter))
        return PushResult(
            model, done.version.version, done.version.number, done.version.id, done.files, done.bytes, done.sent_bytes,
            done.stored_before, done.seconds, done.resumed, done.warnings,
        )  # fmt: skip

    def pull(
        self, version: str, folder: PathText, *, include: Iterable[str] = (), jobs: int = 8, allow_empty: bool = False
    ) -> PullResult:
        """Fetch the files of a version into a folder and check them; what is there already is not fetched again.

        Raises:
            NotFound: there is no such version.
            Empty: it has no files, and that is not allowed.
            Failure: a file is in quarantine, corrupted, or cannot be written.
        """
        model, reference = pulling.parse(version)
        options = pulling.PullOptions(Path(folder), model, reference, None, tuple(include), jobs, allow_empty)
        done = self._run(lambda _: pulling.pull(self.connection, options, self._reporter))
        return PullResult(
            done.source.title, done.source.owner.get("version"), str(folder), done.files, done.bytes, done.received,
            done.there_before, done.seconds, done.source.warnings,
        )  # fmt: skip

    def log(
        self,
        version: str,
        *,
        metrics: Optional[Mapping[str, float]] = None,
        params: Optional[Mapping[str, str]] = None,
        datasets: Optional[Mapping[str, str]] = None,
        facts: Optional[Mapping[str, str]] = None,
        step: int = 0,
    ) -> None:
        """Log metrics, params, data sets (digest by name) and facts (commit, branch, repository), all or nothing.

        Raises:
            NotFound, Forbidden: the service refused it.
        """
        model, reference = named_version(version)
        evidence = Evidence(dict(metrics or {}), _texts(params), dict(datasets or {}), dict(facts or {}), step)
        self._run(lambda api: logs.to_version(api, model, reference, evidence))

    def set_stage(self, version: str, stage: str, *, archive_existing: bool = False) -> Version:
        """Move a version to a stage; ``archive_existing`` moves those that are there to ``archived``."""
        model, reference = named_version(version)
        return self._run(
            lambda api: versions.set_stage(api, model, reference, stage, archive_existing=archive_existing)
        )

    def set_alias(self, version: str, alias: str, *, expected_number: Optional[int] = None) -> Version:
        """Let an alias mean a version; with ``expected_number`` only if it means that number so far (0: none).

        Raises:
            Conflict: it means another one.
        """
        model, reference = named_version(version)
        return self._run(lambda api: versions.set_alias(api, model, reference, alias, expected_number))

    def delete_alias(self, model: str, alias: str) -> bool:
        """Whether there was such an alias; there is none now."""
        return self._run(lambda api: versions.delete_alias(api, model, alias))

    def set_tags(self, what: str, tags: Mapping[str, Optional[str]]) -> None:
        """Set tags of a version, or of a model when only a name is given; None removes one."""
        model, reference = targets.split_reference(what)
        if reference is None:
            self._run(lambda api: models.change(api, model, tags))
        else:
            self._run(lambda api: versions.change(api, targets.version_lookup(api, model, reference), tags))

    def delete_version(self, version: str) -> None:
        """Delete a version.

        Raises:
            NotFound, Forbidden: the service refused it.
        """
        model, reference = named_version(version)

        async def work(api: Api) -> None:
            await versions.delete(api, (await versions.get(api, model, reference)).id)

        self._run(work)

    def delete_model(self, name: str) -> None:
        """Delete a model with all of its versions."""

        async def work(api: Api) -> None:
            await models.delete(api, (await models.get(api, name)).id)

        self._run(work)

    def _run(self, work: Callable[[Api], Coroutine[Any, Any, T]]) -> T:
        with self._lock:
            if self._thread is None or self._thread.pid != os.getpid():  # a fork has no threads but its own
                self._thread = _LoopThread(self.connection, self._reporter)
            thread = self._thread
        return thread.run(work)


class _LoopThread:
    """An event loop in a thread of its own: a notebook's thread runs one already."""

    def __init__(self, connection: Connection, reporter: Reporter) -> None:
        self.pid = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="modelyard", daemon=True)
        self._thread.start()
        self._opened = AsyncExitStack()
        self._api: Api = self._await(self._open(connection, reporter))

    def run(self, work: Callable[[Api], Coroutine[Any, Any, T]]) -> T:
        """Do it there and wait for it; Ctrl-C cancels it."""

        async def begun() -> T:
            with graphql.understood(self._api.connection.url):
                return await work(self._api)

        return self._await(begun())

    def close(self) -> None:
        """End it."""
        self._await(self._opened.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self, connection: Connection, reporter: Reporter) -> Api:
        opened = graphql.opened(connection, 8, lambda reason: reporter.say(f"{reason}; trying again"))
        return await self._opened.enter_async_context(opened)

    def _await(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise


def _texts(params: Optional[Mapping[str, Any]]) -> dict[str, str]:
    return {key: str(value) for key, value in (params or {}).items()}
