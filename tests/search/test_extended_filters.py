from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.search.ast import And, Comparison, Entity, Expression, Not, Operator, Or
from app.search.errors import InvalidFilter
from app.search.grammars import CANDIDATES
from app.search.parser import parse_filter


def tag(key: str) -> Comparison:
    return Comparison(Entity.TAG, key, Operator.EQ, "x")


a, b, c, d = map(tag, "abcd")


def read(text: str) -> Expression | None:
    """The filter with every letter standing for a condition."""
    words = [f"tags.{word} = 'x'" if word in set("abcd") else word for word in text.split()]
    return parse_filter(" ".join(words), CANDIDATES, extended=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a AND b", And((a, b))),
        ("a or b", Or((a, b))),
        ("a OR b AND c", Or((a, And((b, c))))),
        ("a AND b OR c AND d", Or((And((a, b)), And((c, d))))),
        ("( a OR b ) AND c", And((Or((a, b)), c))),
        ("NOT a AND b", And((Not(a), b))),
        ("NOT ( a AND b )", Not(And((a, b)))),
        ("not not a", Not(Not(a))),
        ("( ( a ) )", a),
        ("a AND ( b AND ( c AND d ) )", And((a, b, c, d))),
        ("( a OR b ) OR c", Or((a, b, c))),
    ],
)
def test_connectives_are_parsed_with_their_precedence(text: str, expected: Expression):
    assert read(text) == expected


def test_value_lists_and_parentheses_are_distinguished():
    expression = parse_filter("(run_id IN ('a','b') OR run_id NOT IN ('c'))", CANDIDATES, extended=True)
    assert expression == Or(
        (
            Comparison(Entity.ATTRIBUTE, "run_id", Operator.IN, ("a", "b")),
            Comparison(Entity.ATTRIBUTE, "run_id", Operator.NOT_IN, ("c",)),
        )
    )


def test_doubled_quote_stands_for_one_quote():
    text = "tags.`a``b` = 'it''s' AND run_id IN ('''')"
    assert parse_filter(text, CANDIDATES, extended=True) == And(
        (
            Comparison(Entity.TAG, "a`b", Operator.EQ, "it's"),
            Comparison(Entity.ATTRIBUTE, "run_id", Operator.IN, ("'",)),
        )
    )


CLAUSES = "Invalid clause(s) in filter string:"
KEY = "a comparison begins with a key such as metrics.accuracy"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tags.a = 'x' tags.b = 'x'", f"{CLAUSES} 'tags.b'; AND, OR or the end is expected here (at character 14)"),
        ("AND tags.a = 'x'", f"{CLAUSES} 'AND'; a comparison is expected here (at character 1)"),
        ("tags.a = 'x' AND OR tags.b = 'x'", f"{CLAUSES} 'OR'; a comparison is expected here (at character 18)"),
        ("(tags.a = 'x'", f"{CLAUSES} the end of the filter; ')' is expected here (at character 14)"),
        ("tags.a = 'x')", f"{CLAUSES} ')'; AND, OR or the end is expected here (at character 13)"),
        (
            "()",
            f"{CLAUSES} ')'; {KEY} (at character 2)",
        ),
        (
            "tags.a = 'x' AND",
            f"{CLAUSES} the end of the filter; {KEY} (at character 17)",
        ),
    ],
)
def test_stray_connectives_are_refused(text: str, message: str):
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text, CANDIDATES, extended=True)
    assert caught.value.message == message


def test_twenty_levels_of_nesting_are_the_limit():
    assert read("( " * 20 + "a" + " )" * 20) == a
    for text in ("( " * 21 + "a" + " )" * 21, "NOT " * 21 + "a", "( NOT " * 11 + "a" + " )" * 11, "( " * 2000):
        with pytest.raises(InvalidFilter, match="The filter is nested more than 20 levels deep"):
            read(text)


def test_nesting_is_counted_per_branch():
    assert isinstance(read(" AND ".join(["( ( a OR b ) AND c )"] * 15)), And)


expressions = st.recursive(
    st.sampled_from([a, b, c, d]),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=8,
)


def written(expression: Expression) -> str:
    match expression:
        case Comparison():
            return expression.key
        case Not():
            return f"NOT ( {written(expression.operand)} )"
        case And() | Or():
            word = " AND " if isinstance(expression, And) else " OR "
            return word.join(f"( {written(part)} )" for part in expression.operands)


def truth(expression: Expression, facts: frozenset[str]) -> bool:
    match expression:
        case Comparison():
            return expression.key in facts
        case Not():
            return not truth(expression.operand, facts)
        case And():
            return all(truth(part, facts) for part in expression.operands)
        case Or():
            return any(truth(part, facts) for part in expression.operands)


@given(expression=expressions, facts=st.frozensets(st.sampled_from("abcd")))
def test_rendered_expression_is_parsed_into_the_same_expression(expression: Expression, facts: frozenset[str]):
    try:
        parsed = read(written(expression))
    except InvalidFilter as error:
        assert "nested more than" in error.reason  # noqa: PT017 - depth depends on what was drawn
        return
    assert parsed is not None
    assert truth(parsed, facts) is truth(expression, facts)


@given(text=st.text(alphabet="tags.ab=!<'\"`(),; ANDORNOTINISULLKE1-", max_size=40), extended=st.booleans())
def test_arbitrary_text_is_parsed_or_refused(text: str, extended: bool):
    try:
        expression = parse_filter(text, CANDIDATES, extended=extended)
    except InvalidFilter as error:
        assert 1 <= error.position <= len(text) + 1  # noqa: PT017 - the refusal is one of two right answers
    else:
        assert expression is None or isinstance(expression, Comparison | And | Or | Not)
