"""``profiles`` and ``env``."""

from __future__ import annotations

import argparse
import shlex
from urllib.parse import quote

from modelyard_client import connection
from modelyard_client.accounts.profiles import Profile, Profiles
from modelyard_client.cli import arguments as common
from modelyard_client.cli.answer import Answer
from modelyard_client.cli.tables import table
from modelyard_client.connection import Choice
from modelyard_client.failures import Misused

_VARIABLES = ("MODELYARD_URL", "MODELYARD_TOKEN", "MODELYARD_PROJECT", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN")
_IN_THE_WAY = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
"""MLflow's client sends these instead of the token."""


def profiles_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``profiles list``."""
    common.add_json(parser)


def profiles_list(_: argparse.Namespace) -> Answer:
    """List what ``login`` has stored."""
    profiles, default = Profiles.of(connection.default_environment()).all()
    rows = [
        ["*" if one.name == default else "", one.name, one.url, one.username, one.project, one.storage]
        for one in profiles
    ]
    text = table(["", "PROFILE", "URL", "USER", "PROJECT", "TOKEN IN"], rows) if rows else "There is none."
    return Answer({"default": default, "profiles": [_as_json(one) for one in profiles]}, text)


def profiles_use_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``profiles use``."""
    parser.add_argument("name", metavar="NAME", help="the profile that is the default from now on")
    parser.add_argument("--project", metavar="PATH", help="the project that commands mean when none is named")
    common.add_json(parser)


def profiles_use(arguments: argparse.Namespace) -> Answer:
    """Make a profile the default."""
    profile = Profiles.of(connection.default_environment()).use(arguments.name, arguments.project)
    project = f", project {profile.project}" if profile.project else ""
    return Answer(_as_json(profile), f"Commands mean {profile.url} now (profile {profile.name}{project}).")


def profiles_remove_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``profiles remove``."""
    parser.add_argument("name", metavar="NAME", help="the profile to forget; `logout` revokes its token, too")
    common.add_json(parser)


def profiles_remove(arguments: argparse.Namespace) -> Answer:
    """Forget a profile; its token stays good."""
    profiles = Profiles.of(connection.default_environment())
    profile = profiles.find(arguments.name)
    assert profile is not None
    notes = [] if profiles.remove(profile) else ["The system's keyring may still hold the token."]
    return Answer(_as_json(profile), f"The profile {profile.name} is forgotten; its token was not revoked.", notes)


def env_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``env``."""
    parser.epilog = (
        'Use it by `eval "$(modelyard env group/project)"`; in fish by `modelyard env P --shell fish | source`.'
    )
    parser.add_argument("project_path", nargs="?", metavar="PROJECT", help="full path; that of the profile by default")
    parser.add_argument("--unset", action="store_true", help="print what removes the variables")
    parser.add_argument("--shell", choices=("sh", "fish"), default="sh", help="for which shell (sh)")
    common.add_common(parser, project=False)


def env(arguments: argparse.Namespace) -> Answer:
    """Print variables by which MLflow's client and these commands find the installation."""
    removed = [*_VARIABLES, *_IN_THE_WAY] if arguments.unset else list(_IN_THE_WAY)
    values: dict[str, str] = {}
    if not arguments.unset:
        service = connection.find(
            Choice(arguments.connection, arguments.profile, arguments.project_path), connection.default_environment()
        )
        if any(letter < " " for letter in service.project):
            raise Misused("A path of a project has no control characters.")
        uri = f"{service.url}/api/v4/projects/{quote(service.project, safe='')}/ml/mlflow"
        values = dict(zip(_VARIABLES, (service.url, service.token, service.project, uri, service.token)))
    rows = [_unset(name, arguments.shell) for name in removed]
    rows += [_export(name, value, arguments.shell) for name, value in values.items()]
    return Answer({"set": values, "unset": removed}, "\n".join(rows), is_raw=True)


def _export(name: str, value: str, shell: str) -> str:
    if shell == "fish":
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"set -gx {name} '{escaped}'"
    return f"export {name}={shlex.quote(value)}"


def _unset(name: str, shell: str) -> str:
    return f"set -e {name}" if shell == "fish" else f"unset {name}"


def _as_json(profile: Profile) -> dict[str, object]:
    """Without the token."""
    return {
        "name": profile.name, "url": profile.url, "username": profile.username, "project": profile.project or None,
        "storage": profile.storage,
    }  # fmt: skip
