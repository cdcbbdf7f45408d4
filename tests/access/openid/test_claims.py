"""What a provider tells becomes a username, a name, an address and groups."""

from __future__ import annotations

import pytest

from app.access.names import check_path, check_title
from app.access.openid.claims import profile
from tests.access.openid.conftest import described


@pytest.mark.parametrize(
    ("told", "made"),
    [
        ("ada", "ada"), ("Ada.Lovelace", "Ada.Lovelace"), ("ada@example.org", "ada"), ("Zoë Ünal", "Zoe-Unal"),
        ("ﬁx", "fix"), ("a b  c", "a-b-c"), ("CORP\\ada", "CORP-ada"), ("123", "user-123"), (".ada.", "ada"),
        ("ada.git", "ada"), ("ada.git.atom", "ada"), ("x" * 300, "x" * 60), ("модель", "mail"), ("", "mail"),
        (None, "mail"), (["ada"], "mail"), ("-", "mail"), ("@", "mail"), (".git", "git"),
    ],
)  # fmt: skip
def test_a_username_fits_in_an_address(told, made):
    claims = {"preferred_username": told, "email": "mail@example.org", "email_verified": True}
    username = profile(described("p", "https://p.example"), "s", claims).username
    assert username == made
    assert check_path(username, "username") == made
    assert check_path(f"{username}-99", "username")


def test_who_has_neither_name_nor_address_is_a_user():
    assert profile(described("p", "https://p.example"), "s", {}).username == "user"


@pytest.mark.parametrize(
    ("told", "made"),
    [("Ada", "Ada"), (" Ada \n Lovelace ", "Ada Lovelace"), ("e\u0301", "é"), ("\u202e\u0000", None), (7, None),
     (["Ada"], None), ("x" * 9000, "x" * 255), ("", None)],
)  # fmt: skip
def test_a_name_can_be_shown(told, made):
    name = profile(described("p", "https://p.example"), "s", {"name": told}).name
    assert name == made
    assert name is None or check_title(name, "name") == name


@pytest.mark.parametrize(
    ("told", "groups", "is_told"),
    [
        ({"groups": ["a", "b", "a"]}, {"a", "b"}, True), ({"groups": []}, set(), True), ({}, set(), False),
        ({"groups": None}, set(), False), ({"groups": "a"}, {"a"}, True), ({"groups": {"a": 1}}, set(), False),
        ({"groups": ["a", 1, None, ["b"], "x" * 501]}, {"a"}, True), ({"groups": ["e\u0301"]}, {"é"}, True),
    ],
)  # fmt: skip
def test_groups_are_texts(told, groups, is_told):
    read = profile(described("p", "https://p.example"), "s", told)
    assert (read.groups, read.tells_groups) == (groups, is_told)


@pytest.mark.parametrize(
    ("claim", "told"),
    [("realm_access.roles", {"realm_access": {"roles": ["a"]}}),
     ("https://x.org/groups", {"https://x.org/groups": ["a"]}),
     ("a.b", {"a.b": ["a"], "a": {"b": ["z"]}}), ("a.b.c", {"a": {"b": {"c": "a"}}})],
)  # fmt: skip
def test_a_claim_may_lie_within_others(claim, told):
    assert profile(described("p", "https://p.example", claims={"groups": claim}), "s", told).groups == {"a"}


@pytest.mark.parametrize("told", [{"a": "b"}, {"a": ["b"]}, {"a": None}, {"a": {"b": 7}}, {}])
def test_a_way_into_other_claims_that_leads_nowhere_tells_nothing(told):
    assert profile(described("p", "https://p.example", claims={"groups": "a.b.c"}), "s", told).groups == frozenset()


@pytest.mark.parametrize(
    ("email", "verified", "kept"),
    [("a@b.org", True, True), ("a@b.org", "true", True), ("a@b.org", "false", False), ("a@b.org", 1, False),
     ("a@b.org", None, False), ("nothing", True, False), (["a@b.org"], True, False), ("a@b.org\n", True, False),
     ("a@b\u0000.org", True, False), ("x" * 300 + "@b.org", True, False)],
)  # fmt: skip
def test_an_address_is_kept_that_is_one_and_verified(email, verified, kept):
    claims = {"email": email, "email_verified": verified}
    assert profile(described("p", "https://p.example"), "s", claims).email == (email if kept else None)


@pytest.mark.parametrize(
    ("told", "kept"), [({}, True), ({"email_verified": True}, True), ({"email_verified": False}, False)]
)
def test_where_addresses_are_verified_one_that_is_told_not_to_be_is_left_out(told, kept):
    trusted = described("p", "https://p.example", emails_are_verified=True)
    assert profile(trusted, "s", {"email": "a@b.org"} | told).email == ("a@b.org" if kept else None)
