from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.search.errors import InvalidFilter
from app.search.lexer import MAX_BYTES, TokenKind, tokenize


def test_lexer_reads_tokens_of_every_kind():
    kinds = [(token.kind.name, token.text) for token in tokenize("tags.`a b`!='it''s' AND x IN(\"y\",1.5);")]
    assert kinds == [
        ("WORD", "tags."),
        ("BACKTICK", "`a b`"),
        ("COMPARATOR", "!="),
        ("SINGLE", "'it''s'"),
        ("WORD", "AND"),
        ("WORD", "x"),
        ("WORD", "IN"),
        ("OPEN", "("),
        ("DOUBLE", '"y"'),
        ("COMMA", ","),
        ("WORD", "1.5"),
        ("CLOSE", ")"),
        ("SEMICOLON", ";"),
        ("END", ""),
    ]


@given(text=st.text(alphabet="a.1'\"`()=<>!~,; \n-é", max_size=40))
def test_tokens_join_to_the_text_without_its_blanks(text: str):
    try:
        tokens = tokenize(text)
    except InvalidFilter:
        assert any(quote in text for quote in "'\"`")
        return
    assert all(text[token.start : token.end] == token.text for token in tokens)
    gaps = [text[one.end : other.start] for one, other in pairwise(tokens)]
    assert not "".join(gaps).strip()
    assert tokens[-1].kind is TokenKind.END


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "tags.a = 'x",
            "Invalid clause(s) in filter string: ''x'; the quote is not closed (at character 10)",
        ),
        ("tags.a = 'x''", "Invalid clause(s) in filter string: ''x'''; the quote is not closed (at character 10)"),
        ("a\0", "The character U+0000 is not text (at character 2)"),
        ("a\ud800", "The character U+D800 is not text (at character 2)"),
        ("a" * 4097, "The text has 4097 bytes; at most 4096 are read (at character 4096)"),
        ("é" * 2049, "The text has 4098 bytes; at most 4096 are read (at character 4096)"),
    ],
)
def test_text_that_cannot_be_split_into_tokens_is_refused(text: str, message: str):
    with pytest.raises(InvalidFilter) as caught:
        tokenize(text)
    assert caught.value.message == message


def test_longest_text_is_split_into_tokens():
    assert len(tokenize("a" * MAX_BYTES)) == 2
    assert len(tokenize("(" * MAX_BYTES)) == MAX_BYTES + 1
