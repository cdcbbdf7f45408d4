from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from semver import Version

from app.registry.references.semver import (
    MAX_LENGTH,
    Increment,
    InvalidVersion,
    SemVer,
    bump,
    floor_key,
    parse,
    precedence_key,
    release_key,
)

numbers = st.one_of(
    st.integers(0, 3), st.integers(250, 260), st.integers(65_530, 65_540), st.integers(0, 10**60), st.just(10**72)
)
identifiers = st.one_of(
    st.integers(0, 12).map(str),
    st.integers(0, 10**30).map(str),
    st.from_regex(r"[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,3}", fullmatch=True),
)
builds = st.lists(st.from_regex(r"[0-9a-zA-Z-]{1,4}", fullmatch=True), max_size=2).map(".".join)


@st.composite
def versions(draw: st.DrawFn, number: st.SearchStrategy[int] = numbers) -> str:
    core = ".".join(str(draw(number)) for _ in range(3))
    prerelease = ".".join(draw(st.lists(identifiers, max_size=3)))
    build = draw(builds)
    text = core + (f"-{prerelease}" if prerelease else "") + (f"+{build}" if build else "")
    assume(len(text) <= MAX_LENGTH)
    return text


near = versions(st.integers(0, 1))


def sign(number: int) -> int:
    return (number > 0) - (number < 0)


def order_of_keys(one: str, other: str) -> int:
    first, second = precedence_key(parse(one)), precedence_key(parse(other))
    return (first > second) - (first < second)


@given(one=versions(), other=versions())
def test_precedence_keys_order_as_a_reference_implementation_does(one: str, other: str):
    assert order_of_keys(one, other) == sign(Version.parse(one).compare(other))


@given(one=near, other=near)
def test_precedence_keys_of_close_versions_order_as_a_reference_implementation_does(one: str, other: str):
    assert order_of_keys(one, other) == sign(Version.parse(one).compare(other))


def test_the_precedence_example_of_the_specification():
    texts = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"]
    texts += ["1.0.0-rc.1", "1.0.0", "1.0.1-0", "2.0.0", "2.1.0", "2.1.1", "10.0.0"]
    backwards = [*reversed(texts)]
    assert sorted(backwards, key=lambda text: precedence_key(parse(text))) == texts


def test_builds_do_not_count_in_precedence():
    assert precedence_key(parse("1.0.0+a")) == precedence_key(parse("1.0.0+b.2")) == precedence_key(parse("1.0.0"))
    assert parse("1.0.0+a") != parse("1.0.0+b")


def test_numbers_of_two_hundred_digits_have_an_order():
    low, high = "9" * 200 + ".0.0", "1" + "0" * 200 + ".0.0"
    assert order_of_keys(low, high) == -1
    assert order_of_keys(f"1.0.0-{'9' * 200}", f"1.0.0-1{'0' * 200}") == -1


def test_every_key_fits_into_an_index_page():
    widest = [
        "1.1.1-" + ".".join(["a"] * 124),
        "9" * 250 + ".1.1",
        "1.1.1-" + "9" * 249,
        "1.1.1-" + ".".join(["0"] * 124),
    ]
    assert max(len(precedence_key(parse(text))) for text in widest) < 500


@given(text=versions())
def test_floor_and_release_enclose_all_versions_of_a_core(text: str):
    version = parse(text)
    key = precedence_key(version)
    assert floor_key(*version.core) < key <= release_key(*version.core)
    assert key < floor_key(version.major, version.minor, version.patch + 1)
    assert (key == release_key(*version.core)) is not version.is_prerelease


@given(text=versions())
def test_parts_are_those_of_a_reference_implementation(text: str):
    oracle, version = Version.parse(text), parse(text)
    assert version == SemVer(
        text, oracle.major, oracle.minor, oracle.patch, oracle.prerelease or "", oracle.build or ""
    )
    assert str(version) == text


