"""Names that begin with a text are a range of the order; it has to be the range that the pattern means."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Text, collate, column, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from app.search import grammars, sql
from app.search.ast import Comparison
from app.search.parser import parse_filter

NAMES = (
    "", "a", "ab", "abc", "b", "B", "Ab", "a%", "a_b", "a\\", "a b", "é", "ée", "z", "~", "\x7f", "\ud7ff", "\ue000",
    "\ue000x", "\U0010ffff", "\U0010ffff!", "a\U0010ffff", "a\U0010ffffz", "a\ue000", "model-1", "model-10", "model.1",
)  # fmt: skip


async def matching(runtime, pattern: str) -> list[str]:
    parsed = parse_filter(f"name LIKE '{pattern}'", grammars.MODELS)
    assert isinstance(parsed, Comparison)
    names = func.unnest(literal(list(NAMES), ARRAY(Text))).column_valued("name")
    here = select(collate(names, "C").label("name")).subquery()
    statement = select(here.c.name).where(sql.compare_name(here.c.name, parsed))
    async with runtime.db.read() as snap:
        return sorted(await snap.scalars(statement))


def beginning_with(text: str) -> list[str]:
    return sorted(name for name in NAMES if name.startswith(text))


@pytest.mark.parametrize("text", [name for name in NAMES if not {"%", "_"} & set(name)])
async def test_prefix_pattern_matches_names_that_begin_so(runtime, text: str):
    assert await matching(runtime, f"{text}%") == beginning_with(text)
    assert await matching(runtime, f"{text}%%") == beginning_with(text)


@pytest.mark.parametrize("pattern", ["a_", "a_%", "%b%", "a%b", "abc", "%", "_", "A%_"])
async def test_pattern_that_is_no_prefix_is_matched_as_a_pattern(runtime, pattern: str):
    meant = re.compile(pattern.replace("%", ".*").replace("_", "."), re.DOTALL)
    assert await matching(runtime, pattern) == sorted(name for name in NAMES if meant.fullmatch(name))


def test_prefix_pattern_becomes_a_range():
    parsed = parse_filter("name LIKE 'model-%'", grammars.MODELS)
    assert isinstance(parsed, Comparison)
    compiled = sql.compare_name(column("name", Text), parsed).compile(compile_kwargs={"literal_binds": True})
    assert str(compiled) == "name >= 'model-' AND name < 'model.'"
