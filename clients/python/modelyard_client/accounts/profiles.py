"""Installations by name: their address, and the token with which one is signed in there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Optional

from modelyard_client.accounts import keyring_storage, private_file
from modelyard_client.failures import Failure, Misused

FILE_NAME = "profiles.json"
_FORMAT = 1
FILE, KEYRING = "file", "keyring"


@dataclass(frozen=True)
class Profile:
    """One sign-in at one installation. The token is here only if no keyring keeps it."""

    name: str
    url: str
    username: str = ""
    project: str = ""
    """Full path of the project that commands mean when none is named."""
    storage: str = FILE
    token: Optional[str] = None
    is_own: bool = False
    """Whether the token was made for this machine alone, and may be revoked when another replaces it."""

    @property
    def account(self) -> str:
        """Under which name the keyring has the token: with the address, so that it fits no other."""
        return f"{self.name} {self.url}"

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {self.url!r})"


@dataclass(frozen=True)
class Stored:
    """What was stored, and what it replaced."""

    profile: Profile
    before: Optional[Profile]
    before_token: Optional[str]


@dataclass(frozen=True)
class _Contents:
    default: Optional[str]
    profiles: dict[str, Profile]


class Profiles:
    """All profiles of the user."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Profiles:
        """Those of the user whose environment it is."""
        return cls(private_file.folder(environment) / FILE_NAME)

    def all(self) -> tuple[list[Profile], str | None]:
        """By name, and which is the default.

        Raises:
            Misused: the file is damaged, or open to others.
        """
        contents = self._read()
        return [contents.profiles[name] for name in sorted(contents.profiles)], contents.default

    def find(self, name: str | None) -> Profile | None:
        """The profile of that name; the default if none is named, or None if there is none.

        Raises:
            Misused: there is none of that name.
        """
        contents = self._read()
        if name is None:
            return contents.profiles.get(contents.default or "")
        if name not in contents.profiles:
            names = ", ".join(sorted(contents.profiles)) or "none"
            raise Misused(f"There is no profile `{name}`; there is {names}. `modelyard login URL --profile {name}`.")
        return contents.profiles[name]

    def token(self, profile: Profile) -> str:
        """Its token; empty if it is gone.

        Raises:
            Failure: the keyring does not give it.
        """
        if profile.storage == KEYRING:
            return keyring_storage.load(profile.account) or ""
        return profile.token or ""

    def require_usable(self) -> None:
        """Find out before a sign-in that its token could not be kept.

        Raises:
            Failure: the file cannot be written.
            Misused: it is damaged, or open to others.
        """
        with self._changing():
            return

    def store(self, profile: Profile, token: str) -> Stored:
        """Keep it, as the default, in the keyring if there is one.

        Raises:
            Failure: the file cannot be written.
        """
        with self._changing() as contents:
            before = contents.profiles.get(profile.name)
            before_token = self._token_or_none(before)
            if keyring_storage.store(profile.account, token):
                kept = replace(profile, storage=KEYRING, token=None)
            else:
                kept = replace(profile, storage=FILE, token=token)
            if before and before.storage == KEYRING and (kept.storage, kept.account) != (KEYRING, before.account):
                keyring_storage.remove(before.account)
            contents.profiles[kept.name] = kept
            self._write(kept.name, contents.profiles)
        return Stored(kept, before, before_token)

    def _token_or_none(self, profile: Profile | None) -> str | None:
        try:
            return self.token(profile) if profile else None
        except Failure:
            return None  # it stays until it expires

    def use(self, name: str, project: str | None) -> Profile:
        """Make it the default, and commands mean this project when none is named.

        Raises:
            Misused: there is none of that name.
        """
        with self._changing() as contents:
            profile = self.find(name)
            assert profile is not None
            if project is not None:
                profile = replace(profile, project=project.strip("/"))
            contents.profiles[name] = profile
            self._write(name, contents.profiles)
        return profile

    def remove(self, profile: Profile) -> bool:
        """Forget it and its token; whether the token is certainly gone from this machine.

        A profile that was stored anew meanwhile stays.
        """
        with self._changing() as contents:
            if contents.profiles.get(profile.name) != profile:
                return True
            del contents.profiles[profile.name]
            left = sorted(contents.profiles)
            default = (
                contents.default if contents.default in contents.profiles else (left[0] if len(left) == 1 else None)
            )
            self._write(default, contents.profiles)
        return profile.storage != KEYRING or keyring_storage.remove(profile.account)

    @contextmanager
    def _changing(self) -> Iterator[_Contents]:
        with private_file.locked(self.path):
            yield self._read()

    def _read(self) -> _Contents:
        kept = private_file.read(self.path)
        if kept is None:
            return _Contents(None, {})
        try:
            if kept["format"] != _FORMAT:
                raise Misused(
                    f"{self.path} was written by a newer release. Update modelyard-client, or remove the file."
                )
            profiles = {str(name): _profile(str(name), facts) for name, facts in kept["profiles"].items()}
            return _Contents(kept["default"], profiles)
        except (KeyError, TypeError, AttributeError, ValueError):
            raise Misused(f"{self.path} is damaged. Remove it and run `modelyard login` again.") from None

    def _write(self, default: str | None, profiles: Mapping[str, Profile]) -> None:
        facts = {
            name: {key: value for key, value in asdict(one).items() if key != "name"} for name, one in profiles.items()
        }
        private_file.write(self.path, {"format": _FORMAT, "default": default, "profiles": facts})


def _profile(name: str, facts: Mapping[str, Any]) -> Profile:
    names = {field.name for field in fields(Profile)} - {"name"}
    profile = Profile(name, **{key: value for key, value in facts.items() if key in names})
    if not isinstance(profile.url, str) or not isinstance(profile.token, (str, type(None))):
        raise TypeError
    return profile
