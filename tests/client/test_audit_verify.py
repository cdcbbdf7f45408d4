"""The verifier alone: what it finds in an export that someone has changed, and which entry it names."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import pytest

from modelyard_client.audit import verify
from modelyard_client.audit.verify import GENESIS, Head, canonical

Line = dict[str, Any]


def entry(number: int) -> Line:
    return {
        "about": "{}", "action": "update", "after": f'{{"value": {number}}}', "at": f"2026-01-01T00:00:{number:02}Z",
        "before": None, "chain": 7, "context": '{"username":"ada"}', "id": 100 + number, "key": "1", "type": "model",
    }  # fmt: skip


def chained(entries: list[Line], before: bytes = GENESIS, first: int = 1) -> list[Line]:
    lines = []
    for seq, content in enumerate(entries, first):
        entry_hash = hashlib.sha256(canonical(content)).digest()
        before = hashlib.sha256(before + entry_hash).digest()
        lines.append(
            {"type": "entry", "seq": seq, "entry": content, "entry_hash": entry_hash.hex(), "chain_hash": before.hex()}
        )
    return lines


@pytest.fixture
def lines() -> list[Line]:
    return chained([entry(number) for number in range(1, 11)])


def check(lines: list[Line], heads: list[Head] | None = None, end: int | None = None) -> verify.Report:
    header = {"type": "header", "format": verify.FORMAT, "chain": 7}
    last = {"type": "end", "seq": (lines[-1]["seq"] if lines else 0) if end is None else end}
    return verify.verify([json.dumps(line) for line in [header, *lines, last]], heads or [])


def head(lines: list[Line], seq: int) -> Head:
    return Head(7, seq, lines[seq - 1]["chain_hash"], "2026-01-01T01:00:00Z")


def test_a_sound_export_is_sound(lines):
    report = check(lines, [head(lines, 4), head(lines, 9)])
    assert (report.is_sound, report.entries, report.heads, report.proven, report.last_seq) == (True, 10, 2, 9, 10)


@pytest.mark.parametrize("name", ["after", "at", "context", "key", "id"])
def test_an_altered_entry_is_named(lines, name):
    lines[4]["entry"][name] = 1 if name == "id" else "other"
    assert [problem.split(":")[0] for problem in check(lines).problems] == ["Entry 5 was altered"]


def test_an_altered_entry_with_a_new_hash_is_named(lines):
    lines[4]["entry"]["after"] = "other"
    lines[4]["entry_hash"] = hashlib.sha256(canonical(lines[4]["entry"])).hexdigest()
    (problem,) = check(lines).problems
    assert problem.startswith("Entry 5 does not follow entry 4")


def test_a_removed_entry_is_named(lines):
    del lines[4]
    assert check(lines).problems == ["Entry 5 is missing: after entry 4 follows entry 6."]


def test_removed_entries_are_detected_also_when_the_others_are_numbered_anew(lines):
    del lines[4:6]
    for seq, line in enumerate(lines, 1):
        line["seq"] = seq
    (problem,) = check(lines).problems
    assert problem.startswith("Entry 5 does not follow entry 4")


def test_a_removed_content_is_named(lines):
    lines[4]["entry"] = None
    (problem,) = check(lines).problems
    assert problem.startswith("Entry 5 was removed")


def test_an_inserted_entry_is_detected_with_its_number(lines):
    before = bytes.fromhex(lines[4]["chain_hash"])
    lines[5:5] = chained([entry(42)], before, first=6)
    problems = check(lines).problems
    assert problems == [
        "Entry 6 stands after entry 6: it was inserted, or moved.",
        "The entry before entry 6 was inserted: the chain goes on without it.",
    ]


def test_an_inserted_entry_is_detected_also_when_the_others_are_numbered_anew(lines):
    before = bytes.fromhex(lines[4]["chain_hash"])
    lines[5:5] = chained([entry(42)], before, first=6)
    for seq, line in enumerate(lines, 1):
        line["seq"] = seq
    assert check(lines).problems == ["The entry before entry 7 was inserted: the chain goes on without it."]


def test_an_entry_past_the_chain_is_detected(lines):
    (problem,) = check([*lines, {"type": "unchained", "id": 77}], end=10).problems
    assert problem.startswith("Entry with id 77 ")


def test_two_swapped_entries_are_detected(lines):
    lines[3], lines[4] = lines[4], lines[3]
    assert check(lines).problems[0] == "Entry 4 is missing: after entry 3 follows entry 5."


def test_a_chain_that_was_made_anew_differs_from_a_stored_head(lines):
    """Consistent in itself: only what was kept elsewhere shows it."""
    stored = [head(lines, 3), head(lines, 8)]
    entries = [line["entry"] for line in lines]
    entries[5]["after"] = "other"
    made_anew = chained(entries)
    assert check(made_anew).is_sound
    report = check(made_anew, stored)
    assert report.proven == 3
    (problem,) = report.problems
    assert problem.startswith("Entry 8 does not have the hash that the head of 2026-01-01T01:00:00Z says")
    assert problem.endswith("after entry 3.")


def test_an_end_that_was_cut_off_is_detected_by_a_stored_head(lines):
    stored = [head(lines, 9)]
    assert check(lines[:7]).is_sound
    (problem,) = check(lines[:7], stored).problems
    assert problem == (
        "The head of 2026-01-01T01:00:00Z knows entry 9, and the export ends at entry 7: "
        "2 entries were removed at the end."
    )


def test_heads_of_the_export_itself_are_compared_and_prove_nothing(lines):
    own = [{"type": "head", "chain": 7, "seq": 9, "chain_hash": lines[8]["chain_hash"], "at": "now"}]
    report = check([*own, *lines])
    assert (report.is_sound, report.proven) == (True, 0)
    own[0]["chain_hash"] = "00" * 32
    assert len(check([*own, *lines]).problems) == 1
    assert len(check([*own, *lines[:5]]).problems) == 2 - 1


def test_heads_of_other_chains_are_passed_over(lines):
    assert check(lines, [Head(8, 3, "00" * 32, "now"), head(lines, 2)]).is_sound


def test_a_file_that_was_cut_or_is_no_export_is_refused(lines):
    text = [json.dumps({"type": "header", "format": verify.FORMAT, "chain": 7}), *(json.dumps(line) for line in lines)]
    assert verify.verify(text).problems == ["The export has no end: it was cut, or is not complete yet."]
    assert verify.verify([*text[:-1], text[-1][:40]]).problems[0].startswith("Line 11 is not a JSON object")
    assert "The export has no header: its beginning was removed." in verify.verify(text[1:]).problems
    assert not verify.verify([]).is_sound
    assert not verify.verify(
        ["[]", "7", '"x"', "{}", '{"type": "entry"}', '{"type": "head"}', "\x00", "1" * 9000]
    ).is_sound


def test_an_entry_of_another_chain_is_detected(lines):
    other = [entry(number) | {"chain": 8} for number in range(1, 4)]
    assert check(chained(other)).problems[0] == "Entry 1 is of another chain (8, not 7)."


def test_no_random_change_goes_unseen(lines):
    """Any character of any line but the free text of a head."""
    random.seed(4)
    whole = [json.dumps(line, sort_keys=True) for line in lines]
    stored = [head(lines, 10)]
    for _ in range(2_000):
        changed = list(whole)
        at = random.randrange(len(changed))
        position = random.randrange(len(changed[at]))
        letter = random.choice('0123456789abcdef{}:," n')
        if changed[at][position] == letter:
            continue
        changed[at] = changed[at][:position] + letter + changed[at][position + 1 :]
        try:
            if json.loads(changed[at]) == json.loads(whole[at]):
                continue
        except ValueError:
            pass
        text = [
            json.dumps({"type": "header", "format": verify.FORMAT, "chain": 7}),
            *changed,
            '{"type":"end","seq":10}',
        ]
        assert not verify.verify(text, stored).is_sound, changed[at]


def test_a_million_problems_take_no_memory():
    text = (json.dumps({"type": "strange"}) for _ in range(5_000))
    report = verify.verify(text)
    assert len(report.problems) == verify.MOST_PROBLEMS
    assert report.more_problems == 5_000 + 2 - verify.MOST_PROBLEMS
