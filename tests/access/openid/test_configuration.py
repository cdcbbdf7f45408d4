"""The file of providers says what is wrong with it, and a process does not start with a wrong one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from app.access.openid import configuration
from app.access.openid.providers import OpenIdProviders
from app.access.policy import Role
from app.settings import SettingsError

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
