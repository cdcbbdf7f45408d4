from __future__ import annotations

import pytest

from app.errors import Invalid, TooLarge
from app.registry.names import (
    InvalidName,
    check_alias,
    check_description,
    check_model_name,
    check_tag_key,
    check_tag_value,
)
from app.registry.references import parse


@pytest.mark.parametrize(
    "name",
    [
        "iris",
        "a b",
        "100%",
        "@scope/model",
        "team/sub.group/model-1_x",
        "a+b/c",
        "été",
        "模型",
        "a@b@c",
        "...",
        "a" * 255,
    ],
)
def test_model_names_of_gitlab_and_mlflow_are_accepted(name: str):
    assert check_model_name(name) == name


def test_model_names_are_stored_in_normal_form_c():
    assert check_model_name("e\u0301" * 255) == "é" * 255


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is blank"),
        ("  ", "is blank"),
        ("\u200b\u00a0", "is blank"),
        ("a:b", "has a colon"),
        ("a//b", "segment"),
        ("/a", "segment"),
        ("a/", "segment"),
        ("a/../b", "segment"),
        (".", "segment"),
        ("..", "segment"),
        ("a\nb", r"has the character U\+000A at position 2"),
        ("a\0", r"has the character U\+0000 at position 2"),
        ("a\x85", r"has the character U\+0085 at position 2"),
        ("\u202eabc", r"has the character U\+202E at position 1"),
        ("a\u2067b", r"has the character U\+2067 at position 2"),
        ("a\ud800", r"has the character U\+D800 at position 2"),
    ],
)
def test_other_model_names_are_refused_with_a_reason(name: str, reason: str):
    with pytest.raises(InvalidName, match=reason) as caught:
        check_model_name(name)
    assert repr(name) in caught.value.message
    assert caught.value.field == "name"


def test_a_model_name_that_is_too_long_is_refused():
    with pytest.raises(TooLarge, match="has 256 characters; at most 255 fit"):
        check_model_name("a" * 256)
    with pytest.raises(TooLarge, match="has 100000 characters"):
        check_model_name("\u0301" * 100_000)


@pytest.mark.parametrize("name", ["champion", "Champion-2_x", "v", "v1a", "latest-2", "a" * 255, "été"])
def test_alias_names_are_accepted_and_read_as_references(name: str):
    assert check_alias(name) == name
    assert parse.parse_reference(f"@{name}") == parse.ByAlias(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *((name, "is reserved") for name in ("latest", "LATEST", "v1", "V12", "7", "٣")),
        *((name, "^Invalid alias name: ") for name in ("", "a b", "a.b", "1.2.3", "a\n", "a/b", "@a", "\ud800")),
        ("a" * 256, "^'Registered model alias name' exceeds the maximum length of 255 characters"),
    ],
)
def test_other_alias_names_are_refused(name: str, reason: str):
    with pytest.raises(InvalidName, match=reason) as caught:
        check_alias(name)
    assert caught.value.field == "alias"


def test_descriptions_are_limited_and_hold_no_nul():
    assert check_description("# Title\n\ttext" * 700) == "# Title\n\ttext" * 700
    with pytest.raises(TooLarge, match="has 10001 characters; at most 10000 fit"):
        check_description("a" * 10_001)
    with pytest.raises(InvalidName, match=r"U\+0000 at position 2"):
        check_description("a\0")


@pytest.mark.parametrize("key", ["gitlab.version", "a/b c:d-e_f", "mlflow.prompt.is_prompt", "é", "a" * 250])
def test_tag_keys_are_accepted(key: str):
    assert check_tag_key(key) == key


@pytest.mark.parametrize("key", ["", "a//b", "/a", ".", "../a", "a/./b", "a;b", "a\n", "a" * 251])
def test_other_tag_keys_are_refused(key: str):
    with pytest.raises(Invalid):
        check_tag_key(key)


def test_tag_values_are_limited_and_hold_no_nul():
    assert check_tag_value("a" * 100_000) == "a" * 100_000
    with pytest.raises(TooLarge):
        check_tag_value("a" * 100_001)
    with pytest.raises(InvalidName):
        check_tag_value("\udfff")
