"""Reads the order of a search: ``metrics.accuracy DESC``, ``start_time``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from app.search import wording
from app.search.ast import Entity, OrderKey
from app.search.errors import InvalidFilter, InvalidOrder, shown
from app.search.grammars import Grammar
from app.search.identifiers import Identifier, read_identifier
from app.search.lexer import TokenKind
from app.search.token_reader import TokenReader
from app.search.wording import Wording

T = TypeVar("T")

MAX_KEYS = 20


def parse_order(clauses: Sequence[str], grammar: Grammar) -> tuple[OrderKey, ...]:
    """Read the keys of an order, at most 20; the default and the tie-break are the search's own.

    Raises:
        InvalidOrder: a clause is not ``key [ASC|DESC]``, its key cannot be sorted by, or a key stands there twice.
    """
    return distinct([_read_clause(clause, grammar) for clause in _limited(clauses)])


def order_field(
    field_name: str,
    grammar: Grammar,
    *,
    ascending: bool = True,
    dataset_name: str | None = None,
    dataset_digest: str | None = None,
) -> OrderKey:
    """One key given as an object, as the search of logged models does; pass all of them through ``distinct``.

    What follows ``metrics.`` is the key as it stands, without quotes.

    Raises:
        InvalidOrder: the field cannot be sorted by.
    """
    prefix, dot, key = field_name.partition(".")
    if not dot:
        name = _attribute(field_name.strip(), grammar)
        return OrderKey(Entity.ATTRIBUTE, name, not ascending)
    entity = grammar.prefixes.get(prefix)
    if entity not in grammar.order_entities or entity is None or not key:
        raise InvalidOrder(
            f"Invalid order by field name: {shown(field_name)}. Only metrics are supported: `metrics.<name>`."
        )
    return OrderKey(entity, key, not ascending, dataset_name or None, dataset_digest or None)


def distinct(keys: Sequence[OrderKey]) -> tuple[OrderKey, ...]:
    """The keys, unless one is there twice.

    Raises:
        InvalidOrder: one is, or there are more than 20.
    """
    names = [f"{key.entity}.{key.key}" for key in _limited(keys)]
    marks = {(key.entity, key.key, key.dataset_name, key.dataset_digest) for key in keys}
    if len(marks) < len(keys):
        raise InvalidOrder(f"`order_by` contains duplicate fields: {shown(str(names))}")
    return tuple(keys)


def _read_clause(clause: str, grammar: Grammar) -> OrderKey:
    unreadable = InvalidOrder(f"Invalid order_by clause '{shown(clause)}'. Could not be parsed.")
    try:
        tokens = TokenReader(clause)
    except InvalidFilter as error:
        raise unreadable from error
    if tokens.at(TokenKind.END):
        raise unreadable
    try:
        identifier = read_identifier(tokens, grammar)
    except InvalidFilter as error:
        if "entity type" not in error.reason:
            raise unreadable from error
        key = clause.split(maxsplit=1)[0]
        models = grammar.wording is Wording.MODELS  # MLflow knows no entities there
        raise InvalidOrder(wording.bad_order(grammar, key) if models else error.message) from error
    descending = _direction(tokens, clause)
    if not tokens.at(TokenKind.END):
        raise unreadable
    return OrderKey(identifier.entity, _key(identifier, grammar), descending)


def _direction(tokens: TokenReader, clause: str) -> bool:
    if not tokens.at(TokenKind.WORD):
        return False
    word = tokens.take()
    if not word.is_keyword("ASC", "DESC"):
        raise InvalidOrder(f"Invalid ordering key in order_by clause '{shown(clause)}'.")
    return word.is_keyword("DESC")


def _key(identifier: Identifier, grammar: Grammar) -> str:
    if identifier.entity is Entity.ATTRIBUTE:
        return _attribute(identifier.key, grammar)
    if identifier.entity not in grammar.order_entities:
        raise InvalidOrder(f"Invalid order_by entity: {identifier.spoken}")
    return identifier.key


def _attribute(key: str, grammar: Grammar) -> str:
    if name := grammar.order.get(key):
        return name
    raise InvalidOrder(wording.bad_order(grammar, key))


def _limited(items: Sequence[T]) -> Sequence[T]:
    if len(items) > MAX_KEYS:
        raise InvalidOrder(f"The order has {len(items)} keys; at most {MAX_KEYS} are read.")
    return items
