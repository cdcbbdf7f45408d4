"""The right side of a comparison."""

from __future__ import annotations

import re
from typing import NoReturn

from app.search.ast import Entity, Operator, Value
from app.search.errors import InvalidFilter, shown
from app.search.grammars import Field, Grammar, ValueKind
from app.search.identifiers import Identifier
from app.search.lexer import Token, TokenKind
from app.search.token_reader import TokenReader

_INTEGER = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_STRINGS = frozenset({TokenKind.SINGLE, TokenKind.DOUBLE})
_VALUES = frozenset({TokenKind.SINGLE, TokenKind.DOUBLE, TokenKind.BACKTICK, TokenKind.WORD})
_LISTS = frozenset({Operator.IN, Operator.NOT_IN})
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_MOST_DIGITS = 1000
"""Leading zeros and all; far more are not even read."""


def read_value(
    tokens: TokenReader, identifier: Identifier, field: Field, operator: Operator | None, grammar: Grammar
) -> Value:
    """Read what the key is compared with.

    Raises:
        InvalidFilter: it is not of the kind that the key takes.
    """
    if tokens.at(TokenKind.OPEN):
        return _read_list(tokens, identifier, field, grammar)
    token = tokens.take()
    if token.kind not in _VALUES or token.is_keyword("AND", "OR", "NOT", "IS", "IN", "LIKE", "ILIKE"):
        raise tokens.invalid_clause(token, "a value is expected here")
    if operator in _LISTS:
        raise InvalidFilter(
            f"{operator} compares with a list in parentheses, e.g. ('a', 'b'). Got value {shown(token.text)}",
            token.start + 1,
        )
    if field.kind is ValueKind.STRING or field.kind is ValueKind.QUOTED_INTEGER:
        text = _string(tokens, identifier, token)
        return text if field.kind is ValueKind.STRING else _quoted_integer(text, identifier, token)
    return _number(tokens, identifier, field, token)


def _string(tokens: TokenReader, identifier: Identifier, token: Token) -> str:
    if token.kind in _STRINGS:
        return tokens.unquoted(token)
    if identifier.entity is Entity.ATTRIBUTE:
        expected = "for attributes"
    elif identifier.entity is Entity.DATASET:
        expected = "for dataset attributes"
    else:
        expected = f"for {identifier.spoken} (e.g. 'my-value')"
    if _NUMBER.fullmatch(token.text):
        raise InvalidFilter(
            f"Expected a quoted string value {expected}. Got value {shown(token.text)}", token.start + 1
        )
    raise InvalidFilter(
        "Parameter value is either not quoted or unidentified quote types used for string value "
        f"{shown(token.text)}. Use either single or double quotes.",
        token.start + 1,
    )


def _number(tokens: TokenReader, identifier: Identifier, field: Field, token: Token) -> int | float:
    text = token.text
    if field.kind is ValueKind.QUOTABLE_INTEGER and token.kind in _STRINGS:
        text = tokens.unquoted(token)
    elif token.kind is not TokenKind.WORD or not _NUMBER.fullmatch(text):
        _not_a_number(identifier, token)
    if identifier.entity is Entity.METRIC:
        return float(text)
    if _INTEGER.fullmatch(text):
        return _of_64_bits(text, identifier, token)
    if field.kind is ValueKind.NUMBER:
        return float(text)
    raise InvalidFilter(
        f"Invalid value for numeric attribute '{identifier.key}': {shown(token.text)}; an integer is expected",
        token.start + 1,
    )


def _not_a_number(identifier: Identifier, token: Token) -> NoReturn:
    what = "metric" if identifier.entity is Entity.METRIC else f"numeric attribute: {identifier.key}"
    raise InvalidFilter(f"Expected numeric value type for {what}. Found {shown(token.text)}", token.start + 1)


def _quoted_integer(text: str, identifier: Identifier, token: Token) -> int:
    if _INTEGER.fullmatch(text):
        return _of_64_bits(text, identifier, token)
    raise InvalidFilter(
        f"Invalid value '{shown(text)}' for {identifier.key}. It must be a valid integer in quotes.", token.start + 1
    )


def _of_64_bits(text: str, identifier: Identifier, token: Token) -> int:
    """No stored number is larger; the nearest that could be stored would not compare alike."""
    number = int(text) if len(text) <= _MOST_DIGITS else _LARGEST + 1
    if not _SMALLEST <= number <= _LARGEST:
        raise InvalidFilter(
            f"Invalid value for numeric attribute '{identifier.key}': {shown(token.text)}; an integer of 64 bits is "
            "expected",
            token.start + 1,
        )
    return number


def _read_list(tokens: TokenReader, identifier: Identifier, field: Field, grammar: Grammar) -> Value:
    opening = tokens.take()
    if not tokens.closes():
        raise tokens.invalid_clause(opening, "the list has no ')'")
    if not _LISTS.intersection(field.operators):
        raise _no_list(identifier, opening, tokens.listed(opening), grammar)
    items = _items(tokens, opening)
    if field.kind is ValueKind.QUOTED_INTEGER:
        return tuple(_quoted_integer(tokens.unquoted(item), identifier, item) for item in items)
    return tuple(tokens.unquoted(item) for item in items)


def _items(tokens: TokenReader, opening: Token) -> list[Token]:
    """Strings between commas; a comma after the last one is fine."""
    items: list[Token] = []
    while not tokens.at(TokenKind.CLOSE):
        item = tokens.take()
        if item.kind is TokenKind.WORD and _NUMBER.fullmatch(item.text):
            raise _bad_list(
                item, f"string value, punctuation, or whitespace, but got different type in list: ({shown(item.text)},)"
            )
        if item.kind not in _STRINGS:
            raise _bad_list(item, "a non-empty list of string values, but got ill-formed list.")
        items.append(item)
        if tokens.at(TokenKind.COMMA):
            tokens.take()
        elif not tokens.at(TokenKind.CLOSE):
            raise _bad_list(tokens.peek(), "a non-empty list of string values, but got ill-formed list.")
    tokens.take()
    if not items:
        raise _bad_list(opening, "a non-empty list of string values, but got empty list")
    return items


def _bad_list(token: Token, expected: str) -> InvalidFilter:
    return InvalidFilter(f"While parsing a list in the query, expected {expected}", token.start + 1)


def _no_list(identifier: Identifier, token: Token, text: str, grammar: Grammar) -> InvalidFilter:
    attributes = grammar.closed[Entity.ATTRIBUTE].values()
    keys = sorted({field.key for field in attributes if _LISTS.intersection(field.operators)})
    if identifier.entity is Entity.ATTRIBUTE:
        return InvalidFilter(
            f"Only {keys} attributes support comparison with a list of quoted string values.", token.start + 1
        )
    return InvalidFilter(
        f"Expected a quoted string value for {identifier.spoken} (e.g. 'my-value'). Got value {shown(text)}",
        token.start + 1,
    )
