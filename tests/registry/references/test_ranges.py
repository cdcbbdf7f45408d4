from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from app.registry.references.ranges import GRAMMAR, InvalidRange, parse_range
from app.registry.references.semver import parse

EVERY = [
    *("0.0.0", "0.0.3", "0.0.4", "0.1.0", "0.2.3", "0.2.9", "0.3.0"),
    *("1.0.0-rc.1", "1.0.0", "1.0.5", "1.2.0-rc.1", "1.2.0", "1.2.3-beta.2", "1.2.3-beta.4", "1.2.3", "1.2.9"),
    *("1.2.4-beta.2", "1.3.0-0", "1.3.0", "1.9.9", "2.0.0-0", "2.0.0-rc.1", "2.0.0", "2.1.0", "3.0.0"),
]


def matching(text: str) -> set[str]:
    wanted = parse_range(text)
    return {version for version in EVERY if wanted.contains(parse(version))}


def releases(low: str, below: str = "99.0.0") -> set[str]:
    every = [version for version in EVERY if "-" not in version]
    return {version for version in every if Version.parse(low) <= version < Version.parse(below)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", releases("0.0.0")),
        ("x", releases("0.0.0")),
        (">=*", releases("0.0.0")),
        ("<*", set()),
        (">x", set()),
        ("1", releases("1.0.0", "2.0.0")),
        ("1.x", releases("1.0.0", "2.0.0")),
        ("1.X.x", releases("1.0.0", "2.0.0")),
        ("1.2.*", releases("1.2.0", "1.3.0")),
        ("=1.2", releases("1.2.0", "1.3.0")),
        ("1.2.3", {"1.2.3"}),
        ("= 1.2.3", {"1.2.3"}),
        ("=1.2.3+build", {"1.2.3"}),
        ("=1.2.3-beta.2", {"1.2.3-beta.2"}),
        ("^1.2", releases("1.2.0", "2.0.0")),
        ("^1.2.3", releases("1.2.3", "2.0.0")),
        ("^1.2.3-beta.2", releases("1.2.3", "2.0.0") | {"1.2.3-beta.2", "1.2.3-beta.4"}),
        ("^1.2.3-beta.3", releases("1.2.3", "2.0.0") | {"1.2.3-beta.4"}),
        ("^0", releases("0.0.0", "1.0.0")),
        ("^0.x", releases("0.0.0", "1.0.0")),
        ("^0.2.3", releases("0.2.3", "0.3.0")),
        ("^0.0.3", {"0.0.3"}),
        ("^0.0", releases("0.0.0", "0.1.0")),
        ("^0.0.0", {"0.0.0"}),
        ("~1", releases("1.0.0", "2.0.0")),
        ("~1.2", releases("1.2.0", "1.3.0")),
        ("~1.2.0", releases("1.2.0", "1.3.0")),
        ("~0.2.3", releases("0.2.3", "0.3.0")),
        ("~1.2.3-beta.2", releases("1.2.3", "1.3.0") | {"1.2.3-beta.2", "1.2.3-beta.4"}),
        (">=1,<2", releases("1.0.0", "2.0.0")),
        (">=1 <2", releases("1.0.0", "2.0.0")),
        (" >= 1 , < 2 ", releases("1.0.0", "2.0.0")),
        (">1", releases("2.0.0")),
        (">1.2", releases("1.3.0")),
        (">1.2.3", releases("1.2.4")),
        ("<=1", releases("0.0.0", "2.0.0")),
        ("<=1.2", releases("0.0.0", "1.3.0")),
        ("<=1.2.3", releases("0.0.0", "1.2.4")),
        ("<1.2", releases("0.0.0", "1.2.0")),
        ("<2.0.0", releases("0.0.0", "2.0.0")),
        ("<2.0.0-rc.1", releases("0.0.0", "2.0.0") | {"2.0.0-0"}),
        ("<=2.0.0-rc.1 >1", {"2.0.0-0", "2.0.0-rc.1"} - {"2.0.0-0", "2.0.0-rc.1"}),
        (">1.2.3-beta.2 <1.2.9", {"1.2.3-beta.4", "1.2.3"}),
        (">=1.0.0-rc.1 <1.3", releases("1.0.0", "1.3.0") | {"1.0.0-rc.1"}),
        ("1.x >=1.2.3-beta.3", releases("1.2.3", "2.0.0") | {"1.2.3-beta.4"}),
        (">2,<1", set()),
        (">1.2.3,<1.2.3", set()),
        (">=1.2.3,<=1.2.3", {"1.2.3"}),
        ("~0.2 || ^2", releases("0.2.0", "0.3.0") | releases("2.0.0", "3.0.0")),
        ("<1||>=2", releases("0.0.0", "1.0.0") | releases("2.0.0")),
        (">3 || =1.2.3", {"1.2.3"}),
    ],
)
def test_range_matches_the_versions_that_npm_does(text: str, expected: set[str]):
    assert matching(text) == expected


