"""Changes of the schema that break programs are said in the changelog, and nothing goes without notice."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import main
from app.graphql import compatibility, sdl
from tests.support.source import ROOT

TODAY = date(2026, 11, 21)
OLD = """
enum Stage { NONE LIVE GONE @deprecated(reason: "Unused since 2026-05-22, use NONE") }
union Found = Model | Version
interface Named { name: String }
input Wish { name: String size: Int = 1 id: ID }
type Model implements Named {
  name: String
  stage: Stage @deprecated(reason: "Ambiguous since 2026-05-22, use `versions`")
  owner: String @deprecated(reason: "Ambiguous since 2026-05-23, use `createdBy`")
  versions(first: Int = 20, last: Int @deprecated(reason: "Slow since 2026-05-01, use `first`")): [Version]
}
type Version { text: String number: Int! }
type Query { model(wish: Wish): Model found: Found }
scalar Old
directive @old on FIELD
"""


def examined(changelog: str = "", *edits: tuple[str, str], today: date = TODAY) -> compatibility.Report:
    """The report on ``OLD`` with some of its text replaced."""
    new = OLD
    for old_text, new_text in edits:
        assert old_text in new
        new = new.replace(old_text, new_text, 1)
    return compatibility.examine(OLD, new, f"# Changes\n\n## Unreleased\n\n{changelog}\n\n## 1.0.0\n", today)


def mark(change: str) -> str:
    return f"- Breaking (GraphQL): {change} — ask for something else\n  and be glad."


def test_compatible_changes_are_no_problems():
    assert examined() == compatibility.Report([], [])
    more = examined(
        "", ("number: Int!", "number: Int! more(a: Int): Int"), ("name: String size", "name: String a: Int size")
    )
    assert more == compatibility.Report([], [])


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ("number: Int!", "number: Int", "FIELD_CHANGED_KIND Version.number"),
        ("size: Int = 1", "size: Int! = 1", "FIELD_CHANGED_KIND Wish.size"),
        ("size: Int = 1", "size: Int = 2", "INPUT_FIELD_DEFAULT_VALUE_CHANGE Wish.size"),
        ("size: Int = 1", "size: Int = 1 a: Int!", "REQUIRED_INPUT_FIELD_ADDED Wish.a"),
        ("input Wish", "input Wish @oneOf", "ONE_OF_ADDED Wish"),
        ("first: Int = 20", "first: Int = 10", "ARG_DEFAULT_VALUE_CHANGE Model.versions(first:)"),
        ("first: Int = 20", "first: ID = 20", "ARG_CHANGED_KIND Model.versions(first:)"),
        ("first: Int", "a: Int!, first: Int", "REQUIRED_ARG_ADDED Model.versions(a:)"),
        ("Model | Version", "Model", "TYPE_REMOVED_FROM_UNION Found.Version"),
        ("Model implements Named", "Model", "IMPLEMENTED_INTERFACE_REMOVED Model.Named"),
        ("union Found = Model | Version", "type Found { name: String }", "TYPE_CHANGED_KIND Found"),
        ("scalar Old", "", "TYPE_REMOVED Old"),
        ("directive @old on FIELD", "", "DIRECTIVE_REMOVED @old"),
    ],
)
def test_breaking_changes_need_a_changelog_line(old, new, change):
    assert [problem.partition(": ")[0] for problem in examined("", (old, new)).problems] == [change]
    assert examined(mark(change), (old, new)).problems == []


def test_each_problem_names_the_change_and_the_way_out():
    (problem,) = examined("", ("number: Int!", "number: Int")).problems
    assert problem == (
        "FIELD_CHANGED_KIND Version.number: Field Version.number changed type from Int! to Int. "
        "Rather add something beside it and deprecate this; if it must be, say so in CHANGELOG.md under Unreleased: "
        "`- Breaking (GraphQL): FIELD_CHANGED_KIND Version.number — <what to do instead>`."
    )


@pytest.mark.parametrize(
    ("member", "change"),
    [
        (
            '  stage: Stage @deprecated(reason: "Ambiguous since 2026-05-22, use `versions`")\n',
            "FIELD_REMOVED Model.stage",
        ),
        (', last: Int @deprecated(reason: "Slow since 2026-05-01, use `first`")', "ARG_REMOVED Model.versions(last:)"),
        (' GONE @deprecated(reason: "Unused since 2026-05-22, use NONE")', "VALUE_REMOVED_FROM_ENUM Stage.GONE"),
    ],
)
def test_removal_after_half_a_year_of_deprecation_is_allowed_with_a_line(member, change):
    assert examined(mark(change), (member, "")).problems == []
    (problem,) = examined("", (member, "")).problems
    assert problem.endswith(
        f"Say so in CHANGELOG.md under Unreleased: `- Breaking (GraphQL): {change} — <what to do instead>`."
    )
    early = examined(mark(change), (member, ""), today=date(2026, 10, 30)).problems
    assert [one.partition(". ")[2] for one in early] == ["Put it back until then."]


def test_removal_after_a_shorter_deprecation_is_refused():
    member = '  owner: String @deprecated(reason: "Ambiguous since 2026-05-23, use `createdBy`")\n'
    assert examined(mark("FIELD_REMOVED Model.owner"), (member, "")).problems == [
        "FIELD_REMOVED Model.owner: deprecated since 2026-05-23, it may go on 2026-11-22. Put it back until then."
    ]
    assert examined(mark("FIELD_REMOVED Model.owner"), (member, ""), today=date(2026, 11, 22)).problems == []


def test_removal_without_deprecation_is_refused():
    (problem,) = examined(mark("FIELD_REMOVED Version.text"), ("text: String ", "")).problems
    assert problem == (
        "FIELD_REMOVED Version.text: it was not deprecated in the last release. Put it back, deprecate it with "
        "`deprecation(…, since=2026-11-21, …)`, and remove it half a year after that."
    )


def test_marks_without_a_change_are_stale():
    (problem,) = examined(mark("FIELD_REMOVED Model.foo")).problems
    assert (
        problem
        == "FIELD_REMOVED Model.foo: the changelog speaks of it, but the schema has no such change; remove the line."
    )


def test_malformed_marks_are_problems():
    (problem,) = examined("- Breaking (GraphQL): Model.foo is gone").problems
    assert "a mark has the form" in problem


def test_marks_of_older_releases_are_ignored():
    changelog = f"## [Unreleased] - soon\n\n- More.\n\n## 1.0.0\n\n{mark('FIELD_CHANGED_KIND Version.number')}\n"
    assert compatibility.examine(OLD, OLD, changelog, TODAY).problems == []
    broken = compatibility.examine(OLD, OLD.replace("Int!", "Int"), changelog, TODAY).problems
    assert [one.partition(": ")[0] for one in broken] == ["FIELD_CHANGED_KIND Version.number"]


def test_dangerous_changes_are_notes_without_a_mark():
    added = ("scalar Old", "scalar Old interface I { id: ID } type New implements I { id: ID }")
    edits = [("NONE LIVE", "NONE NEW LIVE"), ("Model | Version", "Model | Version | New")]
    edits += [("type Version {", "type Version implements I { id: ID")]
    report = examined("", added, *edits)
    assert report.problems == []
    assert report.notes == [
        "IMPLEMENTED_INTERFACE_ADDED Version.I: I added to interfaces implemented by Version.",
        "TYPE_ADDED_TO_UNION Found.New: New was added to union type Found.",
        "VALUE_ADDED_TO_ENUM Stage.NEW: Enum value Stage.NEW was added.",
    ]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A project that has released what it serves."""
    (tmp_path / compatibility.RELEASED).parent.mkdir(parents=True)
    (tmp_path / compatibility.RELEASED).write_text(sdl.text())
    (tmp_path / compatibility.CHANGELOG).write_text("# Changes\n\n## Unreleased\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_schema_command_fails_on_an_undocumented_breaking_change(folder):
    check = ["schema", "--check-breaking"]
    assert CliRunner().invoke(main, check).exit_code == 0
    released = sdl.text().replace("type Viewer {", 'type Viewer {\n  """Old."""\n  old: Int\n')
    (folder / compatibility.RELEASED).write_text(released)
    answer = CliRunner().invoke(main, check)
    assert (answer.exit_code, answer.stderr.count("FIELD_REMOVED Viewer.old")) == (1, 1)
    (folder / compatibility.RELEASED).unlink()
    answer = CliRunner().invoke(main, check)
    assert (answer.exit_code, "docs/schema/released.graphql cannot be read" in answer.stderr) == (1, True)


def test_committed_schema_has_no_undocumented_breaking_change(monkeypatch):
    monkeypatch.chdir(ROOT)
    answer = CliRunner().invoke(main, ["schema", "--check-breaking"])
    assert (answer.exit_code, answer.stderr) == (0, "")
