"""Each table is audited or says why not, and the database does what the list says."""

from __future__ import annotations

import importlib.util
import re

import pytest
from sqlalchemy import text

from app.lifecycle.audit.audited import AUDITED, NOT_AUDITED
from app.metadata import metadata
from tests.support.source import ROOT


def test_each_table_is_in_one_of_the_two_lists():
    tables = set(metadata.tables)
    assert tables - AUDITED.keys() - NOT_AUDITED.keys() == set(), "say whether these are audited: app/lifecycle/audit"
    assert AUDITED.keys() & NOT_AUDITED.keys() == set()
    assert (AUDITED.keys() | NOT_AUDITED.keys()) - tables == set()


@pytest.mark.parametrize("table", AUDITED)
def test_the_list_names_columns_that_there_are(table):
    columns = set(metadata.tables[table].columns.keys())
    audited = AUDITED[table]
    assert {*audited.key, *audited.about, *audited.left_out, *audited.masked} - columns == set()
    assert set(audited.masked).isdisjoint({*audited.about, *audited.left_out})


@pytest.mark.parametrize("table", AUDITED)
async def test_each_column_is_told_unless_it_is_left_out(runtime, table):
    """Also one that came after the trigger function was made: call `audit_table` in its migration."""
    audited = AUDITED[table]
    async with runtime.db.read() as snap:
        body = await snap.scalar(text("SELECT prosrc FROM pg_proc WHERE proname = :name"), {"name": f"audit_{table}"})
    for column in (one.name for one in metadata.tables[table].columns):
        is_told = f"'{column}', NEW." in body or f"'{column}', CASE WHEN NEW.{column} IS NOT NULL" in body
        assert is_told == (column not in audited.left_out), column
        if column in audited.masked:
            assert f"'{column}', NEW." not in body and f"'{column}', OLD." not in body


async def test_no_secret_is_told(runtime):
    """By what columns of secrets are called here."""
    secret = re.compile("(sha256|hash|secret|verifier|password|sealed_token)$")
    named = {
        f"{table}.{column}"
        for table, audited in AUDITED.items()
        for column in (one.name for one in metadata.tables[table].columns)
        if secret.search(column) and column not in {*audited.masked, *audited.left_out}
    }
    assert named == set()


def test_the_migration_has_made_what_the_list_says():
    path = next((ROOT / "migrations/versions").glob("*_audit.py"))
    spec = importlib.util.spec_from_file_location("audit_migration", path)
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    wanted = {table: audited.settings() for table, audited in AUDITED.items()}
    assert wanted == migration.AUDITED


async def test_triggers_stand_on_the_tables_of_the_list(runtime):
    async with runtime.db.read() as snap:
        rows = await snap.execute(
            text(
                "SELECT tgrelid::regclass::text AS name, tgname FROM pg_trigger"
                " WHERE tgname IN ('audit_insert', 'audit_update', 'audit_delete')"
            )
        )
        existing = {(row.name, row.tgname) for row in rows}
    wanted = {
        (table, f"audit_{event}")
        for table, audited in AUDITED.items()
        for event in ("insert", "update", "delete")
        if audited.when.get(event) != "false"
    }
    assert existing == wanted
