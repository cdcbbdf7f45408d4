"""Descriptions as HTML."""

from __future__ import annotations

import pytest

from app.graphql.types.markdown import to_html


@pytest.mark.parametrize("end", ["---", "...", "---  "])
def test_front_matter_is_left_out(end: str) -> None:
    assert to_html(f"---\nlicense: mit\ntags: [a]\n{end}\n# Card\n") == "<h1>Card</h1>\n"


def test_front_matter_with_line_ends_of_windows_is_left_out() -> None:
    assert to_html("---\r\nlicense: mit\r\n---\r\nText") == "<p>Text</p>\n"


@pytest.mark.parametrize(
    "text", ["---\n\nA rule comes first\n\n---\n", "Text\n\n---\na: b\n---\n", "---\nlicense: mit\n\nno end"]
)
def test_rules_and_what_has_no_end_stay(text: str) -> None:
    assert "<hr>" in to_html(text)


def test_a_long_text_without_an_end_is_read_in_no_time() -> None:
    text = "---\na: b\n" + "- x\n" * 2_400
    assert "<li>x</li>" in to_html(text)
