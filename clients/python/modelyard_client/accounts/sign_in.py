"""Signing in and out, and who one is: what ``modelyard login``, ``logout`` and ``whoami`` do."""

from __future__ import annotations

import getpass
import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Optional
from urllib.parse import urlsplit

from modelyard_client.accounts import device_flow
from modelyard_client.accounts.device_flow import DeviceCode
from modelyard_client.accounts.profiles import Profile, Profiles
from modelyard_client.connection import Connection
from modelyard_client.failures import Failure, Misused, Unauthenticated, Unreachable
from modelyard_client.registry import accounts
from modelyard_client.service import http

_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Login:
    """Where one signs in, and what the profile is to be like."""

    url: str
    profile: Optional[str] = None
    """Its name; that of an earlier sign-in at this address, or the host, when none is given."""
    project: Optional[str] = None
    patience: float = 60.0


async def by_device(profiles: Profiles, login: Login, show: Callable[[DeviceCode], None]) -> tuple[Profile, list[str]]:
    """Sign in with a browser; ``show`` is told the code. Returns the profile, and what one should know.

    Raises:
        Failure: it was refused, or took too long.
        Unreachable: the service does not answer.
    """
    profiles.require_usable()
    async with http.session(2) as session:
        code = await device_flow.begin(session, login.url)
        show(code)
        token = await device_flow.token(session, login.url, code)
    try:
        return await _store(profiles, login, token, is_own=True)
    except Failure:
        await _revoke(Connection(login.url, token, "", 2.0))  # nothing else has it
        raise


async def by_token(profiles: Profiles, login: Login, token: str) -> tuple[Profile, list[str]]:
    """Sign in with a token that was made elsewhere. Returns the profile, and what one should know.

    Raises:
        Unauthenticated: the service does not accept it.
        Misused: it is none.
    """
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Misused("That is no token; one begins with `myt_` and has letters and digits.")
    profiles.require_usable()
    return await _store(profiles, login, token, is_own=False)


async def out(profiles: Profiles, profile: Profile, patience: float, *, keep_token: bool) -> list[str]:
    """Revoke the token of a profile and forget it, also when the service is away. Returns what one should know.

    A token that was made elsewhere is only forgotten: others may use it.

    Raises:
        Failure: this machine cannot forget it.
    """
    notes = []
    try:
        token = profiles.token(profile)
    except Failure as failure:
        token, notes = "", [failure.message]
    if token and not profile.is_own:
        notes.append("The token was made elsewhere and goes on; revoke it on the account page if it is not needed.")
    elif token and not keep_token:
        notes += await _revoke(Connection(profile.url, token, "", patience))
    if not profiles.remove(profile):
        notes.append("The system's keyring may still hold the token.")
    return notes


def default_name(profiles: Profiles, url: str) -> str:
    """The profile of an earlier sign-in at this address, or its host for a new one."""
    existing, default = profiles.all()
    same = [profile.name for profile in existing if profile.url == url]
    if same:
        return default if default in same else same[0]
    return urlsplit(url).netloc


def is_unprotected(url: str) -> bool:
    """Whether tokens would travel to another machine unencrypted."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _LOCAL


def open_browser(link: str, environment: Mapping[str, str]) -> bool:
    """Whether a browser was told to show a page; it is not on a machine without a screen."""
    has_screen = sys.platform in {"darwin", "win32"} or bool(
        environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY") or environment.get("BROWSER")
    )
    is_remote = bool(environment.get("SSH_CONNECTION")) and not environment.get("DISPLAY")
    if not has_screen or is_remote:
        return False
    with suppress(webbrowser.Error, OSError):
        return webbrowser.open(link)
    return False


def prompt_token() -> str:
    """A token from standard input: unseen from a terminal, else its first row of text.

    Raises:
        Misused: there is none.
    """
    if sys.stdin.isatty():
        return getpass.getpass("Token: ")
    text = sys.stdin.readline(65_536)
    if not text.strip():
        raise Misused(f"There is no token on standard input: `echo $TOKEN | {os.path.basename(sys.argv[0])} login …`.")  # noqa: PTH119
    return text


async def _store(profiles: Profiles, login: Login, token: str, *, is_own: bool) -> tuple[Profile, list[str]]:
    connection = Connection(login.url, token, login.project or "", login.patience)
    account = await accounts.of(connection)
    if account.username is None:
        raise Unauthenticated("The service does not accept the token.")
    name = login.profile or default_name(profiles, login.url)
    project = login.project or _project_of(profiles, name, login.url)
    profile = Profile(name, login.url, account.username, project.strip("/"), is_own=is_own)
    stored = profiles.store(profile, token)
    before, old = stored.before, stored.before_token
    if before and before.is_own and old and old != token:
        return stored.profile, await _revoke(Connection(before.url, old, "", 2.0))
    return stored.profile, []


def _project_of(profiles: Profiles, name: str, url: str) -> str:
    return next((one.project for one in profiles.all()[0] if (one.name, one.url) == (name, url)), "")


async def _revoke(connection: Connection) -> list[str]:
    """Have the service forget a token. Returns what was in the way."""
    try:
        await accounts.revoke_own_token(connection)
    except Unauthenticated:
        return []
    except Unreachable as failure:
        return [f"The token could not be revoked at {connection.url}: {failure.message} It is good until it expires."]
    except Failure as failure:
        return [f"{connection.url} did not revoke the token: {failure.message}"]
    return []
