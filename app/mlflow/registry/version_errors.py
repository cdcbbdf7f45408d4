"""Calls that name a version of a model: to their clients a version of a model that is gone is simply not found."""

from __future__ import annotations

from functools import wraps

from app.mlflow.protocol.call import Answer, Call, Handler
from app.registry.models import ModelNotFound
from app.registry.versions.lookup import VersionNotFound


def of_a_version(handler: Handler) -> Handler:
    """The handler of a call with the fields ``name`` and ``version``.

    It raises VersionNotFound, with the reason, where there is no such model (MLflow: model-versions/get).
    """

    @wraps(handler)
    async def named(call: Call) -> Answer:
        try:
            return await handler(call)
        except ModelNotFound as error:
            name, version = call.message.text("name"), call.message.text("version")
            raise VersionNotFound(error.message, field="name", model=name, reference=version) from error

    return named