def test_a_prerelease_in_one_alternative_admits_none_in_another():
    assert matching("=1.2.3-beta.2 || ^1.2") == releases("1.2.0", "2.0.0") | {"1.2.3-beta.2"}


def test_intervals_that_match_nothing_are_left_out():
    assert parse_range(">2,<1").intervals == ()
    assert len(parse_range("<* || 1.x").intervals) == 1


def test_intervals_are_bounded_by_precedence_keys():
    (interval,) = parse_range(">=1.2.0-rc.1,<2").intervals
    one = b"\x01\x01"
    floor = one + b"\x01\x02" + b"\x00"
    assert interval.lower == floor + b"\x02rc\x00" + b"\x01\x01\x01" + b"\x00"
    assert interval.lower_inclusive
    assert interval.upper == b"\x01\x02\x00\x00"
    assert not interval.upper_inclusive
    assert interval.prerelease_windows == ((floor, floor + b"\xff"),)
    (everything,) = parse_range("*").intervals
    assert (everything.lower, everything.upper, everything.prerelease_windows) == (None, None, ())


small = st.integers(0, 2).map(str)
triples = st.builds(
    lambda numbers, prerelease: ".".join(numbers) + prerelease,
    st.tuples(small, small, small),
    st.sampled_from(["", "", "-0", "-rc.1", "-rc.2", "-rc.10", "-b"]),
)
comparators = st.tuples(st.sampled_from([">=", "<=", ">", "<", "="]), triples)


@given(
    alternatives=st.lists(st.lists(comparators, min_size=1, max_size=3), min_size=1, max_size=3),
    text=triples,
    joint=st.sampled_from([",", " ", " , "]),
)
def test_full_comparators_match_what_a_reference_implementation_does(
    alternatives: list[list[tuple[str, str]]], text: str, joint: str
):
    wanted = " || ".join(joint.join(map("".join, comparators)) for comparators in alternatives)
    assert parse_range(wanted).contains(parse(text)) is any(_npm(comparators, text) for comparators in alternatives)


def _npm(comparators: list[tuple[str, str]], text: str) -> bool:
    version = Version.parse(text)
    if not all(version.match({"=": "=="}.get(sign, sign) + bound) for sign, bound in comparators):
        return False
    bounds = [Version.parse(bound) for _, bound in comparators]
    same = [bound for bound in bounds if bound.prerelease and bound.to_tuple()[:3] == version.to_tuple()[:3]]
    return not version.prerelease or bool(same)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no comparator"),
        ("  ", "there is no comparator"),
        ("1.x ||", "a comparator is missing beside ||"),
        (">=1,,<2", "no comparator begins at ',<2'"),
        (">=1,", "no comparator begins at ''"),
        (">=1<2", "no comparator begins at '<2'"),
        ("~>1.2", "no comparator begins at '~>1.2'"),
        ("^", "no comparator begins at '^'"),
        ("1.2.3.4", "'1.2.3.4' is neither a version nor the beginning of one"),
        ("1.02", "'1.02' is neither a version nor the beginning of one"),
        ("1.x.3", "'1.x.3' is neither a version nor the beginning of one"),
        ("1.2-rc.1", "'1.2-rc.1' is neither a version nor the beginning of one"),
        ("^v1", "'v1' is neither a version nor the beginning of one"),
        ("1.0 - 2.0", "'-' is neither a version nor the beginning of one; hyphen ranges are written >=1.0,<=2.0"),
        ("1.x\n", "no comparator begins at '\\n'"),
    ],
)
def test_range_errors_quote_the_text_and_the_grammar(text: str, reason: str):
    with pytest.raises(InvalidRange) as caught:
        parse_range(text)
    assert caught.value.message == f"{text!r} is not a version range: {reason}. {GRAMMAR}."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=1.0.0+b", ("1.0.0+b",)),
        ("= 1.0.0", ("1.0.0",)),
        ("1.0.0-rc.1+b || =2.0.0", ("1.0.0-rc.1+b", "2.0.0")),
        ("=1.0.0+b, <2 || =1.0.0+b", ("1.0.0+b",)),
        ("^1.0.0+b", ()),
        (">=1.0.0+b, <=1.0.0+b", ()),
        ("=1.0", ()),
    ],
)
def test_exact_versions_of_a_range_are_those_named_in_full(text: str, expected: tuple[str, ...]):
    assert parse_range(text).exact == expected


def test_range_limits_characters_and_comparators():
    assert len(parse_range("||".join(["1.x"] * 20)).intervals) == 20
    with pytest.raises(InvalidRange, match="has more than 20 comparators"):
        parse_range("||".join(["1.x"] * 21))
    with pytest.raises(InvalidRange, match="has 256 characters; a range has at most 255"):
        parse_range(" " * 253 + "1.x")


@given(text=st.text(alphabet="0123.x*^~<>=|, -+a", max_size=20))
def test_any_text_is_a_range_or_raises_invalid_range(text: str):
    with suppress(InvalidRange):
        assert not any(interval.is_empty for interval in parse_range(text).intervals)
