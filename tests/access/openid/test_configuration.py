"""The file of providers says what is wrong with it, and a process does not start with a wrong one."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.access.openid import configuration
from app.access.openid.providers import OpenIdProviders
from app.access.policy import Role
from app.access.tables import Membership
from app.settings import SettingsError
from tests.support.source import ROOT

GOOD = """
[[provider]]
name = "keycloak"
title = "Our Keycloak"
issuer = "https://login.example.org/realms/main"
client_id = "modelyard"
client_secret = "s3cret"
"""


def written(tmp_path, text):
    path = tmp_path / "openid.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_provider_needs_five_lines(tmp_path):
    (provider,) = configuration.read(written(tmp_path, GOOD))
    assert (provider.name, provider.secret, provider.accounts) == ("keycloak", "s3cret", "invited")
    assert provider.scopes == ("openid", "profile", "email")
    assert "s3cret" not in repr(provider)


def test_all_of_it_may_be_said(tmp_path):
    (tmp_path / "secret").write_text(" from a file \n")
    text = (
        GOOD.replace('client_secret = "s3cret"', 'client_secret_file = "secret"')
        + """
client_authentication = "post"
scopes = ["openid", "groups"]
accounts = "automatic"
email_domains = ["Example.ORG"]
emails_are_verified = true

[provider.claims]
username = "nickname"
groups = "realm_access.roles"

[[provider.rules]]
member_of = "ml"
role = "maintainer"
group = "vision"

