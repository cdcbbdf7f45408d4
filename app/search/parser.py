"""Reads filters: MLflow's grammar, and the same with OR, NOT and parentheses."""

from __future__ import annotations

from collections.abc import Callable

from app.search import wording
from app.search.ast import And, Comparison, Entity, Expression, Not, Operator, Or, Value
from app.search.errors import InvalidFilter, shown
from app.search.grammars import Field, Grammar
from app.search.identifiers import Identifier, find_field, read_identifier
from app.search.lexer import Token, TokenKind
from app.search.token_reader import TokenReader
from app.search.values import read_value
from app.search.wording import Wording
from app.text import normalized

MAX_CONDITIONS = 100
MAX_DEPTH = 20
"""Parentheses and NOTs within each other."""

_NULLS = frozenset({Operator.IS_NULL, Operator.IS_NOT_NULL})
_OPERATORS = {operator.value: operator for operator in Operator}
_WORDS = ("LIKE", "ILIKE", "RLIKE", "IN")
_CONSTANTS = ("TRUE", "FALSE", "NULL")
"""No values of MLflow's filters; its own parser takes them for words of SQL."""


def parse_filter(text: str | None, grammar: Grammar, *, extended: bool = False) -> Expression | None:
    """Read a filter of at most 4 KiB, 100 conditions and 20 levels, in time linear in its length.

    As in MLflow, only AND joins conditions, and an AND too many is skipped. With ``extended`` set
    there are also OR, NOT and parentheses (NOT binds closest, then AND), and every connective has to be in place.

    Returns:
        None for no filter: absent, empty, or blank.

    Raises:
        InvalidFilter: MLflow's own words where it has some, and the position of what is wrong.
    """
    if not text or not text.strip():
        return None
    reader = _Reader(TokenReader(text, extended=extended), grammar)
    return reader.whole() if extended else reader.conditions()


class _Reader:
    def __init__(self, tokens: TokenReader, grammar: Grammar) -> None:
        self.tokens = tokens
        self.grammar = grammar
        self.conditions_read = 0
        self.depth = 0

    def conditions(self) -> Expression | None:
        """MLflow's filters: comparisons, with AND as a mere separator."""
        operands: list[Expression] = []
        while not self.tokens.at(TokenKind.END):
            if self.tokens.take_keyword("AND"):
                continue
            self._refuse_extensions(self.tokens.peek())
            operands.append(self.comparison())
        if not operands:
            return None
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def whole(self) -> Expression:
        """The wider grammar: comparisons with AND, OR, NOT and parentheses."""
        expression = self.any_of()
        if not self.tokens.at(TokenKind.END):
            raise self.tokens.invalid_clause(self.tokens.peek(), "AND, OR or the end is expected here")
        return expression

    def any_of(self) -> Expression:
        """What OR joins."""
        return self._joined("OR", self.all_of, Or)

    def all_of(self) -> Expression:
        """What AND joins."""
        return self._joined("AND", self.operand, And)

    def operand(self) -> Expression:
        """A comparison, a parenthesis, or the negation of either."""
        token = self.tokens.peek()
        if self.tokens.take_keyword("NOT"):
            return Not(self._nested(token, self.operand))
        if token.kind is TokenKind.OPEN:
            self.tokens.take()
            expression = self._nested(token, self.any_of)
            if not self.tokens.at(TokenKind.CLOSE):
                raise self.tokens.invalid_clause(self.tokens.peek(), "')' is expected here")
            self.tokens.take()
            return expression
        if token.is_keyword("AND", "OR"):
            raise self.tokens.invalid_clause(token, "a comparison is expected here")
        return self.comparison()

    def comparison(self) -> Comparison:
        """A key, a comparator and a value."""
        start = self.tokens.peek()
        self.conditions_read += 1
        if self.conditions_read > MAX_CONDITIONS:
            raise InvalidFilter(f"The filter has more than {MAX_CONDITIONS} conditions", start.start + 1)
        identifier = read_identifier(self.tokens, self.grammar)
        comparator, token = self._comparator(start)
        if self.tokens.peek().is_keyword(*_CONSTANTS):
            raise self.tokens.invalid_clause(start, "a value is a number or stands in quotes")
        field = find_field(identifier, self.grammar)
        operator = _OPERATORS.get(comparator)
        if operator in _NULLS:
            self._check_null(identifier, field, operator, token)
            return Comparison(identifier.entity, field.key or identifier.key, operator, None)
        bad = wording.bad_comparator(self.grammar, identifier.entity, field, identifier.key, comparator)
        if operator not in field.operators and self.grammar.wording is Wording.LOGGED_MODELS:
            raise InvalidFilter(bad, token.start + 1)  # MLflow looks at the value first in all other searches
        value = read_value(self.tokens, identifier, field, operator, self.grammar)
        if operator is None or operator not in field.operators:
            raise InvalidFilter(bad, token.start + 1)
        if isinstance(value, tuple) and operator not in {Operator.IN, Operator.NOT_IN}:
            raise InvalidFilter(f"A list is compared by IN or NOT IN, not by '{comparator}'", token.start + 1)
        key = field.key or identifier.key
        if (identifier.entity, key) in self.grammar.names:
            value = _composed(value)
        return Comparison(identifier.entity, key, operator, value)

    def _comparator(self, start: Token) -> tuple[str, Token]:
        """A sign, or words such as NOT IN, in upper case."""
        token = self.tokens.take()
        if token.kind is TokenKind.COMPARATOR:
            return token.text, token
        if token.is_keyword("IS"):
            negated = self.tokens.take_keyword("NOT")
            if self.tokens.take_keyword("NULL"):
                return "IS NOT NULL" if negated else "IS NULL", token
        elif token.is_keyword(*_WORDS):
            return token.text.upper(), token
        elif token.is_keyword("NOT") and self.tokens.peek().is_keyword(*_WORDS):
            return f"NOT {self.tokens.take().text.upper()}", token
        raise self.tokens.invalid_clause(start, "a comparison is a key, a comparator and a value")

    def _check_null(self, identifier: Identifier, field: Field, operator: Operator, token: Token) -> None:
        if operator in field.operators:
            return
        nullable = [entity for entity, one in self.grammar.open.items() if operator in one.operators]
        names = " and ".join("tags" if entity is Entity.TAG else "params" for entity in reversed(nullable))
        what = f"only supported for {names}, not for" if names else "not supported for"
        raise InvalidFilter(
            f"IS NULL / IS NOT NULL is {what} '{identifier.spoken}' '{shown(identifier.key)}'", token.start + 1
        )

    def _joined(self, keyword: str, read: Callable[[], Expression], kind: type[And | Or]) -> Expression:
        operands = [read()]
        while self.tokens.take_keyword(keyword):
            operands.append(read())
        if len(operands) == 1:
            return operands[0]
        flat = [part for one in operands for part in (one.operands if isinstance(one, kind) else (one,))]
        return kind(tuple(flat))

    def _nested(self, token: Token, read: Callable[[], Expression]) -> Expression:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InvalidFilter(f"The filter is nested more than {MAX_DEPTH} levels deep", token.start + 1)
        expression = read()
        self.depth -= 1
        return expression

    def _refuse_extensions(self, token: Token) -> None:
        if token.kind is TokenKind.OPEN or token.is_keyword("OR", "NOT"):
            raise self.tokens.invalid_clause(token, "conditions are joined by AND only")


def _composed(value: Value) -> Value:
    if isinstance(value, tuple):
        return tuple(normalized(one) for one in value if isinstance(one, str))
    return normalized(value) if isinstance(value, str) else value