@given(text=st.text(alphabet="0123456789.-+av \n٣", max_size=12))
def test_parse_accepts_what_a_reference_implementation_accepts(text: str):
    if Version.is_valid(text):
        assert parse(text).text == text
    else:
        with pytest.raises(InvalidVersion, match=r"e\.g\. 1\.2\.3 or 2\.0\.0-rc\.1\.$"):
            parse(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "it is empty"),
        ("v1.2.3", "leave out the 'v', e.g. '1.2.3'"),
        ("1.2", "it lacks the patch number, e.g. '1.2.0'"),
        ("1", "it lacks the minor and patch number, e.g. '1.0.0'"),
        ("1.2.3.4", "it has more than three numbers"),
        ("01.2.3", "the number '01' has a leading zero"),
        ("1.2.3-rc.01", "a numeric part of the prerelease has a leading zero"),
        ("1.2.3-", "prerelease and build are dot-separated, non-empty parts of letters, digits and hyphens"),
        ("1.2.3-a..b", "prerelease and build are dot-separated, non-empty parts of letters, digits and hyphens"),
        ("1.2.3\n", "leave out the blanks around it"),
        ("1.2.3-rc_1", "'_' may not stand in a version"),
        ("1.2.٣", "'٣' may not stand in a version"),
        ("-1.2.3", "it does not begin with three numbers"),
        ("one", "it does not begin with three numbers"),
        ("v", "there is no number in it"),
    ],
)
def test_errors_quote_the_value_and_show_a_way_out(text: str, hint: str):
    with pytest.raises(InvalidVersion) as caught:
        parse(text)
    assert caught.value.message == (
        f"{text!r} is not a version: {hint}. A version is MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD] as SemVer 2.0 "
        "defines it, e.g. 1.2.3 or 2.0.0-rc.1."
    )


def test_a_version_has_at_most_255_characters():
    assert len(parse("1.0.0-" + "a" * 249).text) == 255
    with pytest.raises(InvalidVersion, match="has 256 characters; a version has at most 255"):
        parse("1.0.0-" + "a" * 250)


@pytest.mark.parametrize(
    ("release", "highest", "increment", "expected"),
    [
        (None, None, Increment.PATCH, "1.0.0"),
        (None, None, Increment.MAJOR, "1.0.0"),
        (None, None, Increment.PRERELEASE, "1.0.0-rc.1"),
        (None, "1.0.0-rc.1", Increment.PATCH, "1.0.0"),
        (None, "1.0.0-rc.1", Increment.PRERELEASE, "1.0.0-rc.2"),
        (None, "2.0.0-rc.1", Increment.MINOR, "2.0.0"),
        (None, "0.3.0-rc.1", Increment.PATCH, "1.0.0"),
        ("1.2.3", "1.2.3", Increment.PATCH, "1.2.4"),
        ("1.2.3", "1.2.3", Increment.MINOR, "1.3.0"),
        ("1.2.3", "1.2.3", Increment.MAJOR, "2.0.0"),
        ("1.2.3+b", "1.2.3+b", Increment.PATCH, "1.2.4"),
        ("1.2.3", "2.0.0-rc.1", Increment.PATCH, "1.2.4"),
        ("1.2.3", "2.0.0-rc.1", Increment.MAJOR, "2.0.0"),
        ("1.2.3", "2.0.0-rc.1+b", Increment.PRERELEASE, "2.0.0-rc.2"),
        ("1.2.3", "1.2.3+b", Increment.PRERELEASE, "1.2.4-rc.1"),
        ("1.2.3", "1.3.0-beta", Increment.PRERELEASE, "1.3.0-beta.1"),
        ("1.2.3", "1.3.0-rc9", Increment.PRERELEASE, "1.3.0-rc9.1"),
        ("1.2.3", "1.3.0-9", Increment.PRERELEASE, "1.3.0-10"),
    ],
)
def test_bump_gives_the_next_version(release: str | None, highest: str | None, increment: Increment, expected: str):
    versions = [parse(text) if text else None for text in (release, highest)]
    assert bump(*versions, increment).text == expected


@given(texts=st.lists(versions(), max_size=5), increment=st.sampled_from(Increment))
def test_bump_rises_above_the_highest_release(texts: list[str], increment: Increment):
    parsed = sorted(map(parse, texts), key=precedence_key)
    releases = [version for version in parsed if not version.is_prerelease]
    following = bump(releases[-1] if releases else None, parsed[-1] if parsed else None, increment)
    assert following.is_prerelease is (increment is Increment.PRERELEASE)
    assert not following.build
    assert all(precedence_key(release) < precedence_key(following) for release in releases)
    assert following.text not in texts
    if increment is Increment.PRERELEASE or not releases:
        assert all(precedence_key(version) < precedence_key(following) for version in parsed)


def test_bump_refuses_a_version_that_would_be_too_long():
    longest = parse("1.0.0-" + "a" * 249)
    with pytest.raises(InvalidVersion, match="would have 257 characters, more than 255; name a version"):
        bump(None, longest, Increment.PRERELEASE)