[[provider.rules]]
member_of = "ml"
role = "owner"
project = "vision/digits"
"""
    )
    (provider,) = configuration.read(written(tmp_path, text))
    assert (provider.secret, provider.email_domains) == ("from a file", ("example.org",))
    assert (provider.claims.username, provider.claims.name) == ("nickname", "name")
    assert [rule.role for rule in provider.rules] == [Role.MAINTAINER, Role.OWNER]


@pytest.mark.parametrize("example", range(3))
def test_the_examples_of_the_documentation_are_right(tmp_path, example):
    text = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "people.md").read_text(encoding="utf-8"), re.DOTALL)[
        example
    ]
    for name in re.findall(r'client_secret_file = "(.*?)"', text):
        (tmp_path / name).write_text("secret")
    (provider,) = configuration.read(written(tmp_path, text))
    assert provider.accounts == "automatic"


RULE = '[[provider.rules]]\nmember_of = "x"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("provider =", "is not TOML"),
        ('[[provider]]\nname = "x"', "provider.1.title: Field required"),
        (GOOD.replace("keycloak", "Key Cloak"), "provider.1.name: String should match"),
        (GOOD.replace("https://login", "ftp://login"), "provider.1.issuer: String should match"),
        (GOOD.replace("/main", "/main?x=1"), "provider.1.issuer: String should match"),
        (GOOD.replace('client_secret = "s3cret"', ""), "needs either `client_secret` or `client_secret_file`"),
        (GOOD + 'client_secret_file = "x"', "needs either `client_secret` or `client_secret_file`"),
        (GOOD.replace("s3cret", ""), "the client secret of keycloak is empty"),
        (GOOD.replace("s3cret", "a\\nb"), "not printable"),
        (GOOD.replace('client_secret = "s3cret"', 'client_secret_file = "none"'), "cannot be read from none: No such"),
        (GOOD + 'scopes = ["profile"]', "must have `openid` in them"),
        (GOOD + 'accounts = "yes"', "provider.1.accounts: Input should be 'automatic' or 'invited'"),
        (GOOD + "clientid = 7", "provider.1.clientid: Extra inputs are not permitted"),
        (GOOD + RULE + 'role = "boss"\ngroup = "g"', "provider.1.rules.1.role: must be one of guest, reporter"),
        (GOOD + RULE + 'role = "guest"', "provider.1.rules.1: needs either `group` or `project`"),
        (GOOD + RULE + 'role = "guest"\ngroup = "g"\nproject = "p"', "needs either `group` or `project`"),
        (GOOD + GOOD, "2 providers with the name keycloak"),
        (GOOD + GOOD.replace("keycloak", "second"), "2 providers with the issuer"),
        ("[provider]\nname = 7", "provider: Input should be a valid tuple"),
    ],
)
def test_what_is_wrong_is_told_with_where_it_stands(tmp_path, text, said):
    with pytest.raises(SettingsError) as refusal:
        configuration.read(written(tmp_path, text))
    assert said in str(refusal.value), refusal.value
    assert str(refusal.value).startswith("MODELYARD_OPENID_PROVIDERS")
    assert "s3cret" not in str(refusal.value)


def test_a_file_that_is_missing_is_told(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        configuration.read(tmp_path / "none.toml")


@pytest.mark.parametrize(
    "issuer", ["http://login.example.org", "https://10.0.0.1", "https://user:pass@login.example.org"]
)
def test_providers_are_at_global_addresses_by_https(tmp_path, settings, issuer):
    path = written(tmp_path, GOOD.replace("https://login.example.org/realms/main", issuer))
    with pytest.raises(SettingsError, match="provider keycloak: "):
        OpenIdProviders.of(settings.model_copy(update={"openid_providers": path, "openid_private_hosts": ""}))


def test_passwords_are_not_switched_off_without_a_provider(settings):
    with pytest.raises(SettingsError, match="MODELYARD_OPENID_ONLY needs providers"):
        OpenIdProviders.of(settings.model_copy(update={"openid_only": True}))


@pytest.mark.parametrize("command", ["api", "worker", "migrate"])
def test_a_process_with_a_wrong_file_ends_with_its_reason(tmp_path, migrated, command):
    environment = os.environ | {"MODELYARD_OPENID_PROVIDERS": str(written(tmp_path, "provider = 7"))}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2, done.stderr
    assert "does not describe OpenID providers" in done.stderr and "Traceback" not in done.stderr


@pytest.fixture
def command(migrated):
    """A command of the machine, with the providers of a file."""

    async def run(path, *arguments):
        environment = os.environ | {"MODELYARD_OPENID_PROVIDERS": str(path)}
        environment["MODELYARD_OPENID_PRIVATE_HOSTS"] = "127.0.0.1"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.cli", "openid", *arguments, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode, output.decode()

    return run


async def test_providers_can_be_checked_at_the_machine(tmp_path, command, fake, migrated):
    away = GOOD.replace("keycloak", "away").replace("https://login.example.org/realms/main", "https://127.0.0.1:1")
    good = GOOD.replace("https://login.example.org/realms/main", fake.url)
    code, said = await command(written(tmp_path, good), "check")
    assert (code, said.splitlines()) == (
        0,
        [
            "keycloak: works",
            f"  redirect address to register there: {migrated.url}/openid/keycloak/callback",
        ],
    )
    code, said = await command(written(tmp_path, good + away), "check")
    assert (code, "away: Our Keycloak cannot be used at the moment: it cannot be reached" in said) == (1, True), said


async def test_what_a_provider_that_was_removed_gave_can_be_ended(tmp_path, command, runtime, staff, project):
    name, user_id = f"p-{uuid4().hex[:8]}", staff[None].actor.user_id
    async with runtime.db.write() as tx:
        tx.add(Membership(user_id=user_id, project_id=project.id, role=int(Role.GUEST), rule=name))
        tx.add(Membership(user_id=user_id, project_id=project.id, role=int(Role.GUEST)))
        await tx.flush()
    assert await command(written(tmp_path, ""), "forget", name) == (
        0, f"1 memberships of the rules of {name} were removed.\n",
    )  # fmt: skip
    async with runtime.db.read() as snap:
        mine = select(Membership.rule).where(Membership.user_id == user_id, Membership.project_id == project.id)
        assert (await snap.scalars(mine)).all() == [None]
