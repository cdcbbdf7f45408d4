"""Statements: named parameters, rows by name, and the same text on a connection and in a session."""

from __future__ import annotations

import timeit
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from app.db.statements import Statement, columns, compiled


class Pair(NamedTuple):
    key: str
    value: int


@dataclass(frozen=True, slots=True)
class Labelled:
    label: str
    key: str


@pytest.mark.parametrize(
    ("sql", "text", "names"),
    [
        ("SELECT :one, :two, :one", "SELECT $1, $2, $1", ("one", "two")),
        ("SELECT 1", "SELECT 1", ()),
        ("SELECT :ids::uuid[], CAST(:ids AS text)::jsonb", "SELECT $1::uuid[], CAST($1 AS text)::jsonb", ("ids",)),
        ("SELECT ':no', E'it\\'s :no', 'it''s :no', :yes", "SELECT ':no', E'it\\'s :no', 'it''s :no', $1", ("yes",)),
        ('SELECT ":no", "a"":no" FROM t', 'SELECT ":no", "a"":no" FROM t', ()),
        ("SELECT 1 -- :no\n, :yes /* :no\n:no */", "SELECT 1 -- :no\n, $1 /* :no\n:no */", ("yes",)),
        ("SELECT $$ :no $$, $tag$ :no $$ $tag$, :yes", "SELECT $$ :no $$, $tag$ :no $$ $tag$, $1", ("yes",)),
        ("SELECT make(a := 1, b := :yes)", "SELECT make(a := 1, b := $1)", ("yes",)),
        ("SELECT a[1:2], a[1:n], a[i : n], a[f(x):n]", "SELECT a[1:2], a[1:n], a[i : n], a[f(x):n]", ()),
        ("SELECT ARRAY[:a, 1, :b + :c], x[:a]", "SELECT ARRAY[$1, 1, $2 + $3], x[$1]", ("a", "b", "c")),
        ("SELECT date'2020-01-01', :a LIMIT :most", "SELECT date'2020-01-01', $1 LIMIT $2", ("a", "most")),
        ("SELECT (:a)::text||:b", "SELECT ($1)::text||$2", ("a", "b")),
    ],
)
def test_names_become_positions(sql: str, text: str, names: tuple[str, ...]) -> None:
    assert compiled(sql) == (text, names)


def test_positions_in_the_text_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\$1"):
        compiled("SELECT $1")


def test_columns_follow_the_row_type() -> None:
    assert columns(Pair) == "key, value"
    assert columns(Pair, of="t", value="count(*)") == "t.key, count(*) AS value"
    with pytest.raises(ValueError, match="Pair has no field other"):
        columns(Pair, other="1")


@pytest.fixture(params=["connection", "snapshot"])
async def on(request, runtime):
    """What runs a statement: a connection of the driver, or a session."""
    lend = runtime.db.direct if request.param == "connection" else runtime.db.read
    async with lend() as lent:
        yield lent


async def test_values_are_bound_by_name(on) -> None:
    statement = Statement("test.sub", "A difference.", "SELECT :a::int - :b::int")
    assert await statement.fetch_value(on, b=1, a=3) == 2
    assert await statement.fetch_value(on, a=1, b=3) == -2


async def test_rows_are_read_by_name(on) -> None:
    # The columns come in another order than the fields.
    statement = Statement("test.pairs", "Two pairs.", "SELECT 7 AS value, :key::text AS key", row=Pair)
    assert await statement.fetch(on, key="a") == [Pair("a", 7)]
    assert await statement.fetch_one(on, key="b") == Pair("b", 7)


async def test_dataclass_gives_the_columns_and_takes_the_rows(on) -> None:
    statement = Statement(
        "test.labels",
        "Labelled keys.",
        f"SELECT {columns(Labelled, of='t', label='upper(t.key)')} FROM unnest(:keys::text[]) AS t (key)",
        row=Labelled,
    )
    assert await statement.fetch(on, keys=["a", "b"]) == [Labelled("A", "a"), Labelled("B", "b")]
    assert await statement.fetch(on, keys=[]) == []
    assert await statement.fetch_one(on, keys=[]) is None


async def test_rows_without_a_type_are_mappings(on) -> None:
    statement = Statement("test.untyped", "One row.", "SELECT 1 AS a, 'x' AS b")
    (row,) = await statement.fetch(on)
    assert dict(row) == {"a": 1, "b": "x"}
    one = await statement.fetch_one(on)
    assert one is not None
    assert one["b"] == "x"


async def test_missing_and_unknown_values_are_named(on) -> None:
    statement = Statement("test.sum", "A sum.", "SELECT :a::int + :b::int")
    for values, message in (
        ({"a": 1}, "The statement test.sum is given no b."),
        ({"a": 1, "c": 2}, "The statement test.sum is given no b, an unknown c."),
        ({"a": 1, "b": 2, "c": 3}, "The statement test.sum is given an unknown c."),
    ):
        with pytest.raises(TypeError, match=message):
            await statement.fetch(on, **values)


async def test_columns_that_are_not_those_of_the_row_are_refused(on) -> None:
    statement = Statement("test.strange", "Other columns.", "SELECT 1 AS value, 2 AS other", row=Pair)
    with pytest.raises(TypeError, match=r"The statement test.strange answers value, other; Pair has key, value\."):
        await statement.fetch(on)


async def test_execute_counts_written_rows(runtime) -> None:
    statement = Statement(
        "test.hold",
        "Holds that are over at once.",
        """
        INSERT INTO backup_holds (id, begun_at, expires_at, note)
        SELECT gen_random_uuid(), now(), now() - interval '1 day', :note FROM generate_series(1, :count)
        """,
    )
    forget = Statement("test.forget", "Remove them.", "DELETE FROM backup_holds WHERE note = :note")
    async with runtime.db.committing() as connection:
        assert await statement.execute(connection, note="test-statements", count=2) == 2
    async with runtime.db.write() as tx:
        assert await statement.execute(tx, note="test-statements", count=1) == 1
        assert await forget.execute(tx, note="test-statements") == 3
        assert await forget.execute(tx, note="test-statements") == 0


async def test_name_is_seen_by_the_server(on) -> None:
    statement = Statement(
        "test.name", "Its own text.", "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    )
    assert (await statement.fetch_value(on)).startswith("/* test.name */ SELECT")


def test_binding_costs_less_than_two_microseconds() -> None:
    statement = Statement("test.cost", "Five values.", "SELECT :a, :b, :c, :d, :e")
    values = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
    assert min(timeit.repeat(lambda: statement._bound(values), number=1_000, repeat=20)) / 1_000 < 2e-6
