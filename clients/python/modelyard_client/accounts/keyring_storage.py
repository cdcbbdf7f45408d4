"""Tokens in the keyring of the system, where the package ``keyring`` is installed and finds a real one."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from modelyard_client.failures import Failure

_SERVICE = "modelyard"
_REAL = 1
"""Backends of a lower priority keep nothing, or in the clear."""


def store(account: str, secret: str) -> bool:
    """Whether it is stored now; False where there is no keyring, or none that takes it."""
    backend = _backend()
    if backend is None:
        return False
    try:
        backend.set_password(_SERVICE, account, secret)
        return bool(backend.get_password(_SERVICE, account) == secret)
    except Exception:  # noqa: BLE001 - backends raise what they like: D-Bus, Windows, macOS
        return False


def load(account: str) -> str | None:
    """What is stored; None if nothing is.

    Raises:
        Failure: the keyring is locked, or not there any more.
    """
    backend = _backend()
    if backend is None:
        raise Failure("The token is in the system's keyring, which cannot be used here. Run `modelyard login` again.")
    try:
        secret = backend.get_password(_SERVICE, account)
    except Exception as error:  # noqa: BLE001 - as above
        raise Failure(f"The system's keyring did not give the token: {error}.") from None
    return secret if secret is None else str(secret)


def remove(account: str) -> bool:
    """Forget it; whether it is certainly not there any more."""
    backend = _backend()
    if backend is None:
        return False
    try:
        if backend.get_password(_SERVICE, account) is not None:
            backend.delete_password(_SERVICE, account)
    except Exception:  # noqa: BLE001 - as above
        return False
    return True


def _backend() -> Any:
    """The system's keyring, or None."""
    try:
        keyring = _package()
        backend = keyring.get_keyring() if keyring else None
        is_real = backend is not None and backend.priority >= _REAL
    except Exception:  # noqa: BLE001 - as above
        return None
    return backend if is_real else None


def _package() -> ModuleType | None:
    try:
        return import_module("keyring")  # an extra
    except ImportError:
        return None
