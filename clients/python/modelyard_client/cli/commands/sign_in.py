"""``login``, ``logout`` and ``whoami``."""

from __future__ import annotations

import argparse
import sys

from modelyard_client import connection
from modelyard_client.accounts import sign_in
from modelyard_client.accounts.device_flow import DeviceCode
from modelyard_client.accounts.profiles import KEYRING, Profile, Profiles
from modelyard_client.cli import arguments as common
from modelyard_client.cli import loop
from modelyard_client.cli.answer import Answer
from modelyard_client.cli.tables import facts
from modelyard_client.connection import Choice, Connection
from modelyard_client.failures import Failure, Misused
from modelyard_client.registry import accounts
from modelyard_client.results import as_json
from modelyard_client.text import legible


def login_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``login``."""
    parser.epilog = "The token goes into the system's keyring, or a file that only you may read."
    parser.add_argument("url", nargs="?", metavar="URL", help="of the installation; that of the profile by default")
    parser.add_argument("--profile", metavar="NAME", help="call this sign-in so; the host by default")
    parser.add_argument("--project", metavar="PATH", help="the project that commands mean when none is named")
    parser.add_argument(
        "--token", choices=("-",), metavar="-", help="read a token that was made elsewhere, instead of using a browser"
    )
    parser.add_argument("--no-browser", action="store_true", help="show the link only")
    common.add_json(parser)


def login(arguments: argparse.Namespace) -> Answer:
    """Sign in, and keep the token."""
    environment = connection.default_environment()
    profiles = Profiles.of(environment)
    url = connection.checked_url(arguments.url or _usual_url(profiles, arguments.profile))
    wanted = sign_in.Login(url, arguments.profile, arguments.project, connection.patience(environment))
    if sign_in.is_unprotected(url):
        _say(f"Warning: {url} is not encrypted; the network in between can read the token.")
    if arguments.token:
        profile, notes = loop.run(sign_in.by_token(profiles, wanted, sign_in.prompt_token()))
    else:

        def show(code: DeviceCode) -> None:
            _say(f"Open {code.link}\nand enter the code {code.user_code}")
            opened = not arguments.no_browser and sign_in.open_browser(code.direct_link, environment)
            _say("A browser was opened; waiting for it." if opened else f"or open {code.direct_link}")

        profile, notes = loop.run(sign_in.by_device(profiles, wanted, show))
    where = "the system's keyring" if profile.storage == KEYRING else str(profiles.path)
    data = {
        "profile": profile.name, "url": profile.url, "username": profile.username, "project": profile.project or None,
        "storage": profile.storage,
    }  # fmt: skip
    text = f"Signed in at {profile.url} as {profile.username}.\n  profile {profile.name}, the token is in {where}"
    return Answer(data, text, notes)


def logout_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``logout``."""
    parser.add_argument("--profile", metavar="NAME", help="which sign-in; the default one when left out")
    parser.add_argument("--keep-token", action="store_true", help="forget the token without revoking it")
    common.add_json(parser)


def logout(arguments: argparse.Namespace) -> Answer:
    """Revoke the token and forget it."""
    environment = connection.default_environment()
    profiles = Profiles.of(environment)
    profile = profiles.find(arguments.profile or environment.get(connection.PROFILE) or None)
    if profile is None:
        raise Misused("You are not signed in: there is no profile that is the default.")
    patience = min(connection.patience(environment), 10.0)
    notes = loop.run(sign_in.out(profiles, profile, patience, keep_token=arguments.keep_token))
    data = {"profile": profile.name, "url": profile.url, "notes": notes}
    return Answer(data, f"Signed out at {profile.url} (profile {profile.name}).", notes)


def whoami_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``whoami``."""
    common.add_common(parser)


def whoami(arguments: argparse.Namespace) -> Answer:
    """Say who the token speaks for."""
    service = common.connected(arguments, needs_project=False)
    account = loop.run(accounts.of(service))
    rows = [
        ("user", f"{account.username or 'nobody'}{' (administrator)' if account.is_admin else ''}"),
        ("installation", service.url),
        ("project", service.project),
        ("token", account.token_name or ""),
        ("scopes", ", ".join(account.scopes)),
        ("expires", account.expires_at.isoformat(timespec="minutes") if account.expires_at else ""),
        ("from", service.source),
    ]
    data = {**as_json_object(account), "project": service.project or None, "source": service.source}
    return Answer({**data, "profile": service.profile}, facts(rows))


def as_json_object(value: object) -> dict[str, object]:
    """``as_json`` of a dataclass."""
    data = as_json(value)
    assert isinstance(data, dict)
    return dict(data)


def _usual_url(profiles: Profiles, name: str | None) -> str:
    """The address of a profile, of the environment, or of the installation of this folder."""
    environment = connection.default_environment()
    profile: Profile | None = None
    if name is None or any(one.name == name for one in profiles.all()[0]):
        profile = profiles.find(name)
    if profile:
        return profile.url
    address = environment.get("MODELYARD_URL")
    if address:
        return address
    try:
        return _of_folder().url
    except Failure:
        raise Misused("Say where: `modelyard login https://models.example.org`.") from None


def _of_folder() -> Connection:
    hidden = {"MODELYARD_URL", "MODELYARD_TOKEN"}
    environment = {key: value for key, value in connection.default_environment().items() if key not in hidden}
    return connection.find(Choice(), environment, needs_project=False)


def _say(text: str) -> None:
    print(legible(text), file=sys.stderr, flush=True)  # noqa: T201
