from __future__ import annotations

import pytest

from app.registry.references.parse import (
    FORMS,
    ByAlias,
    ByNumber,
    Exact,
    InRange,
    InStage,
    InvalidReference,
    Latest,
    Reference,
    parse_mlflow_stage,
    parse_mlflow_version,
    parse_reference,
)
from app.registry.references.ranges import parse_range

SHARED = [
    ("1.2.3", Exact("1.2.3")),
    ("1.2.3-rc.1+b", Exact("1.2.3-rc.1+b")),
    ("^1.2", InRange(parse_range("^1.2"))),
    ("~1.2.0", InRange(parse_range("~1.2.0"))),
    (">=1,<2", InRange(parse_range(">=1,<2"))),
    ("1.x", InRange(parse_range("1.x"))),
    ("1.2", InRange(parse_range("1.2"))),
    ("latest", Latest(prerelease=False)),
    ("Latest", Latest(prerelease=False)),
    ("latest-prerelease", Latest(prerelease=True)),
    ("@champion", ByAlias("champion")),
    ("@latest", Latest(prerelease=False)),
    ("@latest-prerelease", ByAlias("latest-prerelease")),
    ("@1.2.3", Exact("1.2.3")),
    ("@e\u0301te\u0301", ByAlias("été")),
    ("stage:production", InStage("production")),
    ("stage:Production", InStage("production")),
    ("#7", ByNumber(7)),
    ("#007", ByNumber(7)),
    ("#9223372036854775807", ByNumber(2**63 - 1)),
]


@pytest.mark.parametrize("parse", [parse_reference, parse_mlflow_version, parse_mlflow_stage])
@pytest.mark.parametrize(("text", "expected"), SHARED)
def test_each_form_of_reference_is_read_alike_by_every_parser(parse, text: str, expected: Reference):
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", " ", "champion", "v1.2.3", "@", "@a b", "@1.2", "stage:", "stage:a/b", "#", "#x"])
@pytest.mark.parametrize("parse", [parse_reference, parse_mlflow_version])
def test_texts_of_no_form_are_refused(parse, text: str):
    with pytest.raises(InvalidReference) as caught:
        parse(text)
    assert caught.value.message.startswith(repr(text))
    assert caught.value.message.endswith(f"{FORMS}.")


@pytest.mark.parametrize("text", ["#0", "#-1", "#9223372036854775808", "#" + "9" * 5000, "#٣"])
def test_numbers_out_of_range_are_refused(text: str):
    with pytest.raises(InvalidReference, match="the number of a version is an integer from 1 to 9223372036854775807"):
        parse_reference(text)


def test_bare_digits_are_a_number_for_mlflow_only():
    assert parse_mlflow_version("7") == ByNumber(7)
    assert parse_mlflow_stage("7") == ByNumber(7)
    with pytest.raises(InvalidReference, match=r"'7' names no version: write #7 for the version's number or 7\.x"):
        parse_reference("7")
    with pytest.raises(InvalidReference):
        parse_mlflow_version("0")


TRIMMED = [
    ("1", ByNumber(1)),
    (" 1", ByNumber(1)),
    ("1 ", ByNumber(1)),
    ("\t1", ByNumber(1)),
    ("1\r\n", ByNumber(1)),
    ("\u00a01", ByNumber(1)),
    ("\u30001", ByNumber(1)),
    ("01", ByNumber(1)),
    (" 01 ", ByNumber(1)),
    (" #1 ", ByNumber(1)),
    ("# 1", None),
    ("#+1", None),
    ("+1", None),
    ("-1", None),
    ("1_0", None),
    ("1e0", None),
    ("1 0", InRange(parse_range("1 0"))),
    (" 0 ", None),
    ("\uff11", None),
    ("①", None),
    ("٣", None),
    ("1\u200b", None),
    ("1.", None),
    ("1.0 ", InRange(parse_range("1.0"))),
    (" 1.x ", InRange(parse_range("1.x"))),
    (" ^1.2\n", InRange(parse_range("^1.2"))),
    ("=1", InRange(parse_range("=1"))),
    ("1 || 2", InRange(parse_range("1 || 2"))),
    (" 1.0.0", Exact("1.0.0")),
    ("1.0.0+b ", Exact("1.0.0+b")),
    ("01.0.0", None),
    ("\uff11.0.0", None),
    (" latest", Latest()),
    ("latest-prerelease\n", Latest(prerelease=True)),
    (" @champion ", ByAlias("champion")),
    ("@ champion", None),
    (" @1.0.0 ", Exact("1.0.0")),
    (" stage:Production ", InStage("production")),
    ("stage: production", None),
]
"""What blanks and other ways of writing a number make of a reference; None: it names no version.

Decided by the words "1.2.3 exact … #7 (number)" and "requests accept number or SemVer": blanks around do not count, as
for MLflow's own server; a number is written in ASCII digits without a sign, a version is strict SemVer.
"""


@pytest.mark.parametrize(("text", "expected"), TRIMMED)
def test_blanks_around_a_reference_do_not_count(text: str, expected: Reference | None):
    bare_digits = text.strip().isdecimal()  # for MLflow's calls, and refused elsewhere
    if expected is None:
        for parse in (parse_mlflow_version, parse_reference):
            with pytest.raises(InvalidReference):
                parse(text)
    else:
        readers = [parse_mlflow_version, parse_mlflow_stage, *([] if bare_digits else [parse_reference])]
        assert [parse(text) for parse in readers] == [expected] * len(readers)


@pytest.mark.parametrize("text", ["7", " 7", "7 ", "\t7\n", "\u30007", "007"])
def test_bare_digits_are_refused_with_both_meanings(text: str):
    with pytest.raises(InvalidReference, match=rf"write #{text.strip()} for the version's number or {text.strip()}\.x"):
        parse_reference(text)


def test_a_stage_may_be_sent_with_blanks_around_it():
    assert parse_mlflow_stage(" Production\n") == InStage("production")


def test_reference_errors_name_the_form_that_was_begun():
    with pytest.raises(InvalidReference, match=r"^'v1\.2\.3' is not a version: leave out the 'v', e\.g\. '1\.2\.3'"):
        parse_reference("v1.2.3")
    with pytest.raises(InvalidReference, match=r"^'>=1\.2\.3\.4' is not a version range: '1\.2\.3\.4' is neither"):
        parse_reference(">=1.2.3.4")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Production", InStage("production")),
        ("None", InStage("none")),
        ("pre-prod_2", InStage("pre-prod_2")),
        ("1.2.3", Exact("1.2.3")),
        ("^1.2", InRange(parse_range("^1.2"))),
        ("x", InRange(parse_range("x"))),
    ],
)
def test_mlflow_stages_are_read_as_references_or_stages(text: str, expected: Reference):
    assert parse_mlflow_stage(text) == expected


@pytest.mark.parametrize("text", ["", " ", "a b", "1.2.3.4", "a" * 64, "a/b", "0", "\uff11", "٣", "+1", "+1 "])
def test_texts_that_are_no_stage_are_refused(text: str):
    with pytest.raises(InvalidReference):
        parse_mlflow_stage(text)
