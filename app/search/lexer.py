"""Cuts a filter into tokens, in one pass."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from app.search.errors import InvalidFilter, shown

MAX_BYTES = 4096
"""Of UTF-8, of one filter or one order clause."""


class TokenKind(Enum):
    """What a token is; END comes after the last one."""

    WORD = auto()
    SINGLE = auto()
    DOUBLE = auto()
    BACKTICK = auto()
    COMPARATOR = auto()
    OPEN = auto()
    CLOSE = auto()
    COMMA = auto()
    SEMICOLON = auto()
    END = auto()


QUOTED = frozenset({TokenKind.SINGLE, TokenKind.DOUBLE, TokenKind.BACKTICK})

_QUOTES = {"'": TokenKind.SINGLE, '"': TokenKind.DOUBLE, "`": TokenKind.BACKTICK}
_SIGNS = {"(": TokenKind.OPEN, ")": TokenKind.CLOSE, ",": TokenKind.COMMA, ";": TokenKind.SEMICOLON}
_BLANKS = re.compile(r"\s*")
_WORD = re.compile(r"[^\s'\"`()=<>!~,;]+")
_COMPARATOR = re.compile(r"[=<>!~]+")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the filter, as written; ``start`` and ``end`` count characters from 0."""

    kind: TokenKind
    text: str
    start: int
    end: int

    def is_keyword(self, *keywords: str) -> bool:
        """Whether it is one of the keywords (given in upper case), in any case."""
        return self.kind is TokenKind.WORD and self.text.upper() in keywords


def tokenize(text: str) -> list[Token]:
    """All tokens, the last of which is END.

    Raises:
        InvalidFilter: too long, not storable as text, or a quote is not closed.
    """
    _check_text(text)
    tokens: list[Token] = []
    position = _after(_BLANKS, text, 0)
    while position < len(text):
        token = _token(text, position)
        tokens.append(token)
        position = _after(_BLANKS, text, token.end)
    tokens.append(Token(TokenKind.END, "", len(text), len(text)))
    return tokens


def _token(text: str, start: int) -> Token:
    first = text[start]
    if quote := _QUOTES.get(first):
        return _quoted(text, start, quote)
    if sign := _SIGNS.get(first):
        return Token(sign, first, start, start + 1)
    kind, pattern = (TokenKind.COMPARATOR, _COMPARATOR) if first in "=<>!~" else (TokenKind.WORD, _WORD)
    end = _after(pattern, text, start)
    return Token(kind, text[start:end], start, end)


def _quoted(text: str, start: int, kind: TokenKind) -> Token:
    """Up to the next quote that is not doubled. A backslash is a character like any other."""
    quote = text[start]
    end = text.find(quote, start + 1)
    while end >= 0 and text.startswith(quote, end + 1):
        end = text.find(quote, end + 2)
    if end < 0:
        raise InvalidFilter(
            f"Invalid clause(s) in filter string: '{shown(text[start:])}'; the quote is not closed", start + 1
        )
    return Token(kind, text[start : end + 1], start, end + 1)


def _check_text(text: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise InvalidFilter(f"The text has {size} bytes; at most {MAX_BYTES} are read", MAX_BYTES)
    if foreign := _NO_TEXT.search(text):
        raise InvalidFilter(f"The character U+{ord(foreign.group()):04X} is not text", foreign.start() + 1)


def _after(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
