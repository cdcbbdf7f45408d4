"""Reads the tokens of a filter one after the other, and makes the errors that name one of them."""

from __future__ import annotations

from app.search.errors import InvalidFilter, shown
from app.search.lexer import QUOTED, Token, TokenKind, tokenize


class TokenReader:
    """Reads tokens one after the other.

    With ``extended`` set, a doubled quote inside quotes stands for one (as in SQL); MLflow keeps both.
    """

    def __init__(self, text: str, *, extended: bool = False) -> None:
        self.text = text
        self.extended = extended
        self._tokens = tokenize(text)
        self._next = 0

    def peek(self) -> Token:
        """The token ahead; END for ever once all are read."""
        return self._tokens[self._next]

    def at(self, kind: TokenKind) -> bool:
        """Whether the token ahead is of this kind."""
        return self.peek().kind is kind

    def closes(self) -> bool:
        """Whether a closing parenthesis is ahead somewhere."""
        return any(token.kind is TokenKind.CLOSE for token in self._tokens[self._next :])

    def listed(self, opening: Token) -> str:
        """The text from an opening parenthesis to the next closing one."""
        end = next((token.end for token in self._tokens[self._next :] if token.kind is TokenKind.CLOSE), len(self.text))
        return self.text[opening.start : end]

    @property
    def previous_end(self) -> int:
        """Where the last token taken ends."""
        return self._tokens[max(self._next - 1, 0)].end

    def take(self) -> Token:
        """The token ahead, which is read with this; END stays ahead."""
        token = self.peek()
        if token.kind is not TokenKind.END:
            self._next += 1
        return token

    def take_keyword(self, *keywords: str) -> bool:
        """Step over one of the keywords, in any case, if it is ahead."""
        if self.peek().is_keyword(*keywords):
            self._next += 1
            return True
        return False

    def joins(self, previous: Token) -> bool:
        """Whether the token ahead continues ``previous`` without a blank, as in ``metrics.`a b```."""
        token = self.peek()
        if token.start != previous.end:
            return False
        if token.kind in QUOTED:
            return previous.kind is TokenKind.WORD and previous.text.endswith(".")
        return token.kind is TokenKind.WORD and previous.kind in QUOTED and token.text.startswith(".")

    def unquoted(self, token: Token) -> str:
        """The text between the quotes of a token."""
        quote, inner = token.text[0], token.text[1:-1]
        return inner.replace(quote * 2, quote) if self.extended else inner

    def invalid_clause(self, token: Token, hint: str = "") -> InvalidFilter:
        """The error for a token that cannot stand where it does."""
        if token.kind is TokenKind.SEMICOLON and token.end < len(self.text.rstrip()):
            return InvalidFilter(
                f"Search filter contained multiple expression {shown(self.text)!r}. Provide AND-ed expression list.",
                token.start + 1,
            )
        what = "the end of the filter" if token.kind is TokenKind.END else f"'{shown(token.text)}'"
        return InvalidFilter(
            f"Invalid clause(s) in filter string: {what}" + (f"; {hint}" if hint else ""), token.start + 1
        )
