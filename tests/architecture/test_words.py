"""Identifiers hold the terms of the field (``docs/glossary.md``), and none of the words that ``words.py`` refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import words
from tests.support import source as source_tree


@pytest.fixture(scope="module")
def hits() -> list[words.Hit]:
    return words.hits(*words.FOLDERS, words.SCHEMA)


def test_no_identifier_holds_a_refused_word(hits: list[words.Hit]) -> None:
    assert [f"{hit.path}:{hit.line}: {hit.name}" for hit in hits] == []


def test_every_exemption_is_needed() -> None:
    used = {
        each
        for path, names in words.identifiers(words.FOLDERS)
        for name in names
        for each in words.exempting(path, name)
    }
    assert [each.names for each in words.EXEMPTIONS if each not in used] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wish", ["wish"]),
        ("_Place", ["place"]),
        ("in_known_places", ["known", "places"]),
        ("GroupOrPlaceLookup", ["place"]),
        ("MAX_LINES", ["lines"]),
        ("PLACE", ["place"]),
        ("VersionNotFound", []),
        ("NOT_FOUND", []),
        ("not_found_or_found", ["found"]),
        ("unknown", []),
        ("placement", []),
        ("pipeline", []),
        ("outline", []),
    ],
)
def test_words_are_whole_in_both_ways_of_writing(name: str, expected: list[str]) -> None:
    assert words.refused(name) == expected


def test_every_kind_of_name_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
import json as wish_a
from json import loads as wish_b
WISH_C: int = 1
class WishD: wish_e = 2
async def wish_f(wish_g, *wish_h, wish_i=1, **wish_j):
    global wish_k
    wish_m.wish_n(wish_o=[wish_p for wish_p in ()])
    with open("") as wish_q: ...
    for wish_r, _ in (): ...
    try: ...
    except OSError as wish_s: ...
    match 1:
        case WishT(wish_u=wish_v): ...
        case [*wish_w]: ...
        case {**wish_x}: ...
    lambda wish_y: (wish_z := 1)
"""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "wishes.py").write_text(source)
    monkeypatch.setattr(source_tree, "ROOT", tmp_path)
    names = {hit.name.lower() for hit in words.hits("app")}
    assert names == {"wishes", "wishd", *(f"wish_{letter}" for letter in "abcefghijknopqrsuvwxyz")}
