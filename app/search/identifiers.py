"""The left side of a comparison: ``metrics.accuracy``, ``tags.`mlflow.user```, ``start_time``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.search import wording
from app.search.ast import Entity
from app.search.errors import InvalidFilter, shown
from app.search.grammars import Field, Grammar
from app.search.lexer import Token, TokenKind
from app.search.token_reader import TokenReader

_PLAIN_KEY = re.compile(r"\w+(?:\.\w+)*")


@dataclass(frozen=True, slots=True)
class Identifier:
    """An entity and a key of it, without quotes; ``position`` counts characters from 1."""

    entity: Entity
    key: str
    position: int

    @property
    def spoken(self) -> str:
        """The entity in MLflow's words."""
        return wording.spoken(self.entity)


def read_identifier(tokens: TokenReader, grammar: Grammar) -> Identifier:
    """Read an entity and a key; without a prefix it is an attribute.

    Raises:
        InvalidFilter: there is none, its prefix is unknown, or its key needs quotes.
    """
    first = last = tokens.take()
    if first.kind is TokenKind.WORD:
        prefix, dot, key = first.text.partition(".")
    elif first.kind in {TokenKind.BACKTICK, TokenKind.DOUBLE}:
        prefix, dot, key = _quoted_start(tokens, first)
        last = tokens.take() if dot else first
    else:
        raise _no_identifier(tokens, first)
    if not dot:
        return _bare(tokens, first, prefix, grammar)
    if not key and tokens.joins(last):
        key = tokens.unquoted(tokens.take())
    elif not _PLAIN_KEY.fullmatch(key) or tokens.joins(last):
        raise _no_identifier(tokens, first, "a key with other characters than letters, digits, _ and . needs backticks")
    return Identifier(_entity(prefix, first, grammar), key, first.start + 1)


def _quoted_start(tokens: TokenReader, first: Token) -> tuple[str, str, str]:
    """``"run name"`` by itself is a key; in ```metrics`.a`` the first part is a prefix."""
    if tokens.joins(first):
        prefix = tokens.unquoted(first) if first.kind is TokenKind.BACKTICK else first.text
        return prefix, ".", tokens.peek().text[1:]
    return tokens.unquoted(first), "", ""


def _bare(tokens: TokenReader, token: Token, key: str, grammar: Grammar) -> Identifier:
    if token.kind is TokenKind.WORD and (not _PLAIN_KEY.fullmatch(key) or key.isdecimal()):
        raise _no_identifier(tokens, token)
    if "." in key:
        _entity(token.text.partition(".")[0], token, grammar)
    return Identifier(Entity.ATTRIBUTE, key, token.start + 1)


def _entity(prefix: str, token: Token, grammar: Grammar) -> Entity:
    if entity := grammar.prefixes.get(prefix):
        return entity
    raise InvalidFilter(wording.bad_entity(grammar, prefix), token.start + 1)


def _no_identifier(tokens: TokenReader, token: Token, hint: str = "") -> InvalidFilter:
    if token.kind is TokenKind.SINGLE or hint or (token.kind is TokenKind.WORD and tokens.at(TokenKind.COMPARATOR)):
        text = tokens.text[token.start : tokens.previous_end]
        return InvalidFilter(
            f"Invalid comparison clause. Expected 'Identifier' found '{shown(text)}'" + (f"; {hint}" if hint else ""),
            token.start + 1,
        )
    return tokens.invalid_clause(token, "a comparison begins with a key such as metrics.accuracy")


def find_field(identifier: Identifier, grammar: Grammar) -> Field:
    """How the key may be compared.

    Raises:
        InvalidFilter: the entity has no such key.
    """
    keys = grammar.closed.get(identifier.entity)
    if keys is None:
        return grammar.open[identifier.entity]
    if identifier.key not in keys:
        raise unknown_key(identifier, list(keys))
    return keys[identifier.key]


def unknown_key(identifier: Identifier, valid: list[str]) -> InvalidFilter:
    """The error for a key that the entity does not have."""
    return InvalidFilter(
        f"Invalid {identifier.spoken} key '{shown(identifier.key)}' specified. Valid keys are {valid}",
        identifier.position,
    )
