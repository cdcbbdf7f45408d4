"""The client of Modelyard, a self-hosted registry for machine-learning models: ``modelyard`` in a shell, and this API.

>>> import modelyard_client as modelyard
>>> client = modelyard.Client()

A name is loaded when it is used, so that commands start at once. Begin reading at ``client.py`` (the Python API) or
``cli/main.py`` (the commands); both call ``registry`` (what can be done), ``push.py`` and ``pull.py``. ``accounts`` has
sign-in and profiles, ``service`` speaks to the API, ``transfer`` moves bytes. Nothing here is shared with the server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from modelyard_client.client import Client
    from modelyard_client.connection import Connection
    from modelyard_client.failures import (
        Conflict,
        Empty,
        Failure,
        Forbidden,
        Misused,
        NotFound,
        QuotaExceeded,
        Unauthenticated,
        Unreachable,
    )
    from modelyard_client.results import Account, File, Model, PullResult, PushResult, Version

_MODULES = {
    "client": ("Client",),
    "connection": ("Connection",),
    "failures": (
        "Conflict", "Empty", "Failure", "Forbidden", "Misused", "NotFound", "QuotaExceeded", "Unauthenticated",
        "Unreachable",
    ),
    "results": ("Account", "File", "Model", "PullResult", "PushResult", "Version"),
}  # fmt: skip
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Account",
    "Client",
    "Conflict",
    "Connection",
    "Empty",
    "Failure",
    "File",
    "Forbidden",
    "Misused",
    "Model",
    "NotFound",
    "PullResult",
    "PushResult",
    "QuotaExceeded",
    "Unauthenticated",
    "Unreachable",
    "Version",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
